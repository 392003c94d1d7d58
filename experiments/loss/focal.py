"""Does focal loss help where positives are rare, and by which mechanism?

Its weights and gradients by formula; then five losses on rare clouds and on dense heat maps, every one on the same
grid of learning rates, chosen on validation data; how well calibrated they are, and what the first bias does.

Notes: focal loss (004:57-60).
Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, fact, ratio, undecided
from experiments.loss.judging import judge_instances
from experiments.loss.tuning import best_of_grid, mean, why_untuned

ArmName = Literal["ce", "wce", "focal", "focal_plain", "ohem"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    tasks: tuple[Literal["clouds", "dense"], ...] = ("clouds",)
    """Rare clouds, and heat maps with one mark among 1024 cells."""
    ratios: Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], Field(min_length=1)] = (100,)
    """Negatives per positive in the clouds; the first is the one for the mechanism and calibration."""
    examples: Annotated[int, Field(ge=100, le=1_000_000)] = 2000
    """Examples for training and for validation."""
    test_examples: Annotated[int, Field(ge=100, le=1_000_000)] = 4000
    """Examples for test: few of them are positive, and their number limits how well two losses are told apart."""
    noise: Annotated[float, Field(gt=0, le=10)] = 0.8
    """Deviation of the noise on a heat map; marks have height 1."""
    gamma: Annotated[float, Field(ge=0, le=5)] = 2.0
    """Exponent of focal loss."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Weight of positives in the arm "focal"."""
    prior: Annotated[float, Field(gt=0, lt=1)] | None = 0.01
    """Probability at which every arm begins, by its output bias; 0.5 without it."""
    losses: tuple[ArmName, ...] = ("ce", "wce", "focal", "focal_plain", "ohem")
    """Arms to train; the claims need ce, wce and focal."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-3, 1e-2)
    """Grid of learning rates of Adam, the same for every arm."""
    stress_lr: Annotated[float, Field(gt=0)] = 0.3
    """Learning rate at which divergence is looked for."""
    steps: Annotated[int, Field(ge=10, le=100_000)] = 60
    """Updates of 256 examples."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    arm: str
    condition: str = ""
    lr: float = nan
    validation_ap: float = nan
    test_ap: float = nan
    calibration_error: float = nan
    easy_share_as_ce: float = nan
    easy_share_as_focal: float = nan
    prior: str = ""
    initial_loss: float = nan
    diverged: float = nan
    probability: float = nan
    """Of the true class."""
    value: float = nan
    """What an instance measured; in the parts gradient and peak the gradient over cross-entropy's, in the logit."""
    error: float = nan
    control_error: float = nan
    witness: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.loss.core import focal_laws
    from experiments.loss.core.focal_study import Losses, compare, draw_set, starts
    from experiments.loss.core.imbalance import average_precision, clouds_likelihood_ratio

    rng = torch.Generator().manual_seed(seed)
    for instance in focal_laws.instances():
        yield Row(**asdict(instance))
    conditions = [f"1:{ratio}" for ratio in params.ratios if "clouds" in params.tasks]
    conditions += ["dense 1:1023"] if "dense" in params.tasks else []
    for number, condition in enumerate(conditions):
        yield Progress("conditions", number, len(conditions))
        sizes = (params.examples, params.examples, params.test_examples)
        train, validation, test = (draw_set(condition, n, params.noise, rng) for n in sizes)
        negatives = int(condition.rpartition(":")[2])
        losses = Losses(gamma=params.gamma, alpha=params.alpha, ratio=negatives)
        for found in compare(
            train,
            validation,
            test,
            arms=params.losses,
            lrs=params.lrs,
            losses=losses,
            prior=params.prior,
            steps=params.steps,
            rng=rng,
        ):
            yield Row(part="task", condition=condition, **asdict(found))
        if not condition.startswith("dense"):
            best = average_precision(clouds_likelihood_ratio(test[0]), test[1])
            yield Row(part="best", arm="likelihood ratio", condition=condition, test_ap=best)
        for start in starts(
            train, losses=losses, prior=params.prior or 0.01, lr=params.stress_lr, steps=params.steps, rng=rng
        ):
            yield Row(part="start", arm="focal", condition=condition, lr=params.stress_lr, **asdict(start))


def select(rows: Sequence[Row], part: str) -> list[Row]:
    return [row for row in rows if row.part == part]


def tuned(rows: Sequence[Row], condition: str) -> dict[str, list[Row]]:
    """Arm -> rows at its best learning rate."""
    return best_of_grid([row for row in rows if row.part == "task" and row.condition == condition], validation_ap)


def conditions(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.condition for row in rows if row.part == "task"))


def validation_ap(row: Row) -> float:
    return row.validation_ap


def focal_weighs_by_the_power(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "weight"), 1e-12)


def hard_examples_weigh_more(rows: Sequence[Row]) -> Comparison:
    (peak,) = (row for row in rows if row.part == "peak" and row.arm == "gamma 2" and row.seed == rows[0].seed)
    largest = max(row.value for row in select(rows, "weight"))
    return conditional(
        {
            "relative to easy ones": judge_instances(select(rows, "decay"), 1e-15),
            "loss larger than cross-entropy's": fact(largest > 1, True),
            "gradient at gamma 2 up to 1.2246 times, above 1 below p = 0.2976": fact(
                f"{peak.value:.4f} {peak.probability:.4f}", "1.2246 0.2976"
            ),
        }
    )


def focal_is_half_of_cross_entropy_and_stable(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "stability"), 1e-6)


def easy_negatives_lose_their_share(rows: Sequence[Row]) -> Comparison:
    arm = tuned(rows, conditions(rows)[0]).get("focal", [])
    as_ce, as_focal = by_seed(arm, lambda row: row.easy_share_as_ce), by_seed(arm, lambda row: row.easy_share_as_focal)
    return effect(as_ce, as_focal, delta=0.2)


def focal_ranks_better(rows: Sequence[Row]) -> Comparison:
    return conditional({condition: focal_against_best(rows, condition) for condition in conditions(rows)})


def focal_against_best(rows: Sequence[Row], condition: str) -> Comparison:
    """Focal loss against the better of plain and weighted cross-entropy on validation data."""
    arms = tuned(rows, condition)
    if not {"ce", "wce", "focal"} <= arms.keys():
        return undecided("effect", "needs the arms ce, wce and focal")
    rival = max(("ce", "wce"), key=lambda arm: mean(arms[arm], validation_ap))
    task = [row for row in rows if row.part == "task" and row.condition == condition]
    reason = why_untuned(task, [arms["focal"], arms[rival]])
    if reason is not None:
        return undecided("effect", reason)
    return effect(by_seed(arms["focal"], test_ap), by_seed(arms[rival], test_ap), delta=0.01)


def test_ap(row: Row) -> float:
    return row.test_ap


def weighting_costs_calibration(rows: Sequence[Row]) -> Comparison:
    arms = tuned(rows, conditions(rows)[0])
    gaps = {arm: by_seed(found, lambda row: row.calibration_error) for arm, found in arms.items()}
    return conditional({arm: effect(gaps[arm], gaps["ce"], delta=0.01) for arm in ("focal", "wce") if arm in gaps})


def prior_calms_the_start(rows: Sequence[Row]) -> Comparison:
    found = [row for row in rows if row.part == "start"]
    plain, prior = ([row for row in found if row.prior == name] for name in ("none", "set"))
    return conditional(
        {
            "initial loss halves": ratio(
                by_seed(plain, lambda row: row.initial_loss), by_seed(prior, lambda row: row.initial_loss), at_least=2
            ),
            "fewer trainings diverge": effect(
                by_seed(plain, lambda row: row.diverged), by_seed(prior, lambda row: row.diverged), delta=0.0
            ),
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Focal loss is cross-entropy times (1 - p)^gamma: at gamma 2 and p = 0.9 it is a hundredth.",
            notes="focal loss (004:57-58)",
            kind="theorem",
            rule="holds iff the relative error is at most 1e-12 for every p and gamma; gamma + 1 must fail",
            predicted="holds",
            judge=focal_weighs_by_the_power,
        ),
        Claim(
            statement="Examples that are easily misclassified get a larger weight.",
            notes="larger weight for hard examples (004:59)",
            kind="conditional",
            rule="relative weight never rises with p; some loss weight exceeds 1; peak and crossing of the gradient",
            predicted="conditional",
            judge=hard_examples_weigh_more,
        ),
        Claim(
            statement="With gamma 0 and alpha 1/2 it is half of cross-entropy, and finite at logits of +-100.",
            notes="focal loss (004:57-58)",
            kind="theorem",
            rule="holds iff the relative error in float32 is at most 1e-6 and gradients finite; log(sigmoid) must fail",
            predicted="holds",
            judge=focal_is_half_of_cross_entropy_and_stable,
        ),
        Claim(
            statement="Easy negatives make a smaller share of the loss, by 20 points.",
            notes="smaller weight for easy examples (004:59)",
            kind="effect",
            rule="one model, two losses: paired interval of the difference of shares above 0.2, or below",
            predicted="holds",
            judge=easy_negatives_lose_their_share,
        ),
        Claim(
            statement="Focal loss ranks better than plain and weighted cross-entropy, by one point of AP.",
            notes="good results in detection (004:60)",
            kind="conditional",
            rule="per task, rates and rival chosen on validation: paired interval of AP above 0.01, or below",
            predicted="refuted",
            judge=focal_ranks_better,
        ),
        Claim(
            statement="Focal and weighted losses are worse calibrated than plain, by 0.01 of mean probability.",
            notes="focal loss (004:57-60)",
            kind="conditional",
            rule="per loss: paired interval of the difference of |mean p - prevalence| above 0.01, or below",
            predicted="holds",
            judge=weighting_costs_calibration,
        ),
        Claim(
            statement="Starting at probability 0.01 halves the first loss and lets fewer trainings diverge.",
            notes="focal loss (004:57-60)",
            kind="conditional",
            rule="ratio of first losses above 2; paired difference of divergence rates above 0 at a large rate",
            predicted="conditional",
            judge=prior_calms_the_start,
        ),
    ),
    tables=(
        Table(
            title="Losses on one grid",
            by=("condition", "arm", "lr"),
            columns=("validation_ap", "test_ap", "calibration_error", "easy_share_as_ce", "easy_share_as_focal"),
            where=lambda row: row.part == "task",
        ),
        Table(
            title="Best possible ranking", by=("condition",), columns=("test_ap",), where=lambda row: row.part == "best"
        ),
        Table(
            title="First loss with and without prior",
            by=("condition", "prior"),
            columns=("initial_loss", "diverged"),
            where=lambda row: row.part == "start",
        ),
        Table(
            title="Gradient of focal loss over cross-entropy's",
            by=("arm", "witness"),
            columns=("value", "probability"),
            where=lambda row: row.part == "peak",
        ),
    ),
    curves=(
        Curve(
            name="gradient",
            x="probability",
            y="value",
            group="arm",
            where=lambda row: row.part == "gradient",
        ),
    ),
)
