"""What torch keeps, on the cases that tell the rules apart."""

from __future__ import annotations

from experiments.autograd.graph.setup import Params, prepare
from experiments.autograd.graph.tensors import PART, run

ROWS = list(run(prepare(Params(), 0)))
CREATED = [row for row in ROWS if row.origin == "created"]
COMPUTED = [row for row in ROWS if row.origin == "computed"]


def test_a_created_tensor_keeps_grad_only_as_a_leaf_that_requires_it() -> None:
    for row in CREATED:
        assert row.keeps_grad == (row.is_leaf and row.requires_grad), row.tensor


def test_moving_to_another_type_makes_a_non_leaf_and_to_its_own_type_does_not() -> None:
    leaves = {row.tensor: row.is_leaf for row in CREATED}
    assert leaves["requires_grad=True, then .to(float32), its own type"]
    assert not leaves["requires_grad=True, then .to(float64)"]


def test_only_retain_grad_makes_a_result_keep_its_grad() -> None:
    assert [row.tensor for row in COMPUTED if row.keeps_grad] == ["x * 2 and retain_grad()"]


def test_results_that_need_no_gradient_are_leaves() -> None:
    for row in COMPUTED:
        assert row.is_leaf == (not row.requires_grad), row.tensor


def test_every_condition_is_predicted() -> None:
    for claim in PART.claims:
        assert not isinstance(claim.predicted, str)
        assert list(claim.predicted) == list(claim.measure(ROWS))
