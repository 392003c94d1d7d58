"""What train.regularization can be asked, and its images: few, and some of them wrongly labelled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from experiments.foundation.networks.split import Split

Grid = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2)]
Counts = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)]


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    labels: Annotated[int, Field(ge=10, le=10_000)] = 50
    """Training images; more_data has four times as many."""
    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of their labels that is wrong; validation and test labels are right."""
    held_out: Annotated[int, Field(ge=10, le=10_000)] = 100
    """Validation images."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Test images."""
    pooling: Annotated[int, Field(ge=1, le=7)] = 1
    """The remedies see images averaged over squares of so many pixels a side: a seed costs a quarter with 2."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    updates: Counts = (5, 20)
    """Updates of Adam on full batches at which a training may stop; the largest is its end."""
    lrs: Grid = (3e-3, 1e-2)
    """Learning rates of the network without a remedy, with other features and with more data. All grids are as long."""
    sgd_lrs: Grid = (0.03, 0.1)
    """Those of SGD with momentum 0.9 in place of Adam."""
    l2: Grid = (0.1, 1.0)
    """Weight decay of AdamW."""
    l1: Grid = (1e-4, 1e-3)
    """Factor of the sum of absolute weights."""
    dropout: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=2)] = (0.3, 0.6)
    """Dropout rates of the hidden layer."""
    noise: Grid = (0.1, 0.3)
    """Standard deviations of normal noise on pixels in [0, 1]."""
    shift: Grid = (1.0, 2.0)
    """Most pixels by which images are shifted along either axis in training."""
    distortion: Grid = (0.5, 1.0)
    """How much images are turned, stretched and shifted in training: 1 is by up to 15 degrees, 15 % and 1 pixel."""
    small: Counts = (16, 4)
    """Widths, falling: the narrowest network is the strongest remedy."""
    plain_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images of the network that underfits, with right labels."""
    plain_lrs: Grid = (0.01, 0.1, 1.0)
    """Learning rates of the network that underfits and of its remedies."""
    plain_updates: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Its updates."""
    degrees: Annotated[tuple[Annotated[int, Field(ge=1, le=60)], ...], Field(min_length=2)] = (1, 3, 9, 25)
    """Degrees of the polynomials; the first underfits, the last overfits."""
    points: Annotated[int, Field(ge=10, le=100_000)] = 40
    """Points that the polynomials are fitted to."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    """Some training labels are wrong; the first quarter is what all remedies but more_data see."""
    edges: Split
    """The same images as their edges by direction, as many numbers as pixels."""
    clean: Split
    """For the network that underfits."""


def prepare(params: Params, seed: int) -> Images:
    import torch

    from experiments.foundation.networks.split import Examples
    from experiments.train.images import draw_images, with_wrong_labels

    held, tested = params.held_out, params.test_images
    split = draw_images(params.dataset, train=4 * params.labels, validation=held, test=tested, seed=seed)
    clean = draw_images(params.dataset, train=params.plain_images, validation=held, test=tested, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    noisy = with_wrong_labels(split.train.labels, params.label_noise, split.classes, rng)
    split = replace(split, train=Examples(split.train.inputs, noisy))
    pooled, edges = pooled_and_edges(split, params.pooling)
    return Images(params=params, seed=seed, notes=(split.description,), split=pooled, edges=edges, clean=clean)


def pooled_and_edges(split: Split, side: int) -> tuple[Split, Split]:
    """Images averaged over squares of ``side`` pixels, and their edges by direction over squares twice as wide."""
    from torch.nn.functional import avg_pool2d

    from experiments.foundation.networks.split import Examples
    from experiments.train.core.image_changes import oriented_edges

    def changed(change: Callable[[Tensor], Tensor]) -> Split:
        train, validation, test = (
            Examples(change(part.inputs.view(-1, *split.shape)), part.labels)
            for part in (split.train, split.validation, split.test)
        )
        channels, height, width = train.inputs.shape[1:]
        shape = (channels, height, width)
        return replace(split, train=train, validation=validation, test=test, shape=shape).flat

    # an edge is a fraction of a brightness: times 4, so that both kinds of inputs are of a size
    return changed(lambda images: avg_pool2d(images, side)), changed(
        lambda images: 4 * oriented_edges(images, 2 * side)
    )
