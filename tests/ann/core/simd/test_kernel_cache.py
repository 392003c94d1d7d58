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


TUPLES = """
from typing import NamedTuple

class {name}(NamedTuple):
    first: float
"""
TAKER = """
from pack.kernel import kernel
from pack.{module} import {name}

@kernel
def caller(pair: {name}) -> float:
    return pair.first

value = {name}(2.0)
"""


def result(folder: Path, amount: int) -> tuple[str, str]:
    """What the caller returns in a fresh process, and how often it came from the disk."""
    (folder / "pack" / "called.py").write_text(CALLED.format(package="pack", amount=amount))
    return printed(folder, "from pack.caller import caller; print(caller(1.0), sum(caller.stats.cache_hits.values()))")


def printed(folder: Path, code: str) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    value, hits = done.stdout.split()
    return value, hits


def package_in(folder: Path) -> Path:
    """A package with this project's way to compile."""
    import experiments.ann.core.simd.kernel as module

    package = folder / "pack"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(module.__file__, package / "kernel.py")
    return package


def test_a_kernel_is_compiled_anew_when_what_it_calls_has_changed(tmp_path: Path) -> None:
    (package_in(tmp_path) / "caller.py").write_text(CALLER.format(package="pack"))
    assert result(tmp_path, 1) == ("2.0", "0")
    assert result(tmp_path, 1) == ("2.0", "1")
    assert result(tmp_path, 2) == ("3.0", "0")


def test_a_kernel_is_compiled_anew_when_a_class_that_it_takes_has_moved(tmp_path: Path) -> None:
    package = package_in(tmp_path)
    code = "from pack.taker import caller, value; print(caller(value), sum(caller.stats.cache_hits.values()))"
    for module, name, hits in (("before", "One", "0"), ("before", "One", "1"), ("after", "Other", "0")):
        (package / "before.py").unlink(missing_ok=True)
        (package / f"{module}.py").write_text(TUPLES.format(name=name))
        (package / "taker.py").write_text(TAKER.format(module=module, name=name))
        assert printed(tmp_path, code) == ("2.0", hits)
