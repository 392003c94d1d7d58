"""What autograd.graph can be asked, and the random expressions of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.foundation.statements.expressions import Program, random_program
from experiments.lab.experiment import Setup, parameters

Floats = NDArray[np.float64]
Map = Literal["logistic", "polynomial", "mlp"]
POINT = [0.7, 1.1, 1.6]
"""Where the expressions are evaluated whose operations are counted."""


@parameters
class Params:
    maps: tuple[Map, ...] = ("logistic", "polynomial", "mlp")
    """Maps that are applied depth times: 4x(1 - x), x^2 + 1/4, tanh(3x/2 + 1/4)."""
    largest_depth: Annotated[int, Field(ge=2, le=10)] = 5
    """Depths from 1 to this; a logistic formula has more than eight times the terms at two more."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random expressions on which the tape is compared."""
    program_steps: Annotated[int, Field(ge=1, le=30)] = 8
    """Operations in a random expression of three inputs."""


class Compared(NamedTuple):
    """One expression and one network."""

    point: list[float]
    program: Program
    arrays: list[Floats]
    """Inputs (6, 4), weights (4, 5) and (5, 3), bias (3,)."""


@dataclass(frozen=True, kw_only=True)
class Expressions(Setup[Params]):
    @cached_property
    def drawn(self) -> tuple[list[Compared], list[Program]]:
        """What the tape is compared on, then the longer programs whose operations are counted."""
        rng, steps = np.random.default_rng(self.seed), self.params.program_steps
        compared = []
        for _ in range(self.params.trials):
            point = rng.uniform(0.5, 2.0, 3).tolist()
            program = random_program(rng, point, steps)
            arrays = [rng.standard_normal(shape) for shape in ((6, 4), (4, 5), (5, 3), (3,))]
            compared.append(Compared(point, program, arrays))
        return compared, [random_program(rng, POINT, 3 * steps) for _ in range(self.params.trials)]


def prepare(params: Params, seed: int) -> Expressions:
    return Expressions(params=params, seed=seed)
