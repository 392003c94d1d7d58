"""Comparisons that count instances: a theorem with its control, a fact, a proportion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from experiments.lab.judge.comparison import Comparison, Decision, Evidence, Kind, Settled, Tested, Verdict, undecided
from experiments.lab.judge.statistics import clopper_pearson, p_proportion_above, violation_rate_bound


def theorem(
    errors: Sequence[float], *, tolerance: float = 0.0, control: Sequence[float], counterexample: str | None = None
) -> Comparison:
    """Does a statement hold in every instance, and does the check fail where it must?

    It holds iff no error exceeds the tolerance and at least one control error does; it is refuted by one error beyond
    the tolerance, whatever the control does. No instance, no control, a control that does not violate or any NaN is
    inconclusive.

    Args:
        errors: one per instance; 0 or 1 for a property that an instance has or lacks.
        tolerance: rounding allowed, derived from the data type.
        control: errors of objects that must violate the statement.
        counterexample: an instance that violates it, in words that a person can check by hand.
    """
    if not 0 <= tolerance < math.inf:
        raise ValueError(f"expected a finite tolerance of at least 0, got {tolerance}")
    errors, control = [float(error) for error in errors], [float(error) for error in control]
    reason = _why_no_theorem(errors, control)
    if reason is not None:
        return undecided("theorem", reason)
    violations = sum(error > tolerance for error in errors)
    detected = sum(error > tolerance for error in control)
    bound = violation_rate_bound(len(errors))
    evidence: Evidence = {
        "instances": len(errors),
        "violations": violations,
        "largest_error": max(errors),
        "tolerance": float(tolerance),
        "control_instances": len(control),
        "control_violations": detected,
    }
    seen = f"{_count(violations, 'violation')} in {_count(len(errors), 'instance')}"
    if violations:
        evidence |= {} if counterexample is None else {"counterexample": counterexample}
        example = "" if counterexample is None else f": {counterexample}"
        said = f"{seen}, largest error {max(errors):.3g} > {tolerance:.3g}{example}"
        return _settled("theorem", "refuted", said, evidence)
    bound = violation_rate_bound(len(errors))
    seen = f"{seen} (violation rate <= {100 * bound:.2g} %)"
    evidence |= {"violation_rate_at_most": bound}
    if detected:
        return _settled("theorem", "holds", f"{seen}, control violates", evidence)
    return _settled("theorem", "inconclusive", f"{seen}, but so has the control, which must violate", evidence)


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


def proportion(successes: int, trials: int, *, at_least: float) -> Comparison:
    """Is the success rate at least ``at_least``? Decided by the Clopper-Pearson interval of independent trials.

    It holds iff the interval's lower end is at least the bound, it is refuted iff its upper end lies below it.
    """
    if not 0 <= at_least <= 1:
        raise ValueError(f"expected a bound of a rate in [0, 1], got {at_least}")
    if not 0 <= successes <= trials:
        raise ValueError(f"expected 0 <= successes <= trials, got {successes} of {trials}")
    if trials == 0:
        return undecided("proportion", "expected at least one trial, got none")
    above = p_proportion_above(successes, trials, at_least)
    below = p_proportion_above(trials - successes, trials, 1 - at_least)
    return Tested(
        kind="proportion",
        p_value=min(1.0, 2 * min(above, below)),
        outcome="holds" if above <= below else "refuted",
        report=partial(_report_proportion, int(successes), int(trials), at_least, min(1.0, 2 * min(above, below))),
    )


def _report_proportion(
    successes: int, trials: int, at_least: float, p: float, alpha: float, verdict: Verdict
) -> Decision:
    low, high = clopper_pearson(successes, trials, alpha)
    rate = successes / trials
    relation = {"holds": ">=", "refuted": "<"}.get(verdict, "undecided against")
    return Decision(
        verdict=verdict,
        summary=f"{rate:.3g} [{low:.3g}, {high:.3g}] {relation} {at_least:.3g} in {trials} trials",
        evidence={
            "rate": rate,
            "ci_low": low,
            "ci_high": high,
            "level": 1 - alpha,
            "p": p,
            "successes": successes,
            "trials": trials,
            "at_least": float(at_least),
        },
    )


def _why_no_theorem(errors: Sequence[float], control: Sequence[float]) -> str | None:
    if len(errors) == 0:
        return "expected at least one instance, got none"
    if len(control) == 0:
        return "expected a control that must violate, got none"
    unknown = sum(math.isnan(error) for error in (*errors, *control))
    return f"{unknown} of {len(errors) + len(control)} errors are nan" if unknown else None


def _settled(kind: Kind, verdict: Verdict, summary: str, evidence: Evidence) -> Comparison:
    return Settled(kind=kind, p_value=None, decision=Decision(verdict=verdict, summary=summary, evidence=evidence))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _plain(value: object) -> bool | int | float | str:
    native = value.item() if isinstance(value, np.generic) else value
    return native if isinstance(native, bool | int | float | str) else repr(native)
