"""What it costs to look: processor time of one step of a shallow and of a deep network."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Ratio
from experiments.train.nan.setup import Images


@observation
class PriceRow(Row):
    method: str
    layers: int
    step_milliseconds: float
    """Processor time of one forward and backward pass on one thread, median."""


def run(images: Images) -> Iterator[PriceRow]:
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


PART = Part(
    name="price",
    row=PriceRow,
    run=run,
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
