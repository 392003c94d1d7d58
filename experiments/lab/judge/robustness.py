"""How robust a verdict is: for which threshold it stands, and which reasonable analysis would turn it.

An alternative judges the same differences at the same level in another way that a referee might have chosen: with half
or twice the threshold, by Student's t alone, by the median, by a trimmed mean, by flipping signs, without the seed
that matters most, against another baseline. A verdict on which all agree hangs on no choice of ours.

Sources: Yuen, The Two-Sample Trimmed t for Unequal Population Variances, Biometrika 61, 1974 (trimmed means); David,
Nagaraja, Order Statistics, 3rd edition, 2003 (the interval of a median).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import bdtr, stdtrit

from experiments.lab.judge.mean import Interval, SeedMean
from experiments.lab.judge.verdict import Verdict

TRIM = 0.2
FEWEST_TRIMMED = 5
FEWEST_LEFT = 3
EXACT_FLIPS = 12
RANDOM_FLIPS = 5000

Judge = Callable[[Interval], Verdict]
"""What an interval decides."""


@dataclass(frozen=True)
class Card:
    """What stands under a statistical verdict."""

    stands: str
    """For which threshold the verdict stands, such as "delta below 0.062"; empty where it is undecided."""
    alternatives: Mapping[str, Verdict]
    """Analysis -> what it says."""

    def line(self, verdict: Verdict) -> str:
        """Such as "stands for a threshold below 0.062; 5 of 6 alternatives agree: not a threshold of 0.1"."""
        against = [name for name, found in self.alternatives.items() if found != verdict]
        count = len(self.alternatives)
        agreed = f"{count - len(against)} of {count} alternatives agree" if count else ""
        but = f": not {', '.join(against)}" if against else ""
        return "; ".join(part for part in (self.stands and f"stands for {self.stands}", agreed + but) if part)


def one_sided(threshold: float) -> Judge:
    """An effect: holds above the threshold, refuted below."""
    return lambda interval: (
        "holds" if interval.low > threshold else "refuted" if interval.high < threshold else "inconclusive"
    )


def two_sided(low: float, high: float) -> Judge:
    """An equivalence: holds inside, refuted wholly outside."""

    def judge(interval: Interval) -> Verdict:
        if low < interval.low and interval.high < high:
            return "holds"
        return "refuted" if interval.high < low or interval.low > high else "inconclusive"

    return judge


def card_above(
    mean: SeedMean,
    threshold: float,
    alpha: float,
    *,
    moved: Sequence[float] = (),
    shown: Callable[[float], float] = float,
    sides: tuple[str, str] = ("below", "above"),
    others: Mapping[str, SeedMean] | None = None,
) -> Card:
    """The card of a mean that should exceed a threshold.

    ``moved`` are other thresholds, ``shown`` gives the scale that is read, ``sides`` where the thresholds lie on it for
    which the verdict stands.
    """
    low, high = interval = mean.interval(alpha)
    verdict = one_sided(threshold)(interval)
    holds, refuted = sides
    stands = {"holds": f"{holds} {shown(low):.3g}", "refuted": f"{refuted} {shown(high):.3g}"}.get(verdict, "")
    tried = {f"a threshold of {shown(other):.3g}": one_sided(other) for other in moved}
    found = alternatives(mean, alpha, one_sided(threshold), tried, others or {})
    return Card(stands and f"a threshold {stands}", found)


def card_within(
    mean: SeedMean,
    center: float,
    reach: float,
    alpha: float,
    *,
    word: str,
    others: Mapping[str, SeedMean] | None = None,
) -> Card:
    """The card of a mean that should lie within center ± reach; ``word`` is what the reach is called."""

    def within(distance: float) -> Judge:
        return two_sided(center - distance, center + distance)

    low, high = interval = mean.interval(alpha)
    nearest, farthest = sorted((abs(low - center), abs(high - center)))
    stands = {"holds": f"above {farthest:.3g}", "refuted": f"below {nearest:.3g}"}.get(within(reach)(interval), "")
    moved = {f"half the {word}": within(reach / 2), f"twice the {word}": within(2 * reach)}
    return Card(stands and f"a {word} {stands}", alternatives(mean, alpha, within(reach), moved, others or {}))


def alternatives(
    mean: SeedMean,
    alpha: float,
    judge: Judge,
    other_thresholds: Mapping[str, Judge],
    other_values: Mapping[str, SeedMean],
) -> dict[str, Verdict]:
    """Every alternative that applies to these values, at the level ``alpha``.

    Args:
        mean: of the values that were judged.
        judge: with the threshold of the rule.
        other_thresholds: words -> the rule with another threshold.
        other_values: words -> the values that another analysis judges.
    """
    found = {words: other(mean.interval(alpha)) for words, other in other_thresholds.items()}
    found |= {words: judge(other.interval(alpha)) for words, other in other_values.items()}
    if not mean.varies:
        return found
    if mean.n > FEWEST_LEFT:
        found["one seed left out"] = _with_one_left_out(mean, alpha, judge)
    found["Student's t alone"] = judge(mean.student.interval(alpha))
    found["the median"] = judge(median_interval(mean.values, alpha))
    if mean.n >= FEWEST_TRIMMED:
        found["a mean without the outer fifths"] = judge(trimmed_interval(mean.values, alpha))
    found["flipped signs"] = judge(flip_interval(mean, alpha))
    return found


def _with_one_left_out(mean: SeedMean, alpha: float, judge: Judge) -> Verdict:
    """The verdict without the smallest or the largest value; where these two differ it is undecided."""
    ordered = tuple(sorted(mean.values))
    found = {judge(mean.replaced(rest).interval(alpha)) for rest in (ordered[1:], ordered[:-1])}
    return found.pop() if len(found) == 1 else "inconclusive"


def median_interval(values: Sequence[float], alpha: float) -> Interval:
    """Order statistics that enclose the median with at least 1 - alpha; unbounded with too few values.

    >>> median_interval([1, 2, 3, 4, 5, 6, 7, 8], 0.05)
    Interval(low=1.0, high=8.0)
    """
    ordered, n = sorted(values), len(values)
    k = 0
    while k < n // 2 and 2 * float(bdtr(k, n, 0.5)) <= alpha:  # P(at most k of n values below the median)
        k += 1
    return Interval(-math.inf, math.inf) if k == 0 else Interval(float(ordered[k - 1]), float(ordered[n - k]))


def trimmed_interval(values: Sequence[float], alpha: float) -> Interval:
    """Yuen's interval of the mean without the smallest and the largest fifth."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n, cut = len(ordered), int(TRIM * len(ordered))
    kept = ordered[cut : n - cut]
    winsorized = np.concatenate([np.full(cut, kept[0]), kept, np.full(cut, kept[-1])])
    error = float(winsorized.std(ddof=1)) / ((1 - 2 * cut / n) * math.sqrt(n))
    half = -float(stdtrit(len(kept) - 1, alpha / 2)) * error
    return Interval(float(kept.mean()) - half, float(kept.mean()) + half)


def flip_interval(mean: SeedMean, alpha: float) -> Interval:
    """Bounds that a symmetric distribution of values could still have: flipping signs about them is not surprising.

    The mean of values about a bound is compared with that of all, or many random, choices of their signs; for a
    symmetric distribution the quantile of those means is how far the mean may lie from the truth.
    """
    values = np.asarray(mean.values) - mean.mean
    if mean.n <= EXACT_FLIPS:
        signs = np.array(list(product((-1.0, 1.0), repeat=mean.n)))
    else:
        signs = np.random.default_rng(0).choice((-1.0, 1.0), (RANDOM_FLIPS, mean.n))
    if 2 / len(signs) > alpha:
        return Interval(-math.inf, math.inf)
    # values about their own mean sum to 0, which makes flipped means too small by sqrt(1 - 1 / n)
    means = np.sort(signs @ values / mean.n) / math.sqrt(1 - 1 / mean.n)
    half = float(np.quantile(means, 1 - alpha / 2))
    return Interval(mean.mean - half, mean.mean + half)
