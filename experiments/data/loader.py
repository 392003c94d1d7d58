"""What are an epoch, a batch and an iteration, and when is one batch one update of the parameters?

torch's DataLoader on a data set of indices: its length, what it delivers, how often each sample is seen, in which
order, and what its workers draw. The sizes of MNIST are read from the headers of its files where they are present.

Notes: epoch, batch, iteration (004:2-8); Dataset and DataLoader (002:76-77).
Source: PyTorch documentation, torch.utils.data; LeCun, Cortes, Burges: The MNIST database of handwritten digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Event, Experiment, Note, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, conditional, fact, theorem, unavailable

if TYPE_CHECKING:
    import numpy as np

NAN = float("nan")


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    n: Annotated[int, Field(ge=1, le=1_000_000_000)] = 60_000
    """Samples in the data set whose epochs are counted."""
    batch_size: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100
    """Samples in a batch, at most n."""
    drop_last: bool = False
    """Whether an incomplete last batch is left out."""
    accumulate: Annotated[int, Field(ge=1, le=1_000_000)] = 4
    """Batches per update where gradients are accumulated."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 1
    """Passes over the data set."""
    workers: Annotated[int, Field(ge=1, le=8)] = 2
    """Processes that load data, where they are compared with none."""
    iterated: Annotated[int, Field(ge=8, le=1_000_000)] = 103
    """Samples of the data sets that are iterated, not only counted."""
    largest: Annotated[int, Field(ge=2, le=1000)] = 12
    """Lengths are compared for all n and batch sizes up to this."""

    def __post_init__(self) -> None:
        if self.batch_size > self.n:
            raise ValueError(f"batch_size: expected at most n = {self.n}, got {self.batch_size}")


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """header, epoch, length, updates, coverage, order, average or randomness."""
    case: str
    count: int = 0
    """What was counted: samples, batches, updates or different numbers; n for a length."""
    expected: int = 0
    """What the plain sentence says."""
    share_seen: float = NAN
    """Share of the samples that an epoch sees at all."""
    repeated: int = 0
    """Random numbers of the second epoch that the first had already."""
    error: float = NAN
    control_error: float = NAN
    witness: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    rng = np.random.default_rng(seed)
    yield from _header_rows()
    yield from _epoch_rows(params)
    yield from _length_rows(params)
    yield from _update_rows(params, seed)
    yield from _coverage_rows(params, seed)
    yield from _order_rows(params, seed)
    yield from _average_rows(params, rng)
    yield from _randomness_rows(params, seed)


def _header_rows() -> Iterator[Event]:
    """Sizes of MNIST by the headers of its files; no rows where it is not in the data folder."""
    from experiments.foundation.datasets.idx import read_idx
    from experiments.foundation.datasets.store import files_of, locate

    if locate("mnist") is None:
        yield Note("MNIST is not in the data folder, so the sizes in its headers were not read.")
        return
    for path in files_of("mnist"):
        expected = 60_000 if path.name.startswith("train") else 10_000
        yield Row(part="header", case=path.name.removesuffix(".gz"), count=len(read_idx(path)), expected=expected)


def _epoch_rows(params: Params) -> Iterator[Event]:
    """The user's own data set: batches and updates of an epoch, and iterations of all epochs."""
    from experiments.data.core.batches import batches_per_epoch, loader_length

    batches = batches_per_epoch(params.n, params.batch_size, drop_last=params.drop_last)
    counted = loader_length(params.n, params.batch_size, drop_last=params.drop_last)
    updates = -(-counted // params.accumulate)
    yield Row(part="epoch", case="batches per epoch", count=counted, expected=batches)
    yield Row(part="epoch", case="iterations in all", count=params.epochs * counted, expected=params.epochs * batches)
    yield Row(part="epoch", case=f"updates, {params.accumulate} batches each", count=updates, expected=batches)


def _length_rows(params: Params) -> Iterator[Event]:
    """Every n and batch size up to ``largest``: length by formula, by torch and by iteration; control: the other
    rounding.
    """
    from experiments.data.core.batches import length_disagreements

    for drop_last, case in ((False, "last batch kept"), (True, "last batch dropped")):
        for n in range(1, params.largest + 1):
            wrong, control = length_disagreements(n, params.largest, drop_last=drop_last)
            yield Row(part="length", case=case, count=n, error=float(wrong), control_error=float(control))


def _update_rows(params: Params, seed: int) -> Iterator[Event]:
    from experiments.data.core.updates import LOOPS, count_updates

    for loop in LOOPS:
        updates = count_updates(loop, batches=12, accumulate=max(2, min(params.accumulate, 12)), seed=seed)
        yield Row(part="updates", case=loop, count=updates, expected=12)


def _coverage_rows(params: Params, seed: int) -> Iterator[Event]:
    from experiments.data.core.batches import SAMPLERS, times_seen

    n = params.iterated + (params.iterated % 3 == 0)  # three replicas pad only what 3 does not divide
    for name in SAMPLERS:
        seen = times_seen(name, n, seed)
        most = int(abs(seen - 1).max())
        yield Row(
            part="coverage",
            case=name,
            count=int(seen.sum()),
            expected=n,
            share_seen=float((seen > 0).mean()),
            error=float(most),
        )


def _order_rows(params: Params, seed: int) -> Iterator[Event]:
    """Orders of two loaders with one seed, without and with workers; the control has another seed."""
    from experiments.data.core.batches import epoch_order

    first, other = epoch_order(params.iterated, seed), epoch_order(params.iterated, seed + 1)
    for case, workers in (("no workers", 0), (f"{params.workers} workers", params.workers)):
        again = epoch_order(params.iterated, seed, workers=workers)
        moved, control = (sum(a != b for a, b in zip(again, order, strict=True)) for order in (first, other))
        yield Row(part="order", case=case, count=len(again), error=float(moved), control_error=float(control))


def _average_rows(params: Params, rng: np.random.Generator) -> Iterator[Event]:
    """Mean of batch means against the mean, for a batch size that divides n and for one that leaves a smaller last
    batch.
    """
    import numpy as np

    from experiments.data.core.batches import mean_of_batch_means

    values = rng.standard_normal(8 * (params.iterated // 8) + 3)
    even, mean = values[:-3], float(values.mean())
    small = np.array([0.0, 0.0, 0.0, 0.0, 10.0])
    shown = f"{[int(v) for v in small]} in batches of 2: mean of the means {mean_of_batch_means(small, 2):.4g}"
    uneven = abs(mean_of_batch_means(values, 8) - mean)
    cases = {
        "equal batches": abs(mean_of_batch_means(even, 8) - float(even.mean())),
        "smaller last batch": uneven,
        "smaller last batch, weighted by size": abs(mean_of_batch_means(values, 8, weighted=True) - mean),
    }
    for case, error in cases.items():
        witness = f"{shown}, mean {small.mean():.4g}"
        yield Row(part="average", case=case, error=error, control_error=uneven, witness=witness)


def _randomness_rows(params: Params, seed: int) -> Iterator[Event]:
    from experiments.data.core.workers import draw

    n = 8 * params.workers
    for source in draw(n, params.workers, seed):
        yield Row(part="randomness", case=source.source, count=source.distinct, expected=n, repeated=source.repeated)


def _of(rows: Sequence[Row], part: str) -> list[Row]:
    return [row for row in rows if row.part == part]


def _theorem(rows: Sequence[Row], tolerance: float = 0.0) -> Comparison:
    worst = max(rows, key=lambda row: row.error, default=None)
    return theorem(
        [row.error for row in rows],
        tolerance=tolerance,
        control=[row.control_error for row in rows],
        counterexample=worst.witness if worst is not None and worst.witness else None,
    )


def mnist_has_60000_and_10000_images(rows: Sequence[Row]) -> Comparison:
    headers = {row.case: row.count for row in _of(rows, "header")}
    if not headers:
        return unavailable("fact", "MNIST is not in the data folder; `mlnotes data fetch mnist` puts it there")
    return fact(sorted(headers.values()), [10_000, 10_000, 60_000, 60_000])


def an_epoch_has_n_over_batch_size_batches(rows: Sequence[Row]) -> Comparison:
    return _theorem(_of(rows, "length"))


def a_batch_is_an_update(rows: Sequence[Row]) -> Comparison:
    first = [row for row in _of(rows, "updates") if row.seed == rows[0].seed]
    return conditional({row.case: fact(row.count, row.expected) for row in first})


def an_epoch_sees_every_sample_once(rows: Sequence[Row]) -> Comparison:
    """Sampling without replacement, in order or shuffled; the controls draw with replacement, and pad for three
    replicas.
    """
    plain = [row.error for row in _of(rows, "coverage") if row.case in ("in order", "shuffled")]
    return theorem(
        plain, control=[row.error for row in _of(rows, "coverage") if row.case not in ("in order", "shuffled")]
    )


def a_seed_fixes_the_order_with_any_number_of_workers(rows: Sequence[Row]) -> Comparison:
    return _theorem(_of(rows, "order"))


def mean_of_batch_means_is_the_mean(rows: Sequence[Row]) -> Comparison:
    cases = dict.fromkeys(row.case for row in _of(rows, "average"))
    return conditional(
        {case: _theorem([row for row in _of(rows, "average") if row.case == case], 1e-12) for case in cases}
    )


def workers_draw_different_random_numbers(rows: Sequence[Row]) -> Comparison:
    first = [row for row in _of(rows, "randomness") if row.seed == rows[0].seed]
    return conditional({row.case: fact((row.count, row.repeated), (row.expected, 0)) for row in first})


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="MNIST has 60000 training and 10000 test images, each with a label.",
            notes="Epoch and batch, by the example of MNIST (004:2-8)",
            kind="fact",
            rule="The headers of the four files say so; not judged where the files are absent.",
            predicted="holds",
            judge=mnist_has_60000_and_10000_images,
        ),
        Claim(
            statement=(
                "An epoch has ceil(n / batch size) batches, and floor(n / batch size) if the last one is dropped."
            ),
            notes="Iterations per epoch (004:8)",
            kind="theorem",
            rule=(
                "Formula, length and delivered batches agree for all n and sizes of the grid; the other rounding "
                "must not."
            ),
            predicted="holds",
            judge=an_epoch_has_n_over_batch_size_batches,
        ),
        Claim(
            statement="Every batch updates the parameters once.",
            notes="One batch, one iteration of the parameters (004:8)",
            kind="conditional",
            rule="Per kind of training loop: 12 updates in an epoch of 12 batches.",
            predicted="conditional",
            judge=a_batch_is_an_update,
        ),
        Claim(
            statement="An epoch sees every sample exactly once.",
            notes="Epoch (004:3); shuffling (002:77)",
            kind="theorem",
            rule="Every count is 1 without replacement; drawing with replacement and padding for replicas must fail.",
            predicted="holds",
            judge=an_epoch_sees_every_sample_once,
        ),
        Claim(
            statement="The seed of the generator alone fixes the order of the samples, whatever the number of workers.",
            notes="Dataset and DataLoader (002:76-77)",
            kind="theorem",
            rule="Same seed, same order, without and with workers; another seed must give another.",
            predicted="holds",
            judge=a_seed_fixes_the_order_with_any_number_of_workers,
        ),
        Claim(
            statement="Averaging a metric over the batches gives its average over the data set.",
            notes="Batch (004:4-8)",
            kind="conditional",
            rule="With equal batches, with a smaller last one, and weighted by size: equal within 1e-12.",
            predicted="conditional",
            judge=mean_of_batch_means_is_the_mean,
        ),
        Claim(
            statement="Every worker of a loader, and every epoch, draws random numbers of its own.",
            notes="Dataset and DataLoader (002:76-77)",
            kind="conditional",
            rule="Per source: as many different numbers as samples, and none repeated in the next epoch.",
            predicted="conditional",
            judge=workers_draw_different_random_numbers,
        ),
    ),
    tables=(
        Table(
            title="Counts",
            by=("part", "case"),
            columns=("count", "expected"),
            where=lambda row: row.part in ("header", "epoch", "updates"),
        ),
        Table(
            title="How often an epoch sees a sample",
            by=("case",),
            columns=("count", "expected", "share_seen"),
            where=lambda row: row.part == "coverage",
        ),
        Table(
            title="Random numbers in the workers",
            by=("case",),
            columns=("count", "expected", "repeated"),
            where=lambda row: row.part == "randomness",
        ),
        Table(
            title="Checks and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part in ("length", "order", "average"),
        ),
    ),
)
