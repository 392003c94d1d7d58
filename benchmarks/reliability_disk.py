"""Disks that are full or may not be written, for ``reliability``: small file systems in a namespace of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.reliability_words import ENTRY, Counted

WITHIN = """
mount -t tmpfs -o "size=$1" tmpfs "$2" || exit 77
[ "$3" = ro ] && mount -o remount,ro "$2"
shift 3
"$PYTHON" -c "$CODE" "$@" >/dev/null 2>"$SAID"
echo $?
[ -n "$RECORDS" ] && "$PYTHON" -c "$CODE" runs --json --limit 0 2>/dev/null
exit 0
"""
DOWNLOAD = """
import sys
from pathlib import Path
from benchmarks.reliability_files import fetched, respond, serving
from experiments.foundation.datasets.entries import RemoteFile
with serving(respond(200, bytes(10**6), Content_Length="1000000")) as url:
    try:
        fetched(RemoteFile(name="f.hdf5", url=url, size=10**6), Path(sys.argv[1]) / "f.hdf5")
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
"""
REFUSALS = ("space", "Read-only", "cannot be written")


def available() -> bool:
    """Whether this user may make namespaces with file systems."""
    words = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    try:
        return subprocess.run(words, capture_output=True).returncode == 0
    except OSError:
        return False


def on_disk(
    folder: Path, size: str, variable: str, *words: str, code: str = ENTRY, writable: bool = True
) -> tuple[int, str, list[str]]:
    """(exit code, what was said, statuses of records) of a command; ``variable`` names a file system of that size."""
    place = folder / "disk"
    place.mkdir(exist_ok=True)
    records = "1" if variable == "MLNOTES_RUNS" else ""
    environment = {"MLNOTES_RUNS": str(folder / "runs"), "PYTHONPATH": os.getcwd(), variable: str(place)}
    own = {"PYTHON": sys.executable, "CODE": code, "SAID": str(folder / "said"), "RECORDS": records}
    shell = ["unshare", "-rm", "sh", "-c", WITHIN, "sh", size, str(place), "rw" if writable else "ro", *words]
    done = subprocess.run(shell, capture_output=True, text=True, env={**os.environ, **environment, **own})
    number, _, listed = done.stdout.partition("\n")
    statuses = [one["status"] for one in json.loads(listed)["runs"]] if listed.strip() else []
    return int(number or done.returncode), (folder / "said").read_text(), statuses


def full_disk(folder: Path, times: int) -> Counted:
    """Records, caches and data on a disk that fills up: the run goes on, or ends with a line that names the file, and
    its record says so.
    """
    if not available():
        return Counted(skipped="no namespaces for this user")
    found = Counted()
    for number in range(times - 3):
        size = f"{(1, 2, 6, 10, 15, 20, 40, 80)[number % 8] * 8}k"
        ended = on_disk(folder, size, "MLNOTES_RUNS", "run", "math.norms", "--smoke", "seeds=20")
        _judge(found, f"records on {size}", *ended)
    for variable, study in (("NUMBA_CACHE_DIR", "detect.map"), ("XDG_CACHE_HOME", "adapt.lora")):
        code, said, _ = on_disk(folder, "64k", variable, "run", study, "--smoke", "-q")
        _judge(found, f"{variable}, {study}", code, said, [])
    _judge(found, "data", *on_disk(folder, "64k", "MLNOTES_DATA", str(folder / "disk"), code=DOWNLOAD))
    return found


def read_only(folder: Path, times: int) -> Counted:
    """Records, caches and data where nothing may be written."""
    if not available():
        return Counted(skipped="no namespaces for this user")
    found = Counted()
    for variable, *words in (
        ("MLNOTES_RUNS", "run", "math.norms", "--smoke"),
        ("NUMBA_CACHE_DIR", "run", "math.norms", "--smoke"),
        ("XDG_CACHE_HOME", "run", "adapt.lora", "--smoke"),
        ("MLNOTES_DATA", "run", "math.norms", "--smoke"),
        ("MLNOTES_DATA", "data", "fetch", "mnist"),
    )[:times]:
        code, said, _ = on_disk(folder, "4m", variable, *words, writable=False)
        _judge(found, f"{variable}, {words[1]}", code, said, [])
    return found


def _judge(found: Counted, what: str, code: int, said: str, statuses: list[str]) -> None:
    found.tried += 1
    last = said.strip().splitlines()[-1:] or [""]
    if "Traceback" in said or "--debug" in said or code not in (0, 1, 2):
        found.faults.append(f"{what}: rc {code}, {last[0][-120:]!r}")
    elif code and not any(word in last[0] for word in (*REFUSALS, "cannot be reached", "no network")):
        found.faults.append(f"{what}: rc {code}, no word of the disk: {last[0][-120:]!r}")
    elif any(status not in ("failed", "done") for status in statuses):
        found.faults.append(f"{what}: status {statuses}")
