"""Trainings in every place, at every learning rate, with and without warm-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from experiments.foundation.networks.tuning import Choice, choose
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.norm.placement.setup import Images

Setting = tuple[int, int]
"""(depth, warm-up)"""
POINT = 0.01
"""Test accuracy that counts as better."""


@observation
class TrainingRow(Row):
    """One training at one learning rate."""

    placement: str
    depth: int
    dataset: str
    steps: int
    warmup: int
    lr: float
    train_loss: float
    validation_accuracy: float
    test_accuracy: float
    gap: float
    """Accuracy on training images - accuracy on test images."""
    weight_growth: float
    """Root mean square of the weights of the blocks after training over that before; NaN if it diverged."""
    diverged: bool
    """Loss not finite, or more than ten times the first; accuracies are then those of chance."""
    failed: bool
    """Diverged, or below twice chance on validation images."""


def run(images: Images) -> Iterator[Event]:
    from experiments.foundation.networks.budget import Budget
    from experiments.foundation.networks.side_by_side import Rate
    from experiments.norm.core.trainability import place_and_train

    params, split = images.params, images.split
    rates = [Rate(lr, warmup) for warmup in params.warmup for lr in params.lrs]
    arms = images.arms()
    for done, (placement, depth) in enumerate(arms):
        yield Progress(f"{placement}, {depth} blocks", done, len(arms))
        steps = params.steps * max(params.depth) // depth
        budget = Budget(steps=steps, batch_size=params.batch_size, optimizer="adam")
        architecture = images.architecture(placement)
        for trained in place_and_train(split, depth, architecture, budget, rates, seed=images.seed):
            fit = trained.fit
            yield TrainingRow(
                placement=placement,
                depth=depth,
                dataset=images.dataset,
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
            )


@dataclass(frozen=True)
class Arm:
    """One placement in one setting."""

    rows: Sequence[TrainingRow]
    choice: Choice[TrainingRow]

    @property
    def lr(self) -> float:
        return self.choice.setting

    def at_rate(self, lr: float, column: str) -> dict[int, float]:
        return by_seed(self.rows, column, lr=lr)

    def at_its_rate(self, column: str) -> dict[int, float]:
        return self.at_rate(self.lr, column)


def arm(rows: Sequence[TrainingRow], placement: str, setting: Setting) -> Arm:
    """A placement with the learning rate that validation chose."""
    depth, warmup = setting
    chosen = [row for row in rows if (row.placement, row.depth, row.warmup) == (placement, depth, warmup)]
    score = attrgetter("validation_accuracy")
    return Arm(chosen, choose(chosen, score=score, arm=attrgetter("placement"))[placement])


def arms(rows: Sequence[TrainingRow], setting: Setting) -> tuple[Arm, Arm]:
    """Post-norm and pre-norm."""
    return arm(rows, "post", setting), arm(rows, "pre", setting)


def settings(rows: Sequence[TrainingRow]) -> list[Setting]:
    """Those in which post-norm and pre-norm were trained, shallow ones first, those with the longest warm-up first."""
    post, pre = ({(row.depth, row.warmup) for row in rows if row.placement == name} for name in ("post", "pre"))
    return sorted(post & pre, key=lambda setting: (setting[0], -setting[1]))


def best(rows: Sequence[TrainingRow], placement: str, depth: int) -> Choice[TrainingRow]:
    """The learning rate that validation chose, with the warm-up that suits it best."""
    warmups = sorted({row.warmup for row in rows if row.depth == depth})
    found = (arm(rows, placement, (depth, warmup)).choice for warmup in warmups)
    return max(found, key=lambda choice: choice.score)


def at_best(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    """The rows of every placement and depth at its best rate and warm-up."""
    arms_and_depths = dict.fromkeys((row.placement, row.depth) for row in rows)
    return [row for placement, depth in arms_and_depths for row in best(rows, placement, depth).rows]


def accuracy_at_own_rates(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs | Undecided]:
    """Post-norm and pre-norm, each tuned; undecided where the one that loses might do better beyond its grid."""
    found: dict[str, Pairs | Undecided] = {}
    for depth, warmup in settings(rows):
        post, pre = arms(rows, (depth, warmup))
        pairs = Pairs(post.at_its_rate("test_accuracy"), pre.at_its_rate("test_accuracy"))
        gains = [pairs.treatment[seed] - pairs.baseline[seed] for seed in pairs.treatment]
        name, loser = ("pre", pre) if sum(gains) / len(gains) > POINT else ("post", post)
        reason = f"the best rate of {name}-norm, {loser.lr:g}, is an edge of the grid"
        found[f"{depth} blocks, warm-up {warmup}"] = Undecided(reason) if loser.choice.at_edge else pairs
    return found


def failures_without_warmup(rows: Sequence[TrainingRow]) -> Pairs | Undecided:
    """Share of failed learning rates at the largest depth."""
    depths = [depth for depth, warmup in settings(rows) if warmup == 0]
    if not depths:
        return Undecided("expected trainings of post-norm and pre-norm without warm-up")
    post, pre = (by_seed(rows, "failed", placement=name, depth=depths[-1], warmup=0) for name in ("post", "pre"))
    return Pairs(post, pre)


PART = Part(
    name="training",
    row=TrainingRow,
    run=run,
    claims=(
        Claim(
            "post_norm_converges_better",
            statement="Post-norm converges better: 1 point more test accuracy at its own tuned learning rate.",
            rule=Each(Effect("test accuracy, post - pre", delta=POINT), per="depth and warm-up"),
            measure=accuracy_at_own_rates,
            topic="Post-norm converges better",
            predicted={
                "2 blocks, warm-up 30": "holds",
                "2 blocks, warm-up 0": "holds",
                "12 blocks, warm-up 30": "refuted",
                "12 blocks, warm-up 0": "refuted",
            },
            source="Takase et al. 2022 (B2T connection): post-norm is better where shallow, unstable where deep",
        ),
        Claim(
            "deep_post_norm_fails_more_often",
            statement="Without warm-up deep post-norm fails at more learning rates than pre-norm.",
            rule=Effect("share of failed learning rates at the largest depth, post - pre", delta=0.1),
            measure=failures_without_warmup,
            topic="Large models use pre-norm",
            predicted="holds",
            source="Xiong et al. 2020: post-norm needs warm-up",
        ),
    ),
    tables=(
        Table(
            title="Training at every learning rate",
            by=("depth", "steps", "warmup", "placement", "lr"),
            columns=("validation_accuracy", "test_accuracy", "gap", "train_loss", "weight_growth", "failed"),
        ),
    ),
    curves=(Curve(name="accuracy_over_lr", x="lr", y="test_accuracy", group="placement", x_scale="log"),),
)
