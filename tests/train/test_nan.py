"""The study of NaN: every kind of fault is named, and a fault that is missed is a counterexample."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from experiments.foundation.networks.split import Examples
from experiments.lab.judge.rules import compare
from experiments.train.core.faults import FAULTS, Fault, sample_trial
from experiments.train.nan import faults, watching
from experiments.train.nan.setup import Images, Params

EXAMPLES = Examples(torch.rand(40, 16, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 10)
IMAGES = Images(
    params=Params(width=8, depth=4, steps=4, batch_size=8), seed=0, examples=EXAMPLES, classes=10, dataset="noise"
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_named_in_step_module_operation_direction_and_kind(fault: Fault) -> None:
    rng = torch.Generator().manual_seed(1)
    for seed in range(3):
        torch.manual_seed(seed)
        trial = sample_trial(fault, depth=4, steps=4, rng=rng)
        watched, *_ = faults.try_fault(trial, IMAGES)
        assert watched.named, f"{trial}: {watched.said}"


def test_a_fault_in_the_wrong_direction_is_the_counterexample() -> None:
    _, told_apart = faults.PART.claims
    rng = torch.Generator().manual_seed(0)
    rows = [row for fault in FAULTS for row in faults.try_fault(sample_trial(fault, 4, 4, rng), IMAGES)]
    assert compare(told_apart.rule, told_apart.measure(rows)).outcome == "holds"
    rows[0] = replace(rows[0], direction_and_kind_right=0.0)
    refuted = compare(told_apart.rule, told_apart.measure(rows))
    assert refuted.outcome == "refuted"
    assert "log0: inf born in aten.log" in refuted.at(0.05).summary


def test_a_fault_that_never_comes_is_found_by_nobody() -> None:
    trial = replace(sample_trial(FAULTS[0], 4, 4, torch.Generator()), step=99)
    assert [(row.said, row.named) for row in faults.try_fault(trial, IMAGES)] == [("nothing found", 0.0)] * 3


def test_a_second_where_mends_the_gradient_of_the_first() -> None:
    (claim,), rows = watching.WHERE.claims, list(watching.run_where(IMAGES))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    mended = [replace(row, gradient_finite=1.0) for row in rows]
    assert compare(claim.rule, claim.measure(mended)).outcome == "refuted"
