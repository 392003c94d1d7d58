"""The last lines of a run: the question, its answer, and the headline."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from cli.display.tables import headline
from experiments.lab.sinks import Outcome


def ending(outcome: Outcome) -> Group:
    """What a person in a hurry reads."""
    return Group(*_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[RenderableType]:
    experiment = outcome.plan.experiment
    yield Text(f"\n{experiment.question}", style="header")
    size = "At smoke size, which decides theorems and facts only: " if outcome.plan.smoke else ""
    yield Text(f"{size}{outcome.answer}\n")
    table = headline(experiment, outcome.rows)
    if table is not None:
        yield table
