"""One process at a time: paired seeds that run side by side must not write the same download."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` and wait for it; the system frees it when a process dies.

    On Windows, which has no such lock in the standard library's fcntl, processes are not kept apart.
    """
    with path.open("ab") as stream:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
