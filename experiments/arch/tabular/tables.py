"""Four models on each table, each at the setting that its inner folds chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.arch.tabular.models import ARMS, BOOSTING, FOREST, LINES, MLP, build
from experiments.arch.tabular.setup import OUTER, REAL, TEST_OVER_TRAIN, Tables
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Measured, NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence


@observation
class ModelRow(Row):
    """One model on one split of one table."""

    table: str
    model: str
    fold: int
    """Which fifth of the rows was judged; a study judges one per seed."""
    explained: float
    """Share of the constant's squared error that the model removes: R^2, of classes the Brier skill score."""
    error: float
    """Share of rows in a wrong class; of numbers the root mean square error."""
    validation: float
    """What it explained of the inner folds, by which its setting was chosen."""
    setting: str
    at_edge: bool
    """Whether its learning rate is the smallest or the largest that was tried."""
    seconds: float
    """Of the search over settings and the last fit."""


def run(tables: Tables) -> Iterator[Event]:
    own = tables.params.table is not None
    names = [*tables.problems] if own else list(tables.params.tables)
    todo = [(name, model, fold) for fold in range(OUTER if own else 1) for name in names for model in ARMS]
    for done, (name, model, fold) in enumerate(todo):
        yield Progress(f"{name}, {model}", done, len(todo))
        found = tables.score_of(name, model, None, fold)
        yield ModelRow(
            table=name,
            model=model,
            fold=fold,
            explained=found.score.explained,
            error=found.score.error,
            validation=found.validation,
            setting=", ".join(f"{name} {value:g}" for name, value in found.setting.items()),
            at_edge=found.at_edge,
            seconds=found.seconds,
        )
        if own and fold == OUTER - 1 and model != MLP:
            call = build(model, found.setting, classes=bool(tables.problems[name].classes), seed=0)
            yield Note(f"To fit {model}: {' '.join(repr(call).split())}{', columns standardized' * (model == LINES)}.")


def overlap(table: str) -> float:
    """Test over training rows where seeds split one table anew; 0 where every seed draws another."""
    return TEST_OVER_TRAIN if table in REAL else 0.0


def on_each(
    names: Sequence[str], measure: Callable[[Sequence[ModelRow]], Pairs | Undecided]
) -> Callable[[Sequence[ModelRow]], Mapping[str, Measured]]:
    """A measure of one table's rows, on each of these that ran."""

    def measured(rows: Sequence[ModelRow]) -> Mapping[str, Measured]:
        ran = {name: kept(rows, {"table": name}) for name in names}
        return {name: measure(of_table) if of_table else NotMeasured(f"needs {name}") for name, of_table in ran.items()}

    return measured


def on_one(
    name: str, measure: Callable[[Sequence[ModelRow]], Pairs | Undecided]
) -> Callable[[Sequence[ModelRow]], Measured]:
    """A measure of one table's rows, on this one."""
    return lambda rows: on_each((name,), measure)(rows)[name]


def against_the_best(model: str, *others: str) -> Callable[[Sequence[ModelRow]], Pairs | Undecided]:
    """A model against that of the others which explains most of the inner folds of its seed."""

    def measure(rows: Sequence[ModelRow]) -> Pairs | Undecided:
        if reason := untuned(rows, model, *others):
            return Undecided(reason)
        best: dict[int, ModelRow] = {}
        for row in rows:
            if row.model in others and (row.seed not in best or row.validation > best[row.seed].validation):
                best[row.seed] = row
        baseline = {seed: row.explained for seed, row in sorted(best.items())}
        return Pairs(by_seed(rows, "explained", model=model), baseline, overlap=overlap(rows[0].table))

    return measure


def trees_over_mlp(rows: Sequence[ModelRow]) -> Pairs | Undecided:
    """The better of forest and boosting against an MLP."""
    pairs = against_the_best(MLP, FOREST, BOOSTING)(rows)
    return pairs if isinstance(pairs, Undecided) else Pairs(pairs.baseline, pairs.treatment, overlap=pairs.overlap)


def untuned(rows: Sequence[ModelRow], *models: str) -> str | None:
    """The first of these models whose learning rate lay at an edge of its grid in most splits."""
    edges = {model: mean(rows, "at_edge", model=model) for model in models}
    worst = max(edges, key=lambda model: edges[model])
    return f"in most splits the best rate of {worst} is at an edge of its grid" if edges[worst] > 0.5 else None


def who_explains(rows: Sequence[ModelRow]) -> str:
    """What the curve shows."""
    best = {
        table: max(ARMS, key=lambda model: mean(rows, "explained", table=table, model=model))
        for table in dict.fromkeys(row.table for row in rows)
    }
    return "Most is explained by " + ", ".join(
        f"{model} on {table} ({number(mean(rows, 'explained', table=table, model=model), 2)})"
        for table, model in best.items()
    )


NONLINEAR = tuple(model for model in ARMS if model != LINES)
OTHERS = tuple(model for model in ARMS if model != MLP)
PART = Part(
    name="tables",
    row=ModelRow,
    run=run,
    claims=(
        Claim(
            "mlp_is_best_on_real_tables",
            statement="On wine, breast_cancer and diabetes an MLP explains 0.1 more than the best of lines and trees.",
            rule=Each(Effect("explained share, MLP - the best other by validation", delta=0.1), per="table"),
            measure=on_each(REAL, against_the_best(MLP, *OTHERS)),
            topic="MLP for tables",
            predicted="refuted",
            source="Grinsztajn et al. 2022: trees stay ahead of networks on typical tables",
        ),
        Claim(
            "lines_are_enough_on_real_tables",
            statement="On wine, breast_cancer and diabetes lines explain as much as MLP or trees, within 0.1.",
            rule=Each(Equivalence("explained share, lines - the best other by validation", margin=0.1), per="table"),
            measure=on_each(REAL, against_the_best(LINES, *NONLINEAR)),
            topic="MLP for tables",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "trees_win_where_single_columns_jump",
            statement="Where the target jumps along single columns, forest or boosting explains 0.1 more than an MLP.",
            rule=Effect("explained share on jumps, the better of forest and boosting by validation - MLP", delta=0.1),
            measure=on_one("jumps", trees_over_mlp),
            topic="MLP for tables",
            predicted="holds",
            source="Grinsztajn et al. 2022: networks struggle with irregular functions of single columns",
        ),
        Claim(
            "mlp_wins_where_directions_bend",
            statement="Where the target bends across columns, an MLP explains 0.1 more than trees or lines.",
            rule=Effect("explained share on bends, MLP - the best other by validation", delta=0.1),
            measure=on_one("bends", against_the_best(MLP, *OTHERS)),
            topic="MLP for tables",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table("What each model explains", by=("table", "model"), columns=("explained", "error", "at_edge", "seconds")),
    ),
    curves=(Curve("explained_by_table", "table", "explained", "model", joined=False, title=who_explains),),
)
