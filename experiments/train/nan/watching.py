"""What must raise no alarm, healthy trainings and a square root that a mask protects; and the price of a look."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Ratio, Theorem
from experiments.train.nan.setup import Images

if TYPE_CHECKING:
    from torch import Tensor, nn


@observation
class HealthyRow(Row):
    network: str
    alarms: int
    """Steps at which the watch or the trace of every operation finds fault."""
    healthy_steps: int
    dataset: str


def run_healthy(images: Images) -> Iterator[HealthyRow]:
    import torch

    from experiments.train.core.nan_baselines import healthy_networks

    torch.manual_seed(images.seed)
    for name, network in healthy_networks(images.examples.inputs.shape[1], images.classes).items():
        steps = images.params.healthy_steps
        yield HealthyRow(network=name, alarms=alarms(network, images), healthy_steps=steps, dataset=images.dataset)


def alarms(network: nn.Module, images: Images) -> int:
    """Steps of a healthy training at which the watch or the trace finds fault."""
    import torch

    from experiments.train.core.nan_locator import NanWatch, find_origin

    params, examples = images.params, images.examples
    watch = NanWatch(network)
    optimizer = torch.optim.SGD(network.parameters(), params.lr)
    count = 0
    for _ in range(params.healthy_steps):
        chosen = torch.randint(len(examples), (params.batch_size,))

        def compute_loss(chosen: Tensor = chosen) -> Tensor:
            return torch.nn.functional.cross_entropy(network(examples.inputs[chosen]), examples.labels[chosen])

        traced = find_origin(network, compute_loss)
        network.zero_grad()
        watch.begin()
        loss = compute_loss()
        loss.backward()
        count += traced is not None or watch.check(loss, compute_loss) is not None
        optimizer.step()
    return count


@observation
class WhereRow(Row):
    """sqrt(x) where x > 0, else 0, at numbers of which half are 0."""

    function: str
    forward_finite: float
    """Share of the values that are finite."""
    gradient_finite: float


def run_where(images: Images) -> Iterator[WhereRow]:
    import torch

    from experiments.train.core.nan_baselines import double_where, single_where

    torch.manual_seed(images.seed)
    points = (torch.rand(100).round() * torch.rand(100)).requires_grad_()
    for name, function in (("single where", single_where), ("double where", double_where)):
        values = function(points)
        (gradient,) = torch.autograd.grad(values.sum(), points)
        forward, backward = (float(tensor.isfinite().float().mean()) for tensor in (values, gradient))
        yield WhereRow(function=name, forward_finite=forward, gradient_finite=backward)


def finite_with_nan_gradients(rows: Sequence[WhereRow]) -> Instances:
    """0 where all values are finite and some gradients are not."""
    errors, control = (
        [float(not row.forward_finite == 1 > row.gradient_finite) for row in rows if row.function == function]
        for function in ("single where", "double where")
    )
    return Instances(errors, control=control)


HEALTHY = Part(
    name="healthy",
    row=HealthyRow,
    run=run_healthy,
    tables=(Table("Healthy networks", ("network",), ("alarms", "healthy_steps")),),
)
WHERE = Part(
    name="where",
    row=WhereRow,
    run=run_where,
    claims=(
        Claim(
            "where_leaves_nan_in_the_gradient",
            statement="where(x > 0, sqrt(x), 0) is finite and its gradient at 0 is NaN; a second where mends it.",
            rule=Theorem("all values are finite and some gradients are not", control="the double where"),
            measure=finite_with_nan_gradients,
            topic="NaN behind a where",
            predicted="holds",
            source="the chain rule: 0 * inf is NaN",
        ),
    ),
    tables=(Table("A square root inside where", ("function",), ("forward_finite", "gradient_finite")),),
)


@observation
class PriceRow(Row):
    method: str
    layers: int
    step_milliseconds: float
    """Processor time of one forward and backward pass on one thread, median."""


def run_price(images: Images) -> Iterator[PriceRow]:
    for layers in sorted({1, images.params.cost_depth}):
        for method, seconds in step_seconds(images, layers).items():
            yield PriceRow(method=method, layers=layers, step_milliseconds=1e3 * median(seconds))


def step_seconds(images: Images, layers: int) -> Mapping[str, Sequence[float]]:
    """Under each way to look, in turns on one network."""
    import torch

    from experiments.foundation.networks.timing import one_thread, time_in_turns
    from experiments.train.core.nan_baselines import find_by_anomaly, find_by_hooks
    from experiments.train.core.nan_locator import NanWatch, find_origin

    params = images.params
    network, batch = images.blocks(params.cost_width, layers), images.examples.first(params.batch_size)
    watch = NanWatch(network)

    def compute_loss() -> torch.Tensor:
        return torch.nn.functional.cross_entropy(network(batch.inputs), batch.labels)

    def watched() -> None:
        watch.begin()
        loss = compute_loss()
        loss.backward()
        watch.check(loss, compute_loss)

    ways = {
        "nothing": lambda: compute_loss().backward(),
        "watch": watched,
        "forward hooks": lambda: find_by_hooks(network, compute_loss),
        "detect_anomaly": lambda: find_by_anomaly(network, compute_loss),
        "replay": lambda: find_origin(network, compute_loss),
    }
    with one_thread():
        return time_in_turns(ways, params.rounds, warmup=0, clock=time.process_time, before=network.zero_grad)


def anomaly_over_watch(rows: Sequence[PriceRow]) -> Mapping[str, Pairs]:
    return {
        f"{layers} hidden layers": Pairs(
            by_seed(rows, "step_milliseconds", method="detect_anomaly", layers=layers),
            by_seed(rows, "step_milliseconds", method="watch", layers=layers),
        )
        for layers in sorted({row.layers for row in rows})
    }


def times_as_long(rows: Sequence[PriceRow]) -> str:
    """What the curve shows."""
    deepest = max(row.layers for row in rows)
    plain, watch, anomaly = (
        mean(rows, "step_milliseconds", layers=deepest, method=method)
        for method in ("nothing", "watch", "detect_anomaly")
    )
    return (
        f"With {deepest} hidden layers a step takes {number(watch / plain, 2)} times as long under the watch, "
        f"{number(anomaly / plain, 2)} times under detect_anomaly"
    )


PRICE = Part(
    name="price",
    row=PriceRow,
    run=run_price,
    claims=(
        Claim(
            "watching_costs_less_than_anomaly_detection",
            statement="A step under detect_anomaly takes at least 1.1 times as long as one under the watch.",
            rule=Each(
                Ratio("processor time of a step, detect_anomaly / watch", at_least=1.1), per="number of hidden layers"
            ),
            measure=anomaly_over_watch,
            topic="Price of locating NaN",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(Table("Price of looking", ("layers", "method"), ("step_milliseconds",)),),
    curves=(Curve("price", "layers", "step_milliseconds", "method", title=times_as_long),),
)
