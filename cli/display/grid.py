"""A table that keeps its numbers whole at any width.

Headers wrap between words; where the columns do not fit side by side, the table continues below with its key columns
repeated. ``Brief`` is the same table in a few lines and counts what does not fit. The width is known only when a
console draws, so these are renderables of their own around rich's Table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from cli.display.legible import fitting, legible

HEADER_LINES = 3


@dataclass(frozen=True)
class Cell:
    """One cell: its text and the theme style it is drawn in."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class GridColumn:
    """A header and its cells from top to bottom. Text is aligned left, numbers right, with the spaces they end in."""

    header: str
    cells: tuple[Cell, ...]
    is_number: bool = True


@dataclass(frozen=True)
class Grid:
    """Rows and columns with a title above and a caption below; ``keys`` are repeated when the table is split."""

    title: str
    keys: tuple[GridColumn, ...]
    columns: tuple[GridColumn, ...]
    caption: str = ""
    folded: bool = True
    """Whether a long text goes on below; else it is cut."""

    def __len__(self) -> int:
        return len((*self.keys, *self.columns)[0].cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        parts = list(self._split(console, options))
        for index, columns in enumerate(parts):
            if index:
                yield Text()
            suffix = f" ({index + 1} of {len(parts)})" if len(parts) > 1 else ""
            yield Text(legible(self.title + suffix, options), style="table.title")
            yield self._table(columns, options)
        if self.caption:
            yield Text(legible(self.caption, options), style="table.caption")

    def beside(self, console: Console, options: ConsoleOptions) -> tuple[GridColumn, ...]:
        """The columns that fit side by side, from the first on."""
        return next(self._split(console, options))

    def lines(self, columns: Sequence[GridColumn], options: ConsoleOptions, rows: int) -> RichTable:
        """The first rows of some columns, each on one line; a text that is too long ends in an ellipsis."""
        first = tuple(GridColumn(one.header, one.cells[:rows], one.is_number) for one in (*self.keys, *columns))
        keys = len(self.keys)
        return Grid(self.title, first[:keys], first[keys:], folded=False)._table(first[keys:], options)

    def _split(self, console: Console, options: ConsoleOptions) -> Iterator[tuple[GridColumn, ...]]:
        part: tuple[GridColumn, ...] = ()
        for column in self.columns:
            if part and self._width((*part, column), console, options) > options.max_width:
                yield part
                part = ()
            part = (*part, column)
        yield part

    def _width(self, columns: Sequence[GridColumn], console: Console, options: ConsoleOptions) -> int:
        table = self._table(columns, options)
        return Measurement.get(console, options.update(width=10_000), table).maximum

    def _table(self, columns: Sequence[GridColumn], options: ConsoleOptions) -> RichTable:
        style = box.ASCII if options.ascii_only else box.SIMPLE_HEAD
        edge = options.ascii_only
        table = RichTable(
            box=style, show_edge=edge, pad_edge=edge, collapse_padding=not edge, header_style="table.header"
        )
        text_keys = sum(not key.is_number for key in self.keys)
        key_width = max(16, options.max_width // (2 * max(1, text_keys)))
        lines: list[list[Text]] = [[] for _ in range(len(self))]
        for column in (*self.keys, *columns):
            texts = [legible(cell.text, options) for cell in column.cells]
            header = _wrapped(legible(column.header, options), max(map(len, texts), default=0))
            width = max(map(len, (*texts, *header.split("\n"))))
            table.add_column(
                Text(header, justify="right" if column.is_number else "left", style="table.header"),
                justify="right" if column.is_number else "left",
                vertical="bottom" if column.is_number else "top",
                no_wrap=column.is_number or not self.folded,
                max_width=key_width if column in self.keys and not column.is_number else None,
                overflow="fold" if self.folded else "ellipsis",
            )
            for line, text, cell in zip(lines, texts, column.cells, strict=True):
                line.append(Text(text.rjust(width) if column.is_number else text, cell.style, justify="left"))
        for line in lines:
            table.add_row(*line)
        return table


@dataclass(frozen=True)
class Brief:
    """A table in few lines: its first rows, the columns that fit, and a line that counts what was left out."""

    grid: Grid
    rows: int
    rest: str
    """The command that shows the rest."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns = self.grid.beside(console, options)
        yield Text(fitting(self.grid.title, options), style="table.title")
        yield self.grid.lines(columns, options, self.rows)
        more = self._more(len(self.grid.columns) - len(columns))
        below = [f"... {more}: {self.rest}"] if more else []
        for line in (*below, *([self.grid.caption] if self.grid.caption else ())):
            yield Text(fitting(line, options), style="table.caption")

    def _more(self, columns: int) -> str:
        """What is not shown, in words."""
        left_out = ((max(0, len(self.grid) - self.rows), "row"), (columns, "column"))
        counts = [f"{count} more {thing}{'s' * (count > 1)}" for count, thing in left_out if count]
        return " and ".join(counts)


def _wrapped(header: str, cell_width: int) -> str:
    """The header broken between words to the width of its cells, in at most three lines."""
    width = max(cell_width, max((len(word) for word in header.split()), default=1))
    while len(lines := textwrap.wrap(header, width, break_long_words=False, break_on_hyphens=False)) > HEADER_LINES:
        width += 1
    return "\n".join(lines)
