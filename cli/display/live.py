"""What a run shows while it runs, on stderr: a live view on a terminal, plain lines in a pipe.

Both are sinks, and context managers, since a terminal has to be put back whichever way the run ends:

    with live(console) as view:
        execute(plan, (recording, view))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from rich.console import Console

from cli.display.live_lines import LiveLines
from cli.display.live_view import LiveView
from experiments.lab.experiment import Event
from experiments.lab.plan import Plan
from experiments.lab.sinks import tell

E = TypeVar("E", bound=Event)


def live(
    console: Console, clock: Callable[[], float] = time.monotonic, usual: Callable[[Plan], float | None] | None = None
) -> AbstractContextManager[LiveView | LiveLines]:
    """A live view where ``console`` is a terminal that can move its cursor, else plain lines.

    Args:
        console: where it is shown.
        clock: seconds, from any time on.
        usual: how long a plan took before, which tells the time left until a first seed is done.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, clock, usual or unknown)
    return LiveLines(console, clock, usual or unknown)


def unknown(plan: Plan) -> float | None:
    """How long a plan takes of which nothing is known."""
    return None


def watched(events: Iterable[E], console: Console) -> Iterator[E]:
    """The events of something that is no run, such as a download, each shown before it is passed on."""
    with live(console) as view:
        for event in events:
            tell(view, "", event)
            yield event
