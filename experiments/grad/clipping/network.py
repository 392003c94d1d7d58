"""A linear recurrent network whose gradients explode, trained with and without clipping at every learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import edge_of
from experiments.grad.clipping.setup import CLIPPED, PLAIN, Descents
from experiments.lab.answers import mean
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.lab.judge.rules import Effect, Proportion, Under

LOWER = 0.01
"""Difference of final losses that counts."""


@observation
class NetworkRow(Row):
    """One training at one learning rate."""

    case: str
    lr: float
    final_loss: float
    """After the last step; that of the start where the run diverged."""
    diverged: bool
    largest_gradient: float
    """Norm before clipping."""


def run(descents: Descents) -> Iterator[NetworkRow]:
    from experiments.grad.core.cliffs import descend_network

    params = descents.params
    for case, limit in descents.arms.items():
        for lr in params.lrs:
            descent = descend_network(
                gain=params.gain,
                length=params.length,
                width=params.width,
                lr=lr,
                steps=params.steps,
                limit=limit,
                seed=descents.seed,
            )
            yield NetworkRow(
                case=case,
                lr=lr,
                final_loss=descent.losses[0] if descent.diverged else descent.losses[-1],
                diverged=descent.diverged,
                largest_gradient=descent.largest_gradient,
            )


def best_of_seeds(rows: Sequence[NetworkRow], case: str) -> dict[int, float]:
    """The lowest final training loss of every seed over the learning rates."""
    seeds = sorted({row.seed for row in rows})
    return {seed: min(row.final_loss for row in rows if (row.case, row.seed) == (case, seed)) for seed in seeds}


def best_rate(rows: Sequence[NetworkRow], case: str) -> float:
    """The learning rate of the lowest mean loss."""
    return min(sorted({row.lr for row in rows}), key=lambda lr: mean(rows, "final_loss", case=case, lr=lr))


def best_loss(rows: Sequence[NetworkRow], case: str) -> float:
    return mean(rows, "final_loss", case=case, lr=best_rate(rows, case))


def finite_runs(rows: Sequence[NetworkRow], case: str) -> Trials:
    """At the largest rate."""
    largest = max(row.lr for row in rows)
    return Trials.of((row.seed, not row.diverged) for row in rows if (row.case, row.lr) == (case, largest))


def lowest_losses(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """Without and with clipping, undecided where the arm that loses might do better beyond its grid."""
    plain, clipped = best_of_seeds(rows, PLAIN), best_of_seeds(rows, CLIPPED)
    gains = [plain[seed] - clipped[seed] for seed in plain]
    loser, words = (PLAIN, "without") if sum(gains) / len(gains) > LOWER else (CLIPPED, "with")
    if edge_of({row.lr for row in rows}, best_rate(rows, loser)):
        return Undecided(f"the best learning rate {words} clipping lies at the edge of the grid")
    return Pairs(plain, clipped)


def cures(rows: Sequence[NetworkRow]) -> Mapping[str, Trials | Pairs | Undecided]:
    return {
        f"{CLIPPED}: training stays finite": finite_runs(rows, CLIPPED),
        f"{PLAIN}: training stays finite": finite_runs(rows, PLAIN),
        "ends lower than a tuned smaller rate": lowest_losses(rows),
    }


PART = Part(
    name="network",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "clipping_cures_explosion",
            statement="Clipping cures exploding gradients.",
            rule=Under(
                {
                    f"{CLIPPED}: training stays finite": Proportion("finite runs at the largest rate", at_least=0.5),
                    f"{PLAIN}: training stays finite": Proportion("finite runs at the largest rate", at_least=0.5),
                    "ends lower than a tuned smaller rate": Effect(
                        "best final loss over the grid, without - with clipping", delta=LOWER
                    ),
                }
            ),
            measure=cures,
            topic="Exploding gradients: clip",
            predicted={
                f"{CLIPPED}: training stays finite": "holds",
                f"{PLAIN}: training stays finite": "refuted",
                "ends lower than a tuned smaller rate": "refuted",
            },
            source="Pascanu et al. 2013 for finite runs; pilot for the final loss",
        ),
    ),
    tables=(
        Table(
            "Exploding recurrent network",
            by=("case", "lr"),
            columns=("diverged", "final_loss", "largest_gradient"),
        ),
    ),
    curves=(Curve("loss_by_learning_rate", "lr", "final_loss", "case", x_scale="log"),),
)
