"""Dot, elementwise and matrix product: their laws, tried on random vectors and matrices.

Whole-number instances are compared exactly (int64, with entries small enough that nothing overflows); the others
relative to |a| |b|. Vectors are (d,), matrices (m, n). It knows torch only as the library whose shape rules are tried.
Source: Golub, Van Loan: Matrix Computations, 4th edition, 2013, chapter 1.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.foundation.statements.trial import Trial
from experiments.math.core.similarity import cosine_from_sides

Floats = NDArray[np.float64]


def dot_trials(rng: np.random.Generator, dim: int) -> list[Trial]:
    """a.b as a sum of products, as |a| |b| cos, bilinear, and bounded by |a| |b|, on random vectors of ``dim``
    entries.
    """
    a, b, c = rng.standard_normal((3, dim))
    s, t = rng.standard_normal(2)
    dot = float(a @ b)
    sides, scale = float(np.linalg.norm(a) * np.linalg.norm(b)), float(np.abs(a) @ np.abs(b))
    by_angle = abs(dot - sides * cosine_from_sides(a, b)) / sides
    manhattan = float(np.abs(a).sum() * np.abs(b).sum())
    mixed = abs(float((s * a + t * c) @ b) - float(s * (a @ b) + t * (c @ b)))
    return [
        Trial(part="dot", case="sum of products", error=_exact_dot_error(rng, dim), control_error=scale - abs(dot)),
        Trial(part="dot", case="|a| |b| cos", error=by_angle, control_error=abs(dot - manhattan) / sides),
        Trial(
            part="dot", case="bilinear", error=mixed / scale, control_error=abs(float((a + c) @ (b + c)) - dot) / scale
        ),
        Trial(
            part="dot", case="Cauchy-Schwarz", error=max(0.0, abs(dot) / sides - 1), control_error=scale / abs(dot) - 1
        ),
    ]


def _exact_dot_error(rng: np.random.Generator, dim: int) -> float:
    """|numpy's dot - the sum of products in fractions| on entries that are multiples of 1/8, which float64 holds
    exactly.
    """
    a, b = rng.integers(-64, 65, (2, dim)) / 8
    exact = sum((Fraction(x) * Fraction(y) for x, y in zip(a.tolist(), b.tolist(), strict=True)), Fraction(0))
    return float(abs(Fraction(float(a @ b)) - exact))


def elementwise_trials(rng: np.random.Generator, size: int) -> list[Trial]:
    """The elementwise product commutes, and a 0/1 mask keeps exactly the pixels that indexing selects; A @ B does
    neither.
    """
    a, b = rng.integers(1, 10, (2, size, size))
    mask = rng.integers(0, 2, (size, size))
    kept = np.where(mask == 1, a, 0)
    commutes = int(np.abs(a * b - b * a).max())
    matrix = int(np.abs(a @ b - b @ a).max())
    return [
        Trial(part="elementwise", case="commutes", error=float(commutes), control_error=float(matrix)),
        Trial(
            part="elementwise",
            case="mask selects",
            error=float(np.abs(a * mask - kept).max()),
            control_error=float(np.abs(a @ mask - kept).max()),
        ),
    ]


def shape_trials(largest: int) -> list[Trial]:
    """A (m, n) times B (p, q) exists iff n = p and has the shape (m, q): all shapes up to ``largest``; control: A
    * B.
    """
    sizes = range(1, largest + 1)
    trials = []
    for m, n, p, q in itertools.product(sizes, repeat=4):
        a, b = torch.ones(m, n), torch.ones(p, q)
        right = (m, q) if n == p else None
        trials.append(
            Trial(
                part="shape",
                case="2-D by 2-D",
                error=float(_shape(a, b) != right),
                control_error=float(_shape(a, b, elementwise=True) != right),
            )
        )
    return trials


def other_shape_trials() -> list[Trial]:
    """torch.matmul where an operand has one or three dimensions; the error is 1 where the 2-D rule says no and
    torch says yes.

    The rule read literally: the second operand's number of rows, its first size, has to equal the first operand's
    last size, and the result has the rows of the first and the columns of the second. Control: 2-D operands that
    do not fit.
    """
    shapes = {
        "1-D by 1-D": ((3,), (3,)),
        "2-D by 1-D": ((2, 3), (3,)),
        "batch by 2-D": ((5, 2, 3), (3, 4)),
        "2-D by batch": ((2, 3), (5, 3, 4)),
        "batch by batch": ((5, 2, 3), (5, 3, 4)),
    }
    trials = []
    for case, (first, second) in shapes.items():
        literal = (first[0], second[1]) if len(first) == len(second) == 2 and first[1] == second[0] else None
        found = _shape(torch.ones(first), torch.ones(second))
        witness = f"{first} times {second} gives {found}, though only 2-D operands have rows and columns"
        trials.append(Trial(part="shape", case=case, error=float(found != literal), control_error=0.0, witness=witness))
    return trials


def matrix_trials(rng: np.random.Generator, size: int) -> list[Trial]:
    """(AB)x = A(Bx), and A(sx + ty) = sAx + tAy, exactly in whole numbers; the control is AB = BA."""
    a, b = rng.integers(-9, 10, (2, size, size))
    x, y = rng.integers(-9, 10, (2, size))
    s, t = rng.integers(-9, 10, 2)
    commutes = float(np.abs(a @ b - b @ a).max())
    composed = float(np.abs((a @ b) @ x - a @ (b @ x)).max())
    linear = float(np.abs(a @ (s * x + t * y) - (s * (a @ x) + t * (a @ y))).max())
    return [
        Trial(part="matrix", case="composition", error=composed, control_error=commutes),
        Trial(part="matrix", case="linear", error=linear, control_error=commutes),
    ]


def _shape(a: torch.Tensor, b: torch.Tensor, *, elementwise: bool = False) -> tuple[int, ...] | None:
    """Shape of the product, or None where torch refuses."""
    try:
        return tuple((a * b if elementwise else torch.matmul(a, b)).shape)
    except RuntimeError:
        return None
