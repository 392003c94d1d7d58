"""What helps against overfitting?

How do you tell underfitting from overfitting, and how much does each remedy help?

Polynomials on a sine whose least error is known; a linear model that underfits; a network on few images with wrong
labels, with every remedy and without, each tuned by the same budget and stopped by validation, or trained to the end;
and dropout beside the penalty that it is said to be.

Notes: underfitting and overfitting; regularization and dropout.

Source: Wager, Wang, Liang, Dropout Training as Adaptive Regularization, NeurIPS 2013; Srivastava et al., Dropout, JMLR
15, 2014; Prechelt, Early Stopping - But When?, 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.train.regularization import remedies, small_models, underfitting
from experiments.train.regularization.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    fits = [row for row in rows.of(small_models.PART) if row.noise == "little"]
    low, high = (pick(row.degree for row in fits) for pick in (min, max))
    train, noise = (mean(fits, column, degree=low) for column in ("train_error", "bayes_error"))
    gap = median(row.test_error / row.train_error for row in fits if row.degree == high)
    tuned = remedies.at_best(rows.of(remedies.PART))
    accuracy = {name: mean(tuned, "test_accuracy", remedy=name) for name in dict.fromkeys(row.remedy for row in tuned)}
    none = accuracy.pop("none")
    ranked = sorted(accuracy, key=lambda name: accuracy[name])
    return (
        f"The training error of a polynomial of degree {low} is {number(train / noise)} times the noise; the test "
        f"error of degree {high} {number(gap)} times its training error. Trained on few images, some wrongly labelled, "
        f"and stopped in time, a network gets {percent(none)} of test images right, with the best remedy, "
        f"{_words(ranked[-1])}, {percent(accuracy[ranked[-1]])}, with {_words(ranked[0])} "
        f"{percent(accuracy[ranked[0]])}."
    )


def nine_best(rows: Sequence[remedies.RemedyRow]) -> list[remedies.RemedyRow]:
    """Without a remedy, and the nine with which most test images are right."""
    tuned = remedies.at_best(rows)
    names = dict.fromkeys(row.remedy for row in tuned if row.remedy != "none")
    ranked = sorted(names, key=lambda name: -mean(tuned, "test_accuracy", remedy=name))
    return [row for row in tuned if row.remedy in {"none", *ranked[:9]}]


def _words(remedy: str) -> str:
    words = {"noise": "noise on the images", "shift": "shifted images", "small": "a smaller network"}
    words |= {"distortion": "distorted images", "features": "edges for pixels", "sgd": "SGD for Adam"}
    return words.get(remedy, remedy.replace("_", " "))


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(small_models.PART, small_models.PENALTY, underfitting.PART, remedies.PART),
    answer=answer,
    headline=Headline(
        remedies.PART,
        Table(
            "None and the nine best remedies, each at the strength and number of updates that validation chose",
            by=("remedy", "strength", "updates"),
            columns=("train_accuracy", "test_accuracy"),
        ),
        pick=nine_best,
    ),
)
