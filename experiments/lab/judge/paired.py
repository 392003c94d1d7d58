"""Comparisons of two arms, paired by seed: effect, ratio, equivalence.

Values are one number per seed and arm; a value that is not finite is a run that failed. The paired differences of the
seeds that came through in both arms decide, by the interval of ``mean.SeedMean``. What they cannot say is said beside
them: failures are counted with their exact bound, and where any run failed, or one arm lacks seeds, the claim is
decided only if the worst case decides the same. d_z = mean(d) / sd(d) is the effect size of a difference (Lakens,
Calculating and Reporting Effect Sizes, Frontiers in Psychology 4, 2013).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from experiments.lab.judge.comparison import Comparison, Decision, Tested, undecided
from experiments.lab.judge.mean import Interval, SeedMean
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.robustness import Card, alternatives, one_sided, two_sided
from experiments.lab.judge.statistics import clopper_pearson
from experiments.lab.judge.verdict import Evidence, Kind, Verdict

FEWEST_SEEDS = 3
"""With fewer, an interval says more about its formula than about the data."""

LARGEST_LOGARITHM = math.log(sys.float_info.max)


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


def effect(arms: Pairs, *, delta: float) -> Comparison:
    r"""Is treatment - baseline larger than delta, the smallest difference that matters?

    It holds iff the interval lies above delta and is refuted iff it lies below: "opposite" below -\|delta\|,
    "negligible" inside [-\|delta\|, \|delta\|], otherwise "not larger than delta".
    """
    if not math.isfinite(delta):
        raise ValueError(f"expected a finite delta, got {delta}")
    found = differences(arms, "effect")
    return _larger(found, delta, {"delta": float(delta)}) if isinstance(found, Differences) else found


def ratio(arms: Pairs, *, at_least: float) -> Comparison:
    """Is treatment / baseline larger than ``at_least``? An effect on logarithms; the ratio is a geometric mean."""
    if not 0 < at_least < math.inf:
        raise ValueError(f"expected a positive, finite at_least, got {at_least}")
    for name, arm in (("treatment", arms.treatment), ("baseline", arms.baseline)):
        for seed, value in sorted(arm.items()):
            if value <= 0:
                return undecided("effect", f"a ratio needs positive values, {name} is {value:.3g} at seed {seed}")
    logs = replace(arms, treatment=_logs(arms.treatment), baseline=_logs(arms.baseline), items=None, limits=None)
    # log x is exact to eps only in absolute terms near x = 1, hence the scale of at least 1
    found = differences(logs, "effect", scale=1.0)
    if not isinstance(found, Differences):
        return found
    found = replace(found, name="ratio", shown=_exponential, form=".3g")
    return _larger(found, math.log(at_least), {"at_least": float(at_least)})


def equivalence(arms: Pairs, *, margin: float) -> Comparison:
    r"""Is \|first - second\| smaller than the margin?

    It holds iff the interval lies inside (-margin, margin), which is two one-sided tests at alpha / 2 each (stricter
    than the usual alpha each), and is refuted iff the interval lies wholly outside.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"expected a positive, finite margin, got {margin}")
    found = differences(arms, "equivalence")
    if not isinstance(found, Differences):
        return found
    inside, outside = found.mean.p_inside(-margin, margin), found.mean.p_outside(-margin, margin)
    return Tested(
        kind="equivalence",
        p_value=min(inside, outside),
        outcome="holds" if inside <= outside else "refuted",
        report=partial(_report_equivalence, found, margin),
        by_seed=found.by_seed,
        matters=margin,
        card=partial(_equivalence_card, found, margin),
    )


def _equivalence_card(found: Differences, margin: float, alpha: float) -> Card:
    low, high = found.mean.interval(alpha)
    verdict = two_sided(-margin, margin)(Interval(low, high))
    nearest, farthest = sorted((abs(low), abs(high)))
    reach = {"holds": f"above {farthest:.3g}", "refuted": f"below {nearest:.3g}"}.get(verdict, "")
    others = {
        "half the margin": two_sided(-margin / 2, margin / 2),
        "twice the margin": two_sided(-2 * margin, 2 * margin),
    }
    return Card(reach and f"a margin {reach}", alternatives(found.mean, alpha, two_sided(-margin, margin), others))


def differences(arms: Pairs, kind: Kind, *, scale: float = 0.0) -> Differences | Comparison:
    """The paired differences, or an undecided comparison that says what is missing.

    A seed without a finite value in both arms is set to the worst and to the best of ``limits``, one after the other;
    without limits it leaves the claim undecided.
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
    largest = max(scale, *(abs(arm[seed]) for arm in arms.both for seed in through))
    by_seed = {seed: arms.treatment[seed] - arms.baseline[seed] for seed in through}
    values = tuple(by_seed.values())
    items = None if arms.items is None else arms.items * len(values)
    mean = SeedMean(values, largest, arms.exact, items, arms.overlap)
    if not missing:
        return Differences(by_seed=by_seed, mean=mean, failures=failures, evidence=evidence)
    low, high = arms.limits or (0.0, 0.0)
    worst = WorstCase(values, largest, arms.exact, items, arms.overlap, missing=len(missing), reach=high - low)
    return Differences(by_seed=by_seed, mean=worst, failures=failures, evidence=evidence)


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


def _logs(arm: Mapping[int, float]) -> dict[int, float]:
    return {seed: math.log(value) if value < math.inf else math.inf for seed, value in arm.items()}


def _exponential(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < LARGEST_LOGARITHM else math.inf


def _larger(found: Differences, threshold: float, stated: Evidence) -> Comparison:
    above, below = found.mean.p_above(threshold), found.mean.p_below(threshold)
    return Tested(
        kind="effect",
        p_value=min(1.0, 2 * min(above, below)),
        outcome="holds" if above <= below else "refuted",
        report=partial(_report_effect, found, threshold, stated),
        by_seed=found.by_seed,
        matters=abs(threshold),
        card=partial(_effect_card, found, threshold),
    )


def _effect_card(found: Differences, threshold: float, alpha: float) -> Card:
    low, high = found.mean.interval(alpha)
    verdict = one_sided(threshold)(Interval(low, high))
    stands = {"holds": f"below {found.shown(low):.3g}", "refuted": f"above {found.shown(high):.3g}"}.get(verdict, "")
    others = {"half the threshold": one_sided(threshold / 2), "twice the threshold": one_sided(2 * threshold)}
    found_by = alternatives(found.mean, alpha, one_sided(threshold), others if threshold else {})
    return Card(stands and f"a threshold {stands}", found_by)


def _report_effect(found: Differences, threshold: float, stated: Evidence, alpha: float, verdict: Verdict) -> Decision:
    evidence = _evidence(found, alpha) | stated | {"p": found.mean.p_differs(threshold)}
    label = _why_not_larger(found.mean.interval(alpha), abs(threshold)) if verdict == "refuted" else None
    relation = {"holds": ">", "refuted": "not >"}.get(verdict, "undecided against")
    summary = _summarize(found, alpha, f"{relation} {found.shown(threshold):.3g}")
    if verdict == "inconclusive":
        price, needed = _price(found, alpha, (threshold,))
        return Decision(verdict=verdict, summary=summary + price, evidence=evidence | needed)
    return Decision(verdict=verdict, summary=summary, evidence=evidence, label=label)


def _why_not_larger(interval: Interval, delta: float) -> str:
    if interval.high < -delta:
        return "opposite"
    return "negligible" if -delta <= interval.low and interval.high <= delta else "not larger than delta"


def _report_equivalence(found: Differences, margin: float, alpha: float, verdict: Verdict) -> Decision:
    mean = found.mean
    p = min(mean.p_inside(-margin, margin), mean.p_outside(-margin, margin))
    evidence = _evidence(found, alpha) | {"margin": float(margin), "p": p}
    label = ("larger" if mean.mean > 0 else "smaller") if verdict == "refuted" else None
    relation = {"holds": "inside", "refuted": "outside"}.get(verdict, "undecided against")
    summary = _summarize(found, alpha, f"{relation} ±{margin:.3g}")
    if verdict == "inconclusive":
        price, needed = _price(found, alpha, (-margin, margin))
        return Decision(verdict=verdict, summary=summary + price, evidence=evidence | needed)
    return Decision(verdict=verdict, summary=summary, evidence=evidence, label=label)


def _summarize(found: Differences, alpha: float, relation: str) -> str:
    interval = Interval(*map(found.shown, found.mean.interval(alpha)))
    said = describe_interval(found.shown(found.mean.mean), interval, alpha, found.form)
    failures = f"; {found.failures}" if found.failures else ""
    return f"{said} {relation} {describe_seeds(found.mean)}{failures}"


def _price(found: Differences, alpha: float, bounds: tuple[float, ...]) -> tuple[str, Evidence]:
    """What would have been decided, and how many seeds would decide what was seen."""
    mean, shown = found.mean, found.shown
    if not mean.varies:
        return "", {}
    reach = mean.detectable(alpha)
    low, high = shown(bounds[0] - reach), shown(bounds[-1] + reach)
    needed = mean.seeds_needed(min(abs(mean.mean - bound) for bound in bounds), alpha)
    price = (
        "it lies at the bound" if needed is None or needed > 100 * mean.n else f"about {needed} seeds for the one seen"
    )
    evidence: Evidence = {"would_decide_below": low, "would_decide_above": high}
    evidence |= {} if needed is None else {"seeds_needed": needed}
    return f"; it would have decided values below {low:.3g} or above {high:.3g}; {price}", evidence


def _evidence(found: Differences, alpha: float) -> Evidence:
    mean, shown = found.mean, found.shown
    low, high = mean.interval(alpha)
    evidence: Evidence = {found.name: shown(mean.mean), "ci_low": shown(low), "ci_high": shown(high)}
    evidence |= {"level": 1 - alpha, "n_seeds": mean.n, **found.evidence}
    return evidence | ({"d_z": mean.mean / mean.student.deviation} if mean.varies else {})
