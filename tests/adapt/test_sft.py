"""What the claims of adapt.sft read, and what its parameters refuse."""

from __future__ import annotations

import pytest

from experiments.adapt.sft import laws, preferences, training
from experiments.adapt.sft.setup import ALL, ANSWERS, SCRATCH, Params, prepare
from experiments.lab.errors import InputError
from experiments.lab.judge.measured import Pairs, Undecided


def rows(right: dict[str, tuple[float, ...]]) -> list[training.AnswerRow]:
    """Validation and test alike, at rates 1, 2, ..."""
    return [
        training.AnswerRow(
            dataset="python-docs",
            arm=arm,
            lr=lr,
            validation_right=share,
            right=share,
            well_formed=1.0,
            right_before=0.0,
            well_formed_before=0.25,
        )
        for arm, shares in right.items()
        for lr, share in enumerate(shares, start=1)
    ]


def test_arms_are_compared_at_the_rate_that_validation_chose() -> None:
    seen = rows({ANSWERS: (0.1, 0.7, 0.2), ALL: (0.3, 0.4, 0.1), SCRATCH: (0.1, 0.2, 0.9)})
    pairs = training.beside(ALL)(seen)
    assert isinstance(pairs, Pairs)
    assert (pairs.treatment, pairs.baseline) == ({0: 0.7}, {0: 0.4})
    form = training.columns("well_formed", "well_formed_before")(seen)
    assert isinstance(form, Pairs)
    assert (form.treatment, form.baseline) == ({0: 1.0}, {0: 0.25})
    edge = training.beside(SCRATCH)(seen)
    assert isinstance(edge, Undecided)
    assert edge.reason == "the best learning rate of from scratch, 3, is the largest of its grid"


def test_no_loss_of_two_answers_but_dpos_notices_a_swap() -> None:
    found = laws.feedback(list(laws.run(prepare(Params(trials=5), 0))))
    assert found[laws.SFT].errors == [1.0] * 5
    assert max(found[laws.DPO].errors) < 1e-12 < max(found[laws.DPO].controls["the control of DPO"])


def test_more_questions_than_words_are_refused() -> None:
    with pytest.raises(InputError, match="dataset=python-docs: expected a text of 100120 different words, got"):
        prepare(Params(demonstrations=100_000, validation_questions=20), 0).asked()


def test_pairs_are_compared_with_more_of_the_same_and_with_what_was_before() -> None:
    seen = [
        preferences.PreferenceRow(
            dataset="python-docs",
            arm=arm,
            lr=lr,
            validation_right=share,
            right=share,
            right_before=0.5,
            log_probability=-2.0,
            log_probability_before=-1.5,
        )
        for arm, shares in {preferences.DPO: (0.1, 0.6, 0.2), preferences.LONGER: (0.3, 0.7, 0.1)}.items()
        for lr, share in enumerate(shares, start=1)
    ]
    right, displaced = preferences.right_answers(seen), preferences.displacement(seen)
    assert right == Pairs({0: 0.6}, {0: 0.7})
    assert displaced == Pairs({0: -1.5}, {0: -2.0})
