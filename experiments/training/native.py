"""The compiled kernels of ``convolutions.cpp``: built for this CPU at first use, kept in the user's cache.

Without a C++ compiler, or with ``MLNOTES_NATIVE=0``, there are none, and callers fall back on torch's operators.
Nothing is built at import.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import platformdirs
import torch

SOURCE = Path(__file__).with_name("convolutions.cpp")
FLAGS = ("-std=c++20", "-O3", "-march=native", "-fopenmp", "-shared", "-fPIC")


@lru_cache(maxsize=1)
def kernels() -> ctypes.CDLL | None:
    """The library, or None where it cannot be built. torch is loaded first, so both share one pool of threads."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    wanted = os.environ.get("MLNOTES_NATIVE", "1") != "0" and sys.platform == "linux"
    if not wanted or compiler is None or not torch.cpu.get_capabilities().get("avx512_f", False):
        return None
    path = Path(platformdirs.user_cache_dir("mlnotes")) / f"convolutions-{_fingerprint(compiler)}.so"
    try:
        if not path.exists():
            _build(compiler, path)
        return ctypes.CDLL(str(path))
    except (OSError, subprocess.CalledProcessError):
        return None


def _fingerprint(compiler: str) -> str:
    """What the machine code depends on: another source, CPU or compiler is another file."""
    cpu = json.dumps(torch.cpu.get_capabilities(), sort_keys=True, default=str)
    return hashlib.sha256(SOURCE.read_bytes() + f"{FLAGS}{cpu}{compiler}".encode()).hexdigest()[:16]


def _build(compiler: str, path: Path) -> None:
    """Compile beside ``path`` and rename, so that processes that start together do not meet half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        built = Path(scratch) / path.name
        subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(built)], check=True, capture_output=True)
        built.replace(path)
