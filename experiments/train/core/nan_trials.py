"""A locator on trial: faults with a known origin, healthy trainings, and the price of each way to look."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from experiments.foundation.networks.timing import time_in_turns
from experiments.train.core.faults import BlockNetwork, Trial
from experiments.train.core.nan_baselines import find_by_anomaly, find_by_hooks
from experiments.train.core.nan_locator import NanWatch, Origin, find_origin


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a method said of a trial, question by question."""

    method: str
    step: bool
    module: bool
    operation: bool
    direction: bool
    kind: bool
    sentence: str

    @property
    def right(self) -> bool:
        """All five right."""
        return self.step and self.module and self.operation and self.direction and self.kind


def try_fault(
    trial: Trial, inputs: Tensor, targets: Tensor, *, width: int, depth: int, steps: int, batch_size: int, lr: float
) -> list[Answer]:
    """Train on (n, features) and (n,) until the watch stops the training, then ask all three methods."""
    network = BlockNetwork(inputs.shape[1], int(targets.max()) + 1, width, depth)
    watch = NanWatch(network)
    for step in range(steps):
        chosen = torch.randint(len(inputs), (batch_size,))
        trial.break_network(network, step)
        batch = trial.break_batch(inputs[chosen], step)

        def compute_loss(batch: Tensor = batch, labels: Tensor = targets[chosen]) -> Tensor:
            return nn.functional.cross_entropy(network(batch), labels)

        watch.begin()
        loss = compute_loss()
        loss.backward()
        origin = watch.check(loss, compute_loss)
        if origin is not None:
            network.zero_grad()
            by_hooks = find_by_hooks(network, compute_loss)
            by_anomaly = find_by_anomaly(network, compute_loss)
            at_step = step == trial.step
            return [
                _answer("watch and replay", trial, origin, at_step),
                _answer("forward hooks", trial, by_hooks, at_step),
                _answer_of_anomaly(trial, by_anomaly, at_step),
            ]
        trial.update(network, lr, step)
    return [_answer(method, trial, None, False) for method in ("watch and replay", "forward hooks", "detect_anomaly")]


def _answer(method: str, trial: Trial, origin: Origin | None, at_step: bool) -> Answer:
    fault = trial.fault
    return Answer(
        method=method,
        step=at_step and origin is not None,
        module=origin is not None and origin.module == trial.module,
        operation=origin is not None and origin.operation == fault.operation,
        direction=origin is not None and origin.direction == fault.direction,
        kind=origin is not None and fault.kind in (None, origin.kind),
        sentence="nothing found" if origin is None else origin.sentence,
    )


def _answer_of_anomaly(trial: Trial, node: str | None, at_step: bool) -> Answer:
    """It names a node of the backward pass that returned NaN, and a line of code in place of a module."""
    return Answer(
        method="detect_anomaly",
        step=at_step and node is not None,
        module=False,
        operation=node is not None and node == trial.fault.node,
        direction=node is not None and trial.fault.direction == "backward",
        kind=node is not None and trial.fault.kind == "nan",
        sentence="nothing found" if node is None else f"nan returned by {node}",
    )


def alarms(network: nn.Module, inputs: Tensor, targets: Tensor, *, steps: int, batch_size: int, lr: float) -> int:
    """Steps, of ``steps`` healthy ones, at which the watch or the full trace of every operation finds fault."""
    watch = NanWatch(network)
    optimizer = torch.optim.SGD(network.parameters(), lr)
    count = 0
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (batch_size,))

        def compute_loss(chosen: Tensor = chosen) -> Tensor:
            return nn.functional.cross_entropy(network(inputs[chosen]), targets[chosen])

        traced = find_origin(network, compute_loss)
        network.zero_grad()
        watch.begin()
        loss = compute_loss()
        loss.backward()
        count += traced is not None or watch.check(loss, compute_loss) is not None
        optimizer.step()
    return count


def where_gradients(function: Callable[[Tensor], Tensor], values: Tensor) -> tuple[Tensor, Tensor]:
    """(f(x), f'(x)) at every entry of ``values`` (n,)."""
    x = values.clone().requires_grad_()
    result = function(x)
    (gradient,) = torch.autograd.grad(result.sum(), x)
    return result.detach(), gradient


def step_seconds(
    inputs: Tensor, targets: Tensor, *, width: int, depth: int, batch_size: int, rounds: int
) -> Mapping[str, float]:
    """Median processor seconds of one forward and backward pass under each way to look, in turns on one network."""
    network = BlockNetwork(inputs.shape[1], int(targets.max()) + 1, width, depth)
    watch = NanWatch(network)
    batch, labels = inputs[:batch_size], targets[:batch_size]

    def compute_loss() -> Tensor:
        return nn.functional.cross_entropy(network(batch), labels)

    def plain() -> None:
        compute_loss().backward()

    def watched() -> None:
        watch.begin()
        loss = compute_loss()
        loss.backward()
        watch.check(loss, compute_loss)

    ways: dict[str, Callable[[], object]] = {
        "nothing": plain,
        "watch": watched,
        "forward hooks": lambda: find_by_hooks(network, compute_loss),
        "detect_anomaly": lambda: find_by_anomaly(network, compute_loss),
        "replay": lambda: find_origin(network, compute_loss),
    }
    seconds = time_in_turns(ways, rounds, warmup=0, clock=time.process_time, before=network.zero_grad)
    return {name: median(of_way) for name, of_way in seconds.items()}
