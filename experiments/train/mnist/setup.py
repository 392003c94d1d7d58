"""The images of train.mnist, and the sentences that say what is trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.lab.experiment import Setup
from experiments.train.mnist.params import Params

if TYPE_CHECKING:
    from experiments.foundation.datasets.images import ImageData
    from experiments.foundation.networks.distributed import Group
    from experiments.foundation.networks.split import Split


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    data: ImageData
    split: Split
    """At the device and in the precision of the parameters."""
    group: Group
    """The processes that train together, of which the first alone reports."""


def prepare(params: Params, seed: int) -> Images:
    """Images, and whether the training can begin, or go on from its checkpoint."""
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.device import resolve_device
    from experiments.foundation.networks.distributed import joined
    from experiments.train.mnist import arms

    data = load_images(params.dataset, seed=seed)
    split = arms.split_of(params, data, seed)
    group = joined(resolve_device(params.device))
    _, notes = arms.asked(params, split, seed, group)
    notes = notes if group.rank == 0 else ()
    return Images(params=params, seed=seed, notes=notes, data=data, split=split, group=group)
