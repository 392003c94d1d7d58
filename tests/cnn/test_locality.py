"""What is judged of networks on far markers, on rows made by hand."""

from __future__ import annotations

from dataclasses import replace

from experiments.cnn.locality.networks import NetworkRow, local_accuracy, right_answers, steps_of_conv_and_attention
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided

CONV = NetworkRow(
    model="conv, 16 layers",
    lr=0.1,
    reach=16,
    sees=True,
    width=8,
    macs=100,
    validation_accuracy=0.6,
    test_accuracy=0.6,
    steps_to_solve=50,
    solved=False,
    diverged=False,
    far_gradient=1.0,
    near_gradient=1.0,
)
ATTENTION = replace(CONV, model="attention", steps_to_solve=10, solved=True)


def grid(best: NetworkRow, worst: float) -> list[NetworkRow]:
    """``best`` between two rates that are worse."""
    others = (replace(best, lr=lr, validation_accuracy=worst, solved=False, steps_to_solve=99) for lr in (0.01, 1.0))
    return [best, *others]


def test_steps_are_compared_where_the_slower_network_is_tuned() -> None:
    rows = [*grid(CONV, 0.5), *grid(ATTENTION, 0.5)]
    assert steps_of_conv_and_attention(rows) == Pairs({0: 50.0}, {0: 10.0})
    assert isinstance(steps_of_conv_and_attention([*grid(CONV, 0.7), *grid(ATTENTION, 0.5)]), Undecided)
    assert isinstance(steps_of_conv_and_attention(grid(CONV, 0.5)), NotMeasured)


def test_the_figure_tells_who_sees_the_marker_from_who_does_not() -> None:
    blind = replace(CONV, model="conv, 3 layers", sees=False, test_accuracy=0.5)
    rows = [*grid(CONV, 0.5), *grid(ATTENTION, 0.5), *grid(blind, 0.4)]
    said = "Right at best: attention 60 %, blind local networks 50 % and seeing local networks 60 %"
    assert right_answers(rows) == said


def test_a_network_at_the_edge_of_its_grid_is_judged_only_if_it_is_blind_or_has_solved_the_task() -> None:
    assert isinstance(local_accuracy(grid(CONV, 0.7))[CONV.model], Undecided)
    assert isinstance(local_accuracy(grid(CONV, 0.5))[CONV.model], Pairs)
    assert isinstance(local_accuracy(grid(replace(CONV, sees=False), 0.7))[CONV.model], Pairs)
