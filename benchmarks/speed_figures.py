"""The figures of docs/speed.md, drawn from its tables: queries a second of every index, one thread, on the Xeon.

python benchmarks/speed_figures.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from cli.pictures.figures import style

DOCS = Path(__file__).resolve().parents[1] / "docs"
TABLE = re.compile(r"^### (\w+):[^#]*?\n\|---.*\n((?:\|.*\n)+)", re.MULTILINE)
OURS, OTHERS = "#0072b2", "#767676"

Entry = tuple[str, float, float]
"""(index, queries/s at recall 0.95, at 0.99)"""


def tables(text: str) -> Iterator[tuple[str, list[Entry]]]:
    """Name of the data and the entries of every table, the slowest first."""
    for name, lines in TABLE.findall(text):
        cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in lines.splitlines()]
        entries = [(row[0], _rate(row[2]), _rate(row[3])) for row in cells]
        yield name, sorted(entries, key=lambda entry: entry[1])


def draw(name: str, entries: list[Entry]) -> Figure:
    """One line an index: a filled mark at recall 0.95, an open one at 0.99."""
    figure = Figure(figsize=(7.6, 0.34 * len(entries) + 1.4))
    axes = figure.add_subplot(xscale="log")
    for place, (index, at_95, at_99) in enumerate(entries):
        color = OURS if index.startswith("NSG") else OTHERS
        axes.plot([at_99, at_95], [place, place], color=color)
        axes.plot(at_95, place, "o", color=color, label="recall 0.95" if place == 0 else None)
        axes.plot(at_99, place, "o", color=color, markerfacecolor="white", label="recall 0.99" if place == 0 else None)
    axes.set_yticks(range(len(entries)), [index for index, _, _ in entries])
    axes.set_xlabel("Queries a second, one thread (log scale)")
    axes.set_xticks([3_000, 10_000, 30_000, 100_000], ["3,000", "10,000", "30,000", "100,000"])
    axes.set_xticks([], minor=True)
    codes = next(at for index, at, _ in entries if index == "NSG, codes")
    other = max(at for index, at, _ in entries if not index.startswith("NSG"))
    axes.set_title(f"{name}: codes are {codes / other:.1f} times as quick as the best other index")
    axes.legend(loc="lower right", frameon=False)
    axes.grid(axis="x")
    return figure


def _rate(cell: str) -> float:
    return float(cell.partition(" ")[0].replace(",", ""))


def main() -> None:
    with style():
        for name, entries in tables((DOCS / "speed.md").read_text(encoding="utf-8")):
            draw(name, entries).savefig(DOCS / "images" / f"speed_{name.lower()}.png", dpi=110)


if __name__ == "__main__":
    main()
