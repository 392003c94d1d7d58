"""How fast does a network learn digits?

How well and how fast does one network learn to read digits, in any precision?

One training with every metric, beside scikit-learn's; short trainings of equal seeds that must repeat bit by bit; and
on request the same training in float32 and on the CPU.

Notes: training in one line, metrics, epochs and iterations.

Source: LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998; Micikevicius et al.: Mixed Precision
Training, 2018.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.train.mnist import training
from experiments.train.mnist.epochs import REPEATS, EpochRow
from experiments.train.mnist.params import Params
from experiments.train.mnist.setup import prepare


def distance_from_sklearn(rows: Rows) -> Instances:
    """Every epoch of every training, on the real predictions."""
    epochs = [row for row in rows if isinstance(row, EpochRow)]
    return Instances([row.sklearn_difference for row in epochs], control=[row.sklearn_control for row in epochs])


def answer(findings: Findings, rows: Rows) -> str:
    last = training.last_epochs(rows.of(training.PART))
    run = next(row for row in last if row.arm == "run")
    speed = number(mean(last, "images_per_second", arm="run"), 2)
    others = {row.arm: percent(mean(last, "test_accuracy", arm=row.arm), 4) for row in last if row.arm != "run"}
    beside = f" ({listing(f'{arm}: {accuracy}' for arm, accuracy in others.items())})" if others else ""
    return (
        f"The {run.model} network gets {percent(mean(last, 'test_accuracy', arm='run'), 4)}{beside} of "
        f"{run.test_images:,} test images of {run.dataset} right after {run.updates:,} updates, at {speed} training "
        f"images a second in precision {run.resolved}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(REPEATS, training.PART),
    claims=(
        Claim(
            "metrics_equal_sklearns",
            statement="Accuracy, macro-F1, log-likelihood and confusion matrix equal scikit-learn's within 1e-10.",
            rule=Theorem("largest difference in an epoch", control="labels moved by one image", tolerance=1e-10),
            measure=distance_from_sklearn,
            topic="metrics",
            predicted="holds",
            source="scikit-learn, metrics",
        ),
    ),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "After the last epoch",
            by=("arm", "resolved", "device"),
            columns=("test_accuracy", "test_macro_f1", "test_nll", "test_ece", "images_per_second"),
        ),
        pick=training.last_epochs,
    ),
)
