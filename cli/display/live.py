"""What a run shows while it runs, on stderr: events in, a live view on a terminal, plain lines in a pipe.

Both are context managers that are called with one event after the other:

    with live(experiment, console) as show:
        for event in events:
            show(event)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from rich.console import Console

from cli.display.live_lines import LiveLines
from cli.display.live_view import LiveView
from experiments.lab.experiment import Experiment

T = TypeVar("T")


class Show(Protocol):
    """Takes the events of a run; anything that is no event is passed over."""

    def __call__(self, event: object) -> None: ...


def live(
    experiment: Experiment[Any, Any] | None, console: Console, clock: Callable[[], float] = time.monotonic
) -> AbstractContextManager[Show]:
    """A live view where ``console`` is a terminal that can move its cursor, else plain lines.

    Without an experiment there are no rows to expect, only stages, as in a download.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(experiment, console, clock)
    return LiveLines(console, clock)


def watched(events: Iterable[T], console: Console, experiment: Experiment[Any, Any] | None = None) -> Iterator[T]:
    """The events one by one, each shown before it is passed on."""
    with live(experiment, console) as show:
        for event in events:
            show(event)
            yield event
