"""What train.regularization can be asked, and its images: few, and some of them wrongly labelled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import FlatSetName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split

Strengths = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2)]


@parameters
class Params:
    dataset: FlatSetName = "digits"
    """Images."""
    labels: Annotated[int, Field(ge=10, le=10_000)] = 50
    """Training images; more_data has four times as many."""
    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of their labels that is wrong; validation and test labels are right."""
    held_out: Annotated[int, Field(ge=10, le=10_000)] = 100
    """Validation images; three times as many for test."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates of Adam on full batches."""
    l2: Strengths = (0.1, 1.0)
    """Weight decay of AdamW."""
    l1: Strengths = (1e-4, 1e-3)
    """Factor of the sum of absolute weights."""
    dropout: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=2)] = (0.3, 0.6)
    """Dropout rates of the hidden layer."""
    augment: Strengths = (0.1, 0.3)
    """Standard deviations of the noise on pixels in [0, 1]."""
    small: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)] = (4, 16)
    """Widths."""
    degrees: Annotated[tuple[Annotated[int, Field(ge=1, le=60)], ...], Field(min_length=2)] = (1, 3, 9, 25)
    """Degrees of the polynomials; the first underfits, the last overfits."""
    points: Annotated[int, Field(ge=10, le=100_000)] = 40
    """Points that the polynomials are fitted to."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    """Some training labels are wrong; the first quarter is what all remedies but more_data see."""


def prepare(params: Params, seed: int) -> Images:
    import torch

    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import Examples, pooled_split
    from experiments.train.core.label_noise import with_wrong_labels

    held_out = params.held_out
    data = load_images(params.dataset, seed=seed)
    split = pooled_split(data, train=4 * params.labels, validation=held_out, test=3 * held_out, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    noisy = with_wrong_labels(split.train.labels, params.label_noise, split.classes, rng)
    return Images(params=params, seed=seed, split=replace(split, train=Examples(split.train.inputs, noisy)))
