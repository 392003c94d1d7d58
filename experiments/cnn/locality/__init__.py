"""Can local kernels use what is far?

Can networks of local kernels use what lies far away, and does attention learn it more easily?

Two far positions of a sequence are marked, and the question, whether they carry the same symbol, is answered at the
first. Every network is trained at the same learning rates; the one of highest validation accuracy counts. Where steps
are compared, the rate is that of the other seeds; first it was chosen on the steps themselves.

Notes: local kernels cannot capture global context.

Source: Dosovitskiy et al.: An Image is Worth 16x16 Words, 2021; Raghu et al.: Do Vision Transformers See Like
Convolutional Neural Networks?, 2021; Yu, Koltun: Multi-Scale Context Aggregation by Dilated Convolutions, 2016.
"""

from __future__ import annotations

from experiments.cnn.locality import networks
from experiments.cnn.locality.setup import Params
from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    trained = rows.of(networks.PART)
    chosen = {model: best.rows for model, best in networks.tuned(trained).items()}
    said = listing(f"{kind} {percent(right)}" for kind, right in networks.best_accuracies(trained).items())
    solvers = sorted((mean(of, "steps_to_solve"), m) for m, of in chosen.items() if all(row.solved for row in of))
    steps = listing(f"{model.replace(', ', ' of ')} {number(taken)}" for taken, model in solvers)
    needed = f"Training steps until it is solved: {steps}" if solvers else "None solves it in the steps that it has"
    return f"Right answers where chance is 50 %: {said}. {needed}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(networks.PART,),
    answer=answer,
    headline=Headline(
        networks.PART,
        Table("Each network at its best learning rate", by=("model", "lr"), columns=networks.COLUMNS[:3]),
        pick=lambda rows: [row for best in networks.tuned(rows).values() for row in best.rows],
    ),
)
