"""Direct preference optimization: a loss on two answers to one prompt, of which one was preferred.

    loss = -log sigmoid(beta ((log p(chosen) - log q(chosen)) - (log p(rejected) - log q(rejected))))

p is the network in training and q the reference, where training begins. A probability is that of the whole answer.

Source: Rafailov et al.: Direct Preference Optimization: Your Language Model is Secretly a Reward Model, 2023, eq. 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from experiments.adapt.core.demonstrations import IGNORED, Demonstration, examples_of
from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.fit import steps
from experiments.foundation.networks.timing import reproducible


@dataclass(frozen=True, kw_only=True)
class PreferenceRecipe:
    """How a network is trained on pairs of answers."""

    beta: float
    lr: float
    steps: int
    batch_size: int
    seed: int


def dpo_loss(chosen: Tensor, rejected: Tensor, beta: float) -> Tensor:
    """The loss (n,) of log p - log q of chosen and of rejected answers, (n,) each.

    >>> import torch
    >>> round(dpo_loss(torch.tensor(0.0), torch.tensor(0.0), beta=0.1).item(), 4)       # log 2
    0.6931
    """
    return -logsigmoid(beta * (chosen - rejected))


def log_probabilities_of(network: nn.Module, ones: Sequence[Demonstration]) -> Tensor:
    """The logarithm of the probability (n,) that the network gives each answer, as a whole."""
    examples = examples_of(ones)
    counted = examples.labels != IGNORED
    logs = network(examples.inputs).double().log_softmax(-1)
    taken = logs.gather(2, examples.labels.where(counted, examples.inputs)[..., None])[..., 0]
    return (taken * counted).sum(1)


def other_answers(ones: Sequence[Demonstration]) -> list[Demonstration]:
    """To every prompt the answer of the next demonstration of its kind, around the end, whose answer is another one.

    Of a kind are demonstrations whose prompts begin with the same four tokens.

    Raises:
        ValueError: all of a kind have one answer.
    """
    wrong = []
    for place, one in enumerate(ones):
        others = (*ones[place + 1 :], *ones[:place])
        answers = (
            other.answer
            for other in others
            if other.prompt[:4].equal(one.prompt[:4]) and not other.answer.equal(one.answer)
        )
        found = next(answers, None)
        if found is None:
            raise ValueError("expected different answers to prompts of a kind, got one; ask for more demonstrations")
        wrong.append(Demonstration(one.prompt, found))
    return wrong


def prefer(
    network: nn.Module, chosen: Sequence[Demonstration], rejected: Sequence[Demonstration], recipe: PreferenceRecipe
) -> None:
    """Train in place by Adam on DPO's loss of pairs, from the network as it is, which is the reference."""
    with torch.no_grad():
        reference = log_probabilities_of(network, chosen) - log_probabilities_of(network, rejected)

    def losses() -> Iterator[Tensor]:
        rng = torch.Generator().manual_seed(recipe.seed)
        for batch in drawn_batches(len(chosen), recipe.batch_size, recipe.steps, rng):
            pairs = [[part[at] for at in batch.tolist()] for part in (chosen, rejected)]
            right, wrong = (log_probabilities_of(network, part) for part in pairs)
            yield dpo_loss(right - wrong, reference[batch], recipe.beta).mean()

    with reproducible(recipe.seed):
        for _ in steps(torch.optim.Adam(network.parameters(), recipe.lr, fused=True), losses()):
            pass
