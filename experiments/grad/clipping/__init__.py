"""Does clipping tame large gradients?

What does clipping do to gradients, where in the loop does it belong, and does it cure exploding gradients?

Statements about torch's functions on random gradients; gradient descent from a wall of the recurrent unit of
Pascanu et al.; a linear recurrent network whose gradients explode, trained with and without clipping at every learning
rate.

Changed after results had been seen: that clipping cures exploding gradients was judged by the share of finite runs at
the largest of some rates, and by the lowest loss of every seed over the rates. Now the largest rate that stays finite
is judged, and the loss at the rate that the other seeds chose. Losses from the wall have long tails, so that ten
descents a seed and ratios took the place of one descent and differences.

Notes: clipping by value and by norm; exploding gradients.

Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, ICML 2013.
"""

from __future__ import annotations

from experiments.grad.clipping import laws, network, wall
from experiments.grad.clipping.setup import CLIPPED, PLAIN, Params, prepare
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows


def answer(findings: Findings, rows: Rows) -> str:
    runs = rows.of(network.PART)
    largest = max(row.lr for row in runs)
    plain, clipped = (mean(runs, "diverged", case=case, lr=largest) for case in (PLAIN, CLIPPED))
    best = [mean(network.tuned(runs)[case].rows, "final_loss") for case in (PLAIN, CLIPPED)]
    return (
        f"At the largest learning rate, {number(largest)}, {percent(plain)} of the runs diverge without clipping and "
        f"{percent(clipped)} with it. At the rate that suits each best, the final loss is {number(best[0])} without "
        f"and {number(best[1])} with clipping."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, wall.STEPS, wall.PART, network.PART),
    answer=answer,
    headline=Headline(wall.PART, wall.TABLE),
)
