"""Paired differences of two arms by seed, with what they cannot say.

Values are one number per seed and arm; a value that is not finite is a run that failed. Only seeds that came through in
both arms have a difference. Failures are counted with their exact bound, and where any run failed, or one arm lacks
seeds, the worst case is what is judged. A run that stands apart from all others, by more than what matters, has failed
and does not say so: nothing is decided by it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from experiments.lab.judge.comparison import Comparison, undecided
from experiments.lab.judge.mean import EPSILON, Interval, SeedMean
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.statistics import clopper_pearson
from experiments.lab.judge.verdict import Evidence, Kind

FEWEST_SEEDS = 3
"""With fewer, an interval says more about its formula than about the data."""


FARTHEST = 20.0
"""Robust standard deviations, 1.4826 MAD, from the median; no honest run lies farther."""
FEWEST_TO_STAND_APART = 10


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Paired differences on the scale that is judged, and how to show them on the scale that is read."""

    by_seed: Mapping[int, float]
    mean: SeedMean
    failures: str = ""
    """Failed runs in words, with the bound of their rate."""
    name: str = "difference"
    shown: Callable[[float], float] = float
    form: str = "+.3g"
    evidence: Evidence = field(default_factory=dict)
    others: Mapping[str, SeedMean] = field(default_factory=dict)
    """Differences from other baselines, by how the alternative is called."""


def differences(arms: Pairs, kind: Kind, *, scale: float = 0.0, matters: float = 0.0) -> Differences | Comparison:
    """The paired differences, or an undecided comparison that says what is missing.

    A seed without a finite value in both arms is set to the worst and to the best of ``limits``, one after the other;
    without limits it leaves the claim undecided. ``matters`` is the smallest difference that does: a run that is nearer
    to the others than that does not stand apart.
    """
    seeds = sorted({*arms.treatment, *arms.baseline})
    through = [seed for seed in seeds if all(math.isfinite(arm.get(seed, math.nan)) for arm in arms.both)]
    missing = [seed for seed in seeds if seed not in through]
    if len(through) < FEWEST_SEEDS:
        sizes = f"{len(through)} of {len(seeds)}"
        return undecided(kind, f"expected at least {FEWEST_SEEDS} seeds with a value in both arms, got {sizes}")
    failures, evidence = _failures(arms, len(seeds))
    if missing and arms.limits is None:
        return undecided(kind, f"{failures}; without limits of the measure the worst case decides nothing")
    if not arms.exact and (apart := _apart(arms, through, matters)):
        return undecided(kind, apart)
    largest = max(scale, *(abs(arm[seed]) for arm in arms.both for seed in through))
    by_seed = {seed: arms.treatment[seed] - arms.baseline[seed] for seed in through}
    values = tuple(by_seed.values())
    items = None if arms.items is None else arms.items * len(values)
    mean = SeedMean(values, largest, arms.exact, items, arms.overlap)
    if missing:
        low, high = arms.limits or (0.0, 0.0)
        mean = WorstCase(values, largest, arms.exact, items, arms.overlap, missing=len(missing), reach=high - low)
    others = {
        f"against {name}": mean.replaced(tuple(arms.treatment[seed] - baseline[seed] for seed in through))
        for name, baseline in arms.others.items()
        if all(math.isfinite(baseline.get(seed, math.nan)) for seed in through)
    }
    return Differences(by_seed=by_seed, mean=mean, failures=failures, evidence=evidence, others=others)


@dataclass(frozen=True)
class WorstCase(SeedMean):
    """A mean of which some values are missing, each as bad as it can be for whatever is to be shown."""

    missing: int = 0
    reach: float = 1.0
    """Largest difference that the limits of the measure allow, either way."""

    def interval(self, alpha: float) -> Interval:
        low, _ = self._with(-self.reach).interval(alpha)
        _, high = self._with(self.reach).interval(alpha)
        return Interval(low, high)

    def p_above(self, bound: float) -> float:
        return self._with(-self.reach).p_above(bound)

    def p_below(self, bound: float) -> float:
        return self._with(self.reach).p_below(bound)

    def _with(self, value: float) -> SeedMean:
        return self.replaced((*self.values, *[value] * self.missing))


def describe_interval(center: float, interval: Interval, alpha: float, form: str) -> str:
    """For instance ``+0.021 [+0.015, +0.027]``, and the level where it is not 95 %."""
    level = "" if abs(alpha - 0.05) < 1e-9 else f" at {100 * (1 - alpha):.4g} %"
    return f"{center:{form}} [{interval.low:{form}}, {interval.high:{form}}]{level}"


def describe_seeds(mean: SeedMean) -> str:
    """The number of seeds, and why they are all equal where they are."""
    why = ""
    if not mean.varies:
        limited = "so by the number of test items" if mean.items is not None else "so by the sign test"
        why = ", exact" if mean.exact else f", all equal, {limited}"
    return f"over {mean.n} seeds{why}"


def _apart(arms: Pairs, seeds: list[int], matters: float) -> str:
    """Which run failed and did not say so; empty where none stands apart from the others."""
    values = {seed: arms.treatment[seed] - arms.baseline[seed] for seed in seeds}
    middle = statistics.median(values.values())
    spread = 1.4826 * statistics.median(abs(value - middle) for value in values.values())
    apart = [seed for seed, value in values.items() if abs(value - middle) > max(FARTHEST * spread, matters)]
    if not apart or len(seeds) < FEWEST_TO_STAND_APART or spread <= 4 * EPSILON * max(map(abs, values.values())):
        return ""
    said = ", ".join(f"seed {seed} ({values[seed]:.3g})" for seed in apart)
    return f"{said} stands apart from a median of {middle:.3g}: if that run failed, it should be NaN"


def _failures(arms: Pairs, seeds: int) -> tuple[str, Evidence]:
    """How many runs of each arm are missing or failed, and the exact 95 % bound of that rate."""
    counted = {
        name: seeds - sum(math.isfinite(value) for value in arm.values())
        for name, arm in (("treatment", arms.treatment), ("baseline", arms.baseline))
    }
    if arms.exact:
        return "", {}
    worst = max(counted.values())
    bound = clopper_pearson(worst, seeds, 0.1).high  # one-sided 95 %
    evidence: Evidence = {f"failed_{name}": count for name, count in counted.items()}
    evidence |= {"runs": seeds, "failure_rate_at_most": bound}
    if not worst:
        return f"none of {seeds} failed: at most {100 * bound:.2g} % do", evidence
    said = ", ".join(f"{count} of {seeds} runs failed in the {name}" for name, count in counted.items() if count)
    return f"{said}: at most {100 * bound:.2g} % do", evidence
