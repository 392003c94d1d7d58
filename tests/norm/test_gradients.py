"""Rows with a known answer: what the claims of norm.gradients make of them."""

from __future__ import annotations

import pytest

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import Finding, judge
from experiments.norm.gradients import EXPERIMENT
from experiments.norm.gradients.networks import PART, BlockRow, NetworkRow, change_with_depth, first_and_last


@pytest.fixture
def rows() -> list[NetworkRow]:
    """Pre-norm by the law of the root of depth from 8 blocks on; without normalization all grow as 2^depth."""
    return [
        NetworkRow(
            placement=placement,
            normalization=norm,
            dataset="digits",
            depth=depth,
            seed=seed,
            gradient_norm=(1 + 0.01 * seed) * size,
            first_over_last=0.5 + 0.01 * seed,
            stream_rms=1.0,
        )
        for norm in ("layer", "rms")
        for depth in (2, 4, 8, 12, 16, 32, 64)
        for seed in range(5)
        for placement, size in (
            ("pre", depth ** -(0.5 + 0.005 * (seed - 2)) if depth >= 8 else 100.0),
            ("none", 2.0**depth),
        )
    ]


@pytest.fixture
def found(rows: list[NetworkRow]) -> dict[str, Finding]:
    return {one.claim: one for one in judge(EXPERIMENT.asked(Rows({PART.name: rows})), smoke=False)}


def test_a_gradient_that_falls_with_the_root_of_depth_from_8_blocks_on_is_recognized(found: dict[str, Finding]) -> None:
    assert found["pre_norm_gradient_falls_with_the_root_of_depth"].verdict == "holds"
    assert found["pre_norm_gradient_does_not_vanish"].verdict == "holds"


def test_a_gradient_explodes_though_it_is_as_large_at_the_last_block_as_at_the_first(
    found: dict[str, Finding], rows: list[NetworkRow]
) -> None:
    explodes = {one.condition: one.verdict for one in found["gradient_grows_faster_than_depth"].conditions}
    assert explodes == {"pre": "refuted", "none": "holds"}
    assert change_with_depth(rows) == "The last gradient at 64 over 8 blocks: pre 0.35 and none 7.2e16"


def test_the_figure_of_blocks_tells_the_ends_by_placement() -> None:
    rows = [
        BlockRow(placement=name, normalization="layer", dataset="digits", depth=3, layer=layer, gradient_norm=norm)
        for name, norms in (("post", (1, 2, 4)), ("pre", (6, 3, 2)))
        for layer, norm in enumerate(norms, start=1)
    ]
    assert first_and_last(rows) == "First over last gradient of 3 blocks: post 0.25 and pre 3"
