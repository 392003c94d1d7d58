"""Chains, paths and memory of networks whose graphs fit on a page; moves that are undone by their inverse."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.arch.core.dependence import activation_bytes, changed, longest_chain, outermost, path_length
from experiments.arch.core.recurrent import Recurrent
from experiments.arch.core.symmetry import delay, gap, reorder_patches, reorder_within_patches, shift
from experiments.foundation.architectures.token_transformer import TokenTransformer


def test_the_longest_of_several_branches_counts() -> None:
    x = torch.randn(2, 4)
    short, long = nn.Linear(4, 4), nn.Sequential(*(nn.Linear(4, 4) for _ in range(5)))
    assert longest_chain(short(x) + long(x)) == 5
    assert longest_chain(short(x) * short(x)) == 1
    assert longest_chain(torch.zeros(2)) == 0


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_cell_waits_for_itself(cell: str) -> None:
    assert longest_chain(Recurrent(cell, 3, 4)(torch.randn(1, 7, 3))) == 7


def test_a_block_waits_six_times() -> None:
    """Queries, scores, mixing, projection, two layers; and the logits."""
    network = TokenTransformer(5, context=9, dim=8, depth=3, heads=2)
    assert longest_chain(network(torch.zeros(1, 9, dtype=torch.long))) == 3 * 6 + 1


def test_a_window_of_three_reaches_one_further_per_layer() -> None:
    layers = [part for _ in range(9) for part in (nn.Conv1d(2, 2, 3, padding=1), nn.Tanh())]
    chain = nn.Sequential(nn.Conv1d(1, 2, 1), *layers).double()
    inputs = torch.randn(1, 1, 9, dtype=torch.float64)
    assert path_length(chain, inputs) == 1 + 4
    assert path_length(chain, inputs, first=3, last=5) == 1 + 1


def test_ends_that_never_meet_have_no_path() -> None:
    with pytest.raises(ValueError, match="expected a unit that depends on both inputs, got none"):
        path_length(nn.Conv1d(1, 1, 3, padding=1), torch.zeros(1, 1, 9))


def test_blocks_and_cells_are_one_layer() -> None:
    network = nn.Sequential(TokenTransformer(5, context=9, dim=8, depth=3, heads=2), Recurrent("LSTM", 8, 8))
    assert [type(layer).__name__ for layer in outermost(network)] == ["TransformerBlock"] * 3 + ["LSTMCell"]


def test_a_changed_input_differs_in_one_place() -> None:
    tokens = torch.tensor([[0, 3]])
    assert changed(tokens, 0).tolist() == [[1, 3]]
    assert changed(tokens, 1).tolist() == [[0, 0]]
    assert changed(torch.zeros(1, 2), -1).tolist() == [[0, 1]]


def test_kept_activations_are_those_of_the_definition() -> None:
    """A linear layer keeps its input, ReLU its output; weights do not count."""
    network = nn.Sequential(nn.Linear(100, 30), nn.ReLU(), nn.Linear(30, 7))
    inputs = torch.randn(5, 100)
    assert activation_bytes(lambda: network(inputs), network) == 4 * 5 * (100 + 30)


def test_moves_are_permutations() -> None:
    images, order = torch.randn(2, 3, 8, 8), torch.randperm(4)
    back = order.argsort()
    assert torch.equal(reorder_patches(reorder_patches(images, 4, order), 4, back), images)
    within = torch.randperm(16)
    assert torch.equal(reorder_within_patches(reorder_within_patches(images, 4, within), 4, within.argsort()), images)
    assert torch.equal(shift(shift(images, 3, 1), -3, -1), images)


def test_a_patch_moves_as_a_whole() -> None:
    images = torch.arange(16.0).view(1, 1, 4, 4)
    moved = reorder_patches(images, 2, torch.tensor([3, 1, 2, 0]))
    assert moved[0, 0].tolist() == [[10, 11, 2, 3], [14, 15, 6, 7], [8, 9, 0, 1], [12, 13, 4, 5]]


def test_a_delay_is_silence_and_then_the_same() -> None:
    assert delay(torch.ones(1, 2, 1), 2).flatten().tolist() == [0, 0, 1, 1]
    assert gap(torch.tensor([1.0, 2.0]), torch.tensor([1.0, -4.0])) == 1.5
