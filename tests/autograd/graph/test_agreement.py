"""The tape and its peers on random expressions and a network."""

from __future__ import annotations

import pytest

from experiments.autograd.graph.agreement import expression_trials, network_trial, tape_of_an_example
from experiments.autograd.graph.setup import Params, prepare


@pytest.mark.parametrize("seed", range(4))
def test_expressions_and_networks_agree_with_their_peers_and_the_controls_do_not(seed: int) -> None:
    point, program, arrays = prepare(Params(trials=1), seed).drawn[0][0]
    compared = [*expression_trials(program, point), network_trial(*arrays)]
    assert [trial.case for trial in compared] == ["torch", "sympy", "torch, matrices"]
    assert max(trial.error for trial in compared) < 1e-12
    assert max(trial.control_error for trial in compared) > 1e-10


def test_the_example_shows_the_tape_and_its_gradient() -> None:
    assert "v2 = mul(v0, v1); v3 = sin(v0)" in tape_of_an_example()
    assert "d/dx = 2.5839, d/dy = 2.0000" in tape_of_an_example()
