"""Two landscapes with places to be stuck in: a saddle, and the loss of one weight with several minima."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Trials
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Counterexample, Each, Order, Proportion, Theorem, Under
from experiments.train.batch.setup import Networks

NOISY, NEAR, EXACT = "exact start, noise 1e-3", "start off by 1e-8, no noise", "exact start, no noise"
STARTS = {NOISY: (0.0, 1e-3), NEAR: (1e-8, 0.0), EXACT: (0.0, 0.0)}
"""Distance from the axis, and noise on the gradient."""
LEAVES = Theorem("the saddle is left", control="the exact start without noise")


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
    """Many descents from the local minimum, each on batches of its own."""

    batch_size: int
    runs: int
    """How many."""
    left_start: float
    """Share that ends beside another minimum."""
    at_global: float
    """Share that ends beside the global one."""
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
    import numpy as np

    from experiments.train.core.landscapes import Wells

    params, rng = networks.params, np.random.default_rng(networks.seed)
    wells = Wells.draw(params.well_points, rng)
    least = wells.losses(np.array([wells.best]))[0]
    for size in params.well_batches:
        ended = wells.descend(size, lr=params.well_lr, steps=params.well_steps, runs=params.well_runs, rng=rng)
        yield WellRow(
            batch_size=size,
            runs=params.well_runs,
            left_start=1 - wells.share_beside(ended, wells.local),
            at_global=wells.share_beside(ended, wells.best),
            excess_loss=float(wells.losses(ended).mean() - least),
        )


def stays(rows: Sequence[SaddleRow]) -> Mapping[str, Instances]:
    """1 where a run stays, per start; the exact start is the control of the others."""
    stayed = {start: [1 - row.escaped for row in rows if row.start == start] for start in STARTS}
    return {start: Instances(errors, control=stayed[EXACT]) for start, errors in stayed.items()}


def at_the_global_minimum(rows: Sequence[WellRow]) -> Mapping[str, Trials]:
    """Runs that end there, per batch size; those of one seed share its landscape."""
    return {
        f"batches of {size}": Trials(
            {row.seed: (round(row.at_global * row.runs), row.runs) for row in rows if row.batch_size == size}
        )
        for size in sorted({row.batch_size for row in rows})
    }


def escapes(rows: Sequence[WellRow]) -> str:
    """What the curve shows."""
    sizes = sorted({row.batch_size for row in rows})
    low, high = (percent(mean(rows, "left_start", batch_size=size), 2) for size in (sizes[0], sizes[-1]))
    return f"{low} of descents leave a local minimum on batches of {sizes[0]}, {high} on batches of {sizes[-1]}"


SADDLE = Part(
    name="saddle",
    row=SaddleRow,
    run=run_saddle,
    claims=(
        Claim(
            "noise_leaves_saddles",
            statement="Descent leaves a saddle.",
            rule=Under({NOISY: LEAVES, NEAR: LEAVES, EXACT: Counterexample("the saddle is left")}),
            measure=stays,
            topic="Saddles",
            predicted={NOISY: "holds", NEAR: "holds", EXACT: "refuted"},
            source="Lee et al. 2016",
        ),
    ),
    tables=(Table("Saddle", by=("start",), columns=("escaped", "escape_steps", "escape_steps_without_noise")),),
)
WELLS = Part(
    name="wells",
    row=WellRow,
    run=run_wells,
    claims=(
        Claim(
            "small_batches_leave_local_minima",
            statement="The smaller the batch, the more runs leave a local minimum at one learning rate.",
            rule=Order("share of runs that end beside another minimum, along the batch size", direction="falling"),
            measure=lambda rows: points(rows, "batch_size", "left_start"),
            topic="Batches leave local minima",
            predicted="holds",
            source="Smith and Le 2018: the scale of the noise is proportional to learning rate / batch size",
        ),
        Claim(
            "noise_finds_the_global_minimum",
            statement="With the noise of batches 95 % of runs find the global minimum.",
            rule=Each(Proportion("runs that end beside the global minimum", at_least=0.95), per="batch size"),
            measure=at_the_global_minimum,
            topic="Batches find the global minimum",
            predicted="refuted",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "A loss with several minima, from a local one",
            by=("batch_size",),
            columns=("left_start", "at_global", "excess_loss"),
        ),
    ),
    curves=(Curve("escape", "batch_size", "left_start", x_scale="log", title=escapes),),
)
