"""Claims, and everything that a claim's function needs to compare numbers.

A claim is one sentence with its rule fixed in advance. Its function turns rows into a Comparison, with one of the
functions exported here; the judge (``experiments.lab.judge.judge``) sets the level of every comparison (Holm) and writes
the Finding. Evidence is made by the comparison, never written by hand.

Conventions: alpha is two-sided; an interval at alpha covers with probability 1 - alpha; paired values are mappings
from seed to number, so arms are matched by seed and not by position.
"""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from experiments.lab.judge.checks import fact, proportion, theorem
from experiments.lab.judge.comparison import Comparison, Decision, Kind, Verdict, conditional, unavailable, undecided
from experiments.lab.judge.paired import effect, equivalence, ratio
from experiments.lab.judge.trends import order, slope, slope_below

__all__ = [
    "Claim",
    "Comparison",
    "Decision",
    "Kind",
    "Verdict",
    "by_seed",
    "claim_table_hash",
    "conditional",
    "edge_of_grid",
    "effect",
    "equivalence",
    "every_row",
    "fact",
    "order",
    "proportion",
    "ratio",
    "slope",
    "slope_below",
    "theorem",
    "unavailable",
    "undecided",
]

R = TypeVar("R")


class Seeded(Protocol):
    """A row that knows the seed of its repetition."""

    @property
    def seed(self) -> int: ...


S = TypeVar("S", bound=Seeded)


@dataclass(frozen=True, kw_only=True)
class Claim(Generic[R]):
    """One sentence that rows can decide."""

    statement: str
    """The claim in the present tense, in our own words."""
    notes: str
    """Topic of the study notes that it comes from, such as "NSG theorems (000:7)"."""
    kind: Kind
    rule: str
    """When it holds and when it is refuted, with every threshold."""
    predicted: Verdict
    """The verdict that the literature predicts."""
    judge: Callable[[Sequence[R]], Comparison]
    """A named function; its name is the claim's name."""

    @property
    def name(self) -> str:
        return self.judge.__name__


def every_row(row: object) -> bool:
    return True


def by_seed(rows: Iterable[S], value: Callable[[S], float], where: Callable[[S], bool] = every_row) -> dict[int, float]:
    """Mean of ``value`` per seed over the rows that pass ``where``, by rising seed; not finite if one value is not."""
    groups: dict[int, list[float]] = {}
    for row in rows:
        if where(row):
            groups.setdefault(row.seed, []).append(value(row))
    return {seed: _mean(groups[seed]) for seed in sorted(groups)}


def edge_of_grid(grid: Iterable[float], best: float) -> bool:
    """Whether the best setting is the smallest or the largest that was tried, so that a better one may lie beyond.

    Where it is, the arm was not tuned, and the claim's function returns ``undecided``.
    """
    settings = sorted(grid)
    if best not in settings:
        raise ValueError(f"expected the best setting to be one of {settings}, got {best}")
    return best in (settings[0], settings[-1])


def claim_table_hash(claims: Sequence[Claim[R]]) -> str:
    """sha256 of the sentences and rules, for the record: rows judged under another table are not comparable.

    It covers name, statement, kind, rule and prediction of each claim and does not depend on the order of the claims.
    """
    table = sorted([claim.name, claim.statement, claim.kind, claim.rule, claim.predicted] for claim in claims)
    return hashlib.sha256(json.dumps(table, ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _mean(values: Sequence[float]) -> float:
    # fmean rounds once, but raises on inf - inf
    return statistics.fmean(values) if all(map(math.isfinite, values)) else sum(values)
