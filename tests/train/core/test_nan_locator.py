"""The NaN locator against torch's anomaly detection and legal infinities."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from experiments.train.core import nan_baselines
from experiments.train.core.nan_locator import NanWatch, find_origin

FIRST = torch.tensor([True, False, False, False])


class Formula(nn.Module):
    """A function of inputs and one weight, as a network."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))
        self.function = function

    def forward(self) -> Tensor:
        return self.function(self.weight).sum()


def test_a_gradient_fault_is_blamed_on_the_node_that_anomaly_detection_names() -> None:
    network = Formula(lambda w: nan_baselines.single_where(w - 1))
    origin = find_origin(network, network)
    assert origin is not None
    assert (origin.node, origin.direction, origin.kind) == ("SqrtBackward0", "backward", "nan")
    assert nan_baselines.find_by_anomaly(network, network) == origin.node


@pytest.mark.parametrize(
    "legal",
    [
        lambda w: w.masked_fill(FIRST, -torch.inf).softmax(0),
        lambda w: torch.where(FIRST, -torch.inf, w).logsumexp(0),
        lambda w: (w + torch.tensor([0, -torch.inf, 0, 0])).exp(),
        lambda w: torch.empty(4).copy_(w),
        lambda w: nn.functional.dropout(w, 0.5),
    ],
    ids=["masked_fill", "where", "mask from outside", "uninitialized", "dropout"],
)
def test_infinities_that_a_program_writes_down_raise_no_alarm(legal: object) -> None:
    network = Formula(legal)
    assert find_origin(network, network) is None


def test_a_fully_masked_row_is_blamed_on_its_softmax() -> None:
    network = Formula(lambda w: w.masked_fill(w > 0, -torch.inf).softmax(0))
    origin = find_origin(network, network)
    assert origin is not None
    assert (origin.operation, origin.kind) == ("aten._softmax", "nan")


def test_a_weight_that_is_nan_before_the_step_is_named() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    network[1].weight.data[0, 0] = torch.nan
    origin = find_origin(network, lambda: network(torch.ones(1, 2)).sum())
    assert origin is not None
    assert (origin.direction, origin.module, origin.inputs) == ("state", "1", ("weight",))


def test_replay_repeats_dropout_and_leaves_gradients_buffers_and_random_numbers_alone() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    batch, masks = torch.randn(6, 3), []
    network[2].register_forward_hook(lambda *values: masks.append(values[2] == 0))

    def compute_loss() -> Tensor:
        return network(batch).sum().log() * torch.inf

    watch = NanWatch(network)
    watch.begin()
    loss = compute_loss()
    loss.backward()
    kept = [buffer.clone() for buffer in network.buffers()], network[0].weight.grad.clone(), torch.get_rng_state()
    assert watch.check(loss, compute_loss) is not None
    assert torch.equal(masks[0], masks[1])
    assert all(map(torch.equal, kept[0], network.buffers()))
    assert torch.equal(kept[1].nan_to_num(7), network[0].weight.grad.nan_to_num(7))
    assert torch.equal(kept[2], torch.get_rng_state())


def test_gradients_too_large_to_square_are_no_fault() -> None:
    network = Formula(lambda w: w * 1e30)
    watch = NanWatch(network)
    watch.begin()
    loss = network()
    loss.backward()
    assert torch.linalg.vector_norm(network.weight.grad).isinf()
    assert watch.check(loss, network) is None


def test_under_a_loss_scaler_only_the_loss_counts() -> None:
    network = Formula(lambda w: w)
    loss = network()
    network.weight.grad = torch.full((4,), torch.inf)
    assert NanWatch(network, scaled=True).check(loss, network) is None


def test_an_origin_reads_as_one_line() -> None:
    network = nn.Sequential(nn.Linear(2, 2))
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].bias.zero_()
    origin = find_origin(network, lambda: network(torch.ones(1, 2)).log().sum())
    assert origin is not None
    assert origin.sentence == "inf born in aten.log, forward pass, the loss, from float32 (1, 2) in [0, 0]"
