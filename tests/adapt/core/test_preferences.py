"""DPO's loss beside trl's lines, and probabilities of answers beside torch's cross entropy."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy, logsigmoid

from experiments.adapt.core.demonstrations import IGNORED, examples_of
from experiments.adapt.core.preferences import (
    PreferenceRecipe,
    dpo_loss,
    log_probabilities_of,
    other_answers,
    prefer,
)
from experiments.adapt.core.text_base import questions, untrained


@pytest.mark.parametrize("beta", [0.1, 0.5])
def test_the_loss_is_trls(beta: float) -> None:
    """trl's DPOTrainer, loss_type "sigmoid" without label smoothing: pi_logratios - ref_logratios."""
    policy_chosen, policy_rejected, ref_chosen, ref_rejected = torch.randn(4, 50, dtype=torch.float64) * 20
    logits = (policy_chosen - policy_rejected) - (ref_chosen - ref_rejected)
    expected = -logsigmoid(beta * logits)
    ours = dpo_loss(policy_chosen - ref_chosen, policy_rejected - ref_rejected, beta)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    assert not torch.allclose(dpo_loss(policy_chosen - ref_chosen, policy_rejected - ref_rejected, 2 * beta), expected)


def test_an_answers_probability_is_the_product_over_its_tokens() -> None:
    torch.manual_seed(0)
    network = untrained(16, 1).double()
    ones = questions("words of several lengths are here", 4, seed=0)
    examples = examples_of(ones)
    expected = [
        -cross_entropy(network(x[None])[0], y, reduction="sum", ignore_index=IGNORED)
        for x, y in zip(examples.inputs, examples.labels, strict=True)
    ]
    torch.testing.assert_close(log_probabilities_of(network, ones), torch.stack(expected))


def test_a_wrong_answer_is_that_to_another_question_of_its_kind() -> None:
    ones = questions("words of several lengths are here, yet no two begin alike", 9, seed=0)
    for one, wrong in zip(ones, other_answers(ones), strict=True):
        assert wrong.prompt.equal(one.prompt)
        assert not wrong.answer.equal(one.answer)
        assert any(wrong.answer.equal(other.answer) and other.prompt[:4].equal(one.prompt[:4]) for other in ones)
    with pytest.raises(ValueError, match="expected different answers to prompts of a kind, got one"):
        other_answers(ones[:1])


def test_training_on_pairs_tells_the_preferred_answer_from_the_other() -> None:
    torch.manual_seed(0)
    network, ones = untrained(16, 1), questions("words of several lengths are here, yet no two begin alike", 9, seed=0)
    wrong = other_answers(ones)

    def margin() -> torch.Tensor:
        with torch.no_grad():
            return (log_probabilities_of(network, ones) - log_probabilities_of(network, wrong)).mean()

    before = margin()
    prefer(network, ones, wrong, PreferenceRecipe(beta=0.1, lr=1e-2, steps=30, batch_size=9, seed=0))
    assert margin() > before + 1
