"""Tables of the terminal as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.display.grid import Cell, Grid, GridColumn

WIDE = 84
"""Characters of a line from which a table is set smaller on paper."""
LONG = 40
"""Lines from which a folded table is left out on paper."""


@dataclass(frozen=True)
class Column:
    """A header, and whether numbers stand below it."""

    header: str
    is_number: bool
    is_key: bool


@dataclass(frozen=True)
class TableView:
    """A table by lines, each with one cell per column."""

    title: str
    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]
    caption: str = ""

    @property
    def is_wide(self) -> bool:
        return sum(self._width(index) for index in range(len(self.columns))) > WIDE

    @property
    def is_long(self) -> bool:
        return len(self.lines) > LONG

    def _width(self, index: int) -> int:
        longest_word = max(map(len, self.columns[index].header.split()), default=0)
        return 2 + max([longest_word, *(len(line[index].text) for line in self.lines)])


def table_view(grid: Grid) -> TableView:
    """The grid without the spaces that align it in a terminal."""
    columns = (*grid.keys, *grid.columns)
    heads = tuple(Column(one.header, one.is_number, index < len(grid.keys)) for index, one in enumerate(columns))
    return TableView(grid.title, heads, tuple(zip(*map(_cells, columns), strict=True)), grid.caption)


def plain_table(title: str, headers: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> TableView:
    """A table of text whose first column names the lines and whose others are numbers."""
    columns = tuple(Column(header, index > 0, index == 0) for index, header in enumerate(headers))
    return TableView(title, columns, tuple(tuple(Cell(text) for text in line) for line in lines), title)


def _cells(column: GridColumn) -> tuple[Cell, ...]:
    return tuple(Cell(" ".join(cell.text.split()), cell.style) for cell in column.cells)
