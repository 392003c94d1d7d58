"""Several processes that train one network, started by torchrun: who am I, and gradients averaged over all.

Every process takes its share of each batch, so the update is that of one process up to rounding, to dropout, whose
masks are each process's own, and to batch normalization, which sees the process's share. Gloo carries the gradients
between CPUs, NCCL between GPUs. Rank 0 alone reports.
Source: Li et al., PyTorch Distributed: Experiences on Accelerating Data Parallel Training, PVLDB 13(12), 2020.
"""

from __future__ import annotations

import atexit
import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Group:
    """A process among ``size`` of them."""

    rank: int = 0
    size: int = 1

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch; the parts of all are the batch."""
        return batch.tensor_split(self.size)[self.rank]

    def seed(self, seed: int) -> int:
        """A seed of this process's own."""
        return seed + 2**40 * self.rank

    def parallel(self, network: nn.Module) -> nn.Module:
        """``network`` with gradients that are averaged over the processes in the backward pass."""
        return network if self.size == 1 else DistributedDataParallel(network)

    def silent(self, network: nn.Module, last: bool) -> Any:
        """Context in which a backward pass leaves gradients alone, unless it is the ``last`` one of an update."""
        return nullcontext() if last or not isinstance(network, DistributedDataParallel) else network.no_sync()

    def total(self, value: Tensor) -> Tensor:
        """Sum of ``value`` over the processes."""
        if self.size == 1:
            return value
        summed = value.clone()
        distributed.all_reduce(summed)
        return summed


ALONE = Group()


def joined(device: torch.device) -> Group:
    """The group that torchrun's environment describes; alone without it.

    It is joined at the first call and left when the process ends, so that all trainings of a run share it.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    if not distributed.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(distributed.destroy_process_group)
    return Group(distributed.get_rank(), distributed.get_world_size())
