"""Colors of figures: Okabe and Ito's, which people with color blindness can tell apart, and three shades of ink.

A line is also told by its marker and its dashes, so that it reads in grey. The page gives every color a partner for
dark screens (``cli.page.svg``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

INK, MUTED, GRID = "#222222", "#555555", "#e2e2e2"
"""Text and points; labels of axes; lines of the grid."""
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", INK, "#e69f00")
MARKERS = "o^sDvP"
DASHES: tuple[Literal["-"] | tuple[float, Sequence[float]], ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1.2)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (3, 1)),
    (0, (8, 2)),
)
EDGE, CELL, CELL_EDGE = "#8c8c8c", "#f3f7fb", "#bcd0e3"
"""Edges of a graph; faces and borders of cells."""


def color_of(index: int) -> str:
    """The color of a line; they come round again after six."""
    return SERIES[index % len(SERIES)]
