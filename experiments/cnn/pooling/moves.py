"""What stays in moved images: features of random networks, with and without pooling, and trained networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from experiments.cnn.pooling.setup import Networks
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect


@observation
class FeatureRow(Row):
    """What stays in the features of one arm's networks when the images are moved."""

    arm: str
    transform: str
    amount: float
    """Pixels of a shift, degrees of a rotation, or factor of a scaling."""
    invariance: float
    """Cosine of centered features before and after: 1 where nothing changed, 0 for another image."""
    feature_cosine: float
    """The same without centering."""
    dataset: str


@observation
class MovedRow(FeatureRow):
    """The same of the trained network, and what stays of its predictions."""

    agreement: float
    """Share of test images whose predicted class stays."""
    agreement_when_correct: float
    """Among those that were classified correctly."""


def run_random(networks: Networks) -> Iterator[Event]:
    """Random weights are alike for all poolings and for none."""
    from experiments.cnn.core.pooling_network import PoolingMembers

    params = networks.params
    for done, kind in enumerate(params.kinds):
        yield Progress(f"random weights, {kind}", done, len(params.kinds))
        found = networks.stays(PoolingMembers(list(networks.random(kind))), params.random_images)
        for (by, amount), stays in found.items():
            yield FeatureRow(
                arm=kind,
                transform=by,
                amount=amount,
                invariance=stays.invariance,
                feature_cosine=stays.feature_cosine,
                dataset=networks.split.name,
            )


def run_trained(networks: Networks) -> Iterator[MovedRow]:
    for arm in networks.arms:
        for (by, amount), stays in networks.stays_in_tuned(arm).items():
            yield MovedRow(arm=arm, transform=by, amount=amount, dataset=networks.split.name, **asdict(stays))


def amounts(rows: Sequence[FeatureRow], transform: str) -> list[float]:
    """From the mildest."""
    return list(dict.fromkeys(row.amount for row in rows if row.transform == transform))


def with_and_without(transform: str, words: str) -> Callable[[Sequence[FeatureRow]], Mapping[str, Pairs] | NotMeasured]:
    """Invariance of features with max pooling and of the same weights without pooling, per amount."""

    def measure(rows: Sequence[FeatureRow]) -> Mapping[str, Pairs] | NotMeasured:
        if not {"max", "none"} <= {row.arm for row in rows}:
            return NotMeasured("needs max and none among the kinds")
        return {
            words.format(amount): Pairs(
                *(by_seed(rows, "invariance", arm=a, transform=transform, amount=amount) for a in ("max", "none"))
            )
            for amount in amounts(rows, transform)
        }

    return measure


def after_the_mildest(column: str, by: str, words: str, arms: Mapping[str, str]) -> Callable[[Sequence[Any]], str]:
    """The title of a curve: ``column`` of these arms after the mildest move."""

    def title(rows: Sequence[FeatureRow]) -> str:
        mildest = kept(rows, {"transform": by, "amount": amounts(kept(rows, {"transform": by}), by)[0]})
        there = {row.arm for row in mildest}
        said = (f"{number(mean(mildest, column, arm=arm), 2)} {name}" for arm, name in arms.items() if arm in there)
        return f"{words.format(mildest[0].amount)}: {listing(said)}"

    return title


POOLED = {"max": "with max pooling", "none": "without"}
SHIFTED = {"max": "with max pooling", "avg": "average", "blur": "blur"}


RANDOM = Part(
    name="random",
    row=FeatureRow,
    run=run_random,
    claims=(
        Claim(
            "max_pooling_is_invariant_to_shifts",
            statement="Max pooling makes features invariant to shifts: a tenth more than without it.",
            rule=Each(Effect("cosine of centered features, with - without pooling", delta=0.1), per="amount"),
            measure=with_and_without("shift", "{:g} pixels"),
            topic="Translation invariance",
            predicted={"1 pixels": "holds", "2 pixels": "holds", "4 pixels": "refuted"},
            source="pilot on digits of 8 x 8 pixels",
        ),
        Claim(
            "max_pooling_is_invariant_to_rotations",
            statement="Max pooling makes features invariant to rotations: a tenth more than without it.",
            rule=Each(Effect("cosine of centered features, with - without pooling", delta=0.1), per="amount"),
            measure=with_and_without("rotate", "{:g} degrees"),
            topic="Rotation invariance",
            predicted="refuted",
            source="a window of 2 x 2 holds no rotation of the image",
        ),
        Claim(
            "max_pooling_is_invariant_to_scale",
            statement="Max pooling makes features invariant to scale: a tenth more than without it.",
            rule=Each(Effect("cosine of centered features, with - without pooling", delta=0.1), per="amount"),
            measure=with_and_without("scale", "factor {:g}"),
            topic="Scale invariance",
            predicted="refuted",
            source="a window of 2 x 2 holds no scaling of the image",
        ),
    ),
    tables=(
        Table("What stays, mean over the amounts", by=("transform", "arm"), columns=("invariance", "feature_cosine")),
    ),
    curves=(
        *(
            Curve(
                f"invariance_to_{name}",
                "amount",
                "invariance",
                "arm",
                only={"transform": by},
                title=after_the_mildest("invariance", by, f"Cosine of features kept by {words}", POOLED),
                x_label=label,
                y_label="Cosine of features",
            )
            for name, by, words, label in (
                ("shift", "shift", "a shift of {:g} px", "Shift (pixels)"),
                ("rotation", "rotate", "a turn by {:g} degrees", "Turn (degrees)"),
                ("scale", "scale", "scaling by {:g}", "Factor of scaling"),
            )
        ),
    ),
)
MOVED = Part(
    name="moved",
    row=MovedRow,
    run=run_trained,
    tables=(
        Table(
            "What stays in trained networks, mean over the amounts",
            by=("transform", "arm"),
            columns=("invariance", "agreement", "agreement_when_correct"),
        ),
    ),
    curves=(
        Curve(
            "agreement_under_shift",
            "amount",
            "agreement",
            "arm",
            only={"transform": "shift"},
            title=after_the_mildest(
                "agreement",
                "shift",
                "Share of predictions kept by a shift of {:g} px",
                SHIFTED,
            ),
            limit=0.9,
            x_label="Shift (pixels)",
            y_label="Share of predictions kept",
        ),
    ),
)
