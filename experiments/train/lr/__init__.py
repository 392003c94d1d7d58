"""What does the learning rate decide?

What does the learning rate decide: convergence, speed, the direction of a step?

Descent on quadratics around the limit 2 / largest curvature, a network trained over six decades of learning rates, and
single steps of SGD and Adam beside the gradient.

Notes: learning rate; tuning.

Source: Nesterov, Introductory Lectures on Convex Optimization, 2004, section 2.1; Kingma, Ba, Adam, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Effect, Under
from experiments.train.lr import networks, quadratics
from experiments.train.lr.setup import Params, prepare


def suboptimal(rows: Rows) -> Mapping[str, Pairs | Undecided]:
    """The best network against that of the smallest rate; what little and much patience leave of a quadratic."""
    patience = rows.of(quadratics.PATIENCE)
    return {
        "a network in a fixed budget": networks.best_and_smallest(rows.of(networks.PART)),
        "a quadratic in 100 steps": quadratics.left_after(patience, "100 steps"),
        "a quadratic in 100,000 steps": quadratics.left_after(patience, "unlimited"),
    }


def answer(findings: Findings, rows: Rows) -> str:
    limits, trained = rows.of(quadratics.LIMITS), rows.of(networks.PART)
    reached = max((row.lr for row in limits if row.converged), default=float("nan"))
    missed = min((row.lr for row in limits if not row.converged), default=float("nan"))
    accuracy = {lr: mean(trained, "test_accuracy", lr=lr) for lr in sorted({row.lr for row in trained})}
    best = max(accuracy, key=lambda lr: mean(trained, "validation_accuracy", lr=lr))
    smallest, *_, largest = accuracy
    return (
        f"The largest learning rate at which descent on a quadratic converged is {number(reached, 4)} / curvature, the "
        f"smallest at which it did not is {number(missed, 4)} / curvature. A network gets {percent(accuracy[best])} of "
        f"test images right at its best rate, {best:g}, {percent(accuracy[smallest])} at {smallest:g} and "
        f"{percent(accuracy[largest])} at {largest:g}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(quadratics.LIMITS, quadratics.SPEED, quadratics.PATIENCE, networks.PART, quadratics.STEPS),
    claims=(
        Claim(
            "too_small_a_rate_stays_suboptimal",
            statement="With too small a learning rate training stays at a suboptimal place.",
            rule=Under(
                {
                    "a network in a fixed budget": Effect(
                        "test accuracy, best rate by validation - smallest", delta=0.1
                    ),
                    "a quadratic in 100 steps": Effect("share of the first loss that is left", delta=0.1),
                    "a quadratic in 100,000 steps": Effect("share of the first loss that is left", delta=1e-6),
                }
            ),
            measure=suboptimal,
            topic="Too small a learning rate is slow",
            predicted={
                "a network in a fixed budget": "holds",
                "a quadratic in 100 steps": "holds",
                "a quadratic in 100,000 steps": "refuted",
            },
            source="Nesterov 2004, section 2.1: descent on convex functions reaches the minimum at any small rate",
        ),
    ),
    answer=answer,
    headline=Headline(part=networks.PART, table=networks.PART.tables[0]),
)
