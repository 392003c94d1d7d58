"""Where the arithmetic runs: choosing a device, waiting for it, its peak memory, and bit-exact repetition.

CUDA and MPS are reached through torch alone.
Source: PyTorch, Reproducibility, https://docs.pytorch.org/docs/stable/notes/randomness.html
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.utils import deterministic as torch_deterministic

from experiments.lab.errors import InputError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h."""


def resolve_device(requested: str) -> torch.device:
    """The device of that name; "auto" is CUDA, else MPS, else the CPU.

    Raises:
        InputError: this machine or this build of torch has no such device.
    """
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if requested == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if present[name]))
    if not present.get(requested, False):
        found = ", ".join(name for name, there in present.items() if there)
        raise InputError(
            f"device={requested} is not available to torch {torch.__version__} here; use auto or one of these: {found}"
        )
    return torch.device(requested)


def device_title(device: torch.device) -> str:
    """The device in words, such as "cpu (AVX512, 2 threads)"."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "mps":
        return "mps (Apple GPU)"
    return f"cpu ({torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads)"


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given, so that a clock read next is honest."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def reset_peak_memory(device: torch.device) -> None:
    """Start a new high-water mark; where the system keeps one per process for good, nothing happens."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        except OSError:  # a container may forbid it; the mark then covers the whole process
            return


def peak_memory_bytes(device: torch.device) -> int:
    """High-water mark in bytes: allocated by torch on CUDA and MPS, resident memory of the whole process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def keep_freed_memory() -> None:
    """Let glibc keep large blocks for reuse instead of handing them back after every batch.

    Activations above 32 MB otherwise fault in anew, page by page: measured on the CNN in bfloat16, two threads, 2 %
    of the time of a step at batch 256 and 11 % at batch 512, best times of two runs.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 2**30)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Deterministic algorithms inside the block: the same seed gives the same bits at the same thread count.

    New tensors are not filled with NaN, which torch does by default in this mode and which costs time. On CUDA the
    workspace that cuBLAS needs for it is asked for, unless the user has set one. The settings before are put back.
    """
    before = torch.get_deterministic_debug_mode(), torch.backends.cudnn.benchmark
    fill = torch_deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        torch.use_deterministic_algorithms(device.type != "mps")
        torch.backends.cudnn.benchmark = False
        torch_deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        yield
    finally:
        torch.set_deterministic_debug_mode(before[0])
        torch.backends.cudnn.benchmark = before[1]
        torch_deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
