"""Where should the normalization of a residual block stand, for gradients, for training and without warm-up?

Transformers over the rows of small images: gradients per layer at initialization over depth, then training with the
learning rate chosen on validation images, the same grid for every arm.

Notes: post-norm and pre-norm (000:43).
Source: Xiong et al.: On Layer Normalization in the Transformer Architecture, ICML 2020; Wang et al.: DeepNet: Scaling
Transformers to 1,000 Layers, 2022; Ding et al.: CogView, 2021 (sandwich).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.claims import Claim, Comparison, by_seed, conditional, effect, ratio, slope, undecided
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow

NAN = float("nan")
Placement = Literal["none", "post", "pre", "sandwich", "deep"]


def _as_list(value: Any) -> Any:
    """A single value is a list of one, so that a sweep may give one at a time."""
    return value if isinstance(value, list | tuple) else (value,)


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    placement: Annotated[tuple[Placement, ...], BeforeValidator(_as_list), Field(min_length=1)] = ("post", "pre")
    """Where the normalization stands: one of them or a list."""
    normalization: Annotated[tuple[Literal["layer", "rms"], ...], BeforeValidator(_as_list), Field(min_length=1)] = (
        "layer",
    )
    """LayerNorm or RMSNorm: one of them or a list; training uses the first."""
    depth: Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], BeforeValidator(_as_list), Field(min_length=1)] = (
        2,
    )
    """Blocks of the trained transformers: a number or a list."""
    gradients_only: tuple[Placement, ...] = ("none",)
    """Further placements, of which only the gradients are measured."""
    gradient_depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (2, 4)
    """Blocks of the transformers whose gradients are measured, beside those of depth."""
    warmup: Annotated[tuple[Annotated[int, Field(ge=0, le=10_000)], ...], BeforeValidator(_as_list)] = (0,)
    """Steps over which the learning rate rises from 0: a number or a list."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1e-3, 3e-3)
    """Learning rates of Adam that every arm tries; the best on validation images is taken."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Batches of one training."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Images of a batch."""
    dim: Annotated[int, Field(ge=4, le=512, multiple_of=4)] = 32
    """Width of the residual stream; a multiple of the 4 heads."""
    train_images: Annotated[int, Field(ge=10, le=50_000)] = 600
    """Images to train on."""
    validation_images: Annotated[int, Field(ge=10, le=10_000)] = 300
    """Images that choose the learning rate."""
    dataset: Literal["auto", "digits", "mnist", "fashion"] = "digits"
    """Images; each row of pixels is a token."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """gradient or training."""
    placement: str
    normalization: str
    depth: int
    layer: int = 0
    gradient_norm: float = NAN
    """Of the second feed-forward weight at initialization."""
    first_over_last: float = NAN
    """Gradient of the first block over that of the last, on the row of the last."""
    warmup: int = 0
    lr: float = NAN
    """The learning rate that validation chose."""
    at_edge: bool = False
    """Whether that is the smallest or the largest tried."""
    train_loss: float = NAN
    train_accuracy: float = NAN
    test_accuracy: float = NAN
    gap: float = NAN
    """train_accuracy - test_accuracy."""
    failed_share: float = NAN
    """Share of the learning rates that diverged or stayed below twice chance on validation images."""
    diverged: int = 0
    """Learning rates that diverged."""
    dataset: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.datasets.images import load_images
    from experiments.nn.core.fit import Budget
    from experiments.nn.core.splits import image_split
    from experiments.norm.core.trainability import gradients_by_layer, place_and_train

    data = load_images(params.dataset, seed=seed)
    sizes = {"train": params.train_images, "validation": params.validation_images}
    split = image_split(data, **sizes, test=min(1000, len(data.test_labels)), seed=seed)
    yield Note(data.description)
    for normalization in params.normalization:
        for placement in dict.fromkeys((*params.placement, *params.gradients_only)):
            for depth in sorted({*params.depth, *params.gradient_depth}):
                norms = gradients_by_layer(split, depth, params.dim, placement, normalization, seed)
                for layer, norm in enumerate(norms, start=1):
                    yield Row(
                        part="gradient",
                        placement=placement,
                        normalization=normalization,
                        depth=depth,
                        layer=layer,
                        gradient_norm=norm,
                        first_over_last=norms[0] / norm if layer == depth else NAN,
                        dataset=data.name,
                    )
    arms = [(p, d, w) for p in params.placement for d in params.depth for w in params.warmup]
    for done, (placement, depth, warmup) in enumerate(arms):
        yield Progress("training", done, len(arms))
        budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam", warmup=warmup)
        tuned = place_and_train(split, depth, params.dim, placement, params.normalization[0], budget, params.lrs, seed)
        best = tuned.best
        failed = [fit.diverged or fit.validation_accuracy < 2 / split.classes for fit in tuned.fits]
        yield Row(
            part="training",
            placement=placement,
            normalization=params.normalization[0],
            depth=depth,
            warmup=warmup,
            lr=best.lr,
            at_edge=tuned.at_edge,
            train_loss=best.train_loss,
            train_accuracy=best.train_accuracy,
            test_accuracy=best.test_accuracy,
            gap=best.train_accuracy - best.test_accuracy,
            failed_share=sum(failed) / len(failed),
            diverged=tuned.diverged,
            dataset=data.name,
        )


def _trained(rows: Sequence[Row], column: str, placement: str, depth: int, warmup: int) -> dict[int, float]:
    return by_seed(
        rows,
        lambda r: float(getattr(r, column)),
        lambda r: (r.part, r.placement, r.depth, r.warmup) == ("training", placement, depth, warmup),
    )


def _settings(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """(depth, warmup) that were trained, by rising depth."""
    return sorted({(row.depth, row.warmup) for row in rows if row.part == "training"})


def post_norm_regularizes_more(rows: Sequence[Row]) -> Comparison:
    parts = {}
    for depth, warmup in _settings(rows):
        pre, post = (_trained(rows, "gap", placement, depth, warmup) for placement in ("pre", "post"))
        parts[f"{depth} blocks, warm-up {warmup}"] = effect(pre, post, delta=0.005)
    return conditional(parts)


def post_norm_converges_better(rows: Sequence[Row]) -> Comparison:
    parts: dict[str, Comparison] = {}
    for depth, warmup in _settings(rows):
        arms = [_trained(rows, "test_accuracy", placement, depth, warmup) for placement in ("post", "pre")]
        edges = [max(_trained(rows, "at_edge", p, depth, warmup).values(), default=0) for p in ("post", "pre")]
        better = effect(arms[0], arms[1], delta=0.01)
        if better.outcome == "holds" and edges[1]:
            better = undecided("effect", "pre-norm's best learning rate lies at the edge of the grid")
        if better.outcome == "refuted" and edges[0]:
            better = undecided("effect", "post-norm's best learning rate lies at the edge of the grid")
        parts[f"{depth} blocks, warm-up {warmup}"] = better
    return conditional(parts)


def pre_norm_gradient_shrinks_with_the_root_of_depth(rows: Sequence[Row]) -> Comparison:
    return _last_gradient_slope(rows, "pre", -0.5, 0.15)


def post_norm_gradient_stays_large(rows: Sequence[Row]) -> Comparison:
    return _last_gradient_slope(rows, "post", 0.0, 0.1)


def _last_gradient_slope(rows: Sequence[Row], placement: str, theory: float, tolerance: float) -> Comparison:
    last = [r for r in rows if (r.part, r.placement, r.normalization) == ("gradient", placement, "layer")]
    last = [row for row in last if row.layer == row.depth]
    depths = sorted({row.depth for row in last})
    y: dict[int, list[float]] = {}
    for row in sorted(last, key=lambda row: row.depth):
        y.setdefault(row.seed, []).append(row.gradient_norm)
    return slope(depths, y, theory=theory, tolerance=tolerance)


def without_norm_the_gradient_explodes(rows: Sequence[Row]) -> Comparison:
    deepest = max(row.depth for row in rows)
    return conditional({name: _explodes(rows, name, deepest) for name in ("none", "pre", "post")})


def _explodes(rows: Sequence[Row], placement: str, depth: int) -> Comparison:
    ends = by_seed(
        rows,
        lambda r: r.first_over_last,
        lambda r: (r.placement, r.normalization, r.depth, r.layer) == (placement, "layer", depth, depth),
    )
    return ratio(ends, dict.fromkeys(ends, 1.0), at_least=10)


def deep_post_norm_fails_more_often(rows: Sequence[Row]) -> Comparison:
    settings = [setting for setting in _settings(rows) if setting[1] == 0]
    if not settings:
        return undecided("effect", "expected trainings without warm-up, got none")
    post, pre = (_trained(rows, "failed_share", placement, *settings[-1]) for placement in ("post", "pre"))
    return effect(post, pre, delta=0.1)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Post-norm regularizes more: its gap between training and test accuracy is 0.5 points smaller.",
            notes="Post-norm regularizes more (000:43)",
            kind="conditional",
            rule="Per depth and warm-up: gap of pre-norm - gap of post-norm > 0.005.",
            predicted="refuted",
            judge=post_norm_regularizes_more,
        ),
        Claim(
            statement="Post-norm converges better: 1 point more test accuracy at its own tuned learning rate.",
            notes="Post-norm converges better (000:43)",
            kind="conditional",
            rule="Per depth and warm-up: test accuracy post - pre > 0.01; undecided if the loser's rate is at an edge.",
            predicted="conditional",
            judge=post_norm_converges_better,
        ),
        Claim(
            statement="Pre-norm: the last block's gradient at initialization falls with the root of the depth.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="slope",
            rule="Exponent of the gradient norm over depth is -0.5 +- 0.15.",
            predicted="holds",
            judge=pre_norm_gradient_shrinks_with_the_root_of_depth,
        ),
        Claim(
            statement="Post-norm: the last block's gradient at initialization does not fall with the depth.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="slope",
            rule="Exponent of the gradient norm over depth is 0 +- 0.1.",
            predicted="holds",
            judge=post_norm_gradient_stays_large,
        ),
        Claim(
            statement="The gradient grows more than tenfold from the last block to the first.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="conditional",
            rule="Per placement, at the largest depth: gradient of the first block over that of the last is above 10.",
            predicted="conditional",
            judge=without_norm_the_gradient_explodes,
        ),
        Claim(
            statement="Without warm-up deep post-norm fails at more learning rates than pre-norm.",
            notes="Large models use pre-norm (000:43)",
            kind="effect",
            rule="At the largest trained depth: share of failed learning rates post - pre > 0.1.",
            predicted="holds",
            judge=deep_post_norm_fails_more_often,
        ),
    ),
    tables=(
        Table(
            title="Gradient at initialization",
            by=("normalization", "placement", "depth"),
            columns=("gradient_norm", "first_over_last"),
            where=lambda row: row.part == "gradient" and row.layer == row.depth,
        ),
        Table(
            title="Training at the rate that validation chose",
            by=("placement", "depth", "warmup"),
            columns=("test_accuracy", "train_loss", "gap", "failed_share", "diverged", "lr"),
            where=lambda row: row.part == "training",
        ),
    ),
    curves=(
        Curve(
            name="last_gradient_over_depth",
            x="depth",
            y="gradient_norm",
            group="placement",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "gradient" and row.layer == row.depth and row.normalization == "layer",
        ),
    ),
)
