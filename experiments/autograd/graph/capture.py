"""A model with a data-dependent branch, captured as a graph in four ways, and what the graph then computes.

The example input takes the branch x * 2. On the other branch the model gives x - 1; a graph that recorded only the
first branch gives x * 2 there. At x = -1 both are -2, so the input that tells them apart has to be another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.autograd.graph.setup import Expressions
from experiments.lab.experiment import Event, Note, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Each, Fact

if TYPE_CHECKING:
    from experiments.autograd.core.capture import Way

WAYS: tuple[Way, ...] = ("eager", "torch.jit.trace", "torch.export", "torch.compile")


@observation
class CaptureRow(Row):
    """What became of one capture."""

    way: str
    outcome: str
    """"right" on both branches, "wrong" on one, or "refused" with the name of the error."""
    error: float
    """Largest difference to the model over both inputs; NaN if there is no graph."""
    warned: bool
    """Whether capturing warned of the branch."""
    graph_breaks: int
    """Places where the graph falls back to Python."""
    counterexample: str


def run(expressions: Expressions) -> Iterator[Event]:
    for done, way in enumerate(WAYS):
        yield Progress(f"capture by {way}", done, len(WAYS))
        found = try_capture(way)
        yield found
        if found.warned:
            yield Note(
                f"{way} warns while it records the branch; the graph that it returns says nothing when it is wrong."
            )


def try_capture(way: Way) -> CaptureRow:
    """Capture the model on the positive example and compare it with the graph on both branches."""
    import torch

    from experiments.autograd.core import capture

    model, example, other = capture.Branching(), torch.tensor([1.0, 2.0]), torch.tensor([-3.0, -3.0])
    error, shown, breaks = math.nan, "", 0
    with capture.quiet() as caught:
        try:
            graph = capture.capture(way, model, example)
        except Exception as refusal:  # torch.export raises several types, none of them public
            outcome = f"refused: {type(refusal).__name__}"
        else:
            error = max(float((graph(x) - model(x)).abs().max()) for x in (example, other))
            found, expected = graph(other).tolist(), model(other).tolist()
            shown = f"captured at {example.tolist()}, the graph gives {found} at {other.tolist()}, the model {expected}"
            breaks = capture.graph_breaks(model, example) if way == "torch.compile" else 0
            outcome = "wrong" if error else "right"
    warned = any(warning.category.__name__ == "TracerWarning" for warning in caught)
    return CaptureRow(way=way, outcome=outcome, error=error, warned=warned, graph_breaks=breaks, counterexample=shown)


def outcomes(rows: Sequence[CaptureRow]) -> Mapping[str, Observed]:
    return {
        row.way: Observed(f"{row.outcome}: {row.counterexample}" if row.outcome == "wrong" else row.outcome)
        for row in rows
    }


def breaks_of_compile(rows: Sequence[CaptureRow]) -> Observed:
    return Observed(sorted({row.graph_breaks for row in rows if row.way == "torch.compile"}))


PART = Part(
    name="capture",
    row=CaptureRow,
    run=run,
    claims=(
        Claim(
            "captured_graph_computes_what_the_model_computes",
            statement="A graph captured ahead of time computes what the model computes, on both sides of a branch.",
            rule=Each(Fact("the graph on an input for each side of the branch", expected="right"), per="way"),
            measure=outcomes,
            topic="Static and dynamic graphs: results",
            predicted={
                "eager": "holds",
                "torch.jit.trace": "refuted",
                "torch.export": "refuted",
                "torch.compile": "holds",
            },
            source="PyTorch documentation, torch.jit.trace, torch.export and torch.compile",
        ),
        Claim(
            "compile_breaks_the_graph_once",
            statement="torch.compile falls back to Python once at a data-dependent branch instead of refusing it.",
            rule=Fact("the number of graph breaks", expected=[1]),
            measure=breaks_of_compile,
            topic="Static and dynamic graphs: torch.compile",
            predicted="holds",
            source="PyTorch documentation, graph breaks",
        ),
    ),
    tables=(
        Table(
            title="A branch under capture",
            by=("way", "outcome"),
            columns=("error", "graph_breaks", "warned"),
        ),
    ),
)
