"""How many lines a plot can carry: at most six in one panel, else small multiples, else six of them and a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.display.series import Plot, Series

MOST = 6
"""Lines that a person can tell apart in one panel, and panels that fit one figure."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes; ``places`` says which color and marker each of its lines has."""

    title: str
    series: tuple[Series, ...]
    places: tuple[int, ...]


@dataclass(frozen=True)
class Panels:
    """What is drawn of a plot; lines of one label look alike in all panels."""

    panels: tuple[Panel, ...]
    labels: tuple[str, ...]
    note: str = ""
    """What is left out, in words."""

    @property
    def series(self) -> tuple[Series, ...]:
        """All lines that are drawn, with the whole of their labels."""
        return tuple(
            Series(f"{panel.title}, {one.label}" if panel.title else one.label, one.points)
            for panel in self.panels
            for one in panel.series
        )


def panels_of(plot: Plot, preferred: Sequence[str] = ()) -> Panels:
    """The panels of a plot; of too many lines the ``preferred`` ones stay, the first of them first.

    Labels such as "relu, he" and "tanh, he" share a panel by what stands before the comma.
    """
    series = plot.series
    if len(series) <= MOST:
        return _one_panel(series)
    known = tuple(one for one in series if one.label in preferred)
    best = sorted(known, key=lambda one: preferred.index(one.label))[:MOST]
    shown = tuple(one for one in series if one in best)
    return _small_multiples(series) or _small_multiples(known, len(series)) or _chosen(series, shown)


def _note(shown: int, count: int) -> str:
    return f"{shown} of {count} lines, the others are in the tables" if shown < count else ""


def _one_panel(series: Sequence[Series], count: int = 0) -> Panels:
    panel = Panel("", tuple(series), tuple(range(len(series))))
    return Panels((panel,), tuple(one.label for one in series), _note(len(series), count))


def _small_multiples(series: Sequence[Series], count: int = 0) -> Panels | None:
    """Panels by the first word of the labels; None where there are too many of them, or of lines in one."""
    if len(series) <= 1 or not all(", " in one.label for one in series):
        return None
    split = [one.label.split(", ", 1) for one in series]
    titles = list(dict.fromkeys(title for title, _ in split))
    labels = list(dict.fromkeys(label for _, label in split))
    if not 2 <= len(titles) <= MOST or len(labels) > MOST:
        return None
    panels = []
    for wanted in titles:
        members = [
            (labels.index(label), one) for one, (title, label) in zip(series, split, strict=True) if title == wanted
        ]
        lines = tuple(Series(labels[place], one.points) for place, one in members)
        panels.append(Panel(wanted, lines, tuple(place for place, _ in members)))
    return Panels(tuple(panels), tuple(labels), _note(len(series), count))


def _chosen(series: Sequence[Series], known: Sequence[Series]) -> Panels:
    """The known lines, else six from the first to the last."""
    count = len(series)
    if len(known) < 2:
        known = [series[round(step * (count - 1) / (MOST - 1))] for step in range(MOST)]
    return _one_panel(known, count)
