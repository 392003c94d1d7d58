"""How long layers take on one thread, beside their FLOPs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.cnn.flops.setup import Networks
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Each, Order

DENSE, KINDS = "dense 3x3 convolutions", "layers of all kinds"


@observation
class TimeRow(Row):
    """One layer."""

    case: str
    """The group of layers in which its time is compared."""
    layer: str
    macs: int
    flops: float
    """Twice the multiply-adds."""
    seconds: float
    """Median over repeats on one thread."""


def run(networks: Networks) -> Iterator[Event]:
    """Dense convolutions and layers of all kinds, each by itself, then the layers of every model within it."""
    from experiments.cnn.core import architectures, flops_timing

    params = networks.params
    groups = {DENSE: flops_timing.dense_convolutions, KINDS: flops_timing.kinds_of_layers}
    for case, layers in ({} if params.only_own else groups).items():
        for timed in flops_timing.time_alone(layers(), params.repeats):
            yield TimeRow(case=case, flops=2 * timed.macs, **asdict(timed))
    for done, name in enumerate(params.models):
        yield Progress("time", done, len(params.models))
        real = architectures.materialized(networks.network(name))
        by_place, by_name = networks.inputs(name, "cpu")
        for timed in flops_timing.time_within(real, params.repeats, *by_place, **by_name):
            yield TimeRow(case=f"layers of {name}", flops=2 * timed.macs, **asdict(timed))


def seconds_over_flops(rows: Sequence[TimeRow]) -> Mapping[str, Points]:
    """Per group; layers of equal FLOPs are one point with their mean."""
    return {case: points(rows, "flops", "seconds", case=case) for case in dict.fromkeys(row.case for row in rows)}


PART = Part(
    name="times",
    row=TimeRow,
    run=run,
    claims=(
        Claim(
            "flops_order_layers_by_time",
            statement="FLOPs measure complexity: the more a layer has, the longer it takes.",
            rule=Each(Order("time on one thread over FLOPs", direction="rising"), per="group of layers"),
            measure=seconds_over_flops,
            topic="FLOPs measure complexity",
            predicted={DENSE: "holds", KINDS: "refuted"},
            source="pilot",
        ),
    ),
    tables=(
        Table("Time on one thread", by=("case", "layer"), columns=("flops", "seconds"), only={"case": (DENSE, KINDS)}),
    ),
    curves=(Curve("seconds_over_flops", "flops", "seconds", "case", "log", "log", only={"case": (DENSE, KINDS)}),),
)
