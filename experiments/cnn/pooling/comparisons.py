"""Claims on trained networks, each at the learning rate that validation chose, and moved by the mildest amounts.

They need the sweep, to tell whether an arm is tuned, and what the tuned networks do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from experiments.cnn.arms import Arms, Difference, Measure
from experiments.cnn.pooling.moves import MOVED, amounts
from experiments.cnn.pooling.setup import EQUAL_FLOPS, EQUAL_PARAMETERS
from experiments.cnn.pooling.training import SWEEP, TUNED
from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect

ARMS = Arms(SWEEP, TUNED, "kinds")


def at_the_mildest(column: str, first: str, second: str, transform: str) -> Measure:
    """What stays in two tuned arms at the mildest amount."""

    def measure(rows: Rows) -> Difference:
        moved = rows.of(MOVED)
        place = {"transform": transform, "amount": amounts(moved, transform)[0]}
        of_arms = (by_seed(moved, column, arm=arm, **place) for arm in (first, second))
        return ARMS.why_not(rows, first, second) or Pairs(*of_arms)

    return measure


def each(measures: Mapping[str, Measure]) -> Callable[[Rows], Mapping[str, Difference]]:
    return lambda rows: {condition: measure(rows) for condition, measure in measures.items()}


def lead_at_the_lowest_rate(rows: Rows) -> Difference:
    """Lead of max over average pooling in test accuracy, at the lowest rate of the sweep and at tuned rates."""
    if reason := ARMS.why_not(rows, "max", "avg"):
        return reason
    leads = []
    for column in ("low_rate_accuracy", "test_accuracy"):
        ahead, behind = (by_seed(rows.of(TUNED), column, arm=arm) for arm in ("max", "avg"))
        leads.append({seed: ahead[seed] - behind[seed] for seed in ahead})
    return Pairs(*leads)


def kept_predictions(rows: Rows) -> Mapping[str, Difference]:
    """Predictions of max pooling that survive a shift, against nine of ten, per amount."""
    moved = [row for row in rows.of(MOVED) if row.transform == "shift"]
    return {
        f"{amount:g} pixels": ARMS.why_not(rows, "max")
        or Pairs.against(by_seed(moved, "agreement", arm="max", amount=amount), 0.9)
        for amount in amounts(moved, "shift")
    }


CLAIMS = (
    Claim(
        "pooling_prevents_overfitting",
        statement="Max pooling prevents overfitting: a point less between training and test accuracy.",
        rule=Each(Effect("gap without pooling - gap with max pooling", delta=0.01), per="budget"),
        measure=each(
            {
                "equal FLOPs": ARMS.compare("gap", EQUAL_FLOPS, "max"),
                "equal parameters": ARMS.compare("gap", EQUAL_PARAMETERS, "max"),
            }
        ),
        topic="Pooling prevents overfitting",
        predicted={"equal FLOPs": "holds", "equal parameters": "refuted"},
        source="at equal FLOPs pooling has fewer weights to overfit with, at equal parameters it has not",
    ),
    Claim(
        "predictions_survive_shifts",
        statement="Nine of ten predictions of a network with max pooling survive a shift.",
        rule=Each(Effect("share of test images with the same predicted class - 0.9", delta=0.0), per="amount"),
        measure=kept_predictions,
        topic="Translation invariance",
        predicted={"1 pixels": "holds", "2 pixels": "refuted", "4 pixels": "refuted"},
        source="pilot on MNIST",
    ),
    Claim(
        "max_pooling_is_more_accurate_than_average",
        statement="Max pooling is half a point more accurate than average pooling.",
        rule=Effect("test accuracy of max - average pooling", delta=0.005),
        measure=ARMS.compare("test_accuracy", "max", "avg"),
        topic="Max and average pooling",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "the_learning_rate_makes_the_gap",
        statement="Max pooling leads average pooling by a point more at a low learning rate than at tuned ones.",
        rule=Effect("lead in test accuracy at the lowest rate - lead at the tuned rates", delta=0.01),
        measure=lead_at_the_lowest_rate,
        topic="Max and average pooling",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "average_pooling_has_steadier_features_than_strided_convolution",
        statement="With average pooling features change less than with a strided convolution, by a cosine of 0.05.",
        rule=Each(Effect("cosine of centered features, average - strided", delta=0.05), per="transformation"),
        measure=each(
            {by: at_the_mildest("invariance", "avg", "stride_conv", by) for by in ("shift", "rotate", "scale")}
        ),
        topic="Translation, rotation and scale invariance",
        predicted="holds",
        source="Zhang 2019: sampling without a filter before it makes aliases",
    ),
    Claim(
        "max_pooling_has_steadier_predictions_than_average",
        statement="Under a shift max pooling keeps half a point more of its predictions than average pooling.",
        rule=Each(Effect("share of predictions that stay, max - average pooling", delta=0.005), per="choice"),
        measure=each(
            {
                "all images": at_the_mildest("agreement", "max", "avg", "shift"),
                "those classified correctly": at_the_mildest("agreement_when_correct", "max", "avg", "shift"),
            }
        ),
        topic="Translation invariance",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "blur_pooling_has_steadier_predictions_than_max",
        statement="Under a shift blur pooling keeps half a point more of its predictions than max pooling.",
        rule=Effect("share of predictions that stay, blur - max pooling", delta=0.005),
        measure=at_the_mildest("agreement", "blur", "max", "shift"),
        topic="Translation invariance",
        predicted="holds",
        source="Zhang 2019",
    ),
)
