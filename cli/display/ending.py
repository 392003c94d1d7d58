"""The last lines of a run: question, answer, headline, claims and what to do next, in thirty lines of 80 columns.

The table and the claims share the lines that question, answer and places leave: the table gives way first, down to five
rows, then the claims, of which the surprising ones come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from cli.display.claim_lines import claim_line, left_out, ordered
from cli.display.findings import counts_line
from cli.display.grid import Brief, Grid
from cli.display.legible import filled, fitting
from cli.display.stages import duration
from experiments.lab.judge.judge import NOT_JUDGED, Finding
from experiments.lab.sinks import Status

LINES = 30
MOST_ROWS, FEWEST_ROWS, FEWEST_CLAIMS, MOST_REASONS = 10, 5, 3, 3


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What is said at the end of a run; it draws itself."""

    question: str
    answer: str
    status: Status
    seeds: int
    seeds_done: int
    smoke: bool
    findings: tuple[Finding, ...]
    headline: Grid | None
    run: str
    """What ``mlnotes show`` calls the run."""
    record: str
    """Where the record is."""
    figures: tuple[str, ...] = ()
    """Files of pictures in the record."""
    seconds: float | None = None
    advice: str = ""
    """What to try next."""

    def verdict_line(self) -> str:
        """The run in one line: how it ended if not well, counts of verdicts, the answer."""
        counts = counts_line(self.findings).plain if self.findings else ""
        return " ".join(f"{part}." if part is counts else part for part in (self._state(), counts, self.answer) if part)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        head, places = (
            list(self._head(options.max_width)),
            [Text(line, no_wrap=True, overflow="ignore") for line in self._places()],
        )
        used = sum(_height(one, console, options) for one in head) + len(places)
        yield from head
        yield from self._middle(LINES - used, console, options)
        yield from places

    def _head(self, width: int) -> Iterator[Text]:
        yield Text(filled(self.question, width), style="header")
        if state := self._state():
            yield Text(state, style="warning")
        if self.answer:
            yield Text(filled(f"{'At smoke size: ' if self.smoke else ''}{self.answer}", width))

    def _state(self) -> str:
        """How far a run came that was not done."""
        if self.status == "done":
            return ""
        known = "" if self.seeds_done else ", so there is no answer yet"
        return f"{self.status.capitalize()}: {self.seeds_done} of {self.seeds} seeds were complete{known}."

    def _middle(self, room: int, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Headline and claims, each after an empty line, in ``room`` lines."""
        judged, others = ordered(self.findings), list(self._others(options))
        counts = counts_line(self.findings)
        counted = _height(counts, console, options) + 2  # with the empty lines around
        needed = len(judged) + len(others) + counted if self.findings else 1
        tables = [
            Brief(self.headline, rows, f"mlnotes show {self.run} --tables")
            for rows in range(MOST_ROWS, FEWEST_ROWS - 1, -1)
            if self.headline is not None
        ]
        heights = [_height(table, console, options) + 1 for table in tables]
        fitting = (pair for pair in zip(tables, heights, strict=True) if pair[1] + needed <= room)
        table, height = next(fitting, (tables[-1], heights[-1]) if tables else (None, 0))
        if table is not None:
            yield from (Text(), table)
        if self.findings:
            yield from (Text(), counts)
            yield from self._claims(judged, room - height - len(others) - counted, options)
            yield from others
        yield Text()

    def _claims(self, judged: Sequence[Finding], room: int, options: ConsoleOptions) -> Iterator[Text]:
        surprises = sum(not finding.as_predicted for finding in judged)
        fits = len(judged) <= max(room, FEWEST_CLAIMS)
        shown = len(judged) if fits else max(FEWEST_CLAIMS, min(surprises, 6), room - 1)
        for finding in judged[:shown]:
            yield _legible_line(claim_line(finding, options.max_width), options)
        if rest := len(judged) - shown:
            yield Text(f"... {rest} more: mlnotes show {self.run} --claims", style="muted")

    def _others(self, options: ConsoleOptions) -> Iterator[Text]:
        """Claims that were not judged, by reason; the advice tells of those that need the full study."""
        groups = [group for group in left_out(self.findings) if group.reason != NOT_JUDGED.summary]
        shown = len(groups) if len(groups) <= MOST_REASONS else MOST_REASONS - 1
        for group in groups[:shown]:
            yield _legible_line(group.line(options.max_width), options)
        if rest := sum(len(group.findings) for group in groups[shown:]):
            yield Text(f"... {rest} more that were not judged: mlnotes show {self.run} --claims", style="muted")

    def _places(self) -> Iterator[str]:
        took = [f"{self.seeds} seed{'s' * (self.seeds > 1)}", *([duration(self.seconds)] if self.seconds else ())]
        yield f"record   {self.record}  ({', '.join(took)})"
        if self.figures:
            more = len(self.figures) - 1
            yield f"figures  {self.figures[0]}" + (f" and {more} more there" if more else "")
        if self.advice:
            yield f"next     {self.advice}"


def _height(renderable: RenderableType, console: Console, options: ConsoleOptions) -> int:
    return len(console.render_lines(renderable, options, pad=False))


def _legible_line(line: Text, options: ConsoleOptions) -> Text:
    """The line in what the console can write; styles stay where the text keeps its length."""
    plain = fitting(line.plain, options)
    if len(plain) == len(line.plain):
        line.plain = plain
        return line
    return Text(plain, no_wrap=True)
