"""Comparisons of a measure over a grid of settings, repeated over seeds: slope, slope_below, order.

A scaling law y = c * x^b is judged by the exponents that each seed shows on its own, b_s = OLS slope of log y_s on
log x: their mean and its interval (``mean.SeedMean``). The exponent of the mean over seeds is reported beside it.

Source of the trend test: Page, Ordered Hypotheses for Multiple Treatments: A Significance Test for Linear Ranks, JASA
58, 1963.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Literal

import numpy as np
import scipy  # scipy.stats takes a second to import and loads itself at first use

from experiments.lab.judge.comparison import Comparison, Decision, Tested, undecided
from experiments.lab.judge.differences import FEWEST_SEEDS, describe_interval, describe_seeds
from experiments.lab.judge.mean import SeedMean
from experiments.lab.judge.robustness import card_above, card_within
from experiments.lab.judge.verdict import Evidence, Kind, Verdict

FEWEST_SLOPE_POINTS = 5
FEWEST_ORDER_POINTS = 3
ORDER_LEVEL_SHARE = 0.2
"""A trend is judged at a fifth of the level of other comparisons: 0.01 where they have 0.05."""
LEAST_CORRELATION = 0.9

Direction = Literal["rising", "falling"]
Test = Literal["Page", "mean rho", "clearest reversal", "none"]


@dataclass(frozen=True, kw_only=True)
class Exponents:
    """Slopes of log y on log x, one per seed."""

    by_seed: Mapping[int, float]
    mean: SeedMean
    of_means: float
    """Slope of the log of the mean over seeds, as a cross-check."""
    r_squared: float
    """Share of the variance of that log that the line explains; far from 1 there is no power law to speak of."""


@dataclass(frozen=True)
class Trend:
    """A measure over a rising grid, and whether it moves as claimed."""

    direction: Direction
    shape: tuple[int, int]
    """(seeds, points)"""
    correlation: float
    """Spearman's rho of the means over seeds, positive in the claimed direction."""
    test: Test
    """What ``p`` belongs to; none without variation over seeds."""
    p: float


def slope(x: Sequence[float], y: Mapping[int, Sequence[float]], *, theory: float, tolerance: float) -> Comparison:
    """Is the exponent of y ~ x^b the theory's?

    It holds iff the interval of the exponent lies inside theory ± tolerance and is refuted iff it lies wholly outside,
    so more data always decides, unless the exponent lies at the border itself.

    Args:
        x: at least five different positive settings.
        y: seed to positive measures, in the order of x.
        theory: the exponent expected.
        tolerance: distance that does not matter.
    """
    if not (math.isfinite(theory) and 0 < tolerance < math.inf):
        raise ValueError(f"expected a finite theory and a positive tolerance, got {theory} and {tolerance}")
    exponents = _exponents(x, y)
    if not isinstance(exponents, Exponents):
        return exponents
    mean = exponents.mean
    holds, refuted = (found(theory - tolerance, theory + tolerance) for found in (mean.p_inside, mean.p_outside))
    words = ("inside", "outside", f"{theory:.4g} ± {tolerance:.3g}")
    return Tested(
        kind="slope",
        p_value=min(holds, refuted),
        outcome="holds" if holds <= refuted else "refuted",
        report=partial(_report_slope, exponents, theory, words, {"theory": theory, "tolerance": tolerance}),
        by_seed=exponents.by_seed,
        matters=tolerance,
        card=partial(card_within, exponents.mean, theory, tolerance, word="tolerance"),
    )


def slope_below(x: Sequence[float], y: Mapping[int, Sequence[float]], *, limit: float) -> Comparison:
    """Is the exponent of y ~ x^b below ``limit``? Holds iff the interval lies below, refuted iff it lies above."""
    if not math.isfinite(limit):
        raise ValueError(f"expected a finite limit, got {limit}")
    exponents = _exponents(x, y)
    if not isinstance(exponents, Exponents):
        return exponents
    p = exponents.mean.p_differs(limit)
    mirrored = exponents.mean.replaced(tuple(-value for value in exponents.mean.values))
    return Tested(
        kind="slope",
        p_value=p,
        outcome="holds" if exponents.mean.mean < limit else "refuted",
        report=partial(_report_slope, exponents, limit, ("<", ">", f"{limit:.4g}"), {"limit": float(limit)}),
        by_seed=exponents.by_seed,
        card=partial(card_above, mirrored, -limit, shown=lambda value: -value, sides=("above", "below")),
    )


def order(
    x: Sequence[float], y: Mapping[int, Sequence[float]], *, direction: Direction, path: bool = False
) -> Comparison:
    """Does y rise, or fall, along x?

    It is refuted iff some pair of points stands in the wrong order with p <= 0.01, one-sided over seeds and
    Bonferroni-corrected for all pairs: "opposite" for a rho of at most -0.9, otherwise "not monotone". It holds iff
    none does, Spearman's rho of the means is at least 0.9 in the claimed direction, and the trend test has p <= 0.01:
    Page's, or along a path, whose points are not independent, that of the mean rho over seeds.

    An order is always judged at a fifth of alpha, so ``p_value`` is five times that of the test and Holm turns 0.01
    into 0.01 / k.
    """
    if direction not in ("rising", "falling"):
        raise ValueError(f"expected rising or falling, got {direction}")
    if problem := _why_no_grid("order", x, y, FEWEST_ORDER_POINTS):
        return problem
    trend = _trend(x, y, direction, path=path)
    return Tested(
        kind="order",
        p_value=min(1.0, trend.p / ORDER_LEVEL_SHARE),
        outcome="refuted" if trend.test == "clearest reversal" or trend.correlation < LEAST_CORRELATION else "holds",
        report=partial(_report_order, trend),
    )


def _exponents(x: Sequence[float], y: Mapping[int, Sequence[float]]) -> Exponents | Comparison:
    if problem := _why_no_grid("slope", x, y, FEWEST_SLOPE_POINTS):
        return problem
    if min(x) <= 0 or min(min(values) for values in y.values()) <= 0:
        return undecided("slope", "a power law needs positive settings and measures, got one that is zero or negative")
    values = np.array([y[seed] for seed in sorted(y)], dtype=np.float64)
    log_x = np.log(np.asarray(x, dtype=np.float64))
    centered = log_x - log_x.mean()
    # b = sum (log x - mean log x) log y / sum (log x - mean log x)^2
    slopes = np.log(values) @ centered / (centered @ centered)
    log_means = np.log(values.mean(axis=0))
    of_means = float(log_means @ centered / (centered @ centered))
    total = float(np.sum((log_means - log_means.mean()) ** 2))
    explained = of_means**2 * float(centered @ centered)
    scale = max(1.0, float(np.abs(np.log(values)).max())) / float(np.abs(centered).max())
    by_seed = {seed: float(slope) for seed, slope in zip(sorted(y), slopes, strict=True)}
    mean = SeedMean(tuple(by_seed.values()), scale, exact=True)  # without any variation there is no chance in it
    return Exponents(by_seed=by_seed, mean=mean, of_means=of_means, r_squared=explained / total if total > 0 else 1.0)


def _report_slope(
    exponents: Exponents,
    target: float,
    words: tuple[str, str, str],
    against: Mapping[str, float],
    alpha: float,
    verdict: Verdict,
) -> Decision:
    mean = exponents.mean
    interval = mean.interval(alpha)
    evidence: Evidence = {"slope": mean.mean, "ci_low": interval.low, "ci_high": interval.high, "level": 1 - alpha}
    evidence |= {
        "n_seeds": mean.n,
        "sd": mean.student.deviation,
        "slope_of_means": exponents.of_means,
        "r_squared": exponents.r_squared,
    }
    evidence |= against
    if verdict == "inconclusive" and (needed := mean.seeds_needed(_distance(mean.mean, against, target), alpha)):
        evidence |= {"seeds_needed": needed}
    label = ("above" if mean.mean > target else "below") if verdict == "refuted" else None
    holds, refuted, border = words
    relation = {"holds": holds, "refuted": refuted}.get(verdict, "undecided against")
    estimate = describe_interval(mean.mean, interval, alpha, "+.4g")
    summary = f"exponent {estimate} {relation} {border} {describe_seeds(mean)}"
    return Decision(verdict=verdict, summary=summary, evidence=evidence, label=label)


def _distance(slope: float, against: Mapping[str, float], target: float) -> float:
    """From the nearest border of what decides."""
    reach = against.get("tolerance", 0.0)
    return min(abs(slope - target + reach), abs(slope - target - reach))


def _trend(x: Sequence[float], y: Mapping[int, Sequence[float]], direction: Direction, *, path: bool) -> Trend:
    along = np.argsort(np.asarray(x, dtype=np.float64))
    sign = 1.0 if direction == "rising" else -1.0
    values = sign * np.array([y[seed] for seed in sorted(y)], dtype=np.float64)[:, along]
    correlation = _rank_correlation(values.mean(axis=0))
    found = partial(Trend, direction, values.shape, correlation)
    if np.all(values == values[0]):  # identical repetitions are one measurement: rho alone decides
        return found("none", 0.0)
    reversal = _p_of_clearest_reversal(values)
    if correlation < LEAST_CORRELATION or reversal <= 0.05 * ORDER_LEVEL_SHARE:
        return found("clearest reversal", reversal)
    if path:
        ranks = SeedMean(tuple(_rank_correlation(row) for row in values), scale=1.0)
        return found("mean rho", ranks.p_above(0.0))
    return found("Page", float(scipy.stats.page_trend_test(values).pvalue))


def _rank_correlation(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Spearman's rho with the position; rounded, because five points with one neighboring swap have 0.9 exactly."""
    if not np.ptp(values):
        return 0.0
    return round(float(scipy.stats.spearmanr(np.arange(len(values)), values).statistic), 12)


def _p_of_clearest_reversal(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    pairs = list(combinations(range(values.shape[1]), 2))
    scale = float(np.abs(values).max())
    rises = [tuple(float(rise) for rise in values[:, j] - values[:, i]) for i, j in pairs]
    return min(1.0, len(pairs) * min(SeedMean(rise, scale).p_below(0.0) for rise in rises))


def _report_order(trend: Trend, alpha: float, verdict: Verdict) -> Decision:
    seeds, points = trend.shape
    evidence: Evidence = {"rho": trend.correlation, "test": trend.test, "p": trend.p}
    evidence |= {"alpha": alpha * ORDER_LEVEL_SHARE, "n_seeds": seeds, "points": points}
    label = None
    if verdict == "refuted":
        label = "opposite" if trend.correlation <= -LEAST_CORRELATION else "not monotone"
    said = {"holds": "", "refuted": "not "}.get(verdict, "undecided whether ") + trend.direction
    test = "no variation over seeds" if trend.test == "none" else f"{trend.test} p {trend.p:.2g}"
    summary = f"{said}: rho {trend.correlation:+.3g}, {test}, {points} points over {seeds} seeds"
    return Decision(verdict=verdict, summary=summary, evidence=evidence, label=label)


def _why_no_grid(kind: Kind, x: Sequence[float], y: Mapping[int, Sequence[float]], fewest: int) -> Comparison | None:
    if len(set(x)) < max(fewest, len(x)) or not all(map(math.isfinite, x)):
        return undecided(kind, f"expected at least {fewest} different finite grid points, got {', '.join(map(str, x))}")
    if len(y) < FEWEST_SEEDS:
        return undecided(kind, f"expected at least {FEWEST_SEEDS} seeds, got {len(y)}")
    for seed, values in sorted(y.items()):
        if len(values) != len(x):
            return undecided(kind, f"expected {len(x)} values at seed {seed}, got {len(values)}")
        for setting, value in zip(x, values, strict=True):
            if not math.isfinite(value):
                return undecided(kind, f"the value at {setting:g} is {value} at seed {seed}")
    return None
