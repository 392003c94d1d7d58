"""Where should the normalization of a residual block stand: does post-norm train better, or regularize more?

Transformers over the rows of small images, trained in every place and at every learning rate of one grid, with and
without warm-up. The rate of each arm is chosen on validation images. Gradients before training: norm.gradients.

Notes: post-norm and pre-norm (000:43).
Source: Xiong et al.: On Layer Normalization in the Transformer Architecture, ICML 2020; Wang et al.: DeepNet: Scaling
Transformers to 1,000 Layers, 2022; Ding et al.: CogView, 2021 (sandwich).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.networks.rates import Chosen, best_rate
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, ratio, theorem, undecided
from experiments.norm.choices import Depths, Placements, Width, listed

NAN = float("nan")
Setting = tuple[int, int]
"""(depth, warm-up)"""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    placement: Placements = ("post", "pre")
    """Where the normalization stands: one of them or a list; the claims need post and pre."""
    normalization: Literal["layer", "rms"] = "layer"
    """LayerNorm or RMSNorm."""
    depth: Depths = (2,)
    """Blocks of a transformer: a number or a list."""
    warmup: Annotated[
        tuple[Annotated[int, Field(ge=0, le=10_000)], ...], BeforeValidator(listed), Field(min_length=1)
    ] = (0, 5)
    """Steps over which the learning rate rises from 0: a number or a list."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], BeforeValidator(listed), Field(min_length=1)] = (
        1e-3,
        3e-3,
    )
    """Learning rates of Adam that every arm tries; the best on validation images is taken."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Batches of one training at the largest depth; a shallower network gets more, in proportion, for equal compute."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 16
    """Images of a batch."""
    dim: Width = 16
    """Width of the residual stream; a multiple of 4, the largest number of heads."""
    heads: Literal[1, 2, 4] = 2
    """Heads of attention."""
    train_images: Annotated[int, Field(ge=10, le=50_000)] = 600
    """Images to train on."""
    validation_images: Annotated[int, Field(ge=10, le=10_000)] = 300
    """Images that choose the learning rate."""
    test_images: Annotated[int, Field(ge=10, le=10_000)] = 1000
    """Images that accuracy is told of; training images that no one needs fill up a smaller test part."""
    dataset: Literal["auto", "digits", "mnist", "fashion"] = "digits"
    """Images; each row of pixels is a token."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """start (before training) or training."""
    placement: str
    depth: int
    stream_rms: float = NAN
    """Root mean square of the residual stream behind the last block, before training."""
    steps: int = 0
    warmup: int = 0
    lr: float = NAN
    train_loss: float = NAN
    validation_accuracy: float = NAN
    test_accuracy: float = NAN
    gap: float = NAN
    """Accuracy on training images - accuracy on test images."""
    weight_growth: float = NAN
    """Root mean square of the weights of the blocks behind training over that before."""
    diverged: bool = False
    """Loss not finite, or more than ten times the first; accuracies are then those of chance."""
    failed: bool = False
    """Diverged, or below twice chance on validation images."""
    dataset: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.budget import Budget
    from experiments.foundation.networks.side_by_side import Rate
    from experiments.foundation.networks.split import fill_test, image_split
    from experiments.norm.core.trainability import Architecture, measure_start, place_and_train

    sizes = {"train": params.train_images, "validation": params.validation_images}
    data = fill_test(load_images(params.dataset, seed=seed), sum(sizes.values()), params.test_images, seed=seed)
    split = image_split(data, **sizes, test=min(params.test_images, len(data.test_labels)), seed=seed)
    yield Note(data.description)
    rates = [Rate(lr, warmup) for warmup in params.warmup for lr in params.lrs]
    arms = [(placement, depth) for depth in params.depth for placement in params.placement]
    for done, (placement, depth) in enumerate(arms):
        yield Progress(f"{placement}, {depth} blocks", done, len(arms))
        architecture = Architecture(dim=params.dim, heads=params.heads, placement=placement, norm=params.normalization)
        arm: dict[str, Any] = {"placement": placement, "depth": depth, "dataset": data.name}
        steps = params.steps * max(params.depth) // depth
        budget = Budget(steps=steps, batch_size=params.batch_size, optimizer="adam")
        start = measure_start(split, depth, architecture, draws=1, seed=seed)
        yield Row(part="start", stream_rms=start.stream_rms, **arm)
        for trained in place_and_train(split, depth, architecture, budget, rates, seed=seed):
            fit = trained.fit
            yield Row(
                part="training",
                steps=steps,
                warmup=trained.rate.warmup,
                lr=fit.lr,
                train_loss=fit.train_loss,
                validation_accuracy=fit.validation_accuracy,
                test_accuracy=fit.test_accuracy,
                gap=fit.train_accuracy - fit.test_accuracy,
                weight_growth=trained.weight_growth,
                diverged=fit.diverged,
                failed=fit.diverged or fit.validation_accuracy < 2 / split.classes,
                **arm,
            )


def _trained(rows: Sequence[Row], placement: str, setting: Setting) -> list[Row]:
    wanted = ("training", placement, *setting)
    return [row for row in rows if (row.part, row.placement, row.depth, row.warmup) == wanted]


def _chosen(rows: Sequence[Row]) -> Chosen:
    return best_rate((row.lr, row.validation_accuracy) for row in rows)


def _at_rate(rows: Sequence[Row], lr: float, value: Callable[[Row], float]) -> dict[int, float]:
    return by_seed(rows, value, lambda row: row.lr == lr)


def _settings(rows: Sequence[Row]) -> list[Setting]:
    """Those in which post-norm and pre-norm were trained, shallow ones first, those with the longest warm-up first."""
    arms = [{(r.depth, r.warmup) for r in rows if (r.part, r.placement) == ("training", p)} for p in ("post", "pre")]
    return sorted(arms[0] & arms[1], key=lambda setting: (setting[0], -setting[1]))


def post_norm_regularizes_more(rows: Sequence[Row]) -> Comparison:
    """In the shallowest setting with the longest warm-up, where both arms train."""
    settings = _settings(rows)
    if not settings:
        return undecided("conditional", "expected trainings of post-norm and pre-norm")
    post, pre = (_trained(rows, placement, settings[0]) for placement in ("post", "pre"))
    best_post, best_pre = _chosen(post).lr, _chosen(pre).lr
    return conditional(
        {
            "activations": _stream_is_normalized(rows),
            "weights": ratio(
                _at_rate(pre, best_pre, lambda row: row.weight_growth),
                _at_rate(post, best_pre, lambda row: row.weight_growth),
                at_least=1.02,
            ),
            "generalization": effect(
                _at_rate(pre, best_pre, lambda row: row.gap),
                _at_rate(post, best_post, lambda row: row.gap),
                delta=0.005,
            ),
        }
    )


def _stream_is_normalized(rows: Sequence[Row]) -> Comparison:
    off = {
        placement: [abs(r.stream_rms - 1) for r in rows if (r.part, r.placement) == ("start", placement)]
        for placement in ("post", "pre")
    }
    return theorem(off["post"], tolerance=1e-3, control=off["pre"])


def post_norm_converges_better(rows: Sequence[Row]) -> Comparison:
    return conditional(
        {f"{depth} blocks, warm-up {warmup}": _better(rows, (depth, warmup)) for depth, warmup in _settings(rows)}
    )


def _better(rows: Sequence[Row], setting: Setting) -> Comparison:
    arms = [_trained(rows, placement, setting) for placement in ("post", "pre")]
    rates = [_chosen(arm) for arm in arms]
    post, pre = (_at_rate(arm, r.lr, lambda row: row.test_accuracy) for arm, r in zip(arms, rates, strict=True))
    compared = effect(post, pre, delta=0.01)
    loser, rate = ("pre", rates[1]) if compared.outcome == "holds" else ("post", rates[0])
    if rate.at_edge:
        return undecided("effect", f"the best rate of {loser}-norm, {rate.lr:g}, is an edge of the grid")
    return compared


def deep_post_norm_fails_more_often(rows: Sequence[Row]) -> Comparison:
    settings = [setting for setting in _settings(rows) if setting[1] == 0]
    if not settings:
        return undecided("effect", "expected trainings of post-norm and pre-norm without warm-up")
    post, pre = (by_seed(_trained(rows, p, settings[-1]), lambda row: float(row.failed)) for p in ("post", "pre"))
    return effect(post, pre, delta=0.1)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Post-norm regularizes the parameters more than pre-norm.",
            notes="Post-norm regularizes more (000:43)",
            kind="conditional",
            rule="Activations: stream of rms 1 behind the last block within 1e-3, pre-norm's must differ. At the least "
            "depth and longest warm-up: weights of pre-norm grow 1.02 times as much at its best rate; its gap between "
            "training and test accuracy, each at its best rate, is 0.005 larger.",
            predicted="conditional",
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
            statement="Without warm-up deep post-norm fails at more learning rates than pre-norm.",
            notes="Large models use pre-norm (000:43)",
            kind="effect",
            rule="At the largest depth: share of failed learning rates post - pre > 0.1.",
            predicted="holds",
            judge=deep_post_norm_fails_more_often,
        ),
    ),
    tables=(
        Table(
            title="Training at every learning rate",
            by=("depth", "steps", "warmup", "placement", "lr"),
            columns=("validation_accuracy", "test_accuracy", "gap", "train_loss", "weight_growth", "failed"),
            where=lambda row: row.part == "training",
        ),
        Table(
            title="Residual stream before training",
            by=("placement", "depth"),
            columns=("stream_rms",),
            where=lambda row: row.part == "start",
        ),
    ),
    curves=(
        Curve(
            name="accuracy_over_lr",
            x="lr",
            y="test_accuracy",
            group="placement",
            x_scale="log",
            where=lambda row: row.part == "training",
        ),
    ),
)
