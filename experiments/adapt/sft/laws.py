"""Which tokens a loss counts, tried on random demonstrations; and what a preference is to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.adapt.sft.setup import Questions
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, trials_of, tried
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under

if TYPE_CHECKING:
    import torch

    from experiments.adapt.core.demonstrations import Demonstration

BETA = 0.1
SFT, DPO = "SFT on both answers", "DPO"


def run(questions: Questions) -> Iterator[TrialRow]:
    import torch

    from experiments.adapt.core.demonstrations import Demonstration
    from experiments.adapt.core.text_base import untrained
    from experiments.foundation.networks.timing import reproducible

    with reproducible(questions.seed):
        network, reference = (untrained(16, 1).double().requires_grad_(False) for _ in range(2))
        for _ in range(questions.params.trials):
            sizes = torch.randint(1, 9, (3,)).tolist()
            prompt, answer, other = (torch.randint(3, 259, (size,)) for size in sizes)
            one = Demonstration(prompt, answer)
            yield from mask_trials(one, length=sum(sizes))
            yield from preference_trials(network, reference, one, Demonstration(prompt, other))


def mask_trials(one: Demonstration, length: int) -> Iterator[TrialRow]:
    """The labels beside a count by hand, without padding and with it; gradients by the logits of what is not counted.

    The control counts from one token later on, as a mask that was not shifted does.
    """
    import torch

    from experiments.adapt.core.demonstrations import IGNORED, counted_loss, examples_of

    prompt, whole = len(one.prompt), [*one.prompt.tolist(), *one.answer.tolist()]
    name = f"{prompt} tokens of prompt, {len(one.answer)} of answer"
    for case, padded in (("not padded", len(whole) - 1), ("padded", length)):
        (labels,) = examples_of([one], length=padded).labels.tolist()
        by_hand = [whole[i + 1] if prompt <= i + 1 < len(whole) else IGNORED for i in range(padded)]
        unshifted = [whole[i + 1] if prompt <= i < len(whole) - 1 else IGNORED for i in range(padded)]
        off, control = (sum(a != b for a, b in zip(found, by_hand, strict=True)) for found in (labels, unshifted))
        yield TrialRow(statement="mask", case=case, error=off, control_error=control, counterexample=name)
    given = []
    for masked in (True, False):
        labels_ = examples_of([one], masked=masked, length=length).labels
        logits = torch.randn(1, length, 259, requires_grad=True)
        counted_loss(logits, labels_).backward()
        assert logits.grad is not None
        given.append(float(logits.grad[0, : prompt - 1].abs().sum()))
    if prompt > 1:  # the first token is predicted by none
        yield TrialRow(statement="gradient", case="prompt", error=given[0], control_error=given[1], counterexample=name)


def preference_trials(
    network: torch.nn.Module, reference: torch.nn.Module, one: Demonstration, other: Demonstration
) -> Iterator[TrialRow]:
    """Whether the loss of two answers notices that they were swapped, and DPO's loss where training begins."""
    import torch

    from experiments.adapt.core.preferences import dpo_loss, log_probabilities_of

    now, then = (log_probabilities_of(net, [one, other]) for net in (network, reference))
    ratios, none = now - then, torch.zeros(2, dtype=torch.float64)

    def dpo(pair: torch.Tensor) -> float:
        return float(dpo_loss(pair[0], pair[1], BETA))

    begun, moved = (abs(dpo(pair) - math.log(2)) for pair in (none, ratios))
    name = f"answers of {len(one.answer)} and {len(other.answer)} tokens"
    yield TrialRow(statement="begin", case=DPO, error=begun, control_error=moved, counterexample=name)
    # what DPO gains by the right order it loses by the other: the losses differ by beta times the difference of ratios
    swapped = dpo(ratios.flip(0)) - dpo(ratios)
    expected = BETA * float(ratios[0] - ratios[1])
    yield TrialRow(
        statement="swap", case=DPO, error=abs(swapped - expected), control_error=abs(expected), counterexample=name
    )
    sft = -float(now.sum()), -float(now.flip(0).sum())
    yield TrialRow(
        statement="swap", case=SFT, error=float(math.isclose(*sft)), counterexample=f"{name}: {sft[0]:.4g} nats"
    )


def feedback(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    return {case: tried(trials_of(rows, "swap", case)) for case in (SFT, DPO)}


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "a_masked_prompt_gives_no_gradient",
            statement="With the prompt masked, the logits of its tokens get a gradient of exactly 0.",
            rule=Theorem("the gradient by the logits of the prompt is 0", control="the loss on all tokens"),
            measure=instances("gradient"),
            topic="SFT: the loss",
            predicted="holds",
            source="what the loss does not contain has no gradient",
        ),
        Claim(
            "the_shifted_mask_counts_the_answer",
            statement="Shifted by one, the mask counts every token of the answer once, with padding and without.",
            rule=Theorem("labels that differ from a count by hand", control="the mask that was not shifted"),
            measure=instances("mask"),
            topic="SFT: the loss",
            predicted="holds",
            source="position i predicts token i + 1",
        ),
        Claim(
            "preferences_are_not_demonstrations",
            statement="The loss of two answers changes with which of them a user preferred.",
            rule=Under(
                {
                    SFT: Counterexample("swapping the answers changes the loss"),
                    DPO: Theorem(
                        "swapping the answers adds beta times the difference of their log-ratios",
                        control="a loss that does not change",
                        tolerance=1e-12,
                    ),
                }
            ),
            measure=feedback,
            topic="User feedback",
            predicted={SFT: "refuted", DPO: "holds"},
            source="Rafailov et al. 2023; log sigmoid(x) - log sigmoid(-x) = x",
        ),
        Claim(
            "dpo_begins_at_log_two",
            statement="Where its training begins, at the reference network, DPO's loss is log 2.",
            rule=Theorem("the loss is log 2", control="another network", tolerance=1e-12),
            measure=instances("begin"),
            topic="User feedback: DPO",
            predicted="holds",
            source="Rafailov et al. 2023, eq. 7: both log-ratios are 0 there",
        ),
    ),
    tables=(TRIALS,),
)
