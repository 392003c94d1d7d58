"""What a captured graph computes on either side of a branch."""

from __future__ import annotations

import logging

import pytest
import torch

from experiments.autograd.core.capture import Branching
from experiments.autograd.graph.capture import try_capture


def test_the_trace_warns_when_it_is_made_and_is_silently_wrong_afterwards() -> None:
    found = try_capture("torch.jit.trace")
    assert (found.outcome, found.error, found.warned) == ("wrong", 2.0, True)
    assert "gives [-6.0, -6.0] at [-3.0, -3.0], the model [-4.0, -4.0]" in found.counterexample


def test_minus_one_would_not_tell_the_branches_apart() -> None:
    assert Branching()(torch.tensor([-1.0])) == torch.tensor([-1.0]) * 2


@pytest.mark.parametrize("way", ["eager", "torch.compile"])
def test_eager_and_compile_follow_the_branch(way: str) -> None:
    found = try_capture(way)  # type: ignore[arg-type]
    assert (found.outcome, found.error) == ("right", 0.0)
    assert found.graph_breaks == (1 if way == "torch.compile" else 0)


def test_export_refuses_the_branch_without_a_word_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.root.manager.disable
    found = try_capture("torch.export")
    assert found.outcome == "refused: GuardOnDataDependentSymNode"
    assert capfd.readouterr() == ("", "")
    assert logging.root.manager.disable == before
