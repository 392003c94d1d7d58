"""What would have refuted a claim, in words, from its rule: a check that cannot fail decides nothing."""

from __future__ import annotations

from experiments.lab.judge.rules import (
    Counterexample,
    Each,
    Effect,
    Equivalence,
    Fact,
    Order,
    Proportion,
    Ratio,
    Rule,
    Slope,
    SlopeBelow,
    Theorem,
    Under,
)


def what_would_refute(rule: Rule) -> str:
    """The outcome that refutes it.

    >>> what_would_refute(Effect("accuracy, a - b", delta=0.005))
    'an interval of the difference wholly below 0.005'
    >>> what_would_refute(Each(Theorem("a <= b", control="a > b"), per="norm"))
    'per norm, a single instance that violates it'
    """
    match rule:
        case Each():
            return f"per {rule.per}, {what_would_refute(rule.rule)}"
        case Under():
            return "; ".join(f"{condition}: {what_would_refute(one)}" for condition, one in rule.rules.items())
        case Theorem() | Counterexample() | Fact() | Proportion() | Order():
            return _of_counts(rule)
    return _of_intervals(rule)


def _of_counts(rule: Theorem | Counterexample | Fact | Proportion | Order) -> str:
    match rule:
        case Theorem():
            return "a single instance that violates it"
        case Counterexample():
            return "the counterexample, known beforehand"
        case Fact():
            return f"any other value than {rule.expected}"
        case Proportion():
            return f"an interval of the rate wholly below {rule.at_least:g}"
    return f"points that are not {rule.direction}, beyond chance"


def _of_intervals(rule: Rule) -> str:
    match rule:
        case Effect():
            return f"an interval of the difference wholly below {rule.delta:g}"
        case Ratio():
            return f"an interval of the ratio wholly below {rule.at_least:g}"
        case Equivalence():
            return f"an interval of the difference wholly outside ±{rule.margin:g}"
        case Slope():
            return f"an interval of the exponent that misses {rule.theory:g} by more than {rule.tolerance:g}"
        case SlopeBelow():
            return f"an interval of the exponent wholly above {rule.limit:.4g}"
    return ""
