"""How long a linear layer and attention take on nested and on padded sequences, in turns on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from experiments.data.nested.setup import GENERATED, Batches
from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Order, Ratio

if TYPE_CHECKING:
    from experiments.data.core.nested import Operation

HALF = 0.5
"""Share of padding from which nesting is claimed to be faster."""


@observation
class TimeRow(Row):
    """One operation on one batch, padded or in one layout."""

    operation: str
    case: str
    """Kind of lengths, or the user's file."""
    layout: str
    """padded, jagged or strided."""
    waste: float
    """Share of the padded tensor that is padding."""
    operation_milliseconds: float
    """Median over rounds."""
    building_milliseconds: float
    """From the sequences to the tensor, and for padding its mask."""
    speedup: float
    """Time of padding over that of this layout, operation only."""


def run(setup: Batches) -> Iterator[Event]:
    from experiments.foundation.networks.timing import one_thread

    yield Note("Times are wall clock on one thread.")
    with one_thread():
        for done, case in enumerate(setup.batches):
            yield Progress("kinds of lengths", done, len(setup.batches))
            for operation in setup.params.op:
                yield from time_rows(setup, operation, case)


def time_rows(setup: Batches, operation: Operation, case: str) -> Iterator[TimeRow]:
    """Padding first, then each layout; padded attention gets its mask, which is built with the tensor."""
    from experiments.data.core.nested import nest, pad, waste
    from experiments.foundation.networks.timing import time_in_turns

    sequences, model, repeats = setup.batches[case], setup.model, setup.params.repeats
    building: dict[str, Callable[[], object]] = {"padded": partial(pad, sequences)}
    operating: dict[str, Callable[[], object]] = {"padded": partial(model.padded, operation, *pad(sequences))}
    for layout in setup.params.layout:
        building[layout] = partial(nest, sequences, layout)
        operating[layout] = partial(model.nested, operation, nest(sequences, layout))
    built, operated = time_in_turns(building, repeats), time_in_turns(operating, repeats)
    for way, seconds in operated.items():
        yield TimeRow(
            operation=operation,
            case=case,
            layout=way,
            waste=waste([len(sequence) for sequence in sequences]),
            operation_milliseconds=1e3 * median(seconds),
            building_milliseconds=1e3 * median(built[way]),
            speedup=median(operated["padded"]) / median(seconds),
        )


def nested_layouts(rows: Sequence[TimeRow]) -> list[str]:
    return [layout for layout in dict.fromkeys(row.layout for row in rows) if layout != "padded"]


def speedups(rows: Sequence[TimeRow], operation: str) -> dict[str, float]:
    """Layout -> mean speedup of an operation; empty where it was left out."""
    timed = kept(rows, {"operation": operation})
    return {layout: mean(timed, "speedup", layout=layout) for layout in nested_layouts(timed)}


def cases_by_waste(rows: Sequence[TimeRow]) -> dict[str, float]:
    """Kind of lengths -> its mean waste, by rising waste."""
    wastes = {case: mean(rows, "waste", case=case) for case in dict.fromkeys(row.case for row in rows)}
    return dict(sorted(wastes.items(), key=lambda item: item[1]))


def of_interest(rows: Sequence[TimeRow]) -> list[TimeRow]:
    """The rows of the user's file, else those of the lengths that waste most."""
    *_, most = cases_by_waste(rows)
    return kept(rows, {"case": next((row.case for row in rows if row.case not in GENERATED), most)})


def padded_over_nested(operation: str) -> Callable[[Sequence[TimeRow]], Mapping[str, Pairs] | Undecided]:
    """Times by layout, for every kind of lengths of which half or more is padding on average."""

    def measure(rows: Sequence[TimeRow]) -> Mapping[str, Pairs] | Undecided:
        timed = kept(rows, {"operation": operation})
        pairs = {
            f"{layout}, {case}": Pairs(
                by_seed(timed, "operation_milliseconds", case=case, layout="padded"),
                by_seed(timed, "operation_milliseconds", case=case, layout=layout),
            )
            for layout in nested_layouts(timed)
            for case, waste in cases_by_waste(timed).items()
            if waste >= HALF
        }
        return pairs or Undecided(f"needs {operation} and lengths that waste half")

    return measure


def gains_by_waste(rows: Sequence[TimeRow]) -> Mapping[str, Points] | Undecided:
    """Per layout: the speedup of a linear layer over the kinds of lengths, by rising waste."""
    timed = kept(rows, {"operation": "linear"})
    wastes = cases_by_waste(timed)
    if len(wastes) < 3:
        return Undecided("needs a linear layer and three kinds of lengths")
    points: dict[str, Points] = {}
    for layout in nested_layouts(timed):
        gains = [by_seed(timed, "speedup", case=case, layout=layout) for case in wastes]
        points[layout] = Points(list(wastes.values()), {seed: [gain[seed] for gain in gains] for seed in gains[0]})
    return points


def speedup_at_most_waste(operation: str, words: str, rows: Sequence[TimeRow]) -> str:
    """What a curve shows: the speedup where most is padding."""
    (*_, case), timed = cases_by_waste(rows), kept(rows, {"operation": operation})
    gains = speedups(kept(timed, {"case": case}), operation)
    said = listing(f"{number(gain, 2)} ({layout})" for layout, gain in gains.items())
    return f"At {percent(mean(timed, 'waste', case=case), 2)} padding {words} is {said} times as fast"


TABLE = Table(
    "Time of padded and nested sequences",
    by=("operation", "case", "layout"),
    columns=("waste", "operation_milliseconds", "building_milliseconds", "speedup"),
)
PART = Part(
    name="time",
    row=TimeRow,
    run=run,
    claims=(
        Claim(
            "nested_linear_layers_are_faster",
            statement="Where half or more is padding, a linear layer is faster on a NestedTensor.",
            rule=Each(
                Ratio("median time of a linear layer, padded over nested", at_least=1.0),
                per="layout and kind of lengths",
            ),
            measure=padded_over_nested("linear"),
            topic="one efficient structure: time of linear layers",
            predicted="holds",
            source="padding multiplies the work by 1 / (1 - waste), here at least 2",
        ),
        Claim(
            "nested_attention_is_faster",
            statement="Where half or more is padding, attention on a CPU is faster on a NestedTensor.",
            rule=Each(
                Ratio("median time of attention, padded with a mask over nested", at_least=1.0),
                per="layout and kind of lengths",
            ),
            measure=padded_over_nested("sdpa"),
            topic="one efficient structure: time of attention",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "gain_grows_with_waste",
            statement="The more is padding, the more a linear layer gains by nesting.",
            rule=Each(
                Order("speedup of a linear layer over kinds of lengths by waste", direction="rising"), per="layout"
            ),
            measure=gains_by_waste,
            topic="one efficient structure: gain by padding",
            predicted="holds",
            source="padding multiplies the work by 1 / (1 - waste)",
        ),
    ),
    tables=(TABLE,),
    curves=(
        *(
            Curve(
                f"{name}_speedup",
                "waste",
                "speedup",
                "layout",
                y_scale="log",
                only={"operation": operation},
                title=partial(speedup_at_most_waste, operation, words),
                limit=claim,
            )
            for name, operation, words, claim in (
                ("linear", "linear", "a nested linear layer", "nested_linear_layers_are_faster"),
                ("attention", "sdpa", "nested attention", "nested_attention_is_faster"),
            )
        ),
    ),
)
