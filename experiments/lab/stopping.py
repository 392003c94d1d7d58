"""How a run is stopped from outside: SIGTERM ends it within two seconds, and so does more memory than it may take.
Ctrl-C ends it within five, but never a session that somebody types into.

Python hears of a signal when the library that is busy returns, which may be never. So a small process of its own holds
the end of a pipe into which the system's signal handler writes, whatever holds Python's lock; it also looks at the
memory of the run and of its workers. It asks the run to end, and kills it where it has not after ``PATIENCE`` seconds.
What was recorded is on disk then, and the record's status is "killed".
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 1.5
"""Seconds that a run has to close its record after SIGTERM; after Ctrl-C three times as many."""
POLL = 0.1
"""Seconds between two looks at the memory."""
PR_SET_PDEATHSIG = 1
"""Of Linux's prctl: the signal that a process gets when its parent ends."""

GUARD = """
import os, select, signal, sys, time
run, patience, limit, poll = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
asked_to_end = {signal.SIGTERM: patience} | ({} if sys.argv[5] == "typed" else {signal.SIGINT: 3 * patience})
for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(one, signal.SIG_IGN)

def memory():
    total, page = 0, os.sysconf("SC_PAGE_SIZE")
    for name in [name for name in os.listdir("/proc") if name.isdecimal()]:
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(name) == run or int(fields[1]) == run:
            total += int(fields[21]) * page
    return total

def ended(seconds):
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([0], [], [], left)[0] and not os.read(0, 64):
            return True
    return False

why, asked = "", b""
while not why:
    if select.select([0], [], [], poll if limit else None)[0]:
        asked = os.read(0, 64)
        if not asked:
            sys.exit()
        ending = [patience for number, patience in asked_to_end.items() if number in asked]
        why, patience = ("a library did not return", min(ending)) if ending else ("", patience)
    elif limit and memory() > limit:
        os.kill(run, signal.SIGUSR1)
        why = f"memory went beyond memory_limit={limit} bytes and a library did not return"
if not ended(patience):
    os.write(2, f"ended by force: {why}; what was recorded so far is kept\\n".encode())
    os.kill(run, signal.SIGKILL)
"""


class MemoryLimitError(Exception):
    """A run has taken more memory than its ``memory_limit``."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that the record is closed. Signals can be caught in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def guarded(memory_limit: int | None = None) -> Iterator[None]:
    """``interruptible``, by force where need be, and with at most ``memory_limit`` bytes for this process and its
    children; MemoryLimitError where they take more.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGUSR1"):
        yield
        return

    def too_much(number: int, frame: FrameType | None) -> None:
        raise MemoryLimitError(f"the run took more than memory_limit={memory_limit:,} bytes")

    before = signal.signal(signal.SIGUSR1, too_much)
    typed = "typed" if hasattr(sys, "ps1") else "run"  # a prompt, such as a notebook's, must outlive the run
    numbers = [str(number) for number in (os.getpid(), PATIENCE, memory_limit or 0, POLL)]
    command = [sys.executable, "-I", "-S", "-c", GUARD, *numbers, typed]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert guard.stdin is not None, "a pipe was asked for"
    os.set_blocking(guard.stdin.fileno(), False)
    woken = signal.set_wakeup_fd(guard.stdin.fileno(), warn_on_full_buffer=False)
    try:
        with interruptible():
            yield
    finally:
        signal.set_wakeup_fd(woken)
        guard.stdin.close()
        guard.wait()
        signal.signal(signal.SIGUSR1, before)


def end_with_parent() -> None:
    """Have this worker killed when the process that started it ends, however it ends: a worker whose queue nobody reads
    any more would wait for ever.
    """
    import ctypes

    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended in between
        os._exit(1)
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
