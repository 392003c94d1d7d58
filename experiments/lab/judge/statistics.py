"""Proportions and multiplicity: Clopper-Pearson and Holm. Means and their intervals stand in ``mean``.

Pure functions of numbers. An interval at alpha covers with probability 1 - alpha; p-values are one-sided.

Sources: Clopper and Pearson, Biometrika 26(4), 1934; Holm, A Simple Sequentially Rejective Multiple Test Procedure,
Scand. J. Stat. 6, 1979.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import betainc, betaincinv

from experiments.lab.judge.mean import Interval


def clopper_pearson(successes: float, trials: float, alpha: float) -> Interval:
    """Exact interval of a proportion, which covers with at least 1 - alpha; counts need not be whole.

    >>> clopper_pearson(8, 10, 0.05)
    Interval(low=0.4439..., high=0.9747...)
    """
    low = 0.0 if successes <= 0 else float(betaincinv(successes, trials - successes + 1, alpha / 2))
    high = 1.0 if successes >= trials else float(betaincinv(successes + 1, trials - successes, 1 - alpha / 2))
    return Interval(low, high)


def p_proportion_above(successes: float, trials: float, bound: float) -> float:
    """P(X >= successes) of a binomial with the rate ``bound``; P(X <= successes) is that of the failures."""
    return 1.0 if successes <= 0 else float(betainc(successes, trials - successes + 1, bound))


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
