"""What norm.placement can be asked, and the images that it trains on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, parameters
from experiments.norm.parameter_types import Depths, Placement, Placements, Width, listed

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split
    from experiments.norm.core.trainability import Architecture


@parameters
class Params:
    placement: Placements = ("post", "pre")
    """Where the normalization stands: one of them or a list; the claims need post and pre."""
    normalization: Literal["layer", "rms"] = "layer"
    """LayerNorm or RMSNorm."""
    depth: Depths = (2,)
    """Blocks of a transformer: a number or a list."""
    warmup: Annotated[
        tuple[Annotated[int, Field(ge=0, le=10_000)], ...], BeforeValidator(listed), Field(min_length=1)
    ] = (0, 5)
    """Steps over which the learning rate rises from 0: a number or a list."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], BeforeValidator(listed), Field(min_length=1)] = (
        1e-3,
        3e-3,
    )
    """Learning rates of Adam that every arm tries; the best on validation images is taken. Each falls linearly to 0."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Batches of one training."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 16
    """Images of a batch."""
    dim: Width = 16
    """Width of the residual stream; a multiple of 4, the largest number of heads."""
    heads: Literal[1, 2, 4] = 2
    """Heads of attention."""
    train_images: Annotated[int, Field(ge=10, le=50_000)] = 600
    """Images to train on."""
    validation_images: Annotated[int, Field(ge=10, le=10_000)] = 300
    """Images that choose the learning rate."""
    test_images: Annotated[int, Field(ge=10, le=10_000)] = 1000
    """Images on which accuracy is measured; training images that no one needs fill up a smaller test part."""
    dataset: GrayImageSetName = "digits"
    """Images; each row of pixels is a token."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    dataset: str

    def arms(self) -> list[tuple[Placement, int]]:
        """(placement, depth) of every architecture."""
        return [(placement, depth) for depth in self.params.depth for placement in self.params.placement]

    def architecture(self, placement: Placement) -> Architecture:
        from experiments.norm.core.trainability import Architecture

        params = self.params
        return Architecture(dim=params.dim, heads=params.heads, placement=placement, norm=params.normalization)


def prepare(params: Params, seed: int) -> Images:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import fill_test, image_split

    sizes = {"train": params.train_images, "validation": params.validation_images}
    data = fill_test(load_images(params.dataset, seed=seed), sum(sizes.values()), params.test_images, seed=seed)
    split = image_split(data, **sizes, test=min(params.test_images, len(data.test_labels)), seed=seed)
    return Images(params=params, seed=seed, split=split, dataset=data.name, notes=(data.description,))
