"""What grad.clipping can be asked, and the descents from the wall that two parts look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.grad.core.cliffs import Descent

PLAIN, CLIPPED = "no clipping", "clipped by norm"
LearningRate = Annotated[float, Field(gt=0, le=10)]


@parameters
class Params:
    trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random gradients on which every statement is tried."""
    limit: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Largest norm, or largest magnitude where clipping by value, of a clipped gradient."""
    starts: Annotated[int, Field(ge=1, le=1000)] = 2
    """Places of the wall from which a seed descends."""
    wall_lr: LearningRate = 0.1
    """Learning rate of the descent from the wall."""
    wall_steps: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Steps of the descent from the wall."""
    gain: Annotated[float, Field(gt=0, le=3)] = 1.2
    """Every singular value of the recurrent matrix at the start; above 1 gradients explode."""
    length: Annotated[int, Field(ge=2, le=200)] = 10
    """Time steps of the recurrent network."""
    width: Annotated[int, Field(ge=1, le=128)] = 8
    """Hidden units."""
    steps: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Training steps of the recurrent network."""
    lrs: Annotated[tuple[LearningRate, ...], Field(min_length=1)] = (1e-3, 1e-2)
    """Learning rates that both arms try."""


class Descents(Setup[Params]):
    @property
    def arms(self) -> dict[str, float | None]:
        """Arm -> largest norm of its gradients."""
        return {PLAIN: None, CLIPPED: self.params.limit}

    @property
    def weights(self) -> list[float]:
        """Weights of the recurrent unit, across the wall."""
        import numpy as np

        return [float(weight) for weight in np.linspace(4.5, 6.5, 21)]

    @once
    def from_wall(self, arm: str, start: int) -> Descent:
        """Gradient descent from the steepest place of the wall at a random bias."""
        import numpy as np

        from experiments.grad.core.cliffs import descend_unit, steepest_start

        bias = float(np.random.default_rng([self.seed, start]).uniform(-3.4, -2.6))
        place = steepest_start(bias, self.weights)
        return descend_unit(place, self.params.wall_lr, self.params.wall_steps, self.arms[arm])


def prepare(params: Params, seed: int) -> Descents:
    return Descents(params=params, seed=seed)
