"""Networks that read text: equal parameters, nothing of the future, bits as torch's cross entropy."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from experiments.arch.core.text_networks import Arm, bits_per_byte, build, count, leak, sampled, unmasked
from experiments.foundation.architectures.llama import SPECIAL, VOCABULARY, tokens

ARMS: tuple[Arm, ...] = ("rnn", "gru", "lstm", "transformer")


@pytest.mark.parametrize("dim", [16, 48])
def test_all_have_as_many_parameters(dim: int) -> None:
    sizes = {arm: count(build(arm, dim)) for arm in ARMS}
    assert all(abs(size / sizes["transformer"] - 1) < 0.03 for size in sizes.values()), sizes


@pytest.mark.parametrize("arm", ARMS)
def test_nothing_of_the_future_is_seen_except_by_the_controls(arm: Arm) -> None:
    torch.manual_seed(0)
    network, numbers = build(arm, 16), tokens("in the end")[None]
    before = network(numbers).detach()
    assert leak(network, numbers) == 0
    assert leak(unmasked(network), numbers) > 0
    torch.testing.assert_close(network(numbers), before)  # the control is a copy
    changed = network(torch.cat([numbers[:, :5], numbers[:, 5:] + 1], dim=1))
    torch.testing.assert_close(changed[:, :5], before[:, :5])


def test_bits_are_cross_entropy_of_the_second_half_of_each_window() -> None:
    torch.manual_seed(0)
    network, text = build("gru", 16), torch.randint(3, VOCABULARY, (33,))
    losses = []
    for start in range(0, 33 - 8, 4):
        window = text[start : start + 9]
        losses.append(cross_entropy(network(window[None, :-1])[0, 4:], window[5:]).item())
    assert bits_per_byte(network, text, 8) == pytest.approx(sum(losses) / len(losses) / math.log(2), rel=1e-5)


def test_what_is_drawn_are_bytes_that_the_network_expects() -> None:
    network = torch.nn.Sequential(torch.nn.Embedding(VOCABULARY, VOCABULARY))
    with torch.no_grad():  # after every token it is sure of the next number
        network[0].weight.copy_(100 * torch.eye(VOCABULARY).roll(1, dims=1))
    drawn = sampled(network, torch.tensor([[10, 11]]), 3)
    assert drawn.tolist() == [[12 - len(SPECIAL), 13 - len(SPECIAL), 14 - len(SPECIAL)]]
