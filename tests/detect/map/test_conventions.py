"""Conventions and matches: by hand, and not judged on one set of the user's."""

from __future__ import annotations

from experiments.detect.map import conventions
from experiments.detect.map.conventions import ConventionRow
from experiments.detect.map.setup import Params, prepare
from experiments.lab.judge.measured import NotMeasured
from experiments.lab.judge.rules import compare

MATCHES = list(conventions.run_matches(prepare(Params(trials=1), 0)))


def test_matching_by_hand() -> None:
    assert {row.example: round(row.ap50, 6) for row in MATCHES} == {
        "IoU exactly 0.5": 1.0,
        "each found once": 1.0,
        "first found twice": 0.834983,
    }


def test_an_object_found_twice_refutes_that_overlap_alone_makes_a_match() -> None:
    (claim,) = conventions.MATCHES.claims
    assert compare(claim.rule, claim.measure(MATCHES)).outcome == "conditional"


def test_one_set_of_the_users_is_no_repetition() -> None:
    rows = [ConventionRow(seed=seed, interp="voc2010", map50=0.5, own=True) for seed in range(3)]
    assert isinstance(conventions.against_voc2010(rows), NotMeasured)
