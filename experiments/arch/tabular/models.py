"""The arms: a perceptron, lines, a random forest and boosted trees, each with a grid of ten settings.

Every arm answers the same question, what a setting explains of the rows of a part after fitting to its others, so one
nested search serves all. Perceptrons are trained side by side; the rest are scikit-learn's, one by one on one thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np

from experiments.arch.core.tabular import Floats, Indices, Part, Problem, Score, score, standardized

Settings = Mapping[str, float]
MLP, LINES, FOREST, BOOSTING = ARMS = ("MLP", "lines", "forest", "boosting")
GRIDS: dict[str, tuple[Settings, ...]] = {
    MLP: tuple(
        {"lr": lr, "decay": decay, "width": width}
        for (decay, width), lr in product(((1.0, 16), (3.0, 64)), (1e-3, 4e-3, 1.6e-2, 6e-2, 2.5e-1))
    ),
    LINES: tuple({"alpha": 10.0**power} for power in range(-4, 6)),
    FOREST: tuple(
        {"max_features": share, "min_samples_leaf": leaf} for leaf, share in product((1, 4), (0.1, 0.2, 0.4, 0.7, 1.0))
    ),
    BOOSTING: tuple(
        {"learning_rate": rate, "max_leaf_nodes": leaves}
        for leaves, rate in product((4, 12), (0.03, 0.1, 0.3, 1.0, 3.0))
    ),
}
"""Arm -> its ten settings; alpha is the strength of the penalty on squared weights."""
RATES = {MLP: "lr", BOOSTING: "learning_rate"}
"""What of a setting is a learning rate, whose best value must lie inside its grid."""
TREES, ROUNDS = 30, 60


@dataclass(frozen=True)
class Budget:
    """What every arm gets alike, and how long a perceptron is trained."""

    settings: int
    steps: int


@dataclass(frozen=True)
class Nested:
    """One arm on one split: how good it is on the judged rows at the setting that the inner folds chose."""

    score: Score
    validation: float
    """What it explained of the inner folds."""
    setting: Settings
    at_edge: bool
    """Whether its learning rate is the smallest or the largest of the grid."""
    seconds: float


def nested(arm: str, problem: Problem, outer: Part, inner: Sequence[Part], budget: Budget, seed: int) -> Nested:
    """Choose the setting that explains most of the inner folds; fit it to all rows that ``outer`` does not judge."""
    start = time.perf_counter()
    grid = GRIDS[arm][:: len(GRIDS[arm]) // budget.settings]
    tried = [fmean(one.explained for one in row) for row in scores(arm, problem, grid, inner, budget, seed)]
    best = grid[tried.index(max(tried))]
    [[found]] = scores(arm, problem, [best], [outer], budget, seed)
    rate = RATES.get(arm)
    rates = {setting[rate] for setting in grid} if rate else {-math.inf}
    at_edge = rate is not None and best[rate] in (min(rates), max(rates))
    return Nested(found, max(tried), best, at_edge, time.perf_counter() - start)


def scores(
    arm: str, problem: Problem, grid: Sequence[Settings], parts: Sequence[Part], budget: Budget, seed: int
) -> list[list[Score]]:
    """How good each setting is on each part's judged rows."""
    if arm == MLP:
        from experiments.arch.core.member_perceptrons import Setting, Training, perceptron_scores

        chosen = [Setting(setting["lr"], setting["decay"], int(setting["width"])) for setting in grid]
        return perceptron_scores(problem, chosen, parts, Training(budget.steps), seed)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # on tables this small threads only wait for each other
        return [[_score(arm, problem, setting, part, seed) for part in parts] for setting in grid]


def _score(arm: str, problem: Problem, setting: Settings, part: Part, seed: int) -> Score:
    rows, judged = part
    columns = standardized(problem.columns, rows) if arm == LINES else problem.columns
    model = build(arm, setting, classes=bool(problem.classes), seed=seed)
    model.fit(columns[rows], problem.labels[rows] if problem.classes else problem.target[rows, 0])
    if problem.classes:
        return score(problem, probabilities(model, columns[judged], len(problem.classes)), part)
    return score(problem, model.predict(columns[judged])[:, None], part)


def probabilities(model: Any, columns: Floats, classes: int) -> Floats:
    """(n, classes); 0 for a class that the fitted rows lack."""
    found = np.zeros((len(columns), classes))
    found[:, model.classes_.astype(np.int64)] = model.predict_proba(columns)
    return found


def build(arm: str, setting: Settings, *, classes: bool, seed: int) -> Any:
    """The model of scikit-learn at this setting, not yet fitted."""
    from sklearn import ensemble, linear_model

    if arm == LINES:
        if classes:
            return linear_model.LogisticRegression(C=1 / setting["alpha"], max_iter=2000)
        return linear_model.Ridge(alpha=setting["alpha"])
    whole = {name: int(value) for name, value in setting.items() if name.startswith(("min_", "max_leaf"))}
    chosen = {**setting, **whole, "random_state": seed}
    trees: dict[tuple[str, bool], Callable[..., Any]] = {
        (FOREST, True): ensemble.RandomForestClassifier,
        (FOREST, False): ensemble.RandomForestRegressor,
        (BOOSTING, True): ensemble.HistGradientBoostingClassifier,
        (BOOSTING, False): ensemble.HistGradientBoostingRegressor,
    }
    more = (
        {"n_estimators": TREES}
        if arm == FOREST
        else {"max_iter": ROUNDS, "min_samples_leaf": 5, "early_stopping": False}
    )
    return trees[arm, classes](**chosen, **more)


def folds(problem: Problem, rows: Indices, count: int, seed: int) -> list[Part]:
    """``count`` parts of ``rows``, each judged once; every class is shared out evenly."""
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if problem.classes else KFold
    cut = kind(count, shuffle=True, random_state=seed).split(rows, problem.labels[rows] if problem.classes else None)
    return [(rows[fitted], rows[judged]) for fitted, judged in cut]
