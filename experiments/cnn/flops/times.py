"""How long layers take on one thread, beside their FLOPs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args

from experiments.cnn.flops.setup import NamedModel, Networks
from experiments.lab.answers import number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Each, Order

if TYPE_CHECKING:
    from experiments.cnn.core.flops_timing import TimedLayer

DENSE, KINDS, YOURS = "dense 3x3 convolutions", "layers of all kinds", "layers of your model"


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
    traffic_bytes: int
    """Memory that is read and written at least."""
    flops_per_byte: float
    """How much a layer computes with what it reads and writes: with little the memory sets its time."""
    flops_per_second: float


def row(case: str, timed: TimedLayer) -> TimeRow:
    flops, seconds = 2 * timed.macs, max(timed.seconds, 1e-9)
    intensity = flops / max(1, timed.traffic_bytes)
    return TimeRow(case=case, flops=flops, flops_per_byte=intensity, flops_per_second=flops / seconds, **asdict(timed))


def run(networks: Networks) -> Iterator[Event]:
    """Dense convolutions and layers of all kinds, each by itself, then the layers of every model within it."""
    from experiments.cnn.core import flops_timing

    params = networks.params
    groups = {DENSE: flops_timing.dense_convolutions, KINDS: flops_timing.kinds_of_layers}
    for case, layers in ({} if params.only_own else groups).items():
        for timed in flops_timing.time_alone(layers(), params.repeats):
            yield row(case, timed)
    for done, name in enumerate(params.models):
        yield Progress("time", done, len(params.models))
        by_place, by_name = networks.inputs(name, "cpu")
        for timed in flops_timing.time_within(networks.real(name), params.repeats, *by_place, **by_name):
            yield row(f"layers of {name}" if name in get_args(NamedModel) else YOURS, timed)


def seconds_over_flops(rows: Sequence[TimeRow]) -> Mapping[str, Points]:
    """Per group; layers of equal FLOPs are one point with their mean."""
    return {case: points(rows, "flops", "seconds", case=case) for case in dict.fromkeys(row.case for row in rows)}


def spread_of_times(rows: Sequence[TimeRow]) -> str:
    """How much longer a FLOP takes in one kind of layer than in another."""
    taken = {row.layer: row.seconds / row.flops for row in rows if row.case == KINDS and row.flops}
    if not taken:
        return "Time of dense convolutions over their FLOPs"
    slow, fast = max(taken, key=lambda name: taken[name]), min(taken, key=lambda name: taken[name])
    return f"A FLOP takes {number(taken[slow] / taken[fast], 2)} times as long in {slow} as in {fast}"


def fastest_and_slowest(rows: Sequence[TimeRow]) -> str:
    busy = sorted((row for row in rows if row.flops), key=lambda row: row.flops_per_second)
    if not busy:
        return "No layer multiplies anything"
    slow, fast = busy[0], busy[-1]
    speeds = [number(row.flops_per_second / 1e9) for row in (fast, slow)]
    return f"Fastest {fast.layer} at {speeds[0]} GFLOP/s, slowest {slow.layer} at {speeds[1]}"


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
        Table(
            "Your layers on one thread",
            by=("layer",),
            columns=("seconds", "flops", "flops_per_second", "flops_per_byte"),
            only={"case": YOURS},
        ),
    ),
    curves=(
        Curve(
            "seconds_over_flops",
            "flops",
            "seconds",
            "case",
            "log",
            "log",
            only={"case": (DENSE, KINDS)},
            title=spread_of_times,
        ),
        Curve(
            "roofline",
            "flops_per_byte",
            "flops_per_second",
            "case",
            "log",
            "log",
            joined=False,
            title=fastest_and_slowest,
        ),
    ),
)
