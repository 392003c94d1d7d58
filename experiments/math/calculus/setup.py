"""What math.calculus can be asked, and the random functions that its parts differentiate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.foundation.statements.expressions import Program, arithmetic, parse, random_program
from experiments.lab.experiment import Setup, parameters

Floats = NDArray[np.float64]


@parameters
class Params:
    expr: str = "x**2*sin(x)"
    """Function of x whose numerical derivatives are measured: numbers, x, + - * / ** and sin, cos, tan, tanh, exp, log,
    sqrt. On the command line parentheses need two pairs of quotes: 'expr="exp(x)*x"'."""
    point: Annotated[float, Field(ge=-1000, le=1000)] = 0.7
    """Where it is differentiated."""
    spread: Annotated[float, Field(ge=0, le=100)] = 0.3
    """Points are drawn evenly from point - spread to point + spread."""
    points: Annotated[int, Field(ge=1, le=1000)] = 5
    """Points per seed; numerical derivatives report the root mean square of their relative errors."""
    dtype: Literal["float32", "float64"] = "float64"
    """Floating-point type of the numerical derivatives."""
    steps_per_decade: Annotated[int, Field(ge=1, le=100)] = 3
    """Step sizes h per factor of ten, from 1e-1 down to 1e-13."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 5
    """Random functions for the rules, the gradients and the directions."""
    program_steps: Annotated[int, Field(ge=1, le=30)] = 6
    """Operations in a random function."""
    directions: Annotated[int, Field(ge=4, le=3600)] = 48
    """Directions in the plane that are compared with the gradient's, at equal angles."""

    def __post_init__(self) -> None:
        try:
            parse(self.expr)
        except ValueError as error:
            raise ValueError(f"expr: {error}") from None


@dataclass(frozen=True)
class Functions:
    """Random functions, in the order in which they are drawn."""

    x: float
    exponent: float
    g: Program
    f: Program
    """Of one number, like g; both are smooth at x."""
    outer: Program
    """Smooth at g(x)."""
    point: list[float]
    program: Program
    """Of three numbers, smooth at the point."""
    gradient: Floats
    """(2,), of a function of two numbers."""

    @classmethod
    def draw(cls, rng: np.random.Generator, n_steps: int) -> Functions:
        x = float(rng.uniform(0.5, 2.0))
        exponent = float(np.round(rng.uniform(-3, 3), 2))
        g, f = random_program(rng, [x], n_steps), random_program(rng, [x], n_steps)
        outer = random_program(rng, [float(g([np.float64(x)], arithmetic(np)))], n_steps)
        point = rng.uniform(0.5, 2.0, 3).tolist()
        program = random_program(rng, point, n_steps)
        return cls(x, exponent, g, f, outer, point, program, random_gradient(rng, n_steps))


def random_gradient(rng: np.random.Generator, n_steps: int, least: float = 0.01) -> Floats:
    """Gradient (2,) of a random function, no entry smaller than ``least``: on an axis all norms would agree."""
    from experiments.foundation.statements.derivatives import torch_gradient

    while True:
        point = rng.uniform(0.5, 2.0, 2).tolist()
        gradient = torch_gradient(random_program(rng, point, n_steps), point)
        if np.abs(gradient).min() >= least:
            return gradient


@dataclass(frozen=True, kw_only=True)
class Draws(Setup[Params]):
    def points(self) -> Floats:
        """Where ``expr`` is differentiated."""
        random = np.random.default_rng(self.seed).uniform(-1, 1, self.params.points)
        return self.params.point + self.params.spread * random

    def functions(self) -> Iterator[Functions]:
        """One set per trial, the same for every part."""
        rng = np.random.default_rng(self.seed)
        rng.random(self.params.points)  # those of ``points``
        for _ in range(self.params.trials):
            yield Functions.draw(rng, self.params.program_steps)


def prepare(params: Params, seed: int) -> Draws:
    return Draws(params=params, seed=seed)
