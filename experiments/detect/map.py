"""What does mean average precision count, and does it equal COCO's own program?

With ``annotations`` and ``detections`` the user's files are evaluated; otherwise random sets with known rates of
errors. The twelve numbers are COCO's; beside them stand the curves, the classes and the causes of errors.

Notes: mAP, precision, recall, IoU (004:69-81).
Source: Lin et al.: Microsoft COCO, ECCV 2014; Everingham et al.: PASCAL VOC, IJCV 2010; pycocotools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.detect.core.observation import Observation
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, equivalence, fact, theorem

Threshold = Annotated[float, Field(gt=0, le=1)]
ROUNDING = 1e-9
"""What two summations of the same numbers may differ by, here and in COCO's own tests."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    annotations: str | None = None
    """Ground truth of your own: COCO's instances json, or a folder of VOC's xml. Random sets without it."""
    detections: str | None = None
    """Results for it: COCO's results json, or a folder of VOC's text files, one per class."""
    format: Literal["coco", "voc"] = "coco"
    """Format of both files; with voc the objects marked difficult do not count."""
    images: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Images of a random set."""
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Standard deviation of a detection's corners, in sides of its object."""
    dup_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of detections that are given twice."""
    fp_rate: Annotated[float, Field(ge=0, le=10)] = 0.2
    """False positives per object."""
    iou: Annotated[tuple[Threshold, ...], Field(min_length=1)] = (0.5, 0.75, 0.9)
    """Overlaps at which curves are drawn and the chosen mAP is averaged."""
    interp: Literal["coco101", "voc2007", "voc2010", "uninterpolated"] = "coco101"
    """Convention of the chosen mAP."""
    max_dets: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Detections per image and class in the chosen mAP."""
    area: Literal["all", "small", "medium", "large"] = "all"
    """Objects in the chosen mAP, by COCO's areas in square pixels: 32^2 and 96^2 are the borders."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Further small random sets and instances of every law."""


@dataclass(frozen=True, kw_only=True)
class Row(Observation, LabRow):
    """An observation with its seed."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.detect.annotations import load_files
    from experiments.detect.core import laws, survey
    from experiments.detect.core.evaluation import evaluate_boxes
    from experiments.detect.core.scenes import SceneRates, random_scene
    from experiments.detect.drawing import draw_scene

    rng = np.random.default_rng(seed)
    rates = SceneRates(
        images=params.images, jitter=params.jitter, duplicate_rate=params.dup_rate, false_positive_rate=params.fp_rate
    )
    loaded = load_files(params.annotations, params.detections, params.format)
    truth, detected, names = loaded or (*random_scene(rng, rates), ())
    yield Note(survey.reference_sentence())
    choice = survey.Choice(ious=params.iou, interpolation=params.interp, most=params.max_dets, area=params.area)
    yield from rows_of(survey.survey(truth, detected, names, choice))
    yield from rows_of(survey.frozen_references())
    for trial in range(params.trials):
        small = random_scene(rng, survey.small_rates(trial))
        evaluation = evaluate_boxes(*small)
        yield from rows_of(survey.references(*small))
        yield from rows_of([laws.mean_over_known_classes(evaluation), laws.mean_over_thresholds(evaluation)])
        yield from rows_of(laws.sklearn_scores(rng, 30))
        yield from rows_of([laws.score_transform(rng, 200), laws.overlap_laws(rng, 20)])
    for metric, value in laws.matching_by_hand().items():
        yield Row(part="by hand", metric=metric, value=value)
    yield draw_scene(truth, detected)


def rows_of(observations: Iterable[Observation]) -> Iterator[Row]:
    return (Row(**asdict(observation)) for observation in observations)


def part(rows: Sequence[Row], name: str) -> list[Row]:
    return [row for row in rows if row.part == name]


def law(rows: Sequence[Row], name: str, tolerance: float) -> Comparison:
    """A theorem over the instances of one law."""
    found = part(rows, name)
    worst = max(found, key=lambda row: row.error, default=None)
    return theorem(
        [row.error for row in found],
        tolerance=tolerance,
        control=[row.control_error for row in found],
        counterexample=worst.witness if worst else None,
    )


def twelve_numbers_equal_pycocotools(rows: Sequence[Row]) -> Comparison:
    distinct = {(row.witness, row.value): row for row in part(rows, "pycocotools")}
    return law(list(distinct.values()), "pycocotools", ROUNDING)


def map_is_the_mean_over_classes_with_objects(rows: Sequence[Row]) -> Comparison:
    return law(rows, "classes without objects", ROUNDING)


def conventions_agree(rows: Sequence[Row]) -> Comparison:
    def arm(name: str) -> dict[int, float]:
        return by_seed(part(rows, "convention"), lambda row: row.value, lambda row: row.metric == name)

    others = ("coco101", "voc2007", "uninterpolated")
    return conditional({f"{name} for voc2010": equivalence(arm(name), arm("voc2010"), margin=0.005) for name in others})


def ap_is_the_mean_of_ten_and_at_most_ap50(rows: Sequence[Row]) -> Comparison:
    return law(rows, "mean over thresholds", ROUNDING)


def precision_and_recall_equal_sklearns(rows: Sequence[Row]) -> Comparison:
    return law(rows, "precision and recall", 1e-12)


def overlap_at_the_threshold_is_a_match(rows: Sequence[Row]) -> Comparison:
    values = {row.metric: row.value for row in part(rows, "by hand")}
    return conditional(
        {
            "overlap equal to the threshold": fact(round(values["IoU exactly 0.5"], 6), 1.0),
            "object found before": fact(round(values["first found twice"], 6), round(values["each found once"], 6)),
        }
    )


def ap_depends_on_the_order_of_scores_only(rows: Sequence[Row]) -> Comparison:
    return law(rows, "score transforms", 1e-12)


def overlap_is_symmetric_and_free_of_the_unit(rows: Sequence[Row]) -> Comparison:
    return law(rows, "overlap", 1e-12)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The twelve numbers equal pycocotools' within 1e-9 on sets with crowds, ties and empty images.",
            notes="mAP (004:69-72)",
            kind="theorem",
            rule="holds iff no number differs by more than 1e-9 on any set; crowds taken for single objects must",
            predicted="holds",
            judge=twelve_numbers_equal_pycocotools,
        ),
        Claim(
            statement="mAP is the mean of the APs over the classes that have objects; the others are left out.",
            notes="mAP (004:71)",
            kind="theorem",
            rule="holds iff the mean differs by no more than 1e-9 on any set; counting the others as 0 must differ",
            predicted="holds",
            judge=map_is_the_mean_over_classes_with_objects,
        ),
        Claim(
            statement="How precision is interpolated does not matter: mAP agrees within half a point.",
            notes="mAP (004:69-71)",
            kind="conditional",
            rule="each convention against VOC 2010's area, paired by seed: interval inside (-0.005, 0.005), or outside",
            predicted="conditional",
            judge=conventions_agree,
        ),
        Claim(
            statement="mAP@[.5:.95] is the mean of ten APs and at most AP50.",
            notes="mAP@[.5:.95] (004:72)",
            kind="theorem",
            rule="holds iff both within 1e-9 on every set; the mean without IoU 0.5 must differ",
            predicted="holds",
            judge=ap_is_the_mean_of_ten_and_at_most_ap50,
        ),
        Claim(
            statement="Precision is TP / (TP + FP) and recall TP / (TP + FN), with 0 / 0 told by the caller.",
            notes="precision and recall (004:74-78)",
            kind="theorem",
            rule="holds iff equal to scikit-learn's within 1e-12 on all instances; FP and FN exchanged must differ",
            predicted="holds",
            judge=precision_and_recall_equal_sklearns,
        ),
        Claim(
            statement="A detection whose IoU is at least the threshold is a match.",
            notes="IoU threshold (004:80-81)",
            kind="conditional",
            rule="at IoU exactly 0.5, AP50 is 1; a second detection of an object leaves AP50 as it was",
            predicted="conditional",
            judge=overlap_at_the_threshold_is_a_match,
        ),
        Claim(
            statement="AP depends on the order of the scores only.",
            notes="average precision (004:69-71)",
            kind="theorem",
            rule="holds iff a rising map of the scores changes AP by at most 1e-12; a folding map must change it",
            predicted="holds",
            judge=ap_depends_on_the_order_of_scores_only,
        ),
        Claim(
            statement="IoU is symmetric, within [0, 1], 1 with itself, 0 if disjoint and free of the unit of length.",
            notes="IoU (004:80-81)",
            kind="theorem",
            rule="holds iff no law is off by more than 1e-12; IoU of inclusive pixels must change with the unit",
            predicted="holds",
            judge=overlap_is_symmetric_and_free_of_the_unit,
        ),
    ),
    tables=(
        Table(title="COCO's numbers", by=("metric",), columns=("value",), where=lambda row: row.part == "COCO"),
        Table(title="mAP as chosen", by=("witness",), columns=("value",), where=lambda row: row.part == "chosen"),
        Table(
            title="Classes",
            by=("category", "metric"),
            columns=("value", "count"),
            where=lambda row: row.part == "class",
        ),
        Table(
            title="Errors at IoU 0.5: how many, and what AP50 gains without them",
            by=("metric",),
            columns=("count", "value"),
            where=lambda row: row.part == "errors",
        ),
        Table(
            title="mAP at IoU 0.5 by convention",
            by=("metric",),
            columns=("value",),
            where=lambda row: row.part == "convention",
        ),
        Table(
            title="Laws and their controls",
            by=("part",),
            columns=("error", "control_error"),
            where=lambda row: row.control_error == row.control_error,
        ),
    ),
    curves=(
        Curve(name="precision_recall", x="recall", y="precision", group="iou", where=lambda row: row.part == "curve"),
    ),
)
