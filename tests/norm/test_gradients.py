"""Rows with a known answer: what the claims of norm.gradients make of them."""

from __future__ import annotations

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import judge
from experiments.norm.gradients import EXPERIMENT, networks
from experiments.norm.gradients.networks import NetworkRow


def test_a_gradient_that_falls_with_the_root_of_depth_from_8_blocks_on_is_recognized() -> None:
    rows = [
        NetworkRow(
            placement="pre",
            normalization=norm,
            dataset="digits",
            depth=depth,
            seed=seed,
            gradient_norm=(1 + 0.01 * seed) * (depth ** -(0.5 + 0.005 * (seed - 2)) if depth >= 8 else 100.0),
            first_over_last=0.5 + 0.01 * seed,
            stream_rms=1.0,
        )
        for norm in ("layer", "rms")
        for depth in (2, 4, 8, 12, 16, 32, 64)
        for seed in range(5)
    ]
    found = {one.claim: one.verdict for one in judge(EXPERIMENT.asked(Rows({networks.PART.name: rows})), smoke=False)}
    assert found["pre_norm_gradient_falls_with_the_root_of_depth"] == "holds"
    assert found["pre_norm_gradient_does_not_vanish"] == "holds"
