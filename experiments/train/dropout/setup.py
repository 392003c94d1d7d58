"""What train.dropout can be asked, and the images of its two networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import FlatSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

Mode = Literal["none", "standard", "early", "late"]


@parameters
class Params:
    dataset: FlatSetName = "digits"
    """Images."""
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)] = ("none", "standard", "early", "late")
    """When dropout is on: never, always, until the cutoff, from it on."""
    p: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Dropout rate where the network underfits."""
    overfit_p: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Dropout rate where it overfits."""
    cutoff: Annotated[float, Field(gt=0, lt=1)] = 0.4
    """Share of the updates after which early dropout ends and late dropout begins."""
    underfit_width: Annotated[int, Field(ge=1, le=1024)] = 8
    """Hidden units of the network that underfits."""
    underfit_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Its training images."""
    underfit_steps: Annotated[int, Field(ge=2, le=100_000)] = 20
    """Its updates."""
    overfit_width: Annotated[int, Field(ge=1, le=4096)] = 32
    """Hidden units of the network that overfits."""
    overfit_images: Annotated[int, Field(ge=10, le=60_000)] = 60
    """Its training images."""
    overfit_steps: Annotated[int, Field(ge=2, le=100_000)] = 20
    """Its updates."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Images for test."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 50
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=1)] = 3e-3
    """Learning rate of Adam."""
    law_entries: Annotated[int, Field(ge=1000, le=10_000_000)] = 100_000
    """Entries on which the law of dropout is checked."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    splits: Mapping[str, Split]
    """underfit and overfit -> the images of that network."""


def prepare(params: Params, seed: int) -> Images:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split

    data = load_images(params.dataset, seed=seed)
    sizes = {"underfit": params.underfit_images, "overfit": params.overfit_images}
    splits = {case: pooled_split(data, train=n, test=params.test_images, seed=seed) for case, n in sizes.items()}
    return Images(params=params, seed=seed, splits=splits)
