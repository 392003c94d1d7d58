"""Conditions together, and what has no evidence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.lab.judge.checks import fact
from experiments.lab.judge.comparison import Comparison, conditional, unavailable, undecided
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.paired import effect

ALPHAS = st.floats(1e-9, 0.999)
NUMBERS = st.integers(-10_000, 10_000).map(lambda number: number / 64)
ARMS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=9)


HOLDS, REFUTED, OPEN = fact(1, 1), fact(1, 2), undecided("effect", "peer not installed")


def seeds(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def decided(comparison: Comparison, alpha: float) -> bool:
    return comparison.at(alpha).verdict != "inconclusive"


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ((HOLDS, HOLDS), "holds"),
        ((REFUTED, REFUTED), "refuted"),
        ((HOLDS, REFUTED), "conditional"),
        ((HOLDS, REFUTED, OPEN), "conditional"),
        ((HOLDS, OPEN), "inconclusive"),
        ((REFUTED, OPEN), "inconclusive"),
        ((OPEN, OPEN), "inconclusive"),
        ((), "inconclusive"),
    ],
)
def test_conditional_is_the_verdict_over_its_conditions(parts: tuple[Comparison, ...], verdict: str) -> None:
    assert conditional({str(i): part for i, part in enumerate(parts)}).at(0.05).verdict == verdict


def test_conditional_inside_a_conditional_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="list its parts instead"):
        conditional({"outer": conditional({"inner": HOLDS})})


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(ARMS, st.sampled_from([HOLDS, REFUTED, OPEN])), min_size=1, max_size=4), ALPHAS)
def test_conditional_is_decided_exactly_from_its_p_value_on(
    parts: list[list[tuple[float, float]] | Comparison], alpha: float
) -> None:
    built = [
        effect(Pairs(seeds(*(a for a, _ in part)), seeds(*(b for _, b in part))), delta=0.0)
        if isinstance(part, list)
        else part
        for part in parts
    ]
    comparison = conditional({str(i): part for i, part in enumerate(built)})
    if comparison.p_value is not None:
        alike = "do not differ by what matters" in comparison.at(alpha).summary
        assert decided(comparison, alpha) == (comparison.p_value <= alpha and not alike)
        assert not alike or {"holds", "refuted"} <= {part.at(alpha).verdict for part in built}


def test_conditions_that_are_absent_for_one_reason_say_it() -> None:
    absent = unavailable("effect", "no GPU")
    assert conditional({"a": absent, "b": absent}).at(0.05).summary == "no GPU"
    mixed = conditional({"a": absent, "b": unavailable("effect", "no peer")}).at(0.05)
    assert (mixed.verdict, mixed.summary) == ("not judged", "not judged under a, b")


def test_a_summary_names_the_conditions() -> None:
    decision = conditional({"a": HOLDS, "b": REFUTED, "c": HOLDS}).at(0.05)
    assert decision.summary == "holds under a, c; refuted under b"
    assert decision.evidence == {"conditions": 3, "holds": 2, "refuted": 1}


@pytest.mark.parametrize(("without", "verdict"), [(undecided, "inconclusive"), (unavailable, "not judged")])
def test_what_has_no_evidence_counts_as_a_test_unless_it_is_exact(without: object, verdict: str) -> None:
    assert callable(without)
    statistical, exact = without("effect", "no peer"), without("theorem", "no peer")
    assert math.isnan(statistical.p_value)
    assert exact.p_value is None
    assert (statistical.at(0.05).verdict, statistical.at(0.05).summary) == (verdict, "no peer")


def test_conditions_have_to_differ_by_what_matters_to_be_conditions() -> None:
    """Effects of 0.0105 and 0.0095 around a threshold of 0.01 are decided each, and are the same all the same."""

    def around(mean: float) -> Comparison:
        values = seeds(*(mean + 1e-5 * (seed % 3 - 1) for seed in range(9)))
        return effect(Pairs(values, seeds(*[0.0] * 9)), delta=0.01)

    near = conditional({"one": around(0.0105), "other": around(0.0095)}).at(0.05)
    assert near.verdict == "inconclusive"
    assert near.summary.endswith("but they do not differ by what matters")
    assert conditional({"one": around(0.05), "other": around(0.0)}).at(0.05).verdict == "conditional"
