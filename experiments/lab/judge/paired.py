"""Comparisons of two arms, paired by seed: effect, ratio, equivalence.

Values are one number per seed and arm. The paired differences d_i are taken as independent with a common mean, and
the Student-t interval of that mean decides. d_z = mean(d) / sd(d) is the effect size of a paired difference (Lakens,
Calculating and Reporting Effect Sizes, Frontiers in Psychology 4, 2013).

Student's t errs as stated on normal differences and less often on symmetric ones with long tails. Its limit are
differences skewed to the left: those of a lognormal with sigma 0.5 at ten seeds let an effect of exactly delta hold in
7 % of repetitions instead of 2.5 % (``tests/lab/judge/test_calibration.py``). BCa stands beside it as a cross-check; it
covers 91 % of normal differences at ten seeds, so it does not decide.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from experiments.lab.judge.comparison import Comparison, Decision, Evidence, Kind, Tested, Verdict, undecided
from experiments.lab.judge.statistics import Interval, StudentMean, bca_interval, violation_rate_bound

FEWEST_SEEDS = 3
"""With fewer, an interval says more about its formula than about the data."""
BOOTSTRAP_SEEDS = 10
"""From here on BCa stands beside Student's t as a cross-check; with fewer seeds it is too narrow."""

LARGEST_LOGARITHM = math.log(sys.float_info.max)

Arms = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Paired differences on the scale that is judged, and how to show them on the scale that is read."""

    values: Sequence[float]
    mean: StudentMean
    unmatched: str
    """Seeds that one arm lacks, in words; empty if there are none."""
    name: str = "difference"
    shown: Callable[[float], float] = float
    form: str = "+.3g"


def effect(treatment: Mapping[int, float], baseline: Mapping[int, float], *, delta: float) -> Comparison:
    r"""Is treatment - baseline larger than delta, the smallest difference that matters?

    It holds iff the interval lies above delta and is refuted iff it lies below: "opposite" below -\|delta\|,
    "negligible" inside [-\|delta\|, \|delta\|], otherwise "not larger than delta".
    """
    if not math.isfinite(delta):
        raise ValueError(f"expected a finite delta, got {delta}")
    arms = {"treatment": treatment, "baseline": baseline}
    problem = why_unusable(arms, "effect")
    return problem if problem is not None else _larger(_subtract(arms), delta, {"delta": float(delta)})


def ratio(treatment: Mapping[int, float], baseline: Mapping[int, float], *, at_least: float) -> Comparison:
    """Is treatment / baseline larger than ``at_least``? An effect on logarithms; the ratio is a geometric mean."""
    if not 0 < at_least < math.inf:
        raise ValueError(f"expected a positive, finite at_least, got {at_least}")
    arms = {"treatment": treatment, "baseline": baseline}
    problem = why_unusable(arms, "effect") or _why_no_logarithm(arms)
    if problem is not None:
        return problem
    logs = {name: {seed: math.log(value) for seed, value in arm.items()} for name, arm in arms.items()}
    # log x is exact to eps only in absolute terms near x = 1, hence the scale of at least 1
    differences = replace(_subtract(logs, scale=1.0), name="ratio", shown=_exponential, form=".3g")
    return _larger(differences, math.log(at_least), {"at_least": float(at_least)})


def equivalence(first: Mapping[int, float], second: Mapping[int, float], *, margin: float) -> Comparison:
    r"""Is \|first - second\| smaller than the margin?

    It holds iff the interval lies inside (-margin, margin), which is two one-sided tests at alpha / 2 each (stricter
    than the usual alpha each), and is refuted iff the interval lies wholly outside.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"expected a positive, finite margin, got {margin}")
    arms = {"first": first, "second": second}
    problem = why_unusable(arms, "equivalence")
    if problem is not None:
        return problem
    differences = _subtract(arms)
    inside, outside = differences.mean.p_inside(-margin, margin), differences.mean.p_outside(-margin, margin)
    return Tested(
        kind="equivalence",
        p_value=min(inside, outside),
        outcome="holds" if inside <= outside else "refuted",
        report=partial(_report_equivalence, differences, margin),
    )


def why_unusable(arms: Arms, kind: Kind) -> Comparison | None:
    """None for usable numbers, else an undecided comparison: a number that is not finite, too few seeds."""
    for name, arm in arms.items():
        for seed, value in sorted(arm.items()):
            if not math.isfinite(value):
                return undecided(kind, f"{name} is {value} at seed {seed}")
    common = set.intersection(*(set(arm) for arm in arms.values()))
    if len(common) < FEWEST_SEEDS:
        sizes = ", ".join(f"{name} has {len(arm)}" for name, arm in arms.items())
        return undecided(kind, f"expected at least {FEWEST_SEEDS} common seeds, got {len(common)} ({sizes})")
    return None


def describe_spread(mean: StudentMean, alpha: float, verdict: Verdict) -> Evidence:
    """What to know of the interval: that it is no Student interval, or what could have been detected if nothing was."""
    if mean.varies:
        detectable = mean.minimal_detectable_difference(alpha)
        return {"minimal_detectable_effect": detectable} if verdict == "inconclusive" else {}
    kind = "sign test: equal differences of varying arms" if mean.tail > 0 else "a point: no variation over seeds"
    return {"interval": kind, "other_value_rate_at_most": violation_rate_bound(mean.n)}


def describe_interval(center: float, interval: Interval, alpha: float, form: str) -> str:
    """For instance ``+0.021 [+0.015, +0.027]``, and the level where it is not 95 %."""
    level = "" if abs(alpha - 0.05) < 1e-9 else f" at {100 * (1 - alpha):.4g} %"
    return f"{center:{form}} [{interval.low:{form}}, {interval.high:{form}}]{level}"


def describe_seeds(mean: StudentMean, unmatched: str = "") -> str:
    note = ", all equal, so by the sign test" if mean.tail > 0 else ", deterministic, so the interval is a point"
    return f"over {mean.n} seeds{'' if mean.varies else note}{f'; ignored seeds: {unmatched}' if unmatched else ''}"


def _why_no_logarithm(arms: Arms) -> Comparison | None:
    for name, arm in arms.items():
        for seed, value in sorted(arm.items()):
            if value <= 0:
                return undecided("effect", f"a ratio needs positive values, {name} is {value:.3g} at seed {seed}")
    return None


def _exponential(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < LARGEST_LOGARITHM else math.inf


def _subtract(arms: Arms, *, scale: float = 0.0) -> Differences:
    (first_name, first), (second_name, second) = arms.items()
    common = sorted(set(first) & set(second))
    pairs = [(first[seed], second[seed]) for seed in common]
    largest = max(scale, *(abs(value) for pair in pairs for value in pair))
    # equal differences of arms that vary are a coincidence of coarse measures, such as an accuracy over 100 images
    mean = StudentMean.of([a - b for a, b in pairs], scale=largest, deterministic=len(set(pairs)) == 1)
    alone = {first_name: set(first) - set(second), second_name: set(second) - set(first)}
    unmatched = "; ".join(
        f"{', '.join(map(str, sorted(seeds)))} only in {name}" for name, seeds in alone.items() if seeds
    )
    return Differences(values=[a - b for a, b in pairs], mean=mean, unmatched=unmatched)


def _larger(differences: Differences, threshold: float, stated: Evidence) -> Comparison:
    mean = differences.mean
    return Tested(
        kind="effect",
        p_value=mean.p_differs(threshold),
        outcome="holds" if mean.mean > threshold else "refuted",
        report=partial(_report_effect, differences, threshold, stated),
    )


def _report_effect(
    differences: Differences, threshold: float, stated: Evidence, alpha: float, verdict: Verdict
) -> Decision:
    evidence = _evidence(differences, alpha, verdict) | stated | {"p": differences.mean.p_differs(threshold)}
    evidence |= _cross_check(differences, threshold, alpha, verdict)
    label = _why_not_larger(differences.mean.interval(alpha), abs(threshold)) if verdict == "refuted" else None
    relation = {"holds": ">", "refuted": "not >"}.get(verdict, "undecided against")
    summary = _summarize(differences, alpha, verdict, f"{relation} {differences.shown(threshold):.3g}")
    return Decision(verdict=verdict, summary=summary, evidence=evidence, label=label)


def _why_not_larger(interval: Interval, delta: float) -> str:
    if interval.high < -delta:
        return "opposite"
    return "negligible" if -delta <= interval.low and interval.high <= delta else "not larger than delta"


def _report_equivalence(differences: Differences, margin: float, alpha: float, verdict: Verdict) -> Decision:
    mean = differences.mean
    p = min(mean.p_inside(-margin, margin), mean.p_outside(-margin, margin))
    evidence = _evidence(differences, alpha, verdict) | {"margin": float(margin), "p": p}
    label = ("larger" if mean.mean > 0 else "smaller") if verdict == "refuted" else None
    relation = {"holds": "inside", "refuted": "outside"}.get(verdict, "undecided against")
    summary = _summarize(differences, alpha, verdict, f"{relation} +-{margin:.3g}")
    return Decision(verdict=verdict, summary=summary, evidence=evidence, label=label)


def _summarize(differences: Differences, alpha: float, verdict: Verdict, relation: str) -> str:
    mean, shown = differences.mean, differences.shown
    interval = Interval(*map(shown, mean.interval(alpha)))
    said = describe_interval(shown(mean.mean), interval, alpha, differences.form)
    found = f"{said} {relation} {describe_seeds(mean, differences.unmatched)}"
    if verdict != "inconclusive" or not mean.varies:
        return found
    return f"{found}; it could have found {shown(mean.minimal_detectable_difference(alpha)):.2g}"


def _evidence(differences: Differences, alpha: float, verdict: Verdict) -> Evidence:
    mean, shown = differences.mean, differences.shown
    low, high = mean.interval(alpha)
    evidence: Evidence = {differences.name: shown(mean.mean), "ci_low": shown(low), "ci_high": shown(high)}
    evidence |= {"level": 1 - alpha, "n_seeds": mean.n}
    if mean.varies:
        evidence["d_z"] = mean.mean / mean.standard_deviation
    if differences.unmatched:
        evidence["ignored_seeds"] = differences.unmatched
    spread = describe_spread(mean, alpha, verdict)
    if "minimal_detectable_effect" in spread:
        spread = {"minimal_detectable_effect": shown(mean.minimal_detectable_difference(alpha))}
    return evidence | spread


def _cross_check(differences: Differences, threshold: float, alpha: float, verdict: Verdict) -> Evidence:
    if differences.mean.n < BOOTSTRAP_SEEDS or not differences.mean.varies:
        return {}
    low, high = bca_interval(differences.values, alpha)
    if not (math.isfinite(low) and math.isfinite(high)):
        return {}
    says = "holds" if low > threshold else "refuted" if high < threshold else "inconclusive"
    shown = differences.shown
    return {"bca_low": shown(low), "bca_high": shown(high), "bca_agrees": says == verdict}
