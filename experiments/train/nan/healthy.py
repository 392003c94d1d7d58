"""What must raise no alarm: healthy trainings through which -inf passes, and a square root that a mask protects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
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
