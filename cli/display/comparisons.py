"""Runs side by side: what differs in their settings and verdicts, and their tables' means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from cli.display.formats import NumberFormat, number_format, words
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.means import Key, grouped, is_numeric, over_seeds
from cli.display.tables import key_column
from experiments.lab.experiment import Row, Table, kept

Groups = Mapping[Key, Sequence[Row]]


def differing(runs: Sequence[Mapping[str, object]]) -> list[str]:
    """The keys whose values the runs do not share."""
    keys = dict.fromkeys(key for run in runs for key in run)
    return [key for key in keys if any(run.get(key) != runs[0].get(key) for run in runs)]


def settings_comparison(
    names: Sequence[str], runs: Sequence[Mapping[str, object]], what: str = "Setting"
) -> Grid | None:
    """The settings, or whatever else ``what`` names, in which runs differ; None where they do not."""
    keys = differing(runs)
    if not keys:
        return None
    return Grid(
        title=f"{what}s that differ",
        keys=(_texts(what, keys),),
        columns=tuple(
            _texts(_head(place), [_setting(run, key) for key in keys]) for place, run in enumerate(runs, start=1)
        ),
        caption=_legend(names),
    )


def comparison_table(view: Table, names: Sequence[str], runs: Sequence[Sequence[Row]]) -> Grid | None:
    """One of the experiment's tables for several runs: per number the mean of each; of two also the difference."""
    groups = [grouped(kept(rows, view.only), view.by) for rows in runs]
    keys = list(dict.fromkeys(key for run in groups for key in run))
    numeric = [
        name
        for name in view.columns
        if is_numeric(getattr(row, name) for run in groups for of in run.values() for row in of)
    ]
    if not keys or not numeric:
        return None
    note = "; difference is run 2 minus run 1" if len(runs) == 2 else ""
    return Grid(
        title=view.title,
        keys=tuple(key_column(name, [key[index] for key in keys]) for index, name in enumerate(view.by)),
        columns=tuple(column for name in numeric for column in _means(name, keys, groups)),
        caption=f"means over seeds; {_legend(names)}{note}",
    )


def _means(name: str, keys: Sequence[Key], runs: Sequence[Groups]) -> Iterator[GridColumn]:
    means = [[over_seeds(run.get(key, ()), name).value for key in keys] for run in runs]
    style = number_format(name, [value for of_run in means for value in of_run])
    unit = f" ({style.unit})" if style.unit else ""
    for place, values in enumerate(means, start=1):
        head = f"{words(name)}{unit} {_head(place)}" if place == 1 else _head(place)
        yield GridColumn(head, tuple(Cell(style(value)) for value in values))
    if len(means) == 2:
        changes = [after - before for before, after in zip(*means, strict=True)]
        yield GridColumn("difference", tuple(Cell(_signed(change, style)) for change in changes))


def _signed(change: float, style: NumberFormat) -> str:
    """The change with its sign; what rounds to zero has none."""
    text = style(change).removeprefix("-")
    if math.isnan(change) or not set(text) & set("123456789"):
        return text
    return f"{'+' if change > 0 else '-'}{text}"


def _head(place: int) -> str:
    return f"run {place}"


def _legend(names: Sequence[str]) -> str:
    return ", ".join(f"run {place}: {name}" for place, name in enumerate(names, start=1))


def _setting(run: Mapping[str, object], key: str) -> str:
    return str(run[key]) if key in run else "–"


def _texts(header: str, texts: Sequence[str]) -> GridColumn:
    return GridColumn(header, tuple(Cell(text) for text in texts), is_number=False)
