"""What does the randomness of mini-batches do: noise, saddles, wells, memory and accuracy?

Curvature at random weights, the covariance of batch gradients against its closed form, a saddle and a double well in
which noise can be dosed, bytes kept for the backward pass, and accuracy at equal epochs and at equal steps.

Notes: non-convex losses, mini-batches, saddles and noise.

Source: Lee et al., Gradient Descent Only Converges to Minimizers, COLT 2016; Keskar et al., On Large-Batch Training
for Deep Learning, ICLR 2017; Cochran, Sampling Techniques, 3rd edition, 1977, chapter 2.
"""

from __future__ import annotations

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.train.batch import curvature, gradients, landscapes, training
from experiments.train.batch.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    wells, trained = rows.of(landscapes.WELLS), rows.of(training.PART)
    sizes = sorted({row.batch_size for row in wells})
    noisy, quiet = (
        mean(wells, "left_start", start=landscapes.LOCAL, batch_size=size) for size in (sizes[0], sizes[-2])
    )
    small, full = (pick(row.batch_size for row in trained) for pick in (min, max))
    accuracy = {
        (budget, size): percent(mean(trained, "test_accuracy", budget=budget, batch_size=size))
        for budget in training.BUDGETS
        for size in (small, full)
    }
    return (
        f"Of descents from a local minimum {percent(noisy)} leave it with a batch of {sizes[0]:g} and {percent(quiet)} "
        f"with one of {sizes[-2]:g}. Trained for equal epochs, batches of {small} get "
        f"{accuracy['equal epochs', small]} of test images right and all images at once "
        f"{accuracy['equal epochs', full]}; for equal steps {accuracy['equal steps', small]} and "
        f"{accuracy['equal steps', full]}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        curvature.CURVATURE,
        curvature.SYMMETRY,
        gradients.NOISE,
        gradients.MEMORY,
        landscapes.SADDLE,
        landscapes.WELLS,
        training.PART,
    ),
    answer=answer,
    headline=Headline(training.PART, training.PART.tables[0]),
)
