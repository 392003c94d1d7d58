"""What arch.tabular can be asked, its tables, and the nested search that its parts share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.arch.core.tabular import Change, Problem
    from experiments.arch.tabular.models import Nested
    from experiments.foundation.datasets.tables import TableData

TableName = Literal["wine", "breast_cancer", "diabetes", "jumps", "bends"]
REAL: tuple[TableName, ...] = ("wine", "breast_cancer", "diabetes")
OUTER = 5
"""One fifth of the rows is judged; of a table that is drawn the other four."""
TEST_OVER_TRAIN = 1 / (OUTER - 1)


@parameters
class Params:
    table: Path | None = None
    """A csv file of yours, measured once in five folds: which model to take."""
    target: str | None = None
    """Its column to predict: words or few whole numbers are classes, other numbers are predicted as such."""
    tables: Annotated[tuple[TableName, ...], Field(min_length=1)] = ("wine", "jumps")
    """Three real ones; and two that are drawn: jumps along single columns, bends along directions across all."""
    changed: Annotated[tuple[TableName, ...], Field(min_length=1)] = ("jumps",)
    """Those whose columns are rotated, and get 50 uninformative ones beside them."""
    unscaled: Annotated[tuple[TableName, ...], Field(min_length=1)] = ("wine",)
    """Those that an MLP also gets in the units of their source."""
    rows: Annotated[int, Field(ge=250, le=100_000)] = 500
    """Rows of a table that is drawn: a fifth of them to fit to, the others to be judged on, since they cost nothing."""
    settings: Literal[2, 5, 10] = 2
    """Settings of every model that the inner folds choose from."""
    inner: Annotated[int, Field(ge=2, le=10)] = 2
    """Inner folds."""
    steps: Annotated[int, Field(ge=10, le=100_000)] = 50
    """Batches of 32 rows that an MLP is trained on."""
    trials: Annotated[int, Field(ge=1, le=1000)] = 2
    """Random tables on which it is tried which moves a model does not notice."""

    def __post_init__(self) -> None:
        if (self.table is None) != (self.target is None):
            raise ValueError("table and target: expected both, table=FILE.csv target=COLUMN, got one")


@dataclass(frozen=True, kw_only=True)
class Tables(Setup[Params]):
    """Tables, and what each arm makes of them, computed for the part that asks first."""

    problems: Mapping[str, Problem]

    @once
    def score_of(self, table: str, arm: str, change: Change | None = None, fold: int = 0) -> Nested:
        """An arm on one split of a table; all arms of a seed get the same split and the same inner folds."""
        import numpy as np

        from experiments.arch.core.tabular import DRAWN, changed
        from experiments.arch.tabular.models import Budget, folds, nested

        problem = self.problems[table]
        outer = folds(problem, np.arange(len(problem.target)), OUTER, self.seed)[fold]
        if table in DRAWN:
            outer = outer[::-1]
        inner = folds(problem, outer[0], self.params.inner, self.seed)
        if change is not None:
            problem = changed(problem, change, np.random.default_rng([self.seed, 5]))
        return nested(arm, problem, outer, inner, Budget(self.params.settings, self.params.steps), self.seed)


def prepare(params: Params, seed: int) -> Tables:
    """Raises InputError where the user's table cannot be read."""
    import numpy as np

    from experiments.arch.core.tabular import DRAWN

    if params.table is not None and params.target is not None:
        from experiments.foundation.datasets.formats.table_files import load_table_file

        data = load_table_file(params.table.expanduser(), params.target)
        if len(data.targets) > 100_000:
            raise InputError(
                f"{params.table}: {len(data.targets)} rows, expected at most 100,000; give a sample of them"
            )
        return Tables(params=params, seed=seed, notes=(f"{data.description}.",), problems={data.name: problem_of(data)})
    names = dict.fromkeys((*params.tables, *params.changed, *params.unscaled))
    from experiments.foundation.datasets.tables import load_table

    problems: dict[str, Problem] = {
        name: DRAWN[name](params.rows, np.random.default_rng([seed, number]))
        if name in DRAWN
        else problem_of(load_table(name))
        for number, name in enumerate(names)
    }
    return Tables(params=params, seed=seed, problems=problems)


def problem_of(data: TableData) -> Problem:
    """A table with one target column per class."""
    import numpy as np

    from experiments.arch.core.tabular import Problem

    target = np.eye(len(data.classes))[data.targets] if data.classes else data.targets[:, None].astype(np.float64)
    return Problem(name=data.name, columns=data.features, target=target, classes=data.classes)
