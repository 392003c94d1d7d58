"""Rounded inputs of linear layers, on a decoder whose weights are random."""

from __future__ import annotations

import torch

from experiments.adapt.core.activations import input_ranges, rounded_inputs, share_outside
from experiments.foundation.architectures.llama import Architecture, Decoder, tokens
from experiments.foundation.networks.next_token import log_probabilities

TEXT = tokens("to be or not to be, that is the question" * 4)


def decoder() -> Decoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Decoder(Architecture(32, 1, 2, 2, 64)).eval()


def test_the_range_of_a_text_covers_it() -> None:
    network = decoder()
    ranges = input_ranges(network, TEXT, 16)
    assert len(ranges) == sum(isinstance(layer, torch.nn.Linear) for layer in network.modules())
    assert share_outside(network, ranges, TEXT, 16) == 0
    half = {name: (low / 2, high / 2) for name, (low, high) in ranges.items()}
    assert share_outside(network, half, TEXT, 16) > 0


def test_many_bits_change_little_and_the_network_is_left_as_it_was() -> None:
    network = decoder()
    exact = log_probabilities(network, TEXT, 16)
    ranges = input_ranges(network, TEXT, 16)
    errors = []
    for bits in (2, 8, 16):
        with rounded_inputs(network, ranges, bits):
            errors.append(float((log_probabilities(network, TEXT, 16) - exact).abs().max()))
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
    assert torch.equal(log_probabilities(network, TEXT, 16), exact)
