"""A linear recurrent network whose gradients explode, trained with and without clipping at every learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import Choice, choose_by_others, untuned
from experiments.grad.clipping.setup import CLIPPED, PLAIN, Descents
from experiments.lab.answers import mean
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Ratio, Under


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


def tuned(rows: Sequence[NetworkRow]) -> dict[str, Choice[NetworkRow]]:
    """Each arm at the learning rate of the lowest final loss, by geometric means, on the other seeds."""
    return choose_by_others(rows, score=lambda row: -math.log(row.final_loss), arm=lambda row: row.case)


def lowest_losses(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """Without and with clipping, undecided where the arm that loses might do better beyond its grid."""
    chosen = tuned(rows)
    plain, clipped = chosen[PLAIN], chosen[CLIPPED]
    reason = untuned(plain if plain.score < clipped.score else clipped)
    return Undecided(reason) if reason else Pairs(*(by_seed(arm.rows, "final_loss") for arm in (plain, clipped)))


def largest_finite_rates(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """Of clipped and of plain training; one that diverges at every rate gets the smallest, an upper bound."""
    grid = sorted({row.lr for row in rows})
    found: dict[str, dict[int, float]] = {CLIPPED: {}, PLAIN: {}}
    for row in rows:
        largest = found[row.case].get(row.seed, grid[0])
        found[row.case][row.seed] = largest if row.diverged else max(largest, row.lr)
    if grid[-1] in (*found[CLIPPED].values(), *found[PLAIN].values()):
        return Undecided(f"training stays finite at the largest learning rate of the grid, {grid[-1]:g}")
    return Pairs(found[CLIPPED], found[PLAIN])


def cures(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided]:
    return {"largest finite rate": largest_finite_rates(rows), "final loss": lowest_losses(rows)}


def where_training_diverges(rows: Sequence[NetworkRow]) -> str:
    """The largest rates at which most seeds stay finite, for the title of the curve."""

    def largest(case: str) -> str:
        finite = {row.lr for row in rows if mean(rows, "diverged", case=case, lr=row.lr) < 0.5}
        return f"{max(finite):g}" if finite else "none"

    return f"Largest rate at which training stays finite: {largest(PLAIN)} without clipping, {largest(CLIPPED)} with it"


PART = Part(
    name="network",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "clipping_cures_exploding_gradients",
            statement="Clipping cures exploding gradients: larger rates stay finite, and the best one ends lower.",
            rule=Under(
                {
                    "largest finite rate": Ratio("largest rate that stays finite, with over without clipping", 10.0),
                    "final loss": Ratio("final loss at the best rate, without over with clipping", at_least=1.1),
                }
            ),
            measure=cures,
            topic="Exploding gradients: clip",
            predicted={"largest finite rate": "holds", "final loss": "refuted"},
            source="Pascanu et al. 2013 for finite runs; a smaller rate shortens the steps as well as clipping does",
        ),
    ),
    tables=(
        Table(
            "Exploding recurrent network",
            by=("case", "lr"),
            columns=("diverged", "final_loss", "largest_gradient"),
        ),
    ),
    curves=(Curve("loss_by_learning_rate", "lr", "final_loss", "case", "log", "log", title=where_training_diverges),),
)
