"""The remembering task, gradients by hand-made Jacobians, and what attention does in parallel."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from experiments.seq.core import parallel
from experiments.seq.core.learning import Reader, Readers, clip_members, probabilities, train
from experiments.seq.core.memory import (
    Attention,
    Cell,
    Recurrent,
    body,
    gradient_reach,
    linear_reach,
    positions,
    sequences,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_sequence_shows_its_symbol_once_and_then_blanks() -> None:
    inputs, answers = sequences(symbols=3, lag=4)
    assert inputs.shape == (3, 5, 4)
    assert (inputs.sum(dim=2) == 1).all()
    assert (inputs[:, 0, :3].argmax(dim=1) == answers).all()
    assert (inputs[:, 1:, 3] == 1).all()


@pytest.mark.parametrize("cell", get_args(Cell))
def test_networks_side_by_side_are_torch_s_networks_and_have_their_gradients(cell: Cell) -> None:
    torch.manual_seed(0)
    networks = [Reader(cell, 4, 3, 8, 1.0) for _ in range(2)]
    members = Readers(networks)
    inputs = torch.randn(4, 6, 4)
    together = members(inputs)
    torch.testing.assert_close(together, torch.stack([network(inputs) for network in networks]))
    together.square().sum().backward()
    for member, network in enumerate(networks):
        network(inputs).square().sum().backward()
        for weights, own in zip(members.weights, network.parameters(), strict=True):
            assert weights.grad is not None
            torch.testing.assert_close(weights.grad[member], own.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", get_args(Cell))
def test_every_network_gives_a_state_per_step_and_sees_no_future(cell: str) -> None:
    torch.manual_seed(0)
    network = body(cell, 4, 8, 1.0).eval()  # type: ignore[arg-type]
    inputs = torch.randn(2, 6, 4)
    changed = inputs.clone()
    changed[:, 4:] += 1
    states, others = network(inputs), network(changed)
    assert states.shape == (2, 6, 8)
    torch.testing.assert_close(states[:, :4], others[:, :4], rtol=1e-5, atol=1e-6)
    assert (states[:, 4:] - others[:, 4:]).abs().max() > 1e-3


def test_the_forget_bias_is_the_sum_of_both_biases_of_the_forget_gate_only() -> None:
    torch.manual_seed(0)
    cell = Recurrent("lstm_forget_bias", 3, 5, 1.5).cell
    total = cell.bias_ih_l0 + cell.bias_hh_l0
    assert total[5:10].tolist() == [1.5] * 5
    assert (total[:5] != 1.5).all()


def test_the_reach_of_an_rnn_is_that_of_its_jacobians() -> None:
    torch.manual_seed(1)
    network = Recurrent("rnn", 2, 6, 0.0).double()
    inputs = torch.randn(1, 4, 2, dtype=torch.float64)
    found = gradient_reach(network, inputs, seeded(3))
    direction = torch.randn(6, generator=seeded(3), dtype=torch.float64).numpy()
    states = network(inputs)[0].detach().numpy()
    w_in, w = (parameter.detach().numpy() for parameter in (network.cell.weight_ih_l0, network.cell.weight_hh_l0))
    back = direction
    for state in states[:0:-1]:
        back = w.T @ ((1 - state**2) * back)
    first = w_in.T @ ((1 - states[0] ** 2) * back)
    last = w_in.T @ ((1 - states[-1] ** 2) * direction)
    assert found == pytest.approx(np.linalg.norm(first) / np.linalg.norm(last), rel=1e-10)


@pytest.mark.parametrize("radius", [0.9, 1.0, 1.1])
def test_a_linear_recurrence_reaches_back_with_the_power_of_its_radius(radius: float) -> None:
    assert linear_reach(radius, 20, 8, seeded()) == pytest.approx(radius**20, rel=1e-12)
    assert linear_reach(radius, 20, 8, seeded(), saturating=True) < 0.99 * radius**20


def test_training_reports_every_step_and_learns_a_short_lag_at_the_better_rate() -> None:
    torch.manual_seed(0)
    members = Readers([Reader("gru", 4, 3, 16, 1.0)] * 2)
    assert list(train(members, 3, 2, [1e-2, 1e-6], steps=80, clip=1.0)) == list(range(1, 81))
    learned, idle = probabilities(members, 3, 2).diagonal(dim1=1, dim2=2)
    assert learned.min() > 0.5 > idle.max()


def test_each_member_s_gradient_is_clipped_as_torch_clips_that_of_one_network() -> None:
    torch.manual_seed(2)
    parameters = [torch.nn.Parameter(torch.zeros(2, 3)), torch.nn.Parameter(torch.zeros(2, 4, 1))]
    alone = [torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(4, 1))]
    for together, one in zip(parameters, alone, strict=True):
        together.grad = torch.randn(together.shape)
        together.grad[1] /= 100
        one.grad = together.grad[0].clone()
    small = [gradient[1].clone() for parameter in parameters if (gradient := parameter.grad) is not None]
    clip_members(parameters, 1.0)
    torch.nn.utils.clip_grad_norm_(alone, 1.0)
    for together, one, kept in zip(parameters, alone, small, strict=True):
        assert together.grad is not None
        torch.testing.assert_close(together.grad[0], one.grad, rtol=1e-5, atol=1e-6)
        assert torch.equal(together.grad[1], kept)


def test_hidden_sizes_have_to_fit_the_heads() -> None:
    with pytest.raises(ValueError, match="4 heads divide, got 6"):
        body("transformer", 3, 6, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_attention_reads_at_once_ignores_order_without_positions_and_cannot_generate_at_once(seed: int) -> None:
    torch.manual_seed(seed)
    reading, permuting = parallel.all_at_once(6, 8, seeded(seed)), parallel.permuted(6, 8, seeded(seed))
    assert max(reading.error, permuting.error) < 1e-10
    assert min(reading.control_error, permuting.control_error) > 1e-3
    generating, passes = parallel.generated(6, 8, seeded(seed))
    assert generating.error > 1e-3
    assert passes == 6


def test_positions_are_a_code_of_distinct_rows() -> None:
    code = positions(50, 8)
    assert len(torch.unique(code, dim=0)) == 50
    torch.testing.assert_close(code[3, :2], torch.tensor([np.sin(3.0), np.cos(3.0)], dtype=torch.float32))
    assert not torch.equal(Attention(4, 8)(torch.zeros(1, 3, 4))[0, 0], Attention(4, 8)(torch.zeros(1, 3, 4))[0, 1])
