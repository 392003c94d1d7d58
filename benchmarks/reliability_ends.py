"""Runs that are ended from outside, for ``reliability``."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.reliability_words import ENTRY, Counted
from experiments.lab.record import Record

STUDIES = (
    ("math.norms", "seeds=20"),
    ("seq.ewma", "seeds=4"),
    ("norm.types", "seeds=4", "workers=2"),
    ("train.mnist",),
)


def start(folder: Path, *words: str, small: int = 0) -> subprocess.Popen[bytes]:
    """A run in a process of its own; ``small`` is the size beyond which no file may grow."""

    def limit() -> None:
        if small:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))

    environment = {**os.environ, "MLNOTES_RUNS": str(folder / "runs")}
    command = [sys.executable, "-c", ENTRY, "run", *words, "--smoke"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=limit
    )


def ends(folder: Path, times: int) -> Counted:
    """A signal at a random moment: the run ends within two seconds (of the processor's free time), its record is
    readable with a true status, no row is half there, no figure is, and no process is left.
    """
    rng, found = random.Random(0), Counted()
    for number in range(times):
        words, kind = STUDIES[number % len(STUDIES)], (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3]
        home = folder / str(number)
        run = start(home, *words)
        time.sleep(rng.uniform(0.5, 8))
        children = of_parent(run.pid)
        run.send_signal(kind)
        sent = time.perf_counter()
        try:
            run.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            run.kill()
        found.tried += 1
        taken = time.perf_counter() - sent
        time.sleep(0.5)
        faults = [f"{taken:.1f} s to end"] if taken > 6 else []
        faults += [f"process {child} is left" for child in children if alive(child)]
        faults += faults_of(home / "runs")
        found.faults += [f"{kind.name}, {words[0]}: {fault}" for fault in faults[:1]]
    return found


def faults_of(home: Path) -> list[str]:
    """What is wrong with the records of an ended run."""
    faults = []
    for path in home.glob("2*"):
        if not (path / "record.json").exists():
            continue
        record = Record(path)
        if record.status == "running":
            faults.append("its record says that it runs")
        for line in (path / "rows.jsonl").read_text().splitlines()[:-1]:
            json.loads(line)
        record.rows()
        faults += [
            f"half of {svg.name}" for svg in path.glob("plots/*.svg") if not svg.read_text().rstrip().endswith("</svg>")
        ]
    return faults


def at_once(folder: Path, times: int) -> Counted:
    """Runs that start together: as many records as runs, with the same rows."""
    found = Counted(tried=times)
    for run in [start(folder, "math.norms", "-q") for _ in range(times)]:
        run.communicate()
    rows = {(path / "rows.jsonl").read_bytes() for path in (folder / "runs").glob("2*")}
    if len(list((folder / "runs").glob("2*"))) != times or len(rows) != 1:
        found.faults.append(f"{len(rows)} different files of rows")
    return found


def full_disk(folder: Path, times: int) -> Counted:
    """No file may grow beyond a size, which is met like a full disk: told with the file, and in the record."""
    found = Counted()
    for number in range(times):
        run = start(folder / str(number), "math.norms", "seeds=30", small=50_000 + 40_000 * number)
        told = run.communicate()[1].decode()
        found.tried += 1
        records = [Record(path.parent) for path in (folder / str(number)).glob("runs/2*/record.json")]
        if "Traceback" in told or (run.returncode and "large" not in told and "space" not in told):
            found.faults.append(f"rc {run.returncode}, {told.strip()[-100:]!r}")
        elif run.returncode and any(record.status not in ("failed", "done") for record in records):
            found.faults.append(f"status {records[0].status}")
    return found


def of_parent(parent: int) -> list[int]:
    """The processes that one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
