"""Comparisons of two arms, paired by seed: effect, ratio, equivalence.

The paired differences decide, by the interval of ``mean.SeedMean``. d_z = mean(d) / sd(d) is the effect size of a
difference (Lakens, Calculating and Reporting Effect Sizes, Frontiers in Psychology 4, 2013).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from experiments.lab.judge.comparison import Comparison, Decision, Tested, undecided
from experiments.lab.judge.differences import Differences, describe_interval, describe_seeds, differences
from experiments.lab.judge.mean import Interval
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.robustness import card_above, card_within
from experiments.lab.judge.verdict import Evidence, Verdict

LARGEST_LOGARITHM = math.log(sys.float_info.max)


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
    others = {name: _logs(arm) for name, arm in arms.others.items() if min(arm.values()) > 0}
    logs = Pairs(_logs(arms.treatment), _logs(arms.baseline), exact=arms.exact, overlap=arms.overlap, others=others)
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
    found = differences(arms, "equivalence", matters=margin)
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
        card=partial(card_within, found.mean, 0.0, margin, word="margin", others=found.others),
    )


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
        card=partial(
            card_above, found.mean, threshold, moved=_moved(found, threshold), shown=found.shown, others=found.others
        ),
    )


def _moved(found: Differences, threshold: float) -> tuple[float, ...]:
    """Half and twice the threshold; of a ratio's logarithm, but at most a factor of 2 away."""
    farthest = math.log(2) if found.name == "ratio" else math.inf
    steps = (-min(abs(threshold) / 2, farthest), min(abs(threshold), farthest))
    return tuple(threshold + math.copysign(1, threshold) * step for step in steps) if threshold else ()


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
    evidence |= {"level": 1 - alpha, "n_seeds": mean.n, "sd": mean.student.deviation, **found.evidence}
    return evidence | ({"d_z": mean.mean / mean.student.deviation} if mean.varies else {})
