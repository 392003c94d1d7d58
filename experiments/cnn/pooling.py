"""What does pooling do: which kinds are there, what do they cost, and what do they make a network blind to?

Laws on random maps; features of random networks, with the same weights with and without pooling, under shift, rotation
and scale; and networks trained at learning rates that validation chose, one pooling each.

Notes: pooling (000:35-40); pooling layers (002:109).
Source: Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019; Azulay, Weiss, Why Do Deep Convolutional
Networks Generalize so Poorly to Small Image Transformations?, JMLR 20, 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import fmean
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.cnn import pooling_trials as trials
from experiments.cnn.pooling_trials import EQUAL_FLOPS, EQUAL_PARAMETERS, Row
from experiments.lab.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    edge_of_grid,
    effect,
    fact,
    unavailable,
    undecided,
)
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Table
from experiments.lab.instances import judge_instances, select
from experiments.training.choices import ImageSetName

Kind = Literal["max", "avg", "lp", "gem", "blur", "stride_conv", "attention", "none"]
Size = Annotated[int, Field(ge=10, le=60_000)]
TOLERANCE = 1e-12
"""Of relative differences in float64: 2^-52 times some thousand sums."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: ImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("max", "avg", "stride_conv", "none")
    """Poolings of the networks; stride_conv is a convolution instead, none is trained at equal FLOPs and parameters."""
    kernel: Annotated[int, Field(ge=1, le=8)] = 2
    """Rows and columns of a pooling's window."""
    stride: Annotated[int, Field(ge=1, le=16)] = 2
    """Pixels from window to window, at most twice the kernel."""
    pad: Literal["circular", "zero"] = "circular"
    """What lies beyond the border, for convolutions, poolings and shifts: the other side, or nothing."""
    trained: bool = True
    """Whether networks are trained too."""
    train_images: Size = 100
    """Training images, at most three quarters of those there are."""
    validation_images: Size = 50
    """Images by which the learning rate is chosen, at most a quarter of those for training."""
    test_images: Size = 50
    """Test images, at most all there are."""
    steps: Annotated[int, Field(ge=10, le=100_000)] = 12
    """Updates of Adam."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 16
    """Images per update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=3)] = (1e-3, 5e-3, 2e-2)
    """Learning rates of the sweep, the same for every arm."""
    random_networks: Annotated[int, Field(ge=1, le=1000)] = 2
    """Networks with random weights per pooling and seed."""
    random_images: Size = 50
    """Test images that they see moved, at most all that are taken."""
    shifts: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(min_length=1)] = (1, 2)
    """Pixels to the right, from the mildest."""
    rotations: Annotated[tuple[Annotated[float, Field(gt=0, le=180)], ...], Field(min_length=1)] = (10.0, 45.0)
    """Degrees to the left, from the mildest."""
    scales: Annotated[tuple[Annotated[float, Field(ge=0.1, le=10)], ...], Field(min_length=1)] = (0.9, 0.6)
    """Factors, from the mildest."""
    law_trials: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Random maps on which the laws are tried."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.cnn.core.pooling import Window
    from experiments.datasets.images import load_images
    from experiments.lab.errors import InputError
    from experiments.nn.core.splits import image_split

    if params.stride > 2 * params.kernel:
        raise InputError(f"stride: expected at most twice the kernel, {2 * params.kernel}, got {params.stride}")
    data = load_images(params.dataset, seed=seed)
    there = len(data.train_labels)
    sizes = {
        "train": min(params.train_images, 3 * there // 4),
        "validation": min(params.validation_images, there // 4),
        "test": min(params.test_images, len(data.test_labels)),
    }
    split = image_split(data, **sizes, seed=seed)
    window = Window(params.kernel, params.stride, params.pad)
    task = trials.Task(params=params, split=split, dataset=data.name, window=window, seed=seed)
    for kind in params.kinds:
        task.build(kind)  # refuses a window that does not fit before anything is measured
    yield Note(f"{data.description}; taken: {', '.join(f'{size} for {part}' for part, size in sizes.items())}")
    yield from trials.law_rows(params.law_trials, seed)
    yield from trials.untrained_rows(task)
    if params.trained:
        yield from trials.trained_rows(task)


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


def _is_stability(row: Row, weights: str) -> bool:
    return row.part == "stability" and row.weights == weights


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="ReLU and max pooling commute, so their order does not matter.",
            notes="Pooling follows convolution (000:36)",
            kind="theorem",
            rule="No difference at all on random maps; ReLU and average pooling must differ.",
            predicted="holds",
            judge=relu_and_max_pooling_commute,
        ),
        Claim(
            statement="Pooling filters, then samples: average by a depthwise convolution, max by a gray dilation.",
            notes="Pooling is sampling (000:36)",
            kind="theorem",
            rule="Equal to torch's convolution and scipy's dilation up to 1e-12; each must differ from the other's.",
            predicted="holds",
            judge=pooling_filters_then_samples,
        ),
        Claim(
            statement="Pooling is sampling: its outputs are some of its inputs, and fewer.",
            notes="Pooling is sampling (000:36)",
            kind="conditional",
            rule="Per kind and stride: no output that is no input, and fewer outputs than inputs.",
            predicted="conditional",
            judge=pooling_is_sampling,
        ),
        Claim(
            statement="A pooled side has floor((n + 2p - d(k - 1) - 1) / s) + 1 pixels.",
            notes="Compression by pooling (000:36)",
            kind="theorem",
            rule="Equal to torch's output for random n, k, s, p, d; the formula without dilation must fail.",
            predicted="holds",
            judge=output_size_follows_the_formula,
        ),
        Claim(
            statement="Pooling with stride s divides the FLOPs of the next convolution by s^2, with stride 1 too.",
            notes="Pooling speeds up (000:36)",
            kind="conditional",
            rule="FLOPs counted by torch before and behind, exact; without pooling the ratio must fail.",
            predicted="conditional",
            judge=pooling_makes_the_next_layer_cheaper,
        ),
        Claim(
            statement="There are two kinds of pooling.",
            notes="Pooling is of two kinds (000:37)",
            kind="fact",
            rule="Number of kinds among the pooling classes of torch.nn, dimensions left out, is 2.",
            predicted="refuted",
            judge=there_are_two_kinds_of_pooling,
        ),
        Claim(
            statement="Pooling has no parameters.",
            notes="Pooling layers have no parameters (000:37)",
            kind="conditional",
            rule="Per kind: number of learned parameters is 0.",
            predicted="conditional",
            judge=pooling_has_no_parameters,
        ),
        Claim(
            statement="Pooling by 2 x 2 leaves the classifier a quarter of its weights.",
            notes="Fewer parameters and less computation (000:39)",
            kind="conditional",
            rule="Per classifier: weights on maps of 8 x 8 over those on 4 x 4 are 4, exactly.",
            predicted="conditional",
            judge=pooling_shrinks_the_classifier,
        ),
        Claim(
            statement="Max pooling prevents overfitting: a point less between training and test accuracy.",
            notes="Pooling prevents overfitting (000:39, 002:109)",
            kind="conditional",
            rule="Per budget, tuned: gap without pooling - gap with max pooling > 0.01.",
            predicted="conditional",
            judge=pooling_prevents_overfitting,
        ),
        Claim(
            statement="A circular shift by the stride is exactly a shift of the pooled map.",
            notes="Translation invariance (000:40)",
            kind="theorem",
            rule="Relative difference <= 1e-12 per kind, also behind convolutions; a shift by one pixel must differ.",
            predicted="holds",
            judge=a_shift_by_the_stride_shifts_the_output,
        ),
        Claim(
            statement="A global average behind circular convolutions does not change under circular shifts.",
            notes="Translation invariance (000:40)",
            kind="theorem",
            rule="Relative difference <= 1e-12; with zeros at the border, or behind strided pooling, it must differ.",
            predicted="holds",
            judge=the_global_average_ignores_circular_shifts,
        ),
        Claim(
            statement="Max pooling makes features invariant to shifts: a tenth more than without it.",
            notes="Translation invariance (000:40)",
            kind="conditional",
            rule="Per amount, random weights: cosine of centered features, with - without pooling > 0.1.",
            predicted="conditional",
            judge=max_pooling_is_invariant_to_shifts,
        ),
        Claim(
            statement="Max pooling makes features invariant to rotations: a tenth more than without it.",
            notes="Rotation invariance (000:40)",
            kind="conditional",
            rule="Per amount, random weights: cosine of centered features, with - without pooling > 0.1.",
            predicted="refuted",
            judge=max_pooling_is_invariant_to_rotations,
        ),
        Claim(
            statement="Max pooling makes features invariant to scale: a tenth more than without it.",
            notes="Scale invariance (000:40)",
            kind="conditional",
            rule="Per amount, random weights: cosine of centered features, with - without pooling > 0.1.",
            predicted="refuted",
            judge=max_pooling_is_invariant_to_scale,
        ),
        Claim(
            statement="Nine of ten predictions of a network with max pooling survive a shift.",
            notes="Translation invariance (000:40)",
            kind="conditional",
            rule="Per amount, tuned: share of test images with the same predicted class > 0.9.",
            predicted="conditional",
            judge=predictions_survive_shifts,
        ),
        Claim(
            statement="Max pooling is half a point more accurate than average pooling.",
            notes="Max and average pooling (000:37)",
            kind="effect",
            rule="Tuned: test accuracy max - average > 0.005.",
            predicted="holds",
            judge=max_pooling_is_more_accurate_than_average,
        ),
        Claim(
            statement="At one low learning rate max pooling leads average by a point more than where both are tuned.",
            notes="Max and average pooling (000:37)",
            kind="effect",
            rule="Lead in validation accuracy at the lowest rate - lead at the tuned rates > 0.01.",
            predicted="holds",
            judge=the_learning_rate_makes_the_gap,
        ),
        Claim(
            statement="Average pooling has steadier features than a strided convolution, by a twentieth.",
            notes="Translation, rotation and scale invariance (000:40)",
            kind="conditional",
            rule="Per transformation at its mildest, tuned: cosine of centered features, difference > 0.05.",
            predicted="holds",
            judge=average_pooling_has_steadier_features_than_strided_convolution,
        ),
        Claim(
            statement="Max pooling has steadier predictions under a shift than average pooling, by half a point.",
            notes="Translation invariance (000:40)",
            kind="conditional",
            rule="All images, and those classified correctly; mildest shift, tuned: agreement, difference > 0.005.",
            predicted="holds",
            judge=max_pooling_has_steadier_predictions_than_average,
        ),
        Claim(
            statement="Blur pooling has steadier predictions under a shift than max pooling, by half a point.",
            notes="Translation invariance (000:40)",
            kind="effect",
            rule="Mildest shift, tuned: share of test images with the same predicted class, difference > 0.005.",
            predicted="holds",
            judge=blur_pooling_has_steadier_predictions_than_max,
        ),
    ),
    tables=(
        Table(
            title="Poolings at a glance; predictions that stay at the mildest shift, and at all mild moves",
            by=("pool",),
            columns=("test_accuracy", "flops", "parameters", "shift_agreement", "moved_agreement"),
            where=lambda row: row.part == "trained",
        ),
        Table(
            title="Tuned networks, their learning rate and the gap between training and test accuracy",
            by=("pool",),
            columns=("validation_accuracy", "train_loss", "gap", "lr"),
            where=lambda row: row.part == "trained",
        ),
        Table(
            title="What stays in moved images, trained, mean over the amounts",
            by=("transform", "pool"),
            columns=("invariance", "agreement", "agreement_when_correct"),
            where=lambda row: _is_stability(row, "trained"),
        ),
        Table(
            title="What stays in the features of random networks, mean over the amounts",
            by=("transform", "pool"),
            columns=("invariance", "feature_cosine"),
            where=lambda row: _is_stability(row, "random"),
        ),
        Table(
            title="Validation accuracy by learning rate",
            by=("pool", "lr"),
            columns=("validation_accuracy", "train_loss", "diverged"),
            where=lambda row: row.part == "sweep",
        ),
        Table(
            title="Laws and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part in ("commutes", "sampling", "cost", "head", "size", "global average"),
        ),
    ),
    curves=(
        Curve(
            name="invariance_to_shift",
            x="shift_pixels",
            y="invariance",
            group="pool",
            where=lambda row: _is_stability(row, "random") and row.transform == "shift",
        ),
        Curve(
            name="invariance_to_rotation",
            x="rotation_degrees",
            y="invariance",
            group="pool",
            where=lambda row: _is_stability(row, "random") and row.transform == "rotate",
        ),
        Curve(
            name="invariance_to_scale",
            x="scale_factor",
            y="invariance",
            group="pool",
            where=lambda row: _is_stability(row, "random") and row.transform == "scale",
        ),
        Curve(
            name="agreement_under_shift",
            x="shift_pixels",
            y="agreement",
            group="pool",
            where=lambda row: _is_stability(row, "trained") and row.transform == "shift",
        ),
        Curve(
            name="accuracy_by_learning_rate",
            x="lr",
            y="validation_accuracy",
            group="pool",
            x_scale="log",
            where=lambda row: row.part == "sweep",
        ),
    ),
)
