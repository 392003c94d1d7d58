"""Lengths of epochs, orders of samples and averages over batches: laws of a loader, each beside its control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from experiments.data.loader.setup import LoaderSetup
from experiments.foundation.statements.trials import (
    TrialRow,
    distinct,
    instances,
    instances_by_case,
    trials_of,
    tried,
)
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem


def run(setup: LoaderSetup) -> Iterator[TrialRow]:
    for n in range(1, setup.params.largest + 1):
        yield from length_trials(n, setup.params.largest)
    yield from order_trials(setup.params.iterated, setup.params.workers, setup.seed)
    yield from average_trials(setup.params.iterated, np.random.default_rng(setup.seed))


def length_trials(n: int, largest: int) -> Iterator[TrialRow]:
    """Batch sizes from 1 to ``largest`` for which the formula is not what torch says and delivers for n samples.

    The control is the formula with the other rounding.
    """
    from experiments.data.core.batches import batches_per_epoch, delivered_batches, loader_length

    for drop_last, case in ((False, "last batch kept"), (True, "last batch dropped")):
        wrong = control = 0
        for size in range(1, largest + 1):
            found = {loader_length(n, size, drop_last=drop_last), delivered_batches(n, size, drop_last=drop_last)}
            wrong += found != {batches_per_epoch(n, size, drop_last=drop_last)}
            control += found != {batches_per_epoch(n, size, drop_last=not drop_last)}
        yield TrialRow(
            statement="length",
            case=case,
            error=float(wrong),
            control_error=float(control),
            counterexample=f"{n} samples, {case}",
        )


def order_trials(n: int, workers: int, seed: int) -> Iterator[TrialRow]:
    """Samples that two loaders with one seed deliver in other places, without and with workers.

    The control has another seed.
    """
    from experiments.data.core.batches import epoch_order

    first, other = epoch_order(n, seed), epoch_order(n, seed + 1)
    for case, processes in (("no workers", 0), (f"{workers} workers", workers)):
        again = epoch_order(n, seed, workers=processes)
        moved, control = (sum(a != b for a, b in zip(again, order, strict=True)) for order in (first, other))
        yield TrialRow(statement="order", case=case, error=float(moved), control_error=float(control))


def average_trials(n: int, rng: np.random.Generator) -> Iterator[TrialRow]:
    """Mean of batch means against the mean, for a batch size that divides n and for one that does not.

    The control takes the first batch for all of them.
    """
    from experiments.data.core.batches import mean_of_batch_means

    values = rng.standard_normal(8 * (n // 8) + 3)
    even, mean = values[:-3], float(values.mean())
    small = np.array([0.0, 0.0, 0.0, 0.0, 10.0])
    first = abs(float(values[:8].mean()) - mean)
    cases = {
        "equal batches": abs(mean_of_batch_means(even, 8) - float(even.mean())),
        "smaller last batch": abs(mean_of_batch_means(values, 8) - mean),
        "smaller last batch, weighted by size": abs(mean_of_batch_means(values, 8, weighted=True) - mean),
    }
    for case, error in cases.items():
        yield TrialRow(
            statement="average",
            case=case,
            error=error,
            control_error=first,
            counterexample=(
                f"{[int(v) for v in small]} in batches of 2: mean of the means {mean_of_batch_means(small, 2):.4g}, "
                f"mean {small.mean():.4g}"
            ),
        )


def lengths(rows: Sequence[TrialRow]) -> Instances:
    """Lengths are the same for every seed."""
    return replace(tried(distinct(trials_of(rows, "length"))), all_of="all n and batch sizes of the grid")


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "an_epoch_has_n_over_batch_size_batches",
            statement=(
                "An epoch has ceil(n / batch size) batches, and floor(n / batch size) if the last one is dropped."
            ),
            rule=Theorem(
                "formula, length and delivered batches agree for all n and batch sizes of the grid",
                control="the other rounding",
            ),
            measure=lengths,
            topic="Iterations per epoch",
            predicted="holds",
            source="PyTorch documentation of torch.utils.data.DataLoader: drop_last",
        ),
        Claim(
            "a_seed_fixes_the_order_with_any_number_of_workers",
            statement="The seed of the generator alone fixes the order of the samples, whatever the number of workers.",
            rule=Theorem("the same seed gives the same order, without and with workers", control="another seed"),
            measure=instances("order"),
            topic="DataLoader: order of samples",
            predicted="holds",
            source="PyTorch documentation, torch.utils.data: the sampler runs in the main process",
        ),
        Claim(
            "mean_of_batch_means_is_the_mean",
            statement="Averaging a metric over the batches gives its average over the data set.",
            rule=Each(
                Theorem(
                    "the average over batches is that over samples",
                    control="the first batch alone",
                    tolerance=1e-12,
                ),
                per="kind of batches",
            ),
            measure=instances_by_case("average"),
            topic="Batch: averages over batches",
            predicted={
                "equal batches": "holds",
                "smaller last batch": "refuted",
                "smaller last batch, weighted by size": "holds",
            },
            source="a mean of means weighs the samples of a smaller batch more",
        ),
    ),
    tables=(Table(title="Checks and their controls", by=("statement", "case"), columns=("error", "control_error")),),
)
