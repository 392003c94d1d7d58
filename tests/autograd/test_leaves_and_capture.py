"""What torch keeps and what a captured graph computes, on the cases that tell the rules apart."""

from __future__ import annotations

import logging

import pytest
import torch

from experiments.autograd.core.capture import Branching, capture
from experiments.autograd.core.leaves import COMPUTED, CREATED, try_all


def test_a_created_tensor_keeps_grad_only_as_a_leaf_that_requires_it() -> None:
    for tried in try_all(CREATED):
        assert tried.keeps_grad == (tried.is_leaf and tried.requires_grad), tried.case


def test_moving_to_another_type_makes_a_non_leaf_and_to_its_own_type_does_not() -> None:
    leaves = {tried.case: tried.is_leaf for tried in try_all(CREATED)}
    assert leaves["requires_grad=True, then .to(float32), its own type"]
    assert not leaves["requires_grad=True, then .to(float64)"]


def test_only_retain_grad_makes_a_result_keep_its_grad() -> None:
    assert [tried.case for tried in try_all(COMPUTED) if tried.keeps_grad] == ["x * 2 and retain_grad()"]


def test_results_that_need_no_gradient_are_leaves() -> None:
    for tried in try_all(COMPUTED):
        assert tried.is_leaf == (not tried.requires_grad), tried.case


def test_the_trace_warns_when_it_is_made_and_is_silently_wrong_afterwards() -> None:
    found = capture("torch.jit.trace")
    assert (found.outcome, found.error, found.warned) == ("wrong", 2.0, True)
    assert "gives [-6.0, -6.0] at [-3.0, -3.0], the model [-4.0, -4.0]" in found.witness


def test_minus_one_would_not_tell_the_branches_apart() -> None:
    assert Branching()(torch.tensor([-1.0])) == torch.tensor([-1.0]) * 2


@pytest.mark.parametrize("way", ["eager", "torch.compile"])
def test_eager_and_compile_follow_the_branch(way: str) -> None:
    found = capture(way)  # type: ignore[arg-type]
    assert (found.outcome, found.error) == ("right", 0.0)
    assert found.graph_breaks == (1 if way == "torch.compile" else 0)


def test_export_refuses_the_branch_without_a_word_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.root.manager.disable
    found = capture("torch.export")
    assert found.outcome == "refused: GuardOnDataDependentSymNode"
    assert capfd.readouterr() == ("", "")
    assert logging.root.manager.disable == before
