"""Direct preference optimization: a loss on two answers to one prompt, of which one was preferred.

    loss = -log sigmoid(beta ((log p(chosen) - log q(chosen)) - (log p(rejected) - log q(rejected))))

p is the network in training and q the reference, where training begins. A probability is that of the whole answer.

Source: Rafailov et al.: Direct Preference Optimization: Your Language Model is Secretly a Reward Model, 2023, eq. 7.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from experiments.adapt.core.demonstrations import IGNORED, Demonstration, examples_of


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
