"""What cnn.pooling makes of its rows: one function per claim, named as the claim is.

Laws are judged by their instances, scores of networks by pairs of the same seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

from experiments.cnn.pooling_rows import EQUAL_FLOPS, EQUAL_PARAMETERS, Row
from experiments.foundation.statements.instances import judge_instances, select
from experiments.lab.judge.claims import (
    Comparison,
    by_seed,
    conditional,
    edge_of_grid,
    effect,
    fact,
    unavailable,
    undecided,
)

TOLERANCE = 1e-12
"""Of relative differences in float64: 2^-52 times some thousand sums."""


def relu_and_max_pooling_commute(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "commutes"))


def pooling_filters_then_samples(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "filter"), TOLERANCE)


def pooling_is_sampling(rows: Sequence[Row]) -> Comparison:
    return _by_case(select(rows, "sampling"))


def output_size_follows_the_formula(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "size"))


def pooling_makes_the_next_layer_cheaper(rows: Sequence[Row]) -> Comparison:
    return _by_case(_without_chance(select(rows, "cost")))


def there_are_two_kinds_of_pooling(rows: Sequence[Row]) -> Comparison:
    return fact(select(rows, "kinds")[0].parameters, 2)


def pooling_has_no_parameters(rows: Sequence[Row]) -> Comparison:
    return conditional({row.case: fact(row.parameters, 0) for row in select(rows, "parameters")})


def pooling_shrinks_the_classifier(rows: Sequence[Row]) -> Comparison:
    return _by_case(_without_chance(select(rows, "head")))


def a_shift_by_the_stride_shifts_the_output(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "equivariance"), TOLERANCE)


def the_global_average_ignores_circular_shifts(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "global average"), TOLERANCE)


def _by_case(rows: Sequence[Row]) -> Comparison:
    cases = dict.fromkeys(row.case for row in rows)
    return conditional({c: judge_instances([row for row in rows if row.case == c], TOLERANCE) for c in cases})


def _without_chance(rows: Sequence[Row]) -> list[Row]:
    """Instances that are the same for every seed, once."""
    return list({row.case: row for row in rows}.values())


def max_pooling_is_invariant_to_shifts(rows: Sequence[Row]) -> Comparison:
    return _invariant(rows, "shift", "{:g} pixels")


def max_pooling_is_invariant_to_rotations(rows: Sequence[Row]) -> Comparison:
    return _invariant(rows, "rotate", "{:g} degrees")


def max_pooling_is_invariant_to_scale(rows: Sequence[Row]) -> Comparison:
    return _invariant(rows, "scale", "factor {:g}")


def _invariant(rows: Sequence[Row], transform: str, words: str) -> Comparison:
    """Random weights: score with max pooling minus that of the same weights without pooling, per amount."""
    if not {"max", "none"} <= {row.pool for row in rows if row.weights == "random"}:
        return unavailable("conditional", "needs max and none among the kinds")
    return conditional(
        {
            words.format(amount): effect(
                *(_stability(rows, "invariance", pool, transform, amount, "random") for pool in ("max", "none")),
                delta=0.1,
            )
            for amount in _amounts(rows, transform)
        }
    )


def max_pooling_is_more_accurate_than_average(rows: Sequence[Row]) -> Comparison:
    def judged() -> Comparison:
        return effect(_tuned(rows, "test_accuracy", "max"), _tuned(rows, "test_accuracy", "avg"), delta=0.005)

    return _between(rows, ("max", "avg"), judged)


def the_learning_rate_makes_the_gap(rows: Sequence[Row]) -> Comparison:
    lowest = min((row.lr for row in rows if row.part == "sweep"), default=0.0)

    def lead(part: str) -> dict[int, float]:
        """Validation accuracy of max minus average pooling, at the lowest rate of the sweep or tuned."""
        chosen = [row for row in rows if row.part == part and (part == "trained" or row.lr == lowest)]
        ahead, behind = (
            by_seed([row for row in chosen if row.pool == pool], lambda row: row.validation_accuracy)
            for pool in ("max", "avg")
        )
        return {seed: ahead[seed] - behind[seed] for seed in ahead}

    return _between(rows, ("max", "avg"), lambda: effect(lead("sweep"), lead("trained"), delta=0.01))


def pooling_prevents_overfitting(rows: Sequence[Row]) -> Comparison:
    def judged(rival: str) -> Comparison:
        return effect(_tuned(rows, "gap", rival), _tuned(rows, "gap", "max"), delta=0.01)

    rivals = {"equal FLOPs": EQUAL_FLOPS, "equal parameters": EQUAL_PARAMETERS}
    return conditional(
        {words: _between(rows, ("max", rival), partial(judged, rival)) for words, rival in rivals.items()}
    )


def average_pooling_has_steadier_features_than_strided_convolution(rows: Sequence[Row]) -> Comparison:
    return _steadier(rows, "invariance", ("avg", "stride_conv"), ("shift", "rotate", "scale"), 0.05)


def max_pooling_has_steadier_predictions_than_average(rows: Sequence[Row]) -> Comparison:
    parts = {
        words: _moved(rows, column, ("max", "avg"), "shift", 0.005)
        for words, column in (("all images", "agreement"), ("those classified correctly", "agreement_when_correct"))
    }
    return conditional(parts)


def blur_pooling_has_steadier_predictions_than_max(rows: Sequence[Row]) -> Comparison:
    return _moved(rows, "agreement", ("blur", "max"), "shift", 0.005)


def predictions_survive_shifts(rows: Sequence[Row]) -> Comparison:
    def judged(amount: float) -> Comparison:
        kept = _stability(rows, "agreement", "max", "shift", amount)
        return effect(kept, dict.fromkeys(kept, 0.9), delta=0.0)

    return conditional(
        {f"{amount:g} pixels": _between(rows, ("max",), partial(judged, amount)) for amount in _amounts(rows, "shift")}
    )


def _steadier(
    rows: Sequence[Row], column: str, pools: tuple[str, str], transforms: Sequence[str], delta: float
) -> Comparison:
    return conditional({transform: _moved(rows, column, pools, transform, delta) for transform in transforms})


def _moved(rows: Sequence[Row], column: str, pools: tuple[str, str], transform: str, delta: float) -> Comparison:
    """One score of the first pooling minus the second's, trained, at the mildest amount."""
    mildest = _amounts(rows, transform)[0]

    def judged() -> Comparison:
        return effect(*(_stability(rows, column, pool, transform, mildest) for pool in pools), delta=delta)

    return _between(rows, pools, judged)


def _between(rows: Sequence[Row], pools: Sequence[str], judged: Callable[[], Comparison]) -> Comparison:
    """The comparison of trained networks, unless one is absent or its best learning rate is an edge of the grid."""
    sweeps = {pool: [row for row in rows if row.part == "sweep" and row.pool == pool] for pool in pools}
    for pool, sweep in sweeps.items():
        if not sweep:
            return unavailable("effect", f"needs {pool.split(',')[0]} among the kinds, and trained=true")
        grid = sorted({row.lr for row in sweep})
        best = max(grid, key=lambda lr: fmean(row.validation_accuracy for row in sweep if row.lr == lr))
        if edge_of_grid(grid, best):
            return undecided("effect", f"the best learning rate of {pool}, {best:g}, is an edge of its grid")
    return judged()


def _tuned(rows: Sequence[Row], column: str, pool: str) -> dict[int, float]:
    return by_seed(rows, lambda row: float(getattr(row, column)), lambda row: (row.part, row.pool) == ("trained", pool))


def _stability(
    rows: Sequence[Row], column: str, pool: str, transform: str, amount: float, weights: str = "trained"
) -> dict[int, float]:
    key = ("stability", weights, pool, transform, amount)
    return by_seed(
        rows,
        lambda row: float(getattr(row, column)),
        lambda row: (row.part, row.weights, row.pool, row.transform, row.amount) == key,
    )


def _amounts(rows: Sequence[Row], transform: str) -> list[float]:
    """From the mildest."""
    return list(dict.fromkeys(row.amount for row in rows if row.transform == transform))
