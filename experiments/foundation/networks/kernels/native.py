"""The compiled kernels of ``convolutions.cpp`` and its like: built for this CPU at first use, kept in the user's cache.

Without a C++ compiler, or with ``MLNOTES_NATIVE=0``, there are none, and callers fall back on torch's operators;
``MLNOTES_NATIVE=no-amx`` leaves out those for the tile registers of Intel's server CPUs.
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

SOURCES = tuple(
    Path(__file__).with_name(name) for name in ("convolutions.cpp", "convolutions_amx.cpp", "quick_layers.cpp")
)
HEADERS = tuple(Path(__file__).with_name(name) for name in ("convolutions.hpp", "tiles.hpp", "quick_layers.hpp"))
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


@lru_cache(maxsize=1)
def amx_usable() -> bool:
    """Whether there are kernels for AMX, this CPU has it, and the system lets this process use it."""
    library = kernels()
    return library is not None and os.environ.get("MLNOTES_NATIVE") != "no-amx" and bool(library.amx_usable())


@lru_cache(maxsize=1)
def quick_usable() -> bool:
    """Whether there are kernels for network ``quick``, which take a CPU with products of bfloat16."""
    library = kernels()
    return library is not None and bool(library.quick_usable())


def _fingerprint(compiler: str) -> str:
    """What the machine code depends on: another source, CPU or compiler is another file."""
    cpu = json.dumps(torch.cpu.get_capabilities(), sort_keys=True, default=str)
    code = b"".join(path.read_bytes() for path in SOURCES + HEADERS)
    return hashlib.sha256(code + f"{FLAGS}{cpu}{compiler}".encode()).hexdigest()[:16]


def _build(compiler: str, path: Path) -> None:
    """Compile beside ``path`` and rename, so that processes that start together do not meet half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        built = Path(scratch) / path.name
        subprocess.run([compiler, *FLAGS, *map(str, SOURCES), "-o", str(built)], check=True, capture_output=True)
        built.replace(path)
