"""What is drawn: how often an epoch sees each sample, and the random numbers of the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.data.loader.setup import LoaderSetup
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Observed
from experiments.lab.judge.rules import Each, Fact, Theorem

ONCE = ("in order", "shuffled")
"""Samplers without replacement; the others are controls."""


@observation
class CoverageRow(Row):
    """One way to draw an epoch."""

    sampler: str
    drawn: int
    samples: int
    share_seen: float
    """Share of the samples that an epoch sees at all."""
    error: float
    """Largest deviation of a sample's count from 1."""


@observation
class RandomnessRow(Row):
    """One source of random numbers in the workers of a loader."""

    source: str
    distinct: int
    """Different numbers in one epoch."""
    samples: int
    """Numbers that were drawn in it."""
    repeated: int
    """Numbers of the second epoch that the first had already."""


def run_coverage(setup: LoaderSetup) -> Iterator[CoverageRow]:
    from experiments.data.core.batches import SAMPLERS, times_seen

    n = setup.params.iterated + (setup.params.iterated % 3 == 0)  # three replicas pad only what 3 does not divide
    for name in SAMPLERS:
        seen = times_seen(name, n, setup.seed)
        yield CoverageRow(
            sampler=name,
            drawn=int(seen.sum()),
            samples=n,
            share_seen=float((seen > 0).mean()),
            error=float(abs(seen - 1).max()),
        )


def run_randomness(setup: LoaderSetup) -> Iterator[RandomnessRow]:
    from experiments.data.core.workers import SOURCES, draw

    n = 8 * setup.params.workers
    first, second = draw(n, setup.params.workers, setup.seed)
    for source, now, then in zip(SOURCES, first.T, second.T, strict=True):
        yield RandomnessRow(
            source=source, distinct=len(np.unique(now)), samples=n, repeated=int(np.isin(then, now).sum())
        )


def deviations_from_once(rows: Sequence[CoverageRow]) -> Instances:
    """Every shuffling, and the order as it is once: it is the same for every seed. Controls by their names."""
    controls: dict[str, list[float]] = {}
    for row in rows:
        if row.sampler not in ONCE:
            controls.setdefault(row.sampler, []).append(row.error)
    distinct = {
        row.seed if row.sampler == "shuffled" else row.sampler: row.error for row in rows if row.sampler in ONCE
    }
    return Instances(list(distinct.values()), controls)


def repetitions(rows: Sequence[RandomnessRow]) -> Mapping[str, Observed]:
    """Within an epoch and from one to the next, in the first seed."""
    first = [row for row in rows if row.seed == rows[0].seed]
    return {row.source: Observed((row.samples - row.distinct, row.repeated)) for row in first}


COVERAGE = Part(
    name="coverage",
    row=CoverageRow,
    run=run_coverage,
    claims=(
        Claim(
            "an_epoch_sees_every_sample_once",
            statement="An epoch sees every sample exactly once.",
            rule=Theorem(
                "every count is 1, in order and shuffled", control="drawing with replacement, and padding for replicas"
            ),
            measure=deviations_from_once,
            topic="Epoch; shuffling",
            predicted="holds",
            source="PyTorch documentation of torch.utils.data.RandomSampler",
        ),
    ),
    tables=(
        Table(title="How often an epoch sees a sample", by=("sampler",), columns=("drawn", "samples", "share_seen")),
    ),
)

RANDOMNESS = Part(
    name="randomness",
    row=RandomnessRow,
    run=run_randomness,
    claims=(
        Claim(
            "workers_draw_different_random_numbers",
            statement="Every worker of a loader, and every epoch, draws random numbers of its own.",
            rule=Each(
                Fact("the pair of repetitions, within an epoch and from one to the next,", expected=(0, 0)),
                per="source of random numbers",
            ),
            measure=repetitions,
            topic="DataLoader: random numbers of workers",
            predicted={
                "torch": "holds",
                "random": "holds",
                "numpy, global": "holds",
                "numpy, kept in the data set": "refuted",
            },
            source="PyTorch documentation, torch.utils.data: randomness in multi-process data loading",
        ),
    ),
    tables=(Table(title="Random numbers in the workers", by=("source",), columns=("distinct", "samples", "repeated")),),
)
