"""Each event goes to the method of its kind, and a sink does nothing of itself."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.lab.experiment import Artifact, Drawing, Event, Heatmap, Note, Progress, Trace
from experiments.lab.sinks import Sink, tell
from tests.lab import toy
from tests.lab.toy import StepRow

HEATMAP = Heatmap(name="h", title="", row_axis="", column_axis="", row_labels=(), column_labels=(), values=())
EVENTS: list[tuple[Event, str, tuple[object, ...]]] = [
    (StepRow(step=1), "row", ("count", StepRow(step=1))),
    (Progress("load", 0, 1), "progress", (Progress("load", 0, 1),)),
    (Note("digits"), "note", ("digits",)),
    (artifact := Artifact("model.pt", lambda path: None), "artifact", (artifact,)),
    (HEATMAP, "figure", (HEATMAP,)),
    (drawing := Drawing(name="d", title="", points=()), "figure", (drawing,)),
    (trace := Trace(name="t", x="step", y="loss", lines=()), "figure", (trace,)),
]


@pytest.mark.parametrize(("event", "method", "arguments"), EVENTS, ids=[type(event).__name__ for event, _, _ in EVENTS])
def test_an_event_goes_to_the_method_of_its_kind_alone(
    event: Event, method: str, arguments: tuple[object, ...]
) -> None:
    told: list[tuple[str, tuple[object, ...]]] = []

    class Listening(Sink):
        def __getattribute__(self, name: str) -> Any:
            return lambda *given: told.append((name, given))

    tell(Listening(), "count", event)
    assert told == [(method, arguments)]


def test_a_sink_does_nothing_until_a_method_is_overridden() -> None:
    sink = Sink()
    sink.start(toy.plan())
    for event, _, _ in EVENTS:
        tell(sink, "count", event)
    sink.end(toy.outcome(status="done"))
