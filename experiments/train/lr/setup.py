"""What train.lr can be asked: quadratics of random curvature, random gradients, and images for a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.foundation.networks.choices import ScheduleName
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experiments.foundation.networks.split import Split


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images; as many others for validation."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Test images."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1000)], ...], Field(min_length=3)] = (1e-3, 1e-1, 100.0)
    """Learning rates of the network."""
    schedule: ScheduleName = "constant"
    """How they fall during training."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Updates of SGD without momentum."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per update."""
    dim: Annotated[int, Field(ge=2, le=1000)] = 5
    """Dimension of the quadratics; their largest eigenvalue is 1."""
    limits: tuple[Annotated[float, Field(gt=0, lt=4)], ...] = (1.9, 1.99, 1.999, 2.001, 2.01, 2.1)
    """Learning rate times largest eigenvalue at which descent is tried."""
    quadratic_steps: Annotated[int, Field(ge=100, le=1_000_000)] = 30_000
    """Most steps of descent on a quadratic."""
    small_rates: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=5)] = (
        0.005,
        0.01,
        0.02,
        0.04,
        0.08,
    )
    """The same for the number of steps that descent takes."""


@dataclass(frozen=True, kw_only=True)
class Drawn(Setup[Params]):
    """What is random in one repetition."""

    eigenvalues: NDArray[np.float64]
    """Of the quadratic (dim,)."""
    gradients: NDArray[np.float64]
    """Three gradients (3, 20) that an optimizer sees one after the other."""
    split: Split


def prepare(params: Params, seed: int) -> Drawn:
    import numpy as np

    from experiments.train.images import draw_images

    rng, n = np.random.default_rng(seed), params.train_images
    split = draw_images(params.dataset, train=n, validation=n, test=params.test_images, seed=seed)
    return Drawn(
        params=params,
        seed=seed,
        notes=(split.description,),
        eigenvalues=np.concatenate([[1.0], rng.uniform(0.3, 1.0, params.dim - 1)]),
        gradients=rng.standard_normal((3, 20)) * rng.lognormal(size=20),
        split=split,
    )
