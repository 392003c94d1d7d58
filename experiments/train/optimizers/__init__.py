"""Which optimizer is faster, or better?

Which optimizer is faster, which is better, and are they what their formulas say?

Update rules by formula against torch, races on uneven and on sparse problems and on images over one wide grid of
learning rates, and the laws in which the rules differ: scale, weight decay and Adam's counterexample.

Notes: optimizers.

Source: Kingma, Ba, Adam, ICLR 2015; Duchi, Hazan, Singer, JMLR 12, 2011; Loshchilov, Hutter, Decoupled Weight Decay
Regularization, ICLR 2019; Reddi, Kale, Kumar, On the Convergence of Adam and Beyond, ICLR 2018; Wilson et al., The
Marginal Value of Adaptive Gradient Methods in Machine Learning, NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.train.optimizers import laws, networks, races
from experiments.train.optimizers.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    said = []
    for problem in races.PROBLEMS:
        best = {name: arm.rows for name, arm in races.raced(rows.of(races.PART), problem).items()}
        first = min(best, key=lambda name: mean(best[name], "steps"))
        said.append(f"{first} {_steps(best[first])} and SGD {_steps(best['sgd'])} ({problem})")
    trained = rows.of(networks.PART)
    tuned = networks.tuned_rows(trained)
    accuracy = {
        name: mean(tuned, "test_accuracy", optimizer=name) for name in dict.fromkeys(row.optimizer for row in tuned)
    }
    first = max(accuracy, key=lambda name: accuracy[name])
    return (
        f"Each at its best learning rate, the steps of the fastest rule and of SGD are {listing(said)}; on "
        f"{trained[0].dataset} {first} gets most test images right, {percent(accuracy[first])}, SGD "
        f"{percent(accuracy['sgd'])}."
    )


def _steps(raced: Sequence[races.RaceRow]) -> str:
    return ("" if all(row.reached for row in raced) else "more than ") + number(mean(raced, "steps"))


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.LAWS, laws.REGRET, races.PART, networks.PART),
    answer=answer,
    headline=Headline(
        networks.PART,
        Table(
            "Each optimizer at the learning rate that validation chose",
            by=("optimizer", "lr"),
            columns=("final_loss", "validation_accuracy", "test_accuracy"),
        ),
        pick=networks.tuned_rows,
    ),
)
