"""The NaN locator against torch's anomaly detection and legal infinities."""

from __future__ import annotations

import inspect
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from experiments.train.core import nan_baselines
from experiments.train.core.nan_locator import NanWatch, find_origin
from experiments.train.core.nan_origin import Origin

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
    assert re.fullmatch(
        r"inf born in aten.log, forward pass, the loss, .*test_nan_locator.py:\d+, from float32 \(1, 2\) in \[0, 0\], "
        r"first at \[0, 0\] of 0",
        origin.sentence,
    )
    assert origin.path == ("sum in loss",)


def line_of(function: Callable[..., object], word: str) -> str:
    """Where ``word`` stands in the source of a function, as an origin tells it."""
    lines, first = inspect.getsourcelines(function)
    return f"test_nan_locator.py:{first + next(number for number, line in enumerate(lines) if word in line)}"


def root(w: Tensor) -> Tensor:
    shifted = w - 1
    return shifted.sqrt()


def test_the_line_of_the_program_is_named_in_both_passes() -> None:
    backward = find_origin(network := Formula(root), network)
    forward = find_origin(network := Formula(lambda w: root(w) / 0), network)
    assert backward is not None
    assert forward is not None
    assert (backward.direction, forward.direction) == ("backward", "forward")
    assert backward.place.endswith(line_of(root, "sqrt"))
    assert backward.path[0].endswith(" in (network)")
    assert forward.path == ("sum in (network)",)


def test_sparse_gradients_and_empty_parameters_are_looked_at() -> None:
    network = nn.Embedding(10, 4, sparse=True)
    network.register_parameter("nothing", nn.Parameter(torch.empty(0)))
    watch, ids = NanWatch(network), torch.tensor([1, 2])

    def compute_loss(scale: float = 1.0) -> Tensor:
        return (network(ids) * scale).sum() + network.nothing.sum()  # type: ignore[operator]

    for scale, finite in ((1.0, True), (torch.inf, False)):
        watch.begin()
        loss = compute_loss(scale)
        loss.backward()
        assert (watch.check(loss, partial(compute_loss, scale)) is None) == finite


class Observed(nn.Linear):
    """A layer with a buffer that begins as an infinity, as those of quantization do."""

    def __init__(self, value: float) -> None:
        super().__init__(4, 2)
        self.register_buffer("lowest", torch.tensor(value))

    def forward(self, x: Tensor) -> Tensor:
        self.lowest = torch.minimum(self.lowest, x.min())
        bound = torch.tensor(torch.inf)
        return super().forward(x).minimum(bound)


def test_infinite_buffers_and_constants_are_not_to_blame() -> None:
    network, x = Observed(torch.inf), torch.zeros(3, 4)
    assert find_origin(network, lambda: network(x).sum()) is None
    origin = find_origin(network, lambda: (network(x) * 0).log().sum())
    assert origin is not None
    assert (origin.operation, origin.module) == ("aten.log", "loss")


def test_a_buffer_that_is_nan_is_named() -> None:
    network = Observed(torch.nan)
    origin = find_origin(network, lambda: (network(torch.zeros(3, 4)) + network.lowest).sum())
    assert origin is not None
    assert (origin.direction, origin.module, origin.inputs) == ("state", "", ("lowest",))


def test_a_product_with_infinity_is_blamed_where_it_stands() -> None:
    network = nn.LSTM(3, 4)
    origin = find_origin(network, lambda: network(torch.ones(2, 1, 3) * torch.inf)[0].sum())
    assert origin is not None
    assert (origin.operation, origin.module, origin.kind) == ("aten.mul", "loss", "inf")


def test_an_infinity_that_was_written_down_is_blamed_where_nothing_else_is() -> None:
    network = Formula(lambda w: w.masked_fill(FIRST, torch.inf))
    origin = find_origin(network, network)
    assert origin is not None
    assert origin.operation == "aten.masked_fill"


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")
def test_a_compiled_network_is_replayed_uncompiled() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    compiled = torch.compile(network, backend="eager")
    origin = find_origin(compiled, lambda: (compiled(torch.ones(1, 2)) * 0).log().sum())
    assert origin is not None
    assert origin.operation == "aten.log"


def distributed(rank: int, port: int, results: Path) -> None:
    torch.distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    torch.manual_seed(0)
    network = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    watch = NanWatch(network)
    watch.begin()

    def compute_loss() -> Tensor:
        loss = network(torch.randn(4, 2)).sum()
        return (loss * 0).log() if rank else loss

    origin = find_origin_of_step(watch, compute_loss)
    (results / str(rank)).write_text(origin.operation if origin else "finite")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def find_origin_of_step(watch: NanWatch, compute_loss: Callable[[], Tensor]) -> Origin | None:
    """The loss of this process alone decides: gradients are everyone's."""
    loss = compute_loss()
    loss.backward()
    return watch.check(loss, compute_loss) if not loss.isfinite() else None


@pytest.mark.slow
def test_one_of_two_processes_replays_alone(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from tests.train.core.test_nan_locator import distributed; distributed({}, {}, pathlib.Path({!r}))"
    processes = [
        subprocess.Popen([sys.executable, "-c", "import pathlib; " + code.format(rank, port, str(tmp_path))])
        for rank in range(2)
    ]
    assert [process.wait(timeout=600) for process in processes] == [0, 0]
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == ["finite", "aten.log"]
