"""What train.dropout can be asked, and the images of its two networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

Shares = Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=2)]


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    rates: Shares = (0.1, 0.5)
    """Dropout rates of every mode but none."""
    cutoffs: Shares = (0.25, 0.5)
    """Shares of the updates after which early dropout ends, or late dropout begins."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=2)] = (3e-3, 1e-2)
    """Learning rates of Adam in every mode; each falls linearly to 0."""
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
    validation_images: Annotated[int, Field(ge=10, le=60_000)] = 100
    """Images for validation."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Images for test."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 50
    """Images per update."""
    law_entries: Annotated[int, Field(ge=1000, le=10_000_000)] = 100_000
    """Entries on which the law of dropout is checked."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    splits: Mapping[str, Split]
    """underfit and overfit -> the images of that network."""


def prepare(params: Params, seed: int) -> Images:
    from experiments.train.images import draw_images

    held, tested = params.validation_images, params.test_images
    sizes = {"underfit": params.underfit_images, "overfit": params.overfit_images}
    splits = {
        case: draw_images(params.dataset, train=n, validation=held, test=tested, seed=seed) for case, n in sizes.items()
    }
    return Images(params=params, seed=seed, notes=(splits["underfit"].description,), splits=splits)
