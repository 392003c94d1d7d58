"""The learning rate of one arm from pairs (rate, score); ``tuning.choose`` does it for all arms and checks budgets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class Chosen:
    """The learning rate that validation chose over all repetitions."""

    lr: float
    at_edge: bool
    """Whether it is the smallest or the largest of several, so that a better one may lie beyond."""


def best_rate(scores: Iterable[tuple[float, float]]) -> Chosen:
    """The rate with the largest mean score, the smaller one among equals, from pairs (rate, score to maximize).

    Raises:
        ValueError: no pair, or a score that is not a number.
    """
    by_rate: dict[float, list[float]] = {}
    for lr, score in scores:
        if math.isnan(score):
            raise ValueError(f"expected scores that are numbers, got nan at the learning rate {lr:g}")
        by_rate.setdefault(lr, []).append(score)
    if not by_rate:
        raise ValueError("expected at least one score, got none")
    rates = sorted(by_rate)
    lr = max(rates, key=lambda rate: fmean(by_rate[rate]))
    return Chosen(lr, len(rates) > 1 and lr in (rates[0], rates[-1]))
