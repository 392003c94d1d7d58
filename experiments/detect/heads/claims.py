"""What the trained heads decide; everything is read after the last update, but where a claim says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from experiments.detect.heads.training import DetectorRow, run
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Part, Table, kept
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence

Column = str | Callable[[DetectorRow], float]
IN_WORDS = {"grid": "a grid, one cell per object", "many": "a grid, many cells per object", "set": "a set"}


def after(rows: Sequence[DetectorRow], arm: str, *, half: bool = False, crowded: bool = False) -> list[DetectorRow]:
    """An arm after all updates, or half of them, on crowded scenes or on the others."""
    there = [row for row in rows if (row.scenes == "crowded") == crowded]
    steps = max((row.step for row in there), default=0)
    return kept(there, {"arm": arm, "step": steps // 2 if half else steps})


def apart(
    first: tuple[str, Column], second: tuple[str, Column], *, half: bool = False, crowded: bool = False
) -> Callable[[Sequence[DetectorRow]], Pairs | NotMeasured]:
    """The measure of one arm's column against another's; ``half`` is for the first arm."""

    def measure(rows: Sequence[DetectorRow]) -> Pairs | NotMeasured:
        arms = after(rows, first[0], half=half, crowded=crowded), after(rows, second[0], crowded=crowded)
        if not all(arms):
            return NotMeasured(f"needs the arms {first[0]} and {second[0]}")
        return Pairs(*(by_seed(arm, column) for arm, (_, column) in zip(arms, (first, second), strict=True)))

    return measure


def per_arm(
    arms: Sequence[str], first: str, second: str, *, crowded: bool = False
) -> Callable[[Sequence[DetectorRow]], Mapping[str, Pairs] | NotMeasured]:
    """The measure of one column against another, of every arm that ran."""

    def measure(rows: Sequence[DetectorRow]) -> Mapping[str, Pairs] | NotMeasured:
        each = {arm: apart((arm, first), (arm, second), crowded=crowded)(rows) for arm in arms}
        found = {IN_WORDS[arm]: pairs for arm, pairs in each.items() if isinstance(pairs, Pairs)}
        return found or NotMeasured("needs crowded scenes of digits" if crowded else f"needs the arms {arms}")

    return measure


def learning(rows: Sequence[DetectorRow]) -> str:
    """The title of the curve."""
    arms = [arm for arm in IN_WORDS if after(rows, arm)]
    values = [f"{arm} {percent(mean(after(rows, arm), 'ap50'), 2)}" for arm in arms]
    return f"AP50 after {max(row.step for row in rows)} updates: {', '.join(values)}"


MEAN_PRECISION = "mean_precision"
COLUMNS = ("ap50", "map_without", "map_with", "recall_without", "recall_with", "boxes_per_object")
PART = Part(
    name="training",
    row=DetectorRow,
    run=run,
    claims=(
        Claim(
            "many_cells_need_suppression",
            statement="A grid of many cells per object needs suppression: without it mAP is 2 points lower.",
            rule=Effect("mAP with - without suppression", delta=0.02),
            measure=apart(("many", "map_with"), ("many", "map_without")),
            topic="non-maximum suppression",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "one_answer_per_object_needs_none",
            statement="A head taught one answer per object, a set or a grid, needs no suppression: 2 points at most.",
            rule=Each(Equivalence("mAP with - without suppression", margin=0.02), per="head"),
            measure=per_arm(("grid", "set"), "map_with", "map_without"),
            topic="direct set prediction, no suppression of duplicates",
            predicted="holds",
            source="Carion et al. 2020; pilot",
        ),
        Claim(
            "crowds_pay_for_suppression",
            statement="In crowds of one class suppression costs recall, more than 2 points.",
            rule=Each(Effect("recall at IoU 0.5 without - with suppression", delta=0.02), per="head"),
            measure=per_arm(("grid", "many"), "recall_without", "recall_with", crowded=True),
            topic="non-maximum suppression",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "matching_beats_a_fixed_order",
            statement="A set matched by least cost finds more than one in fixed order, by 10 points of AP50.",
            rule=Effect("AP50, least cost - fixed order", delta=0.1),
            measure=apart(("set", "ap50"), ("fixed", "ap50")),
            topic="Hungarian matching",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "a_set_needs_twice_the_updates",
            statement="A set needs over twice the updates: after half of them the grid is 5 points of AP50 ahead.",
            rule=Effect("AP50, grid after half of the updates - set after all", delta=0.05),
            measure=apart(("grid", "ap50"), ("set", "ap50"), half=True),
            topic="end-to-end training",
            predicted="holds",
            source="Carion et al. 2020: 500 epochs; pilot",
        ),
        Claim(
            "end_to_end_is_better",
            statement="End to end is better: after as many updates the set's mAP is a point above that of the grid.",
            rule=Effect("mAP, set - grid", delta=0.01),
            measure=apart(("set", lambda row: row.mean_precision), ("grid", lambda row: row.mean_precision)),
            topic="end-to-end training",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "focal_loss_helps_the_grid",
            statement="Focal loss on the cells helps: mAP is a point above that of plain cross-entropy.",
            rule=Effect("mAP, focal loss - cross-entropy", delta=0.01),
            measure=apart(("grid", "map_with"), ("plain", "map_with")),
            topic="focal loss",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(Table("Heads after so many updates", by=("scenes", "arm", "step"), columns=COLUMNS),),
    curves=(
        Curve(
            "ap50_by_updates",
            "step",
            "ap50",
            "arm",
            x_scale="log",
            only={"scenes": ("sparse", "photographs")},
            title=learning,
        ),
    ),
)
