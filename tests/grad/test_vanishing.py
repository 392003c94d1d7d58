"""Chains of one unit with a known answer."""

from __future__ import annotations

from experiments.grad.vanishing.laws import bound_trials, range_trials, shrinking_trials


def test_a_weight_of_eight_doubles_the_gradient_per_layer_and_small_weights_shrink_it() -> None:
    large, small = shrinking_trials([8.0, 3.0])
    assert (large.error, small.error) == (1.0, 0.0)
    assert (large.control_error, small.control_error) == (1.0, 1.0)
    assert "1024" in large.counterexample
    assert max(trial.error for trial in bound_trials([8.0, -5.0, 0.5])) < 1e-12
    assert [trial.error for trial in range_trials([0.0, 50.0, -700.0])] == [0.0, 0.0, 0.0]
