"""Two landscapes in which noise can be dosed: a saddle and a double well."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Effect, Order, Theorem
from experiments.train.batch.setup import Networks

EXACT = "exact start, no noise"
STARTS = {"exact start, noise 1e-3": (0.0, 1e-3), "start off by 1e-8, no noise": (1e-8, 0.0), EXACT: (0.0, 0.0)}
"""Distance from the axis, and noise on the gradient."""
LOCAL, GLOBAL = "from the local well", "from the global well"


@observation
class SaddleRow(Row):
    start: str
    escaped: float
    escape_steps: int
    """The most steps if it stayed."""
    escape_steps_without_noise: float
    """In theory; infinite from the exact start."""


@observation
class WellRow(Row):
    """Many descents from the bottom of one well."""

    start: str
    batch_size: float
    """Infinite: no noise."""
    left_start: float
    """Share that ends in the other well."""
    in_global_basin: float
    excess_loss: float
    """Mean above the global minimum."""


def run_saddle(networks: Networks) -> Iterator[SaddleRow]:
    import numpy as np

    from experiments.train.core.landscapes import steps_in_theory, steps_off_saddle

    lr, most = networks.params.saddle_lr, networks.params.saddle_steps
    for start, (y0, noise) in STARTS.items():
        steps = steps_off_saddle(y0, lr, most, noise=noise, rng=np.random.default_rng(networks.seed))
        yield SaddleRow(
            start=start,
            escaped=float(steps < most),
            escape_steps=steps,
            escape_steps_without_noise=steps_in_theory(y0, lr),
        )


def run_wells(networks: Networks) -> Iterator[WellRow]:
    """From the local well into the global one, and in the mirrored landscape from the global one out of it."""
    import numpy as np

    from experiments.train.core import landscapes

    params = networks.params
    for start, tilt in ((LOCAL, params.well_tilt), (GLOBAL, -params.well_tilt)):
        for size in (*params.well_batches, math.inf):
            ended = landscapes.run_wells(
                size,
                tilt=tilt,
                sigma=params.well_sigma,
                lr=0.05,
                steps=params.well_steps,
                runs=params.well_runs,
                rng=np.random.default_rng([networks.seed, int(tilt > 0)]),
            )
            yield WellRow(
                start=start,
                batch_size=size,
                left_start=ended.left_start,
                in_global_basin=ended.in_global,
                excess_loss=ended.excess_loss,
            )


def stays(rows: Sequence[SaddleRow]) -> Mapping[str, Instances]:
    """1 where a run stays, per start; the exact start is the control."""
    stayed = {start: [1 - row.escaped for row in rows if row.start == start] for start in STARTS}
    return {start: Instances(errors, control=stayed[EXACT]) for start, errors in stayed.items()}


def left_the_local_well(rows: Sequence[WellRow]) -> Points:
    return points([row for row in rows if row.batch_size < math.inf], "batch_size", "left_start", start=LOCAL)


def in_the_global_basin(rows: Sequence[WellRow]) -> Mapping[str, Pairs]:
    """Share of runs that end there, per batch size, and at the noisiest also from the global well itself."""
    sizes = sorted({row.batch_size for row in rows if row.batch_size < math.inf})
    tried = [*((LOCAL, size) for size in sizes), (GLOBAL, sizes[0])]
    return {
        f"{start}, batch {size:g}": Pairs.against(by_seed(rows, "in_global_basin", start=start, batch_size=size), 0.0)
        for start, size in tried
    }


SADDLE = Part(
    name="saddle",
    row=SaddleRow,
    run=run_saddle,
    claims=(
        Claim(
            "noise_leaves_saddles",
            statement="Descent leaves a saddle.",
            rule=Each(Theorem("the saddle is left", control="the exact start without noise"), per="start"),
            measure=stays,
            topic="Saddles",
            predicted={
                "exact start, noise 1e-3": "holds",
                "start off by 1e-8, no noise": "holds",
                "exact start, no noise": "refuted",
            },
            source="Lee et al. 2016",
        ),
    ),
    tables=(
        Table(
            title="Saddle",
            by=("start",),
            columns=("escaped", "escape_steps", "escape_steps_without_noise"),
        ),
    ),
)
WELLS = Part(
    name="wells",
    row=WellRow,
    run=run_wells,
    claims=(
        Claim(
            "small_batches_leave_local_wells",
            statement="The smaller the batch, the more runs leave the local well.",
            rule=Order("share of runs that end in the other well, along the batch size", direction="falling"),
            measure=left_the_local_well,
            topic="Batches leave local minima",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "noise_finds_the_global_minimum",
            statement="With the noise of batches 95 % of runs find the global minimum.",
            rule=Each(Effect("share of runs that end in the global basin", delta=0.95), per="start and batch size"),
            measure=in_the_global_basin,
            topic="Batches find the global minimum",
            predicted="refuted",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Double well",
            by=("start", "batch_size"),
            columns=("left_start", "in_global_basin", "excess_loss"),
        ),
    ),
    curves=(Curve(name="escape", x="batch_size", y="left_start", group="start", x_scale="log"),),
)
