"""Which model to take for one table, measured in five folds."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.arch.tabular.models import BOOSTING, FOREST, LINES, MLP
from experiments.arch.tabular.setup import TEST_OVER_TRAIN
from experiments.arch.tabular.tables import ModelRow
from experiments.lab.answers import mean, number
from experiments.lab.judge.mean import Interval, SeedMean

SIMPLEST_FIRST = (LINES, FOREST, BOOSTING, MLP)


def is_own(rows: Sequence[ModelRow]) -> bool:
    """Whether these rows are of a table of the user's, which is judged in all folds."""
    return any(row.fold for row in rows)


def difference(rows: Sequence[ModelRow], model: str, other: str) -> Interval:
    """95 % interval of what one model explains more than another: folds overlap, so it is the corrected one."""
    explained = {(row.model, row.fold): row.explained for row in rows}
    folds = sorted({row.fold for row in rows})
    values = tuple(explained[model, fold] - explained[other, fold] for fold in folds)
    return SeedMean(values, scale=1.0, overlap=TEST_OVER_TRAIN).student.interval(0.05)


def best_of(rows: Sequence[ModelRow], table: str) -> str:
    """The model that explains most of a table."""
    return max(SIMPLEST_FIRST, key=lambda model: mean(rows, "explained", table=table, model=model))


def answer(rows: Sequence[ModelRow]) -> str:
    """The simplest model that is not clearly worse than the best."""
    best = best_of(rows, rows[0].table)
    take = next(model for model in SIMPLEST_FIRST if model == best or difference(rows, best, model).low <= 0)
    explained, error = (number(mean(rows, column, model=take)) for column in ("explained", "error"))
    setting = [row.setting for row in rows if row.model == take][-1]
    said = f"Take {take} ({setting}): explains {explained} of {rows[0].table}, error {error}."
    if take == best:
        return f"{said} {'No other model explains more' if take == LINES else 'No simpler model comes as near'}."
    low, high = (number(value, 2) for value in difference(rows, best, take))
    return (
        f"{said} {best} explains {number(mean(rows, 'explained', model=best))}, which five folds do not tell apart: "
        f"the difference lies between {low} and {high}."
    )
