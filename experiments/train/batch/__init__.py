"""What does mini-batch noise do?

What does the randomness of mini-batches do: noise, saddles, wells, memory and accuracy?

Curvature at random weights, the covariance of batch gradients, a saddle, a loss of one weight with several minima under
the noise of real batches, bytes kept for the backward pass, and accuracy at equal epochs, at equal steps and tuned.

Notes: non-convex losses, mini-batches, saddles and noise.

Source: Lee et al., Gradient Descent Only Converges to Minimizers, COLT 2016; Hoffer, Hubara, Soudry, Train longer,
generalize better, NeurIPS 2017; Shallue et al., Measuring the Effects of Data Parallelism, JMLR 20, 2019; Cochran,
Sampling Techniques, 3rd edition, 1977, chapter 2.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.train.batch import curvature, gradients, landscapes, training
from experiments.train.batch.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    wells, trained = rows.of(landscapes.WELLS), rows.of(training.PART)
    sizes = sorted({row.batch_size for row in wells})
    noisy, quiet = (mean(wells, "left_start", batch_size=size) for size in (sizes[0], sizes[-1]))
    small, full = (pick(row.batch_size for row in trained) for pick in (min, max))
    accuracy = {
        (budget, size): percent(mean(training.chosen(trained, size, budget).rows, "test_accuracy"))
        for budget in training.BUDGETS
        for size in (small, full)
    }
    budgets = [f"{budget} {accuracy[budget, small]} and {accuracy[budget, full]}" for budget in training.BUDGETS]
    return (
        f"Of descents from a local minimum {percent(noisy)} leave it on batches of {sizes[0]} and {percent(quiet)} "
        f"on batches of {sizes[-1]}. Batches of {small}, and all images at once, get of test images right: "
        f"{listing(budgets)}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        curvature.CURVATURE,
        curvature.SYMMETRY,
        gradients.LAW,
        gradients.NOISE,
        gradients.MEMORY,
        landscapes.SADDLE,
        landscapes.WELLS,
        training.PART,
    ),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Each batch size at the learning rate and the number of updates that validation chose",
            by=("batch_size", "lr", "updates"),
            columns=("validation_accuracy", "test_accuracy"),
        ),
        pick=training.at_best,
    ),
)
