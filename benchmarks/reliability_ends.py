"""Runs that are ended from outside, for ``reliability``."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.reliability_words import ENTRY, Counted, mlnotes
from experiments.lab.record import Record

STUDIES = (
    ("math.norms", "seeds=20"),
    ("seq.ewma", "seeds=4"),
    ("norm.types", "seeds=4", "workers=2"),
    ("train.mnist",),
)


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """A run in a process of its own."""
    environment = {**os.environ, "MLNOTES_RUNS": str(folder / "runs")}
    command = [sys.executable, "-c", ENTRY, "run", *words, "--smoke"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


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


SET_BACK = """
import datetime, time
import experiments.lab.recording as recording
class Earlier(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return datetime.datetime.now(zone) - datetime.timedelta(hours={hours})
recording.datetime = Earlier
now = time.time
time.time = lambda: now() - {hours} * 3600
"""


def clock(folder: Path, times: int) -> Counted:
    """Runs whose clock is set back by an hour each: all end well, are listed, and the newest by the clock is last."""
    found = Counted(tried=times)
    environment = {**os.environ, "MLNOTES_RUNS": str(folder / "runs")}
    for hours in range(times):
        code = SET_BACK.format(hours=hours) + ENTRY
        command = [sys.executable, "-c", code, "run", "math.norms", "--smoke", "-q"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            found.faults.append(f"{hours} hours back: rc {done.returncode} {done.stderr[-100:]!r}")
    listed = json.loads(mlnotes(folder, "runs", "--json", "--limit", "0").stdout)["runs"]
    if len(listed) != times or any(one["status"] != "done" or not one["seconds"] >= 0 for one in listed):
        found.faults.append(f"{len(listed)} of {times} runs are listed as done")
    if mlnotes(folder, "judge", "last").returncode:
        found.faults.append("the last cannot be judged")
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
