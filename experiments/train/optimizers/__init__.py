"""Which optimizer is faster, which is better, and are they what their formulas say?

Update rules by formula against torch, tuned races on an ill-conditioned and on a sparse problem and on digits, and
the laws in which the rules differ: scale, weight decay and Adam's counterexample.

Notes: optimizers.

Source: Kingma, Ba, Adam, ICLR 2015; Duchi, Hazan, Singer, JMLR 12, 2011; Loshchilov, Hutter, Decoupled Weight Decay
Regularization, ICLR 2019; Reddi, Kale, Kumar, On the Convergence of Adam and Beyond, ICLR 2018; Wilson et al., The
Marginal Value of Adaptive Gradient Methods in Machine Learning, NeurIPS 2017.
"""

from __future__ import annotations

from experiments.foundation.networks.tuning import Choice
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.train.optimizers import laws, networks, races
from experiments.train.optimizers.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    said = []
    for name, problem in (("ill-conditioned", "the ill-conditioned problem"), ("sparse features", "sparse features")):
        best = races.at_best(rows.of(races.PART), name)
        first = max(best, key=lambda name: best[name].score)
        said.append(f"on {problem} {first} takes fewest steps, {_steps(best[first])}, SGD {_steps(best['sgd'])}")
    trained = rows.of(networks.PART)
    tuned = networks.tuned_rows(trained)
    accuracy = {
        name: mean(tuned, "test_accuracy", optimizer=name) for name in dict.fromkeys(row.optimizer for row in tuned)
    }
    first = max(accuracy, key=lambda name: accuracy[name])
    return (
        f"Each at its best learning rate: {'; '.join(said)}; on {trained[0].dataset} {first} gets most test images "
        f"right, {percent(accuracy[first])}, SGD {percent(accuracy['sgd'])}."
    )


def _steps(choice: Choice[races.RaceRow]) -> str:
    return ("" if all(row.reached for row in choice.rows) else "more than ") + number(-choice.score)


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
