"""What can be counted: the images of MNIST, the batches and updates of an epoch, the updates of four training loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.data.loader.setup import LoaderSetup, Params
from experiments.lab.experiment import Event, Note, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Observed
from experiments.lab.judge.rules import Each, Fact

BATCHES = 12
"""Of the epoch in which updates are counted."""
PER_EPOCH = "batches per epoch"


@observation
class CountRow(Row):
    """Something that was counted."""

    case: str
    count: int
    """Samples, batches or updates."""
    expected: int
    """What the plain sentence says."""


def run(setup: LoaderSetup) -> Iterator[Event]:
    yield from epoch_rows(setup.params)
    yield from mnist_rows()


def mnist_rows() -> Iterator[Event]:
    """Sizes of MNIST by the headers of its files; no rows where it is not in the data folder."""
    from experiments.foundation.datasets.formats.idx import read_idx
    from experiments.foundation.datasets.storage.store import files_of, locate

    if locate("mnist") is None:
        yield Note("MNIST is not in the data folder, so the sizes in its headers were not read.")
        return
    for path in files_of("mnist"):
        expected = 60_000 if path.name.startswith("train") else 10_000
        yield CountRow(case=path.name.removesuffix(".gz"), count=len(read_idx(path)), expected=expected)


def epoch_rows(params: Params) -> Iterator[CountRow]:
    """The user's own data set: batches and updates of an epoch, and iterations of all epochs."""
    from experiments.data.core.batches import batches_per_epoch, loader_length

    batches = batches_per_epoch(params.n, params.batch_size, drop_last=params.drop_last)
    counted = loader_length(params.n, params.batch_size, drop_last=params.drop_last)
    updates = -(-counted // params.accumulate)
    yield CountRow(case=PER_EPOCH, count=counted, expected=batches)
    yield CountRow(case="iterations in all", count=params.epochs * counted, expected=params.epochs * batches)
    yield CountRow(case=f"updates, {params.accumulate} batches each", count=updates, expected=batches)


def run_updates(setup: LoaderSetup) -> Iterator[CountRow]:
    from experiments.data.core.updates import LOOPS, count_updates

    accumulate = max(2, min(setup.params.accumulate, BATCHES))
    for loop in LOOPS:
        updates = count_updates(loop, batches=BATCHES, accumulate=accumulate, seed=setup.seed)
        yield CountRow(case=loop, count=updates, expected=BATCHES)


def sizes_of_mnist(rows: Sequence[CountRow]) -> Observed | NotMeasured:
    sizes = {row.case: row.count for row in rows if row.case.endswith("-ubyte")}
    if not sizes:
        return NotMeasured("MNIST is not in the data folder; `mlnotes data fetch mnist` puts it there")
    return Observed(sorted(sizes.values()))


def updates_by_loop(rows: Sequence[CountRow]) -> Mapping[str, Observed]:
    """In the first seed: no chance decides how often a loop updates."""
    return {row.case: Observed(row.count) for row in rows if row.seed == rows[0].seed}


PART = Part(
    name="counts",
    row=CountRow,
    run=run,
    claims=(
        Claim(
            "mnist_has_60000_and_10000_images",
            statement="MNIST has 60000 training and 10000 test images, each with a label.",
            rule=Fact("the list of sizes in the headers of the four files", expected=[10_000, 10_000, 60_000, 60_000]),
            measure=sizes_of_mnist,
            topic="Epoch and batch, by the example of MNIST",
            predicted="holds",
            source="LeCun, Cortes, Burges: The MNIST database",
        ),
    ),
    tables=(Table(title="An epoch, and MNIST", by=("case",), columns=("count", "expected")),),
)

UPDATES = Part(
    name="updates",
    row=CountRow,
    run=run_updates,
    claims=(
        Claim(
            "a_batch_is_an_update",
            statement="Every batch updates the parameters once.",
            rule=Each(Fact("the number of updates in an epoch of 12 batches", expected=BATCHES), per="training loop"),
            measure=updates_by_loop,
            topic="One batch, one iteration of the parameters",
            predicted={
                "plain loop": "holds",
                "gradient accumulation": "refuted",
                "mixed precision with one overflow": "refuted",
                "L-BFGS": "refuted",
            },
            source="PyTorch documentation of torch.amp.GradScaler and torch.optim.LBFGS",
        ),
    ),
    tables=(Table(title="Updates in an epoch of 12 batches", by=("case",), columns=("count", "expected")),),
)
