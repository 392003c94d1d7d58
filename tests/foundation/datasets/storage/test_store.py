from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from experiments.foundation.datasets import catalog, readers
from experiments.foundation.datasets.catalog import DATASETS
from experiments.foundation.datasets.entries import Dataset, RemoteFile, TextSet
from experiments.foundation.datasets.formats.vecs import write_vecs
from experiments.foundation.datasets.image_downloads import CIFAR_BINARY, IDX_FILES
from experiments.foundation.datasets.storage import network, store
from experiments.lab.errors import InputError

if TYPE_CHECKING:
    from tests.foundation.datasets.conftest import FileServer


def touch_idx(folder: Path, *, plain: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in IDX_FILES:
        (folder / (name.removesuffix(".gz") if plain else name)).touch()


def offer(server: FileServer, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str = "mnist") -> Dataset:
    """Put a one-file data set in the catalog whose file the server has."""
    server.files["a.gz"] = gzip.compress(content)
    file = RemoteFile(
        name="a.gz", url=server.url("a.gz"), size=1, content_md5=hashlib.md5(content).hexdigest(), md5="?"
    )
    entry = TextSet(
        read=readers.text, name=name, title="", license="", source="", downloads=(file,), layouts=(("a.gz",),)
    )
    monkeypatch.setitem(catalog.DATASETS, name, entry)
    return entry


def test_data_folder_is_the_variable_or_the_users_own(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.data_directory() == data_folder
    monkeypatch.setenv("MLNOTES_DATA", "~/sets")
    assert store.data_directory() == Path.home() / "sets"
    monkeypatch.delenv("MLNOTES_DATA")
    assert store.data_directory().name == "mlnotes"


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("place", ["mnist", "MNIST/raw", "mnist/MNIST/raw", "."])
def test_mnist_is_found_wherever_tools_put_it(data_folder: Path, place: str, plain: bool) -> None:
    touch_idx(data_folder / place, plain=plain)
    assert store.locate("mnist") == data_folder / place


def test_fashion_is_found_where_debian_puts_it_and_accepted_by_its_content(
    real_data: Callable[[str], Path], data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "datasets"
    packaged.mkdir()
    for name in IDX_FILES:
        content = gzip.decompress((real_data("fashion-mnist") / name).read_bytes())
        (packaged / name).write_bytes(gzip.compress(content, compresslevel=1))  # its header has no name
    folders = tuple(str(packaged) if Path(one).is_absolute() else one for one in DATASETS["fashion"].folders)
    monkeypatch.setitem(catalog.DATASETS, "fashion", replace(DATASETS["fashion"], folders=folders))
    assert store.check("fashion") == store.Checked("ok", f"{packaged}: checksums agree")
    (packaged / IDX_FILES[1]).write_bytes(gzip.compress(content[:-1] + b"\3"))
    assert store.check("fashion").status == "corrupt"


def test_a_file_with_anybodys_name_is_not_taken_from_the_data_folder_itself(data_folder: Path) -> None:
    (data_folder / "input.txt").touch()
    assert store.locate("shakespeare") is None
    (data_folder / "shakespeare").mkdir()
    (data_folder / "input.txt").rename(data_folder / "shakespeare" / "input.txt")
    assert store.locate("shakespeare") == data_folder / "shakespeare"


def test_three_of_four_files_are_not_mnist(data_folder: Path) -> None:
    touch_idx(data_folder / "mnist")
    (data_folder / "mnist" / IDX_FILES[2]).unlink()
    assert store.locate("mnist") is None


def test_a_missing_set_says_how_to_get_it(data_folder: Path) -> None:
    with pytest.raises(InputError) as raised:
        store.files_of("mnist")
    expected = "Run `mlnotes data fetch mnist`, or set $MLNOTES_DATA to the folder that holds it."
    assert str(raised.value) == f"mnist is not under {data_folder}. {expected}"
    assert store.check("mnist") == store.Checked("missing", str(raised.value))


def test_a_set_that_cannot_be_fetched_says_which_files_it_wants(data_folder: Path) -> None:
    with pytest.raises(InputError) as raised:
        list(store.fetch("sift-cifar"))
    assert str(raised.value) == (
        f"sift-cifar is not under {data_folder} and cannot be fetched. Put base.bvecs, query.bvecs, groundtruth.ivecs "
        f"into {data_folder / 'sift-cifar'}, or set $MLNOTES_DATA."
    )


def test_an_unknown_name_gets_a_suggestion(data_folder: Path) -> None:
    with pytest.raises(InputError, match=r"^unknown data set mnits: did you mean mnist\?$"):
        store.locate("mnits")


def test_the_four_files_of_mnist_have_the_official_content(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("mnist"), data_folder / "mnist")
    assert store.check("mnist") == store.Checked("ok", f"{data_folder / 'mnist'}: checksums agree")


def test_one_flipped_pixel_is_corrupt(real_data: Callable[[str], Path], data_folder: Path) -> None:
    shutil.copytree(real_data("mnist"), data_folder / "mnist")
    path = data_folder / "mnist" / IDX_FILES[3]
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.unlink()
    path.write_bytes(gzip.compress(bytes(content)))
    checked = store.check("mnist")
    assert checked.status == "corrupt"
    assert "MD5 of the content is " in checked.detail
    assert checked.detail.startswith(str(path))
    assert checked.detail.endswith("expected 27ae3e4e09519cfbb04c329615203637")


def test_files_without_a_checksum_are_checked_by_structure(data_folder: Path) -> None:
    folder = data_folder / "sift-cifar"
    folder.mkdir()
    for name in DATASETS["sift-cifar"].layouts[0]:
        write_vecs(folder / name, np.ones((3, 4)))
    assert store.check("sift-cifar").status == "ok"
    with (folder / "base.bvecs").open("ab") as file:
        file.write(b"\0")
    checked = store.check("sift-cifar")
    assert checked.status == "corrupt"
    assert "truncated" in checked.detail


def test_a_set_that_needs_no_files_is_always_there(data_folder: Path) -> None:
    assert store.files_of("digits") == ()
    assert store.locate("digits") is None
    assert list(store.fetch("digits")) == []
    assert store.check("digits") == store.Checked("ok", "needs no files")
    assert list(data_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "folder", "detail"),
    [
        ("fashion", "fashion-mnist", "checksums agree"),
        ("omniglot", "omniglot", "checksums agree"),
        ("shakespeare", "shakespeare", "checksums agree"),
        ("minilm", "minilm", "structure is sound, no checksum is known for it"),
        ("coco-80", "coco", "structure is sound, no checksum is known for it"),
        ("bccd", "bccd", "structure is sound, no checksum is known for it"),
    ],
)
def test_real_sets_are_found_and_sound(
    real_data: Callable[[str], Path], data_folder: Path, name: str, folder: str, detail: str
) -> None:
    os.symlink(real_data(folder), data_folder / folder)
    assert store.check(name) == store.Checked("ok", f"{data_folder / folder}: {detail}")


def test_fetch_brings_verifies_and_is_then_found(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, b"four files in one")
    steps = list(store.fetch("mnist"))
    assert steps[-1].done == steps[-1].total
    assert store.locate("mnist") == data_folder / "mnist"
    assert store.check("mnist").status == "ok"


def test_fetch_does_not_ask_for_what_is_there_and_sound(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, b"content")
    list(store.fetch("mnist"))
    server.asked.clear()
    assert list(store.fetch("mnist")) == []
    assert server.asked == []


def test_two_fetches_at_once_download_once(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, b"content")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: list(store.fetch(name)), ["mnist"] * 4))
    assert server.asked == ["GET None"]


def test_fetch_replaces_a_corrupt_file(server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(server, monkeypatch, b"content")
    (data_folder / "mnist").mkdir()
    (data_folder / "mnist" / "a.gz").write_bytes(b"\x1f\x8bhalf")
    assert store.check("mnist").status == "corrupt"
    list(store.fetch("mnist"))
    assert store.check("mnist").status == "ok"


def test_archives_are_unpacked_by_base_name_and_deleted(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in (*(f"../../escape/{name}" for name in CIFAR_BINARY), "readme.html"):
            entry = tarfile.TarInfo(name)
            entry.size = 3073
            tar.addfile(entry, io.BytesIO(bytes(3073)))
    server.files["c.tar.gz"] = stream.getvalue()
    file = RemoteFile(name="c.tar.gz", url=server.url("c.tar.gz"), size=1, members=CIFAR_BINARY)
    entry_ = TextSet(
        read=readers.text, name="cifar10", title="", license="", source="", downloads=(file,), layouts=(CIFAR_BINARY,)
    )
    monkeypatch.setitem(catalog.DATASETS, "cifar10", entry_)
    list(store.fetch("cifar10"))
    assert store.check("cifar10").status == "ok"
    assert {path.name for path in (data_folder / "cifar10").iterdir()} == {*CIFAR_BINARY, ".lock"}
    assert not (data_folder.parent / "escape").exists()
    server.asked.clear()
    list(store.fetch("cifar10"))
    assert server.asked == []


def test_an_archive_that_lacks_a_file_is_told(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO()
    tarfile.open(fileobj=stream, mode="w:gz").close()
    server.files["c.tar.gz"] = stream.getvalue()
    file = RemoteFile(name="c.tar.gz", url=server.url("c.tar.gz"), size=1, members=("x.bin",))
    entry = TextSet(
        read=readers.text, name="cifar10", title="", license="", source="", downloads=(file,), layouts=(("x.bin",),)
    )
    monkeypatch.setitem(catalog.DATASETS, "cifar10", entry)
    with pytest.raises(InputError) as raised:
        list(store.fetch("cifar10"))
    archive = data_folder / "cifar10" / "c.tar.gz"
    assert str(raised.value) == f"{archive}: holds no x.bin. Delete it and fetch it again."


def test_quiet_fetching_takes_what_can_be_reached(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, b"content")
    assert store.fetch_if_reachable("mnist") is None
    assert store.check("mnist").status == "ok"


def test_quiet_fetching_gives_up_and_remembers_for_an_hour(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = offer(server, monkeypatch, b"content").downloads[0].url
    monkeypatch.setattr(network, "_answers", lambda _: False)
    assert store.fetch_if_reachable("mnist") == "127.0.0.1 cannot be reached"
    monkeypatch.setattr(network, "_answers", lambda _: True)
    assert store.fetch_if_reachable("mnist") == "no network a short while ago"
    network._offline_folders.clear()  # another process, within the hour: the stamp in the folder speaks
    assert network.why_unreachable(url, data_folder) == "no network a short while ago"
    an_hour_ago = time.time() - 3601
    os.utime(data_folder / network.STAMP, (an_hour_ago, an_hour_ago))
    assert store.fetch_if_reachable("mnist") is None


def test_a_failed_download_does_not_fail_the_quiet_fetch(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, monkeypatch, b"content")
    server.files["a.gz"] = gzip.compress(b"another content")
    reason = store.fetch_if_reachable("mnist")
    assert reason is not None
    assert "MD5 of the content is" in reason


LINKS = {"symbolic": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "folder": tarfile.DIRTYPE}


@pytest.mark.parametrize("kind", LINKS)
def test_an_archive_gives_files_alone_and_none_outside_the_folder(
    server: FileServer, data_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    entry = tarfile.TarInfo("../../a.txt")
    entry.type, entry.linkname = LINKS[kind], "/etc/passwd"
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        tar.addfile(entry)
    server.files["a.tar.gz"] = content.getvalue()
    md5 = hashlib.md5(content.getvalue()).hexdigest()
    file = RemoteFile(name="a.tar.gz", url=server.url("a.tar.gz"), size=500, md5=md5, members=("a.txt",))
    found = TextSet(
        read=readers.text, name="x", title="", license="", source="", downloads=(file,), layouts=(("a.txt",),)
    )
    monkeypatch.setitem(catalog.DATASETS, "x", found)
    with pytest.raises(InputError, match=r"holds no a\.txt"):
        list(store.fetch("x"))


def test_an_archive_that_is_none_is_one_line(tmp_path: Path) -> None:
    for content in (b"\x1f\x8bnonsense", b"no archive at all", gzip.compress(b"x" * 600)[:-9]):
        (tmp_path / "a.tar.gz").write_bytes(content)
        with pytest.raises(InputError, match="cannot be unpacked") as raised:
            list(store._unpack(tmp_path / "a.tar.gz", tmp_path, ("x",)))
        assert len(str(raised.value).splitlines()) == 1
