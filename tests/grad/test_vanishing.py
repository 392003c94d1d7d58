"""Chains of one unit with a known answer."""

from __future__ import annotations

from experiments.grad.vanishing.ends import BlockRow, EndsRow, first_over_last, lost_per_layer
from experiments.grad.vanishing.laws import bound_trials, range_trials, shrinking_trials


def test_a_weight_of_eight_doubles_the_gradient_per_layer_and_small_weights_shrink_it() -> None:
    large, small = shrinking_trials([8.0, 3.0])
    assert (large.error, small.error) == (1.0, 0.0)
    assert (large.control_error, small.control_error) == (1.0, 1.0)
    assert "1024" in large.counterexample
    assert max(trial.error for trial in bound_trials([8.0, -5.0, 0.5])) < 1e-12
    assert [trial.error for trial in range_trials([0.0, 50.0, -700.0])] == [0.0, 0.0, 0.0]


def test_the_titles_of_figures_say_what_the_rows_say() -> None:
    blocks = [BlockRow(layer=layer, gradient_norm=norm) for layer, norm in ((1, 8.0), (2, 4.0), (3, 2.0))]
    assert first_over_last(blocks) == (
        "The first of 3 blocks of a pre-norm transformer has 4 times the last one's gradient"
    )
    ends = (("sigmoid, xavier", 8, 0.1), ("sigmoid, xavier", 10, 1e-3), ("relu, he", 10, 0.5))
    rows = [EndsRow(network=network, depth=depth, first_over_last=left) for network, depth, left in ends]
    assert lost_per_layer(rows) == (
        "Each sigmoid layer divides the gradient by 10; ReLU with He weights keeps 0.5 of it over 10 layers"
    )
