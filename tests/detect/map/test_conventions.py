"""Conventions and matches: by hand."""

from __future__ import annotations

from experiments.detect.map import conventions
from experiments.detect.map.setup import Params, prepare
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
