"""What ann.curse can be asked, and how a regression is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from experiments.lab.experiment import parameters

if TYPE_CHECKING:
    from experiments.ann.core.theory.regression import Task

Model = Literal["knn", "ols", "lasso"]
TEST_POINTS = 1000
"""Rows of a regression task beside those for fitting."""


@parameters
class Params:
    dims: Annotated[tuple[Annotated[int, Field(ge=1, le=8192)], ...], Field(min_length=1)] = (2, 8, 32)
    """Numbers of coordinates of the contrast sweep."""
    n: Annotated[int, Field(ge=100, le=1_000_000)] = 300
    """Points of the contrast sweep."""
    queries: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Queries of the contrast sweep, drawn like the points."""
    intrinsic_dim: Annotated[int, Field(ge=1)] = 2
    """Dimension of the curved surface and of the projected signal, at most the smallest of dims."""
    exponent_dims: tuple[Annotated[int, Field(ge=1, le=16)], ...] = (1, 2)
    """Dimensions in which the distance to the nearest point is followed over ns."""
    ns: tuple[Annotated[int, Field(ge=8, le=1_000_000)], ...] = (128, 256, 512)
    """Numbers of points for that; the exponent needs five."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)] = ("knn", "ols", "lasso")
    """Regressions that meet irrelevant features."""
    irrelevant: Annotated[tuple[Annotated[int, Field(ge=0, le=1000)], ...], Field(min_length=2)] = (0, 5)
    """Numbers of standard normal features without influence, beside 5 relevant ones."""
    most_samples: Annotated[int, Field(ge=20, le=1_000_000)] = 500
    """Samples at most that a regression is given to reach its error."""
    draws: Annotated[int, Field(ge=1, le=1000)] = 2
    """Sets of samples over which an error is averaged."""
    hidden: Annotated[int, Field(ge=1, le=1000)] = 50
    """Irrelevant directions from which a projection has to free the signal."""
    samples: Annotated[int, Field(ge=20, le=100_000)] = 200
    """Training points of a regression after a projection."""
    noise: Annotated[float, Field(gt=0)] = 0.3
    """Standard deviation of the targets' noise there; their signal has variance 1."""
    k: Annotated[int, Field(ge=1, le=100)] = 5
    """Neighbors of the nearest-neighbor regression and of the hub count."""

    def __post_init__(self) -> None:
        if self.intrinsic_dim > min(self.dims):
            raise ValueError(f"intrinsic_dim: expected at most min(dims) = {min(self.dims)}, got {self.intrinsic_dim}")


def held_out_error(model: Any, task: Task, samples: int) -> float:
    """Mean squared error on the rows after the first ``samples``, on which the model of scikit-learn is fitted."""
    model.fit(task.features[:samples], task.targets[:samples])
    return float(((model.predict(task.features[samples:]) - task.targets[samples:]) ** 2).mean())
