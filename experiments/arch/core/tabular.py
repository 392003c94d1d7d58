"""Tables to predict from: one measure for classes and numbers, tables that are drawn, and columns that are changed.

A target is a matrix (n, k): one column of numbers, or one column per class with 1 for the true one. So one measure
serves both, ``explained_share``: R^2 of a regression, the Brier skill score of a classification.

Sources: Brier: Verification of forecasts expressed in terms of probability, 1950; the changes of the columns are those
of Grinsztajn, Oyallon, Varoquaux: Why do tree-based models still outperform deep learning on typical tabular data?,
https://arxiv.org/abs/2207.08815, 2022.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Part = tuple[Indices, Indices]
"""Rows to fit, and rows to be judged on."""
Change = Literal["rotated", "uninformative", "unscaled"]

LEVELS = 4
"""Steps of a column in the table of jumps."""
UNINFORMATIVE = 50


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A table whose target is to be predicted from its columns."""

    name: str
    columns: Floats
    """(n, d)"""
    target: Floats
    """(n, k): numbers (k = 1), or 1 in the column of the true class."""
    classes: tuple[str, ...] = ()
    """Names of the classes; none where numbers are predicted."""
    scaled: bool = True
    """Whether networks and lines standardize the columns."""

    @property
    def labels(self) -> Indices:
        """Number (n,) of the true class."""
        return self.target.argmax(1)


class Score(NamedTuple):
    """How good predictions are."""

    explained: float
    """``explained_share``."""
    error: float
    """Share of rows in a wrong class; of numbers the root mean square error."""


def score(problem: Problem, predicted: Floats, part: Part) -> Score:
    """The predictions (judged rows, k) of a model that was fitted to the other rows of ``part``."""
    fitted, truth = problem.target[part[0]], problem.target[part[1]]
    if problem.classes:
        error = float((predicted.argmax(1) != truth.argmax(1)).mean())
    else:
        error = float(np.sqrt(np.square(predicted - truth).mean()))
    return Score(explained_share(predicted, truth, fitted), error)


def explained_share(predicted: Floats, truth: Floats, fitted: Floats) -> float:
    """1 - squared error / that of the constant that is best on the rows ``fitted``; targets and predictions (n, k).

    1 is perfect, 0 is no better than the constant. A prediction that is not finite counts as that constant.

    >>> truth = np.array([[1.0], [2.0], [3.0]])
    >>> explained_share(np.array([[1.0], [2.0], [2.0]]), truth, truth), explained_share(truth * np.nan, truth, truth)
    (0.5, 0.0)
    """
    constant = fitted.mean(0)
    known = np.where(np.isfinite(predicted), predicted, constant)
    return float(1 - np.square(known - truth).sum() / np.square(constant - truth).sum())


def jumps(rows: int, rng: np.random.Generator, dim: int = 10) -> Problem:
    """A number that jumps along single columns: four standard normal columns are cut into four levels of random height.

    Each adds a variance of about 1; noise of variance 0.25 is added, and the other columns say nothing.
    """
    columns = rng.standard_normal((rows, dim))
    cuts = np.quantile(rng.standard_normal(10_000), np.arange(1, LEVELS) / LEVELS)
    heights = rng.standard_normal((4, LEVELS))
    steps = sum(heights[j][np.searchsorted(cuts, columns[:, j])] for j in range(4))
    return Problem(name="jumps", columns=columns, target=(steps + rng.normal(0, 0.5, rows))[:, None])


def bends(rows: int, rng: np.random.Generator, dim: int = 10) -> Problem:
    """A number that bends along three random directions across all columns: a sum of 2 |w x|, |w| = 1.

    Each adds a variance of about 1.5, and none is a line; noise of variance 0.25 is added.
    """
    columns = rng.standard_normal((rows, dim))
    directions = rng.standard_normal((dim, 3))
    directions /= np.linalg.norm(directions, axis=0)
    valleys = 2 * np.abs(columns @ directions).sum(1)
    return Problem(name="bends", columns=columns, target=(valleys + rng.normal(0, 0.5, rows))[:, None])


DRAWN: dict[str, Callable[[int, np.random.Generator], Problem]] = {"jumps": jumps, "bends": bends}
"""Tables without end: every seed draws rows that no other has."""


def standardized(columns: Floats, fitted: Indices | None = None) -> Floats:
    """Columns (n, d) of mean 0 and deviation 1 over the rows ``fitted``, all by default; constant ones become 0."""
    seen = columns if fitted is None else columns[fitted]
    deviation = seen.std(0)
    return (columns - seen.mean(0)) / np.where(deviation > 0, deviation, 1.0)


def changed(problem: Problem, change: Change, rng: np.random.Generator) -> Problem:
    """The same table with its standardized columns turned by a random rotation, with 50 normal columns beside them that
    say nothing, or in the units of its source, which no model may then standardize."""
    if change == "unscaled":
        return replace(problem, scaled=False)
    columns = standardized(problem.columns)
    if change == "rotated":
        return replace(problem, columns=columns @ rotation(columns.shape[1], rng))
    return replace(problem, columns=np.hstack([columns, rng.standard_normal((len(columns), UNINFORMATIVE))]))


def rotation(dim: int, rng: np.random.Generator) -> Floats:
    """A random orthogonal matrix (dim, dim): Q of a normal matrix's QR, with the signs that make it uniform."""
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return q * np.sign(np.diag(r))
