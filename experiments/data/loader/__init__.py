"""What are epochs, batches, iterations?

What are an epoch, a batch and an iteration, and when is one batch one update of the parameters?

torch's DataLoader on a data set of indices: its length, what it delivers, how often each sample is seen, in which
order, and what its workers draw. The sizes of MNIST are read from the headers of its files where they are present.

Notes: epoch, batch, iteration; Dataset and DataLoader.

Source: PyTorch documentation, torch.utils.data; LeCun, Cortes, Burges: The MNIST database of handwritten digits.
"""

from __future__ import annotations

from experiments.data.loader import counts, draws, laws
from experiments.data.loader.setup import Params
from experiments.lab.answers import listing
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    batches = next(row.count for row in rows.of(counts.PART) if row.case == counts.PER_EPOCH)
    updates = {row.case: row.count for row in rows.of(counts.UPDATES)}
    plain = updates.pop("plain loop")
    others = listing(f"{count} with {loop}" for loop, count in updates.items())
    return (
        f"An epoch is one pass over the samples, here {batches:,} batches or iterations. Over 12 batches the "
        f"parameters change {plain} times in a plain loop, but {others}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(
        counts.PART,
        counts.UPDATES,
        laws.PART,
        draws.COVERAGE,
        draws.RANDOMNESS,
    ),
    answer=answer,
    headline=Headline(
        part=counts.UPDATES,
        table=Table(title="Updates in an epoch of 12 batches", by=("case",), columns=("count", "expected")),
    ),
)
