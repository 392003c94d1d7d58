"""Features made apart with one linear classifier on them, beside a network learned as a whole, by number of labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence, Order
from experiments.repr.end_to_end.features import FROZEN, HOG, JOINT, PATCHES, PCA_ARM, RANDOM, RAW, encoders, pixels
from experiments.repr.end_to_end.setup import CLASSES, Floats, Images

Key = tuple[str, int]
"""Features and labels per class."""


@observation
class PipelineRow(Row):
    """One kind of features, one number of labels, one setting."""

    dataset: str
    features: str
    dim: int
    """Numbers per image that the classifier reads."""
    labels: int
    """Labelled images per class."""
    setting: float
    """Strength of ridge regression; of the joint network the learning rate."""
    chosen: bool
    """Whether validation chose it for this seed."""
    validation_accuracy: float
    test_accuracy: float
    test_items: int


def run(images: Images) -> Iterator[Event]:
    made = encoders(images)
    sizes = sorted({*images.params.labels})
    for done, (name, encode) in enumerate(made.items()):
        yield Progress(name, done, len(made) + 1)
        train, validation, test = (
            encode(pixels(part.inputs)) for part in (images.train, images.validation, images.test)
        )
        for per_class in sizes:
            labelled = train[images.places(per_class).numpy()]
            yield from separate(images, name, per_class, (labelled, validation, test))
    for done, per_class in enumerate(sizes):
        yield Progress(JOINT, len(made) + done / len(sizes), len(made) + 1)
        yield from joint(images, per_class)


def separate(images: Images, name: str, per_class: int, parts: Sequence[Floats]) -> Iterator[PipelineRow]:
    """Features of the labelled, the validation and the test images, and one classifier at every strength."""
    from experiments.repr.core.ridge import ridge_classifiers

    labels, validation, test = (
        part.labels.numpy() for part in (images.labelled(per_class), images.validation, images.test)
    )
    strengths = images.params.strengths
    rules = ridge_classifiers(parts[0], labels, CLASSES, strengths)
    found = [
        (strength, rule.accuracy(parts[1], validation), rule.accuracy(parts[2], test))
        for strength, rule in zip(strengths, rules, strict=True)
    ]
    yield from rows_of(images, name, per_class, parts[0].shape[1], found)


def joint(images: Images, per_class: int) -> Iterator[PipelineRow]:
    from experiments.foundation.networks.scores.evaluation import network_accuracy

    networks = [(lr, images.joint(per_class, lr)) for lr in images.params.lrs]
    found = [
        (lr, network_accuracy(network, images.validation), network_accuracy(network, images.test))
        for lr, network in networks
    ]
    yield from rows_of(images, JOINT, per_class, networks[0][1].head[1].in_features, found)  # type: ignore[arg-type]


def rows_of(
    images: Images, name: str, per_class: int, dim: int, found: Sequence[tuple[float, float, float]]
) -> Iterator[PipelineRow]:
    """A row per (setting, validation accuracy, test accuracy)."""
    best = max(found, key=lambda one: one[1])
    for one in found:
        yield PipelineRow(
            dataset=images.name,
            features=name,
            dim=dim,
            labels=per_class,
            setting=one[0],
            chosen=one is best,
            validation_accuracy=one[1],
            test_accuracy=one[2],
            test_items=len(images.test),
        )


# what the claims compare: each at the setting that validation chose over all seeds


def tuned(rows: Sequence[PipelineRow]) -> dict[Key, Choice[PipelineRow]]:
    return choose(
        rows,
        score=lambda row: row.validation_accuracy,
        arm=lambda row: (row.features, row.labels),
        setting=lambda row: row.setting,
    )


def compare(choices: Mapping[Key, Choice[PipelineRow]], first: Key, second: Key) -> Pairs | Undecided | NotMeasured:
    if first not in choices or second not in choices:
        return NotMeasured(f"needs labels={first[1]}")
    # a ridge that is best at an end of its grid is as good as one inside: strengths there hardly differ
    reason = untuned(*(choices[key] for key in (first, second) if key[0] == JOINT))
    if reason:
        return Undecided(reason)
    arms = (by_seed(choices[key].rows, "test_accuracy") for key in (first, second))
    return Pairs(*arms, items=choices[first].rows[0].test_items)


def over_pixels(rows: Sequence[PipelineRow]) -> Mapping[str, Pairs | Undecided | NotMeasured]:
    choices = tuned(rows)
    return {name: compare(choices, (name, 100), (RAW, 100)) for name in (HOG, RANDOM, PATCHES, FROZEN)}


def random_over_pca(rows: Sequence[PipelineRow]) -> Pairs | Undecided | NotMeasured:
    return compare(tuned(rows), (RANDOM, 100), (PCA_ARM, 100))


def best_separate(choices: Mapping[Key, Choice[PipelineRow]], labels: int) -> Key:
    """By validation, over all seeds."""
    return max((key for key in choices if key[1] == labels and key[0] != JOINT), key=lambda key: choices[key].score)


def joint_over_separate(rows: Sequence[PipelineRow]) -> Mapping[str, Pairs | Undecided | NotMeasured]:
    choices = tuned(rows)
    return {
        f"{labels} labels": compare(choices, (JOINT, labels), best_separate(choices, labels))
        for labels in sorted({row.labels for row in rows})
    }


def advantage_by_labels(rows: Sequence[PipelineRow]) -> Points | Undecided:
    """Of joint learning over the best separate pipeline, over labels per class."""
    compared = joint_over_separate(rows).values()
    undecided = [found for found in compared if isinstance(found, Undecided)]
    pairs = [found for found in compared if isinstance(found, Pairs)]
    differences = {
        seed: [found.treatment[seed] - found.baseline[seed] for found in pairs]
        for seed in sorted({row.seed for row in rows})
    }
    return undecided[0] if undecided else Points(sorted({row.labels for row in rows}), differences)


def frozen_beside_joint(rows: Sequence[PipelineRow]) -> Pairs | Undecided | NotMeasured:
    return compare(tuned(rows), (FROZEN, 30), (JOINT, 30))


def learned(rows: Sequence[PipelineRow]) -> str:
    """What the curve shows."""
    few, many = (at(row.labels for row in rows) for at in (min, max))
    said = [
        f"{percent(mean(rows, 'test_accuracy', features=name, labels=labels, chosen=True))} {words}"
        for labels in (few, many)
        for name, words in ((JOINT, "joint"), (FROZEN, "frozen"))
    ]
    return f"With {few} labels a class {said[0]}, {said[1]}; with {many} {said[2]}, {said[3]}"


PART = Part(
    name="pipelines",
    row=PipelineRow,
    run=run,
    claims=(
        Claim(
            "features_beat_raw_pixels",
            statement="Local features beat raw pixels by two points at 100 labels a class.",
            rule=Each(Effect("test accuracy, features - raw pixels, 100 labels a class", delta=0.02), per="features"),
            measure=over_pixels,
            topic="Feature extraction",
            predicted="holds",
            source="Coates, Lee and Ng 2011; Dalal and Triggs 2005",
        ),
        Claim(
            "random_convolutions_beat_pca",
            statement="Even convolutions that nobody trained beat PCA at 100 labels a class.",
            rule=Effect("test accuracy, random convolutions - PCA, 100 labels a class", delta=0.0),
            measure=random_over_pca,
            topic="Feature extraction",
            predicted="holds",
            source="Jarrett et al. 2009; Saxe et al. 2011: random filters with pooling",
        ),
        Claim(
            "joint_learning_beats_separate",
            statement="Features and classifier learned together beat the best separate pipeline by one point.",
            rule=Each(Effect("test accuracy, joint - best separate", delta=0.01), per="number of labels"),
            measure=joint_over_separate,
            topic="End-to-end learning",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "joint_learning_gains_with_labels",
            statement="The more labels, the more joint learning gains over separate features.",
            rule=Order("test accuracy, joint - best separate, against labels a class", direction="rising"),
            measure=advantage_by_labels,
            topic="End-to-end learning",
            predicted="holds",
            source="with many labels a prior is worth less, and a pilot",
        ),
        Claim(
            "features_of_other_classes_serve",
            statement="Convolutions learned on five digits serve the other five like their own, at 30 labels a class.",
            rule=Equivalence("test accuracy, convolutions of other classes - joint, 30 labels a class", margin=0.03),
            measure=frozen_beside_joint,
            topic="Transfer of features",
            predicted="holds",
            source="Yosinski et al. 2014; pilot",
        ),
    ),
    tables=(
        Table(
            "Test accuracy at the setting that validation chose",
            by=("features", "labels"),
            columns=("test_accuracy", "dim"),
            only={"chosen": True},
        ),
        Table(
            "Validation accuracy at every setting",
            by=("features", "labels", "setting"),
            columns=("validation_accuracy",),
        ),
    ),
    curves=(
        Curve(
            "accuracy_by_labels",
            "labels",
            "test_accuracy",
            "features",
            x_scale="log",
            only={"chosen": True, "features": (RAW, HOG, RANDOM, PATCHES, FROZEN, JOINT)},
            title=learned,
        ),
    ),
)
