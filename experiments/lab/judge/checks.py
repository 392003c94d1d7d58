"""Comparisons that count instances: a theorem with its control, a fact, a proportion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from experiments.lab.judge.comparison import Comparison, Decision, Settled, Tested, undecided
from experiments.lab.judge.mean import SeedMean
from experiments.lab.judge.measured import Instances, Trials
from experiments.lab.judge.statistics import clopper_pearson, p_proportion_above, violation_rate_bound
from experiments.lab.judge.verdict import Evidence, Kind, Verdict

Floats = NDArray[np.float64]
FEWEST_CLUSTERS = 3
"""Seeds from which on their spread is an estimate."""
LEAST_CORRELATION = 0.1
"""Of trials of one seed that are not declared independent: up to ten seeds that look alike do not show that it is less,
and k seeds not that it is less than 1 / k.
"""


def theorem(tried: Instances, *, tolerance: float = 0.0) -> Comparison:
    """Does a statement hold in every instance, and does the check fail wherever it must?

    It holds iff no error exceeds the tolerance and every named control has errors that do; it is refuted by one error
    beyond the tolerance, whatever the controls do. No instance, no control, a control that violates nothing or any NaN
    is inconclusive.

    Args:
        tried: different instances; one that was tried under several seeds without chance counts once.
        tolerance: rounding allowed, derived from the data type.
    """
    if not 0 <= tolerance < math.inf:
        raise ValueError(f"expected a finite tolerance of at least 0, got {tolerance}")
    errors = np.asarray(tried.errors, float)
    controls = {name: np.asarray(control, float) for name, control in tried.controls.items()}
    reason = _why_no_theorem(errors, list(controls.values()))
    if reason is not None:
        return undecided("theorem", reason)
    violations = int((errors > tolerance).sum())
    detected = {name: int((control > tolerance).sum()) for name, control in controls.items()}
    evidence: Evidence = {
        "instances": len(errors),
        "violations": violations,
        "largest_error": float(errors.max()),
        "tolerance": float(tolerance),
        "control_instances": sum(map(len, controls.values())),
        "control_violations": sum(detected.values()),
    }
    seen = f"{_count(violations, 'violation')} in {tried.all_of or _count(len(errors), 'instance')}"
    if violations:
        evidence |= {} if tried.counterexample is None else {"counterexample": tried.counterexample}
        example = "" if tried.counterexample is None else f": {tried.counterexample}"
        said = f"{seen}, largest error {errors.max():.3g} > {tolerance:.3g}{example}"
        return _settled("theorem", "refuted", said, evidence)
    if not tried.all_of:
        bound = violation_rate_bound(len(errors))
        seen = f"{seen} (violation rate <= {100 * bound:.2g} %)"
        evidence |= {"violation_rate_at_most": bound}
    blind = [name for name, count in detected.items() if not count]
    if blind:
        return _settled(
            "theorem", "inconclusive", f"{seen}, but {', '.join(blind)}, which must violate, does not", evidence
        )
    total = evidence["control_instances"]
    share = "violates" if sum(detected.values()) == total else f"violates in {sum(detected.values())} of {total}"
    return _settled("theorem", "holds", f"{seen}, control {share}", evidence)


def counterexample(tried: Instances, *, tolerance: float = 0.0) -> Comparison:
    """Refuted iff some instance violates the statement, which is known beforehand; it never holds, so it needs no
    control.
    """
    if not tried.errors or any(math.isnan(error) for error in tried.errors):
        return undecided("counterexample", f"expected instances with errors, got {_count(len(tried.errors), 'one')}")
    violations = sum(float(error) > tolerance for error in tried.errors)
    evidence: Evidence = {
        "instances": len(tried.errors),
        "violations": violations,
        "largest_error": float(max(tried.errors)),
        "tolerance": float(tolerance),
    }
    seen = f"{_count(violations, 'violation')} in {_count(len(tried.errors), 'instance')}"
    if not violations:
        return _settled("counterexample", "inconclusive", f"{seen}: no counterexample was found", evidence)
    evidence |= {} if tried.counterexample is None else {"counterexample": tried.counterexample}
    said = f": {tried.counterexample}" if tried.counterexample else ""
    return _settled("counterexample", "refuted", f"by definition, {seen}{said}", evidence)


def fact(observed: object, expected: object) -> Comparison:
    """Is the observed value equal to the expected one? NaN is inconclusive."""
    evidence: Evidence = {"observed": _plain(observed), "expected": _plain(expected)}
    if any(isinstance(value, float) and math.isnan(value) for value in (observed, expected)):
        return _settled(
            "fact", "inconclusive", f"observed {observed}, expected {expected}; nan equals nothing", evidence
        )
    if observed == expected:
        return _settled("fact", "holds", f"observed {observed}, as expected", evidence)
    return _settled("fact", "refuted", f"observed {observed}, expected {expected}", evidence)


def proportion(seen: Trials, *, at_least: float) -> Comparison:
    """Is the success rate at least ``at_least``? Decided by the Clopper-Pearson interval of effective trials.

    It holds iff the interval's lower end is at least the bound, it is refuted iff its upper end lies below it. Trials
    of one seed may depend on each other, so fewer count, unless they are declared independent (Korn, Graubard,
    Confidence Intervals for Proportions with Small Expected Number of Positive Counts Estimated from Survey Data,
    Survey Methodology 24, 1998). All trials of a single seed count, and say nothing of other seeds.
    """
    if not 0 <= at_least <= 1:
        raise ValueError(f"expected a bound of a rate in [0, 1], got {at_least}")
    if any(not 0 <= successes <= trials for successes, trials in seen.by_seed.values()):
        raise ValueError(f"expected 0 <= successes <= trials, got {dict(seen.by_seed)}")
    if seen.trials == 0:
        return undecided("proportion", "expected at least one trial, got none")
    rate, effective = seen.successes / seen.trials, effective_trials(seen)
    above = p_proportion_above(rate * effective, effective, at_least)
    below = p_proportion_above((1 - rate) * effective, effective, 1 - at_least)
    by_seed = {seed: successes / trials for seed, (successes, trials) in seen.by_seed.items() if trials}
    if (
        len(by_seed) >= FEWEST_CLUSTERS and not seen.independent
    ):  # the spread between seeds must not speak against it either
        seeds = SeedMean(tuple(by_seed.values()), scale=1.0, items=seen.trials)
        above, below = max(above, seeds.p_above(at_least)), max(below, seeds.p_below(at_least))
    p = min(1.0, 2 * min(above, below))
    return Tested(
        kind="proportion",
        p_value=p,
        outcome="holds" if above <= below else "refuted",
        report=partial(_report_proportion, seen, effective, at_least, p),
        by_seed=by_seed,
    )


def effective_trials(seen: Trials) -> float:
    """Independent trials that would tell as much as these.

    n_eff = p (1 - p) / var(p) with the variance of the ratio estimator over k seeds, times (t_{n-1} / t_{k-1})^2 for
    that variance being an estimate; at least k, at most n / (1 + (n / k - 1) r), with the least correlation r.
    """
    clusters = [(successes, trials) for successes, trials in seen.by_seed.values() if trials]
    n, k, rate = seen.trials, len(clusters), seen.successes / seen.trials
    if seen.independent or k == n or k < 2:
        return float(n)
    most = n / (1 + (n / k - 1) * min(LEAST_CORRELATION, 1 / k))
    residuals = [successes - rate * trials for successes, trials in clusters]
    variance = k / (k - 1) * math.fsum(residual**2 for residual in residuals) / n**2
    if variance == 0:
        return most
    quantiles = float(stdtrit(n - 1, 0.975) / stdtrit(k - 1, 0.975))
    return min(most, max(float(k), rate * (1 - rate) / variance * quantiles**2))


def _report_proportion(
    seen: Trials, effective: float, at_least: float, p: float, alpha: float, verdict: Verdict
) -> Decision:
    rate = seen.successes / seen.trials
    low, high = clopper_pearson(rate * effective, effective, alpha)
    relation = {"holds": ">=", "refuted": "<"}.get(verdict, "undecided against")
    worth = "" if effective == seen.trials else f", worth {effective:.0f} independent ones"
    return Decision(
        verdict=verdict,
        summary=f"{rate:.3g} [{low:.3g}, {high:.3g}] {relation} {at_least:.3g} in {seen.trials} trials{worth}",
        evidence={
            "rate": rate,
            "ci_low": low,
            "ci_high": high,
            "level": 1 - alpha,
            "p": p,
            "successes": seen.successes,
            "trials": seen.trials,
            "effective_trials": effective,
            "at_least": float(at_least),
        },
    )


def _why_no_theorem(errors: Floats, controls: Sequence[Floats]) -> str | None:
    if not len(errors):
        return "expected at least one instance, got none"
    if not any(map(len, controls)):
        return "expected a control that must violate, got none"
    everything = np.concatenate([errors, *controls])
    unknown = int(np.isnan(everything).sum())
    return f"{unknown} of {len(everything)} errors are nan" if unknown else None


def _settled(kind: Kind, verdict: Verdict, summary: str, evidence: Evidence) -> Comparison:
    return Settled(kind=kind, p_value=None, decision=Decision(verdict=verdict, summary=summary, evidence=evidence))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _plain(value: object) -> bool | int | float | str:
    native = value.item() if isinstance(value, np.generic) else value
    return native if isinstance(native, bool | int | float | str) else repr(native)
