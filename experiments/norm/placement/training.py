"""Trainings in every place, at every learning rate, with and without warm-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Ratio, Under
from experiments.norm.placement.setup import Images

Setting = tuple[int, int]
"""(depth, warm-up)"""
POINT = 0.01
"""Test accuracy that counts as better."""


@observation
class TrainingRow(Row):
    """One training at one learning rate."""

    network: str
    """Placement and depth."""
    placement: str
    depth: int
    dataset: str
    warmup: int
    lr: float
    train_loss: float
    validation_accuracy: float
    test_accuracy: float
    gap: float
    """Accuracy on training images - accuracy on test images."""
    weight_growth: float
    """Root mean square of the weights of the blocks after training over that before; NaN if it diverged."""
    failed: bool
    """Fewer than half of the validation images right; a diverged run has the accuracy of chance."""


def run(images: Images) -> Iterator[Event]:
    from experiments.foundation.networks.budget import Budget
    from experiments.foundation.networks.side_by_side import Rate
    from experiments.norm.core.trainability import place_and_train

    params, split = images.params, images.split
    rates = [Rate(lr, warmup) for warmup in params.warmup for lr in params.lrs]
    budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam", falls=True)
    arms = images.arms()
    for done, (placement, depth) in enumerate(arms):
        yield Progress(f"{placement}, {depth} blocks", done, len(arms))
        architecture = images.architecture(placement)
        for trained in place_and_train(split, depth, architecture, budget, rates, seed=images.seed):
            fit = trained.fit
            yield TrainingRow(
                network=f"{placement}, {depth} blocks",
                placement=placement,
                depth=depth,
                dataset=images.dataset,
                warmup=trained.rate.warmup,
                lr=fit.lr,
                train_loss=fit.train_loss,
                validation_accuracy=fit.validation_accuracy,
                test_accuracy=fit.test_accuracy,
                gap=fit.train_accuracy - fit.test_accuracy,
                weight_growth=trained.weight_growth,
                failed=fit.validation_accuracy < 0.5,
            )


def tuned(rows: Sequence[TrainingRow], setting: Setting) -> dict[str, Choice[TrainingRow]]:
    """Every placement at the learning rate that validation chose."""
    depth, warmup = setting
    found = kept(rows, {"depth": depth, "warmup": warmup})
    return choose(found, score=attrgetter("validation_accuracy"), arm=attrgetter("placement"))


def settings(rows: Sequence[TrainingRow]) -> list[Setting]:
    """Those in which post-norm and pre-norm were trained, shallow ones first, those with the longest warm-up first."""
    post, pre = ({(row.depth, row.warmup) for row in rows if row.placement == name} for name in ("post", "pre"))
    return sorted(post & pre, key=lambda setting: (setting[0], -setting[1]))


def at_best(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    """The rows of every placement and depth at its best learning rate, with the warm-up that suits it best."""
    best: dict[tuple[str, int], Choice[TrainingRow]] = {}
    for depth, warmup in sorted({(row.depth, row.warmup) for row in rows}):
        for placement, choice in tuned(rows, (depth, warmup)).items():
            arm = (placement, depth)
            best[arm] = max(best.get(arm, choice), choice, key=attrgetter("score"))
    return [row for choice in best.values() for row in choice.rows]


def accuracy_at_own_rates(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs | Undecided]:
    """Post-norm and pre-norm, each tuned; undecided where the one that loses might do better beyond its grid."""
    found: dict[str, Pairs | Undecided] = {}
    for depth, warmup in settings(rows):
        arms = tuned(rows, (depth, warmup))
        post, pre = (by_seed(arms[name].rows, "test_accuracy") for name in ("post", "pre"))
        gain = sum(post[seed] - pre[seed] for seed in post) / len(post)
        reason = untuned(arms["pre" if gain > POINT else "post"])
        found[f"{depth} blocks, warm-up {warmup}"] = Undecided(reason) if reason else Pairs(post, pre)
    return found


def what_post_norm_regularizes(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs] | Undecided:
    """Pre-norm over post-norm, each tuned, in the shallowest setting with the longest warm-up, where both train."""
    if not (compared := settings(rows)):
        return Undecided("expected trainings of post-norm and pre-norm")
    arms = tuned(rows, compared[0])
    pre, post = arms["pre"], arms["post"]
    if reason := untuned(pre, post):
        return Undecided(reason)
    columns = {"weights": "weight_growth", "generalization": "gap"}
    return {name: Pairs(by_seed(pre.rows, column), by_seed(post.rows, column)) for name, column in columns.items()}


def largest_rates(rows: Sequence[TrainingRow]) -> Pairs | Undecided:
    """The largest learning rates that do not fail at the largest depth without warm-up, of pre-norm and post-norm.

    An arm that fails at all of them gets the smallest, an upper bound, which is to the good of post-norm.
    """
    deep = [depth for depth, warmup in settings(rows) if warmup == 0]
    if not deep:
        return Undecided("expected trainings of post-norm and pre-norm without warm-up")
    tried = kept(rows, {"depth": deep[-1], "warmup": 0})
    grid = sorted({row.lr for row in tried})
    found: dict[str, dict[int, float]] = {"pre": {}, "post": {}}
    for name, largest in found.items():
        for row in (row for row in tried if row.placement == name):
            before = largest.get(row.seed, grid[0])
            largest[row.seed] = before if row.failed else max(before, row.lr)
    if grid[-1] in (*found["pre"].values(), *found["post"].values()):
        return Undecided(f"the largest learning rate of the grid, {grid[-1]:g}, still trains")
    return Pairs(found["pre"], found["post"])


def where_training_ends(rows: Sequence[TrainingRow]) -> str:
    """The largest rates at which most seeds train, for the title of the curve."""
    deepest = kept(rows, {"depth": max(row.depth for row in rows), "warmup": 0})

    def largest(placement: str) -> str:
        trains = {row.lr for row in deepest if mean(deepest, "failed", placement=placement, lr=row.lr) < 0.5}
        return number(max(trains), 2) if trains else "none"

    said = ", ".join(f"{name}-norm {largest(name)}" for name in ("post", "pre"))
    return f"Largest rate at which {deepest[0].depth} blocks train without warm-up: {said}"


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
            predicted={"2 blocks, warm-up 30": "holds", "12 blocks, warm-up 0": "refuted"},
            source="Takase et al. 2022: post-norm is better where shallow; Xiong et al. 2020: deep it needs warm-up",
        ),
        Claim(
            "tuned_post_norm_regularizes_more",
            statement="Post-norm regularizes the parameters more than pre-norm: smaller weights, a smaller gap.",
            rule=Under(
                {
                    "weights": Ratio("growth of the weights in training, pre over post", at_least=1.02),
                    "generalization": Effect("gap of training to test accuracy, pre - post", delta=0.005),
                }
            ),
            measure=what_post_norm_regularizes,
            topic="Post-norm regularizes more",
            predicted="refuted",
            source="a normalization acts on activations, not on parameters",
        ),
        Claim(
            "deep_pre_norm_trains_at_larger_rates",
            statement="Without warm-up deep pre-norm trains at learning rates twice as large as deep post-norm does.",
            rule=Ratio("largest learning rate that trains at the largest depth, pre over post", at_least=2.0),
            measure=largest_rates,
            topic="Pre-norm in deep models",
            predicted="holds",
            source="Xiong et al. 2020: without warm-up post-norm needs smaller rates",
        ),
    ),
    tables=(
        Table(
            title="Training at every learning rate",
            by=("depth", "warmup", "placement", "lr"),
            columns=("validation_accuracy", "test_accuracy", "gap", "train_loss", "weight_growth", "failed"),
        ),
    ),
    curves=(
        Curve(
            "accuracy_without_warmup",
            "lr",
            "test_accuracy",
            "network",
            x_scale="log",
            only={"warmup": 0},
            title=where_training_ends,
        ),
    ),
)
