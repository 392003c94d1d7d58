"""NestedTensors against each sequence alone and torch's own padding; lengths and storage."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.data.core.nested import (
    Layout,
    Lengths,
    Model,
    Operation,
    careless_error,
    draw_lengths,
    draw_sequences,
    nest,
    nested_error,
    pad,
    stored_elements,
    waste,
)

LENGTHS = [3, 1, 7]


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_waste_by_hand() -> None:
    assert waste([4, 4]) == 0
    assert waste([1, 3]) == pytest.approx(1 - 4 / 6)
    with pytest.raises(ValueError, match=r"expected lengths of at least 1, got \[0, 3\]"):
        waste([0, 3])


@pytest.mark.parametrize("kind", ["equal", "uniform", "heavy"])
def test_lengths_have_their_mean_and_the_tail_that_was_asked_for(kind: Lengths) -> None:
    drawn = draw_lengths(kind, 4000, 30, rng())
    assert sum(drawn) / 4000 == pytest.approx(30, rel=0.1)
    assert min(drawn) >= 1
    largest = {"equal": (30, 30), "uniform": (55, 59), "heavy": (300, 10_000)}[kind]
    assert largest[0] <= max(drawn) <= largest[1]


@pytest.mark.parametrize("layout", ["jagged", "strided"])
def test_a_nested_tensor_stores_only_elements_and_torch_pads_it_back(layout: Layout) -> None:
    sequences = draw_sequences(LENGTHS, 4, rng())
    nested, (padded, mask) = nest(sequences, layout), pad(sequences)
    assert stored_elements(nested) == 4 * sum(LENGTHS)
    assert stored_elements(padded) == 4 * 3 * 7
    assert mask.sum(1).tolist() == LENGTHS
    torch.testing.assert_close(torch.nested.to_padded_tensor(nested, 0.0), padded)


@pytest.mark.parametrize("layout", ["jagged", "strided"])
@pytest.mark.parametrize("operation", ["linear", "sdpa"])
def test_nested_results_are_those_of_each_sequence_and_careless_padding_is_not(
    layout: Layout, operation: Operation
) -> None:
    model, sequences = Model.draw(8, 2, rng()), draw_sequences(LENGTHS, 8, rng())
    assert nested_error(model, operation, sequences, layout) < 1e-5
    assert careless_error(model, operation, sequences) > 0.01
    assert careless_error(model, operation, sequences[:1] * 2) < 1e-5  # nothing is padded


def test_attention_is_torchs_multihead_attention_without_projections() -> None:
    model, (sequence,) = Model.draw(8, 2, rng()), draw_sequences([5], 8, rng())
    torchs = nn.MultiheadAttention(8, 2, bias=False, batch_first=True)
    with torch.no_grad():
        torchs.in_proj_weight.copy_(torch.eye(8).repeat(3, 1))
        torchs.out_proj.weight.copy_(torch.eye(8))
        expected = torchs(sequence[None], sequence[None], sequence[None])[0][0]
    torch.testing.assert_close(model.alone("sdpa", sequence).transpose(0, 1).flatten(1), expected)


def test_padded_attention_with_its_mask_is_each_sequences_own() -> None:
    model, sequences = Model.draw(8, 2, rng()), draw_sequences(LENGTHS, 8, rng())
    for found, sequence in zip(model.padded("sdpa", *pad(sequences)), sequences, strict=True):
        torch.testing.assert_close(found[:, : len(sequence)], model.alone("sdpa", sequence))


def test_heads_have_to_divide_dim() -> None:
    with pytest.raises(ValueError, match="expected heads that divide dim = 8, got 3"):
        Model.draw(8, 3, rng())
