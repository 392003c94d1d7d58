"""What cnn.activation makes of its rows: one function per claim, named as the claim is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

from experiments.cnn.activation_trials import Row
from experiments.foundation.statements.instances import judge_instances, select
from experiments.lab.judge.claims import (
    Comparison,
    by_seed,
    conditional,
    edge_of_grid,
    effect,
    equivalence,
    fact,
    proportion,
    unavailable,
    undecided,
)

SUCCESSORS = ("leaky_relu", "elu", "gelu", "silu", "selu")
"""What came after ReLU."""


def derivatives_keep_their_ranges(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "range"))


def without_activation_layers_collapse(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "linear"), 1e-12)


def torch_recommends_the_gain_that_preserves(rows: Sequence[Row]) -> Comparison:
    gains = {row.activation: row for row in select(rows, "gain")}
    return conditional(
        {name: fact(round(row.torch_gain, 6), round(row.preserving_gain, 6)) for name, row in gains.items()}
    )


def the_gain_keeps_the_signal_over_the_layers(rows: Sequence[Row]) -> Comparison:
    chosen = select(rows, "propagation")
    last = max(row.layer for row in chosen)
    parts = {}
    for name in dict.fromkeys(row.activation for row in chosen):
        found = by_seed(chosen, lambda r: r.mean_square, lambda r, n=name: (r.activation, r.layer) == (n, last))  # type: ignore[misc]
        parts[name] = equivalence(found, dict.fromkeys(found, 1.0), margin=0.1)
    return conditional(parts)


def units_are_alive_at_the_start(rows: Sequence[Row]) -> Comparison:
    chosen = select(rows, "start")
    parts = {}
    for bias in dict.fromkeys(row.bias for row in chosen):
        groups = [row for row in chosen if row.bias == bias]
        units, dead = sum(row.units for row in groups), sum(row.dead_units for row in groups)
        parts[f"bias {bias:g}"] = proportion(units - dead, units, at_least=0.95)
    return conditional(parts)


def a_large_learning_rate_kills_units(rows: Sequence[Row]) -> Comparison:
    def judged() -> Comparison:
        sweep = [row for row in select(rows, "sweep") if _is_main(row, "relu")]
        tuned = {row.seed: row.lr for row in rows if row.part == "trained" and _is_main(row, "relu")}
        largest = max(row.lr for row in sweep)
        at_largest = by_seed(sweep, lambda row: row.dead_share, lambda row: row.lr == largest)
        return effect(
            at_largest, by_seed(sweep, lambda row: row.dead_share, lambda row: row.lr == tuned[row.seed]), delta=0.1
        )

    return _between(rows, [("relu", "")], judged)


def sigmoid_does_not_train_where_relu_does(rows: Sequence[Row]) -> Comparison:
    inits = dict.fromkeys(row.init for row in rows if row.part == "trained" and row.activation == "sigmoid")
    if not inits:
        return unavailable("conditional", "needs relu and sigmoid among the activations")
    words = {init: "each with its own initialization" if init == "auto" else f"both with {init}" for init in inits}
    return conditional({words[init]: _ahead(rows, ("relu", "sigmoid"), 0.1, init) for init in inits})


def tanh_is_behind_relu(rows: Sequence[Row]) -> Comparison:
    return _ahead(rows, ("relu", "tanh"), 0.01)


def an_activation_raises_accuracy(rows: Sequence[Row]) -> Comparison:
    return _ahead(rows, ("relu", "identity"), 0.02)


def successors_are_as_accurate_as_relu(rows: Sequence[Row]) -> Comparison:
    there = [name for name in SUCCESSORS if any(_is_main(row, name) for row in rows if row.part == "trained")]
    if not there:
        return unavailable("conditional", f"needs one of {', '.join(SUCCESSORS)} among the activations")

    def judged(name: str) -> Comparison:
        return equivalence(_accuracy(rows, name), _accuracy(rows, "relu"), margin=0.02)

    return conditional({name: _between(rows, [("relu", ""), (name, "")], partial(judged, name)) for name in there})


def _ahead(rows: Sequence[Row], activations: tuple[str, str], delta: float, init: str = "") -> Comparison:
    """Test accuracy of the first activation minus that of the second, at the main or a named initialization."""

    def judged() -> Comparison:
        return effect(*(_accuracy(rows, name, init) for name in activations), delta=delta)

    return _between(rows, [(name, init) for name in activations], judged)


def _between(rows: Sequence[Row], arms: Sequence[tuple[str, str]], judged: Callable[[], Comparison]) -> Comparison:
    """The comparison of trained arms, unless one is absent or its best learning rate is an edge of the grid.

    An arm that stays below twice the chance at every rate has no best one, so nothing is at an edge.
    """
    for activation, init in arms:
        sweep = [row for row in rows if row.part == "sweep" and _is_arm(row, activation, init)]
        if not sweep:
            return unavailable("effect", f"needs {activation} among the activations")
        rates = sorted({row.lr for row in sweep})
        means = {lr: fmean(row.validation_accuracy for row in sweep if row.lr == lr) for lr in rates}
        best = max(rates, key=lambda lr: means[lr])
        if edge_of_grid(rates, best) and means[best] >= 2 * sweep[0].chance:
            return undecided("effect", f"the best learning rate of {activation}, {best:g}, is an edge of its grid")
    return judged()


def _accuracy(rows: Sequence[Row], activation: str, init: str = "") -> dict[int, float]:
    chosen = [row for row in rows if row.part == "trained" and _is_arm(row, activation, init)]
    return by_seed(chosen, lambda row: row.test_accuracy)


def _is_arm(row: Row, activation: str, init: str) -> bool:
    return _is_main(row, activation) if not init else (row.activation, row.init) == (activation, init)


def _is_main(row: Row, activation: str) -> bool:
    """Whether the row is of the activation at the initialization that all have, which its name leaves out."""
    return row.case == activation
