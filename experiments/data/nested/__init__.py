"""Are NestedTensors better than padding?

Do NestedTensors compute the same as padding, in less memory and in less time?

Sequences of equal, uniform and heavy-tailed lengths as a NestedTensor in both of torch's layouts, padded to the
longest, and one by one: results, stored numbers, and on one thread the time of a linear layer and of attention.

Notes: NestedTensor.

Source: PyTorch documentation, torch.nested; Vaswani et al.: Attention Is All You Need, NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from experiments.data.nested import results, times
from experiments.data.nested.setup import GENERATED, Params, prepare
from experiments.lab.answers import listing, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows


def answer(findings: Findings, rows: Rows) -> str:
    furthest = max(row.error for row in rows.of(results.LAWS))
    shown = times.of_interest(rows.of(times.PART))
    case = shown[0].case
    stored = fmean(
        row.share_of_padded for row in rows.of(results.STORAGE) if row.case == case and row.layout != "padded"
    )
    lengths = f"{case} lengths" if case in GENERATED else f"the lengths of {case}"
    return (
        f"Results differ from those of each sequence alone by at most {number(furthest, 2)}. With {lengths} a "
        f"NestedTensor stores {percent(stored)} of what padding stores on average; {durations(shown)} times as long as "
        "on padding."
    )


def durations(rows: Sequence[times.TimeRow]) -> str:
    """By operation and layout: time on nested over that on padded sequences."""
    said = {"linear": "a linear layer takes", "sdpa": "attention takes"}
    return " and ".join(
        f"{words} {listing((f'{number(1 / gain, 2)} ({layout})' for layout, gain in gains.items()), 'or')}"
        for operation, words in said.items()
        if (gains := times.speedups(rows, operation))
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(results.LAWS, results.STORAGE, times.PART),
    answer=answer,
    headline=Headline(times.PART, times.TABLE, pick=times.of_interest),
)
