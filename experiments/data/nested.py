"""Do NestedTensors compute the same as padding, in less memory and in less time?

Sequences of equal, uniform and heavy-tailed lengths as a NestedTensor in both of torch's layouts, padded to the
longest, and one by one: results, stored numbers, and on one thread the time of a linear layer and of attention.

Notes: NestedTensor (004:30-31).
Source: PyTorch documentation, torch.nested; Vaswani et al.: Attention Is All You Need, NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.data.line_lengths import line_lengths, sample_lengths
from experiments.data.nested_rows import Row, rows_of
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, order, ratio, theorem, undecided

HALF = 0.5
TOLERANCE = 1e-5
"""float32 sums in another order; values are of size 1."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    lengths: Annotated[tuple[Literal["equal", "uniform", "heavy"], ...], Field(min_length=1)] = (
        "equal",
        "uniform",
        "heavy",
    )
    """Kinds of lengths: all the same, uniform, lognormal with a heavy tail."""
    n: Annotated[int, Field(ge=2, le=4096)] = 16
    """Sequences."""
    mean_length: Annotated[int, Field(ge=2, le=1024)] = 12
    """Mean length of a sequence."""
    dim: Annotated[int, Field(ge=1, le=4096)] = 16
    """Numbers per element of a sequence."""
    heads: Annotated[int, Field(ge=1, le=64)] = 4
    """Heads of attention; they divide dim."""
    layout: Annotated[tuple[Literal["jagged", "strided"], ...], Field(min_length=1)] = ("jagged", "strided")
    """Layouts of the NestedTensor."""
    op: Annotated[tuple[Literal["linear", "sdpa"], ...], Field(min_length=1)] = ("linear", "sdpa")
    """Operations: a linear layer with ReLU, self-attention."""
    repeats: Annotated[int, Field(ge=5, le=99)] = 5
    """Rounds of timing; the median counts."""
    text: str | None = None
    """A text file; the lengths of n of its lines, in bytes, are tried beside the generated ones."""

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise ValueError(f"heads: expected a divisor of dim = {self.dim}, got {self.heads}")


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.data.core.nested import Model, draw_lengths, draw_sequences
    from experiments.foundation.networks.timing import one_thread

    rng = torch.Generator().manual_seed(seed)
    kinds: dict[str, list[int]] = {
        kind: draw_lengths(kind, params.n, params.mean_length, rng) for kind in params.lengths
    }
    if params.text is not None:
        path = Path(params.text).expanduser()
        kinds[path.name] = sample_lengths(line_lengths(path), params.n, rng)
    yield Note("Times are wall clock on one thread.")
    model = Model.draw(params.dim, params.heads, rng)
    with one_thread():
        for number, (case, lengths) in enumerate(kinds.items()):
            yield Progress("kinds of lengths", number, len(kinds))
            sequences = draw_sequences(lengths, params.dim, rng)
            yield from rows_of(case, sequences, model, params.layout, params.op, params.repeats)


def judge_theorem(rows: Sequence[Row], part: str, tolerance: float) -> Comparison:
    tried = [row for row in rows if row.part == part and row.layout != "padded"]
    worst = max(tried, key=lambda row: row.error, default=None)
    return theorem(
        [row.error for row in tried],
        tolerance=tolerance,
        control=[row.control_error for row in tried],
        counterexample=worst.witness if worst is not None else None,
    )


def results_are_those_of_each_sequence(rows: Sequence[Row]) -> Comparison:
    return judge_theorem(rows, "result", TOLERANCE)


def only_the_elements_are_stored(rows: Sequence[Row]) -> Comparison:
    return judge_theorem(rows, "storage", 1e-12)


def timed(rows: Sequence[Row], operation: str) -> list[Row]:
    return [row for row in rows if row.part == "time" and row.operation == operation]


def arm(rows: Sequence[Row], case: str, layout: str, value: Callable[[Row], float]) -> dict[int, float]:
    """Seed -> a value of one layout for one kind of lengths."""
    return by_seed([row for row in rows if (row.case, row.layout) == (case, layout)], value)


def cases_by_waste(rows: Sequence[Row]) -> dict[str, float]:
    """Kind of lengths -> its mean waste, by rising waste."""
    means: dict[str, float] = {}
    for case in dict.fromkeys(row.case for row in rows):
        wastes = arm(rows, case, "padded", lambda row: row.waste)
        means[case] = sum(wastes.values()) / len(wastes)
    return dict(sorted(means.items(), key=lambda item: item[1]))


def nested_layouts(rows: Sequence[Row]) -> list[str]:
    return [layout for layout in dict.fromkeys(row.layout for row in rows) if layout != "padded"]


def milliseconds(row: Row) -> float:
    return row.operation_milliseconds


def speedup(row: Row) -> float:
    return row.speedup


def faster_where_half_is_padding(rows: Sequence[Row], operation: str) -> Comparison:
    """Padded over nested time, by layout, for every kind of lengths whose mean waste is a half or more."""
    found = timed(rows, operation)
    wasteful = [case for case, waste in cases_by_waste(found).items() if waste >= HALF]
    parts = {
        f"{layout}, {case}": ratio(
            arm(found, case, "padded", milliseconds), arm(found, case, layout, milliseconds), at_least=1.0
        )
        for layout in nested_layouts(found)
        for case in wasteful
    }
    return conditional(parts) if parts else undecided("conditional", f"needs {operation} and lengths that waste half")


def nested_linear_layers_are_faster(rows: Sequence[Row]) -> Comparison:
    return faster_where_half_is_padding(rows, "linear")


def nested_attention_is_faster(rows: Sequence[Row]) -> Comparison:
    return faster_where_half_is_padding(rows, "sdpa")


def gain_grows_with_waste(rows: Sequence[Row]) -> Comparison:
    found = timed(rows, "linear")
    wastes = cases_by_waste(found)
    if len(wastes) < 3:
        return undecided("conditional", "needs a linear layer and three kinds of lengths")
    parts: dict[str, Comparison] = {}
    for layout in nested_layouts(found):
        gains = [arm(found, case, layout, speedup) for case in wastes]
        by_case = {seed: [gain[seed] for gain in gains] for seed in gains[0]}
        parts[layout] = order(list(wastes.values()), by_case, direction="rising")
    return conditional(parts)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A NestedTensor gives what each sequence gives alone.",
            notes="NestedTensor (004:30-31)",
            kind="theorem",
            rule="linear layer and attention within 1e-5, both layouts; taking padding for data must be off",
            predicted="holds",
            judge=results_are_those_of_each_sequence,
        ),
        Claim(
            statement="A NestedTensor stores the elements only: 1 - waste of what padding stores.",
            notes="one efficient structure (004:31)",
            kind="theorem",
            rule="stored / padded equals sum of lengths / (n longest) within 1e-12; the padded tensor must not",
            predicted="holds",
            judge=only_the_elements_are_stored,
        ),
        Claim(
            statement="Where half or more is padding, a linear layer is faster on a NestedTensor.",
            notes="one efficient structure (004:31)",
            kind="conditional",
            rule="per layout: interval of the ratio of median times, padded over nested, above 1, or below",
            predicted="holds",
            judge=nested_linear_layers_are_faster,
        ),
        Claim(
            statement="Where half or more is padding, attention on a CPU is faster on a NestedTensor.",
            notes="one efficient structure (004:31)",
            kind="conditional",
            rule="per layout: interval of the ratio of median times, padded with mask over nested, above 1, or below",
            predicted="refuted",
            judge=nested_attention_is_faster,
        ),
        Claim(
            statement="The more is padding, the more a linear layer gains by nesting.",
            notes="one efficient structure (004:31)",
            kind="conditional",
            rule="per layout: speedup rises over the kinds of lengths by waste, rho >= 0.9 and Page's p < 0.01",
            predicted="holds",
            judge=gain_grows_with_waste,
        ),
    ),
    tables=(
        Table(
            title="Time of padded and nested sequences",
            by=("operation", "case", "layout"),
            columns=("waste", "operation_milliseconds", "building_milliseconds", "speedup"),
            where=lambda row: row.part == "time",
        ),
        Table(
            title="Storage",
            by=("case", "layout"),
            columns=("waste", "stored_numbers"),
            where=lambda row: row.part == "storage",
        ),
        Table(
            title="Errors and their controls",
            by=("part", "operation", "case", "layout"),
            columns=("error", "control_error"),
            where=lambda row: row.part != "time" and row.layout != "padded",
        ),
    ),
    curves=(
        Curve(
            name="linear_speedup",
            x="waste",
            y="speedup",
            group="layout",
            y_scale="log",
            where=lambda row: row.part == "time" and row.operation == "linear",
        ),
        Curve(
            name="attention_speedup",
            x="waste",
            y="speedup",
            group="layout",
            y_scale="log",
            where=lambda row: row.part == "time" and row.operation == "sdpa",
        ),
    ),
)
