"""Compiled kernels on disk belong to the sources that they were compiled from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CALLER = """
import numpy as np
from {package}.kernel import kernel
from {package}.called import called

@kernel
def caller(x: float) -> float:
    return called(x)
"""
CALLED = """
from {package}.kernel import kernel

@kernel
def called(x: float) -> float:
    return x + {amount}
"""


def result(folder: Path, amount: int) -> tuple[str, str]:
    """What the caller returns in a fresh process, and how often it came from the disk."""
    (folder / "pack" / "called.py").write_text(CALLED.format(package="pack", amount=amount))
    code = "from pack.caller import caller; print(caller(1.0), sum(caller.stats.cache_hits.values()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    value, hits = done.stdout.split()
    return value, hits


def test_a_kernel_is_compiled_anew_when_what_it_calls_has_changed(tmp_path: Path) -> None:
    import experiments.ann.core.kernel as module

    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(module.__file__, package / "kernel.py")
    (package / "caller.py").write_text(CALLER.format(package="pack"))
    assert result(tmp_path, 1) == ("2.0", "0")
    assert result(tmp_path, 1) == ("2.0", "1")
    assert result(tmp_path, 2) == ("3.0", "0")
