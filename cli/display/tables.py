"""An experiment's tables, ready to print: one line per setting, the mean over seeds in each cell.

What a table shows is declared by its part (``Table``: by, columns, only); how a column looks follows from its
name (``cli.display.formats``). The best number of a column is bold where the name says which way is better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cli.display.formats import NumberFormat, better, number_format, one_value, words
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.means import Mean, grouped, is_numeric, over_seeds
from experiments.lab.experiment import Experiment, Row, Rows, Table, kept

Group = Sequence[Row]


def tables(experiment: Experiment[Any, Any], rows: Rows) -> list[Grid]:
    """Every table of the parts that were run; each is a renderable that fits itself to the console's width."""
    views = ((view, rows.by_part.get(part.name, ())) for part in experiment.parts for view in part.tables)
    grids = (table(view, of_part) for view, of_part in views)
    return [grid for grid in grids if grid is not None]


def all_tables(experiment: Experiment[Any, Any], rows: Rows) -> list[Grid]:
    """The headline whole, then every table that is not the same."""
    first = headline(experiment, rows)
    return [*([first] if first is not None else ()), *(grid for grid in tables(experiment, rows) if grid != first)]


def headline(experiment: Experiment[Any, Any], rows: Rows) -> Grid | None:
    """The headline's table, None where its part was not run."""
    view = experiment.headline_of(rows)
    return table(view.table, view.rows(rows))


def table(view: Table, rows: Sequence[Row]) -> Grid | None:
    """One table of the rows, None where no row belongs to it."""
    groups = grouped(kept(rows, view.only), view.by)
    if not groups:
        return None
    members = list(groups.values())
    return Grid(
        title=view.title,
        keys=tuple(key_column(name, [key[index] for key in groups]) for index, name in enumerate(view.by)),
        columns=tuple(value_column(name, members) for name in view.columns),
        caption=_caption(view, members),
    )


def key_column(name: str, values: Sequence[object]) -> GridColumn:
    """A column of settings, each written as it was given."""
    cells = tuple(Cell(one_value(name, value)) for value in values)  # type: ignore[arg-type]
    return GridColumn(words(name), cells, is_number=is_numeric(values))


def value_column(name: str, groups: Sequence[Group]) -> GridColumn:
    """A column of results: means with intervals, or for text and booleans what the seeds said."""
    if not is_numeric(getattr(row, name) for group in groups for row in group):
        return GridColumn(words(name), tuple(Cell(_said(name, group)) for group in groups), is_number=False)
    means = [over_seeds(group, name) for group in groups]
    style = number_format(name, [mean.value for mean in means])
    unit = f" ({style.unit})" if style.unit else ""
    best = best_of(name, [mean.value for mean in means])
    texts = mean_texts(means, style)
    cells = tuple(Cell(text, "best" if mean.value == best else "") for text, mean in zip(texts, means, strict=True))
    return GridColumn(words(name) + unit, cells)


def mean_texts(means: Sequence[Mean], style: NumberFormat) -> list[str]:
    """Means with their half widths and, where not all seeds gave a number, how many did; the signs ± stand in line."""
    values = [style(mean.value) for mean in means]
    halves = [_half_width(mean, style) for mean in means]
    value_width, half_width = max(map(len, values)), max(map(len, halves))
    tails = [
        (f" ± {half:>{half_width}}" if half else "") + _count(mean) for mean, half in zip(means, halves, strict=True)
    ]
    tail_width = max(map(len, tails))
    return [f"{value:>{value_width}}{tail:<{tail_width}}" for value, tail in zip(values, tails, strict=True)]


def _half_width(mean: Mean, style: NumberFormat) -> str:
    """The half width like the mean; one that would round to zero keeps a figure of its own."""
    if not mean.half_width > 0:
        return ""
    text = style(mean.half_width)
    return text if set(text) & set("123456789") else f"{mean.half_width / style.scale:.1g}"


def _count(mean: Mean) -> str:
    return "" if mean.numbers in (0, mean.seeds) else f" ({mean.numbers} of {mean.seeds})"


def best_of(name: str, values: Sequence[float]) -> float | None:
    """The best value of a column, None where the name gives no direction or all values are equal."""
    direction = better(name)
    finite = [value for value in values if math.isfinite(value)]
    if direction is None or len(set(finite)) < 2:
        return None
    return max(finite) if direction == "higher" else min(finite)


def _said(name: str, group: Group) -> str:
    """What rows say in words: the one value, the count of yes, or the values in order of first appearance."""
    values = [getattr(row, name) for row in group]
    distinct = list(dict.fromkeys(value for value in values if value is not None))
    if distinct and all(isinstance(value, bool) for value in distinct) and len(distinct) == 2:
        return f"{sum(map(bool, values))} of {len(values)}"
    return ", ".join(one_value(name, value) for value in distinct) or one_value(name, None)


def _caption(view: Table, groups: Sequence[Group]) -> str:
    rows = [row for group in groups for row in group]
    seeds = len({row.seed for row in rows})
    repeated = seeds > 1 and not {"seed", "seeds"} & set(view.by)
    count = f"mean over {seeds} seeds" if repeated else f"{seeds} seed" + "s" * (seeds > 1)
    interval = "; ± half width of the 95 % interval (Student t)" if repeated and _varies(view, groups) else ""
    return count + interval + _data(view, rows)


def _varies(view: Table, groups: Sequence[Group]) -> bool:
    return any(over_seeds(group, name).half_width > 0 for group in groups for name in view.columns)


def _data(view: Table, rows: Iterable[Row]) -> str:
    """Which data the rows stand on, where no column says it."""
    if "dataset" in (*view.by, *view.columns):
        return ""
    names = dict.fromkeys(name for row in rows if isinstance(name := getattr(row, "dataset", None), str))
    return f"; data: {', '.join(names)}" if names else ""
