"""Intervals and p-values on which the comparisons stand: Student's t, BCa, Clopper-Pearson, Holm.

Pure functions of numbers; they know nothing of claims, seeds or verdicts. An interval at alpha covers with
probability 1 - alpha. p-values are one-sided where the name has a direction (``p_above``) and two-sided otherwise, so
that a bound lies outside the interval at alpha exactly when its two-sided p-value is at most alpha.

Sources: Student, The Probable Error of a Mean, Biometrika 6(1), 1908; Efron, Better Bootstrap Confidence Intervals,
JASA 82, 1987; Clopper and Pearson, Biometrika 26(4), 1934; Holm, A Simple Sequentially Rejective Multiple Test
Procedure, Scand. J. Stat. 6, 1979.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy  # scipy.stats takes a second to import and loads itself at first use
from scipy.special import stdtr, stdtrit  # Student's distribution and its inverse, on which scipy.stats.t stands

BOOTSTRAP_RESAMPLES = 10_000
POWER = 0.8
EPSILON = 2.0**-52


class Interval(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class StudentMean:
    """The mean of n independent values: t = (mean - bound) / standard_error has n - 1 degrees of freedom.

    Values that differ by less than rounding have no spread to estimate: ``varies`` is then False and ``tail``
    replaces Student's t.
    """

    mean: float
    standard_deviation: float
    """Of one value, with the n - 1 denominator."""
    n: int
    rounding: float
    """Differences up to here are rounding errors."""
    tail: float = 0.0
    """One-sided p-value of n equal values beyond a bound: 0 for a deterministic measure, else 2^-n (sign test)."""

    @classmethod
    def of(cls, values: Sequence[float], *, scale: float, deterministic: bool) -> StudentMean:
        """Estimate from at least two finite values.

        ``scale`` is the largest magnitude that went into computing them; ``deterministic`` says whether equal values
        are no chance.
        """
        rounding = 4 * EPSILON * scale
        mean = math.fsum(values) / len(values)
        deviation = math.hypot(*(value - mean for value in values)) / math.sqrt(len(values) - 1)
        tail = 0.0 if deterministic else 0.5 ** len(values)
        return cls(mean, deviation if deviation > rounding else 0.0, len(values), rounding, tail)

    @property
    def varies(self) -> bool:
        return self.standard_deviation > 0

    @property
    def standard_error(self) -> float:
        return self.standard_deviation / math.sqrt(self.n)

    def half_width(self, alpha: float) -> float:
        if not self.varies:
            return 0.0 if 2 * self.tail <= alpha else math.inf
        return -float(stdtrit(self.n - 1, alpha / 2)) * self.standard_error

    def interval(self, alpha: float) -> Interval:
        half_width = self.half_width(alpha)
        return Interval(self.mean - half_width, self.mean + half_width)

    def p_above(self, bound: float) -> float:
        """One-sided p-value against "the true mean is at most bound"."""
        excess = self.mean - bound
        if self.varies:
            return float(stdtr(self.n - 1, -excess / self.standard_error))
        if abs(excess) <= self.rounding:
            return 0.5
        return self.tail if excess > 0 else 1.0

    def p_below(self, bound: float) -> float:
        """One-sided p-value against "the true mean is at least bound"."""
        return replace(self, mean=-self.mean).p_above(-bound)

    def p_differs(self, bound: float) -> float:
        """Two-sided p-value: at most alpha exactly when the interval at alpha excludes the bound."""
        return min(1.0, 2 * min(self.p_above(bound), self.p_below(bound)))

    def p_inside(self, low: float, high: float) -> float:
        """Two one-sided tests, doubled: at most alpha exactly when the interval at alpha lies inside (low, high)."""
        return min(1.0, 2 * max(self.p_above(low), self.p_below(high)))

    def p_outside(self, low: float, high: float) -> float:
        """At most alpha exactly when the interval at alpha lies wholly below low or wholly above high."""
        return min(1.0, 2 * min(self.p_above(high), self.p_below(low)))

    def p_narrow(self, half_width: float) -> float:
        """The smallest alpha at which the interval's half-width is at most ``half_width``."""
        return 2 * float(stdtr(self.n - 1, -half_width / self.standard_error)) if self.varies else 0.0

    def minimal_detectable_difference(self, alpha: float) -> float:
        """Distance from the bound that a repetition of this size would find with 80 % power.

        (t_{1-alpha/2} + t_{0.8}) * sd / sqrt(n), which is 2.8 * sd / sqrt(n) for many values at alpha = 0.05.
        """
        return float(stdtrit(self.n - 1, POWER) - stdtrit(self.n - 1, alpha / 2)) * self.standard_error


def bca_interval(values: Sequence[float], alpha: float) -> Interval:
    """Bias-corrected and accelerated bootstrap interval of the mean; the resamples are the same in every call."""
    result = scipy.stats.bootstrap(
        (np.asarray(values, dtype=np.float64),),
        np.mean,
        n_resamples=BOOTSTRAP_RESAMPLES,
        confidence_level=1 - alpha,
        method="BCa",
        rng=np.random.default_rng(0),
    )
    return Interval(float(result.confidence_interval.low), float(result.confidence_interval.high))


def clopper_pearson(successes: int, trials: int, alpha: float) -> Interval:
    """Exact interval of a proportion; it covers with at least 1 - alpha."""
    interval = scipy.stats.binomtest(successes, trials).proportion_ci(1 - alpha, method="exact")
    return Interval(float(interval.low), float(interval.high))


def p_proportion_above(successes: int, trials: int, bound: float) -> float:
    """One-sided exact binomial p-value P(X >= successes | bound); P(X <= successes) is that of the failures."""
    return float(scipy.stats.binom.sf(successes - 1, trials, bound))


def violation_rate_bound(instances: int) -> float:
    """One-sided 95 % upper bound of a rate of which none was seen: (1 - rate)^instances = 0.05; about 3 / instances."""
    return 1 - 0.05 ** (1 / instances)


def holm_levels(p_values: Sequence[float], alpha: float) -> tuple[float, ...]:
    """Level at which Holm's step-down procedure judges each of m hypotheses, in the order given.

    The i-th smallest p-value (i from 0) meets alpha / (m - i). The first that exceeds its level stops the descent,
    and the larger ones are judged at that same level, which they exceed too. So p <= level decides, and the
    family-wise error rate is alpha. NaN, a hypothesis that cannot be tested, sorts last and counts in m: more
    hypotheses only make the levels stricter.
    """
    ascending = sorted(range(len(p_values)), key=lambda i: math.inf if math.isnan(p_values[i]) else p_values[i])
    levels = [0.0] * len(p_values)
    step, descending = 0, True
    for position, index in enumerate(ascending):
        step = position if descending else step
        levels[index] = alpha / (len(p_values) - step)
        descending = descending and p_values[index] <= levels[index]
    return tuple(levels)
