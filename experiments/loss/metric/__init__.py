"""Is the loss the metric?

Is the loss the metric, and does a smaller loss mean a more robust model?

Cross-entropy along trainings with clean and with noisy labels, read beside accuracy, calibration and accuracy on
corrupted images; five losses, each at its own learning rate; signs, curvature and pairs of models that losses misrank.

Notes: loss functions, losses and metrics.

Source: Guo et al.: On Calibration of Modern Neural Networks, ICML 2017; Hui, Belkin: Square Loss vs Cross-Entropy, ICLR
2021.
"""

from __future__ import annotations

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.loss.metric import laws, losses, trajectories
from experiments.loss.metric.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    along = rows.of(trajectories.PART)
    steps = sorted({row.step for row in along})

    def at(step: int, column: str, labels: str = "noisy") -> float:
        return mean(along, column, step=step, labels=labels)

    best, last = max(steps, key=lambda step: at(step, "corrupted_accuracy")), steps[-1]
    robust = [
        f"{percent(at(step, 'corrupted_accuracy'))} at a training loss of {number(at(step, 'train_loss'))}"
        for step in (best, last)
    ]
    likely = min(steps, key=lambda step: at(step, "test_nll", "clean"))
    accurate = max(steps, key=lambda step: at(step, "test_accuracy", "clean"))
    return (
        f"With {percent(max(row.label_noise for row in along))} of the labels wrong, accuracy on corrupted images is "
        f"at best {robust[0]} and at the end {robust[1]}. With clean labels the loss on test images is smallest after "
        f"{likely} steps, their accuracy largest after {accurate}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, trajectories.PART, losses.PART),
    answer=answer,
    headline=Headline(
        trajectories.PART,
        Table(
            "Losses and accuracies along the trainings",
            by=("labels", "step"),
            columns=("train_loss", "test_nll", "test_accuracy", "corrupted_accuracy"),
        ),
        pick=trajectories.at_four_steps,
    ),
)
