"""What the processor can do that kernels are compiled for."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from numba.core import config as numba_config

config: Any = numba_config
ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA = 158, 0x1023, 18
"""Numbers of Linux on x86-64: the system call, what it shall do, and the state of the tile registers."""


def supports(*features: str) -> bool:
    """Whether kernels are compiled for a processor with features that LLVM names.

    A processor or features that the user names to numba (NUMBA_CPU_NAME, NUMBA_CPU_FEATURES) are taken at their word.
    """
    # The host says nothing about a processor that numba was told to compile for.
    if config.CPU_NAME or config.CPU_FEATURES:
        return all(f"+{feature}" in (config.CPU_FEATURES or "").split(",") for feature in features)
    host = llvm.get_host_cpu_features()
    return bool(config.ENABLE_AVX and all(host.get(feature) for feature in features))


def has_vnni() -> bool:
    """Whether kernels may use the dot product of bytes on 64-byte registers."""
    # vnni has the dot product (vpdpbusd), bw the look-up of bytes (vpshufb) on 64 bytes.
    return supports("avx512vnni", "avx512bw")


def has_wide_registers() -> bool:
    """Whether there are 32 vector registers of 64 bytes, rather than 16 of 32 bytes or fewer."""
    return supports("avx512f")


def compiles_for_tiles() -> bool:
    """Whether kernels may hold instructions for tile registers (AMX) of bytes."""
    return supports("amx-tile", "amx-int8")


@cache
def has_tiles() -> bool:
    """Whether this process may use tile registers: Linux lends them to those that ask."""
    if not compiles_for_tiles() or sys.platform != "linux":
        return False
    # A tile fills 8 KB of every saved thread state, so the kernel refuses it (SIGILL) to a process that has not asked.
    asked: int = ctypes.CDLL(None).syscall(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA)
    return asked == 0
