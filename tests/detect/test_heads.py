"""Claims of detect.heads on rows with a known answer, and what can be asked."""

from __future__ import annotations

import pytest

from experiments.detect.heads import EXPERIMENT, laws
from experiments.detect.heads.claims import PART, after, apart, per_arm
from experiments.detect.heads.setup import Params, prepare
from experiments.detect.heads.training import DetectorRow, describe, reading_steps
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.rules import compare


def row(arm: str, step: int, without: float, suppressed: float, *, seed: int, scenes: str = "sparse") -> DetectorRow:
    return DetectorRow(
        seed=seed,
        scenes=scenes,
        arm=arm,
        step=step,
        ap50=max(without, suppressed),
        map_without=without,
        map_with=suppressed,
        recall_without=0.9,
        recall_with=0.8,
        boxes_per_object=1.0,
        parameters=1,
    )


ROWS = [
    row(arm, step, without + seed / 1000, suppressed + seed / 1000, seed=seed)
    for seed in range(12)
    for arm, step, without, suppressed in (
        ("grid", 50, 0.3, 0.3),
        ("grid", 100, 0.6, 0.6),
        ("many", 100, 0.3, 0.5),
        ("set", 50, 0.0, 0.0),
        ("set", 100, 0.2, 0.7),
    )
] + [row("grid", 40, 0.5, 0.4, seed=seed, scenes="crowded") for seed in range(12)]


def measured(name: str) -> object:
    return next(claim for claim in PART.claims if claim.name == name).measure(ROWS)


def test_heads_are_compared_as_they_are_meant_to_be_used() -> None:
    better = measured("end_to_end_is_better")
    assert isinstance(better, Pairs)
    assert (better.treatment[0], better.baseline[0]) == (0.2, 0.6)  # the set without suppression, the grid with it


def test_the_grid_is_read_after_half_of_the_updates() -> None:
    pairs = apart(("grid", "ap50"), ("set", "ap50"), half=True)(ROWS)
    assert isinstance(pairs, Pairs)
    assert (pairs.treatment[1], pairs.baseline[1]) == pytest.approx((0.301, 0.701))


def test_crowds_are_read_at_their_own_last_update_and_only_where_they_ran() -> None:
    found = per_arm(("grid", "many"), "recall_without", "recall_with", crowded=True)(ROWS)
    assert isinstance(found, dict)
    (pairs,) = found.values()
    assert (pairs.treatment[0], pairs.baseline[0]) == (0.9, 0.8)
    assert [one.scenes for one in after(ROWS, "grid", crowded=True)] == ["crowded"] * 12


def test_arms_that_did_not_run_are_named() -> None:
    missing = measured("matching_beats_a_fixed_order")
    assert isinstance(missing, NotMeasured)
    assert missing.reason == "needs the arms set and fixed"


def test_the_answer_has_every_head_that_ran() -> None:
    said = EXPERIMENT.answer({}, Rows({PART.name: ROWS}))
    assert said.startswith(
        "Without and with suppression the mAP is 0.61 and 0.61 for a grid, one cell per object, 0.31 and"
    )


def test_laws_hold_and_their_controls_fail() -> None:
    trials = list(laws.run(prepare(Params(trials=3), 1)))
    for claim in laws.PART.claims:
        assert compare(claim.rule, claim.measure(trials)).outcome == "holds", claim.name


def test_readings_begin_at_25_updates() -> None:
    assert sorted(reading_steps(300)) == [25, 50, 100, 150, 200, 300]
    assert sorted(reading_steps(10)) == [5, 10]


def test_scenes_are_described_with_what_a_cell_per_object_can_find() -> None:
    said = describe(prepare(Params(), 0), "sparse")
    assert said.startswith("64 pictures for training and 32 for test (sparse)")


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({"dataset": "minst"}, "did you mean mnist"),
        ({"dataset": "voc:/nowhere"}, "expected a folder in VOC's layout"),
    ],
)
def test_what_cannot_be_asked_is_said(params: dict[str, object], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        prepare(Params(**params), 0)
