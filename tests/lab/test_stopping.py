"""Runs that are stopped from outside, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.lab.record import records

HELD = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background Ctrl-C is ignored
from experiments.lab import stopping
stopping.PATIENCE = {patience}
with stopping.guarded({limit}):
    {then}
"""
LOCKED = "print('ready', flush=True); sum(range(10**11))"
"""A call that holds Python's lock for minutes: no signal handler of Python's can run."""


def start(then: str, limit: int | None = None, patience: float = 300.0, before: str = "") -> subprocess.Popen[str]:
    """A guarded process; its patience is long where it ends by itself, so that a busy machine decides nothing."""
    code = before + HELD.format(limit=limit, then=then, patience=patience)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


@pytest.mark.parametrize(
    ("then", "code", "said"),
    [
        ("import time; print('ready', flush=True); time.sleep(600)", -signal.SIGINT, "KeyboardInterrupt"),
        (LOCKED, -signal.SIGKILL, "ended by force: a library did not return; what was recorded so far is kept"),
    ],
)
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_whatever_is_busy(then: str, code: int, said: str, kind: signal.Signals) -> None:
    process = start(then, patience=1.0 if then == LOCKED else 300.0)
    ready(process)
    time.sleep(0.5)  # until it is inside the call
    process.send_signal(kind)
    _, told = process.communicate(timeout=300)
    assert (process.returncode, told.strip().splitlines()[-1]) == (code, said)


def test_a_prompt_outlives_ctrl_c() -> None:
    busy = "print('ready', flush=True); sum(range(10**8))"
    process = start(busy, patience=0.0, before="import sys; sys.ps1 = '> '")
    ready(process)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=300)
    assert told.strip().endswith("KeyboardInterrupt")


def test_memory_beyond_the_limit_ends_the_run_with_its_name() -> None:
    process = start("held = [bytearray(b'x') * 10**6 for _ in range(10**5)]", limit=200_000_000)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 1
    assert told.strip().endswith("MemoryLimitError: the run took more than memory_limit=200,000,000 bytes")


def test_a_run_below_its_limits_leaves_no_guard_and_no_handler() -> None:
    process = start("pass\nprint(__import__('signal').getsignal(15).name)", limit=10**10)
    out, told = process.communicate(timeout=300)
    assert (out, told) == ("SIG_DFL\n", "")


RUN = [sys.executable, "-m", "cli.app", "run"]


def children(process_id: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process_id:
            found.append(int(stat.parent.name))
    return found


def lives(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    command = [*RUN, "norm.types", "--smoke", "seeds=4", "workers=2"]
    code = f"import sys; sys.argv = {['mlnotes', *command[3:]]!r}; from cli.app import main; main()"
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "MLNOTES_RUNS": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 300
    while not any(path.stat().st_size for path in tmp_path.glob("*/rows.jsonl")) and time.monotonic() < until:
        time.sleep(0.05)
    started = children(run.pid)
    run.kill()
    run.wait()
    until = time.monotonic() + 100
    while any(map(lives, started)) and time.monotonic() < until:
        time.sleep(0.05)
    assert len(started) >= 3  # the guard, two workers, the tracker of their resources
    assert not any(map(lives, started))
    (record,) = records(tmp_path)
    assert record.status == "killed"
    assert record.rows()
