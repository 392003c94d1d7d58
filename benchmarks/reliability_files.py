"""Damaged and forged files, for ``reliability``."""

from __future__ import annotations

import contextlib
import http.server
import io
import random
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.reliability_words import Counted, mlnotes
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.storage import read_arrays, write_arrays
from experiments.foundation.datasets.entries import RemoteFile
from experiments.foundation.datasets.storage import store
from experiments.foundation.datasets.storage.download import download
from experiments.foundation.networks.checkpoint import load_checkpoint, save_checkpoint
from tests.foundation.datasets.small_files import FORMATS

SEARCH = """
import sys, numpy as np
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.coded_index import CodedNSG
try:
    index = {"NSG": NSG, "CodedNSG": CodedNSG}[sys.argv[1]].load(sys.argv[2])
except ValueError as error:
    sys.exit(print("refused", str(error)[:60]))
ids, _ = index.search(np.load(sys.argv[3]), 10, 40)
assert ids.max() < len(index) and ids.min() >= -1
"""


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A flipped bit, a cut, a hole, or a few bytes more."""
    place, kind = rng.randrange(len(content)), rng.choice("fcha")
    if kind == "f":
        return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]
    tail = {"c": b"", "h": bytes(4) + content[place + 4 :], "a": rng.randbytes(3) + content[place:]}[kind]
    return content[:place] + tail


def data_files(folder: Path, times: int) -> Counted:
    """Every format, damaged at random places; the reader's values or one line."""
    rng, found = random.Random(0), Counted()
    for number in range(times):
        name, content, read = list(FORMATS.values())[number % len(FORMATS)]
        (folder / name).write_bytes(damaged(content, rng))
        found.meet(f"{name} {number}", read, folder / name)
    return found


def checkpoints(folder: Path, times: int) -> Counted:
    """Damaged checkpoints: all refused; one that is taken although a bit is another is a fault."""
    rng, found, path = random.Random(0), Counted(), folder / "checkpoint.pt"
    save_checkpoint(path, {"network": torch.nn.Linear(30, 20).state_dict(), "position": (1, 2)}, {"model": "cnn"})
    whole = path.read_bytes()
    for number in range(times):
        content = damaged(whole, rng)
        path.write_bytes(content)
        taken = found.meet(f"checkpoint {number}", load_checkpoint, path, {"model": "cnn"}, torch.device("cpu"))
        if taken is not None and content != whole:
            found.faults.append(f"checkpoint {number}: taken although it is another")
    return found


def saved_indexes(folder: Path) -> dict[str, Path]:
    rng = np.random.default_rng(0)
    index = NSG.build(rng.standard_normal((400, 24)).astype(np.float32), knn=20)
    index.save(folder / "NSG")
    CodedNSG.of(index).save(folder / "CodedNSG")
    np.save(folder / "queries.npy", rng.standard_normal((9, 24)).astype(np.float32))
    return {"NSG": folder / "NSG", "CodedNSG": folder / "CodedNSG"}


def indexes(folder: Path, times: int) -> Counted:
    """Damaged indexes: refused, or equal to what was saved where only padding was hit."""
    rng, found = random.Random(0), Counted()
    files = saved_indexes(folder)
    wholes = {name: (path.read_bytes(), read_arrays(path, name)) for name, path in files.items()}
    for number in range(times):
        name = ("NSG", "CodedNSG")[number % 2]
        path, (whole, kept) = folder / "damaged", wholes[name]
        path.write_bytes(damaged(whole, rng))
        taken: Any = found.meet(f"{name} {number}", read_arrays, path, name, allowed=ValueError)
        if taken is not None and any(not np.array_equal(taken.arrays[key], kept.arrays[key]) for key in kept.arrays):
            found.faults.append(f"{name} {number}: other arrays without a word")
    return found


def forged_indexes(folder: Path, times: int) -> Counted:
    """Indexes with other values and right checksums, each searched in a process of its own: no crash."""
    rng, found = np.random.default_rng(0), Counted()
    files = saved_indexes(folder)
    for number in range(times):
        name = ("NSG", "CodedNSG")[number % 2]
        kept = read_arrays(files[name], name)
        arrays = {key: array.copy() for key, array in kept.arrays.items()}
        key = str(rng.choice(sorted(arrays)))
        if rng.random() < 0.5:
            extreme = [2**31 - 1, -(2**31), 400, -2] if arrays[key].dtype.kind == "i" else [np.nan, np.inf, 3e38]
            arrays[key].reshape(-1)[rng.integers(arrays[key].size)] = np.asarray(rng.choice(extreme)).astype(
                arrays[key].dtype
            )
        else:
            arrays[key] = arrays[key][: rng.integers(0, len(arrays[key]))]
        write_arrays(folder / "forged", name, kept.details, arrays)
        words = [sys.executable, "-c", SEARCH, name, str(folder / "forged"), str(folder / "queries.npy")]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
        found.tried += 1
        if done.returncode:
            found.faults.append(f"{name} {key}: rc {done.returncode} {done.stderr.strip()[-80:]!r}")
    return found


def records(folder: Path, times: int) -> Counted:
    """One record of two damaged: ``runs`` shows the other, ``judge`` of the other works, nothing has a traceback."""
    rng, found = random.Random(0), Counted()
    for _ in range(2):
        mlnotes(folder, "run", "math.norms", "--smoke", "-q")
    first, second = sorted((folder / "runs").glob("2*"))
    for number in range(max(1, times // 3)):
        name = rng.choice(["record.json", "rows.jsonl", "findings.json"])
        whole = (second / name).read_bytes()
        values = [b"{}", b"null", b"[]", b"5", b"", damaged(whole, rng), damaged(whole, rng)]
        (second / name).write_bytes(rng.choice(values))
        for words in (("runs",), ("judge", str(first)), ("compare", str(first), str(second))):
            done = mlnotes(folder, *words)
            found.tried += 1
            if "--debug" in done.stderr or "Traceback" in done.stderr or (words[0] != "compare" and done.returncode):
                found.faults.append(f"{name}, {words[0]}: rc {done.returncode} {done.stderr.strip()[-80:]!r}")
            elif words[0] == "runs" and first.name not in done.stdout:
                found.faults.append(f"{name}: the other record is not listed")
        (second / name).write_bytes(whole)
        del number
    return found


@contextlib.contextmanager
def serving(answer: Callable[[Any], None]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                answer(self)

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/f.hdf5"
    server.shutdown()
    server.server_close()


def respond(status: int, body: bytes, **headers: str) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.send_response(status, headers.pop("reason", None))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def fetched(file: RemoteFile, target: Path) -> object:
    return list(download(file, target))


def unpacked(archive: Path) -> object:
    return list(store._unpack(archive, archive.parent, ("x.bin",)))


def downloads(folder: Path, times: int) -> Counted:
    """Answers of hostile servers and hostile archives: nothing is kept under the final name, nothing lies outside."""
    found, page = Counted(), b"<html>log in</html>"
    answers = {
        "a login page": respond(200, page, Content_Length=str(len(page))),
        "a length that is no number": respond(200, page, Content_Length="abc"),
        "a negative length": respond(200, page, Content_Length="-5"),
        "no length": respond(200, page),
        "a body without end": respond(200, bytes(10**7)),
        "control codes": respond(404, b"", reason="\x1b[31mX"),
        "a way to a file": respond(302, b"", Location="file:///etc/passwd"),
        "a way to nowhere": respond(302, b"", Location="/f.hdf5"),
        "a range that cannot be": respond(416, b""),
    }
    for name, answer in answers.items():
        target = folder / "f.hdf5"
        with serving(answer) as url:
            file = RemoteFile(name="f.hdf5", url=url, size=1000)
            found.meet(name, fetched, file, target)
        if target.exists():
            found.faults.append(f"{name}: kept")
        shutil.rmtree(folder)
        folder.mkdir()
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, tarfile.REGTYPE):
        entry, content = tarfile.TarInfo("../../x.bin"), io.BytesIO()
        entry.type, entry.linkname = kind, "/etc/passwd"
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            tar.addfile(entry)
        (folder / "a.tar.gz").write_bytes(content.getvalue())
        found.meet(f"archive {kind!r}", unpacked, folder / "a.tar.gz")
        if (folder.parents[1] / "x.bin").exists() or (folder / "x.bin").is_symlink():
            found.faults.append(f"archive {kind!r}: outside the folder")
    return found
