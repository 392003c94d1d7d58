"""The shape of the loss at random weights: curvature, and weights of equal loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.train.batch.setup import Networks

HIDDEN, SOFTMAX = "network with a hidden layer", "softmax regression"


@observation
class CurvatureRow(Row):
    """One network at one point."""

    network: str
    smallest_curvature: float
    """Least eigenvalue of the Hessian."""


def run(networks: Networks) -> Iterator[CurvatureRow]:
    from experiments.train.core.curvature import extreme_curvatures

    for name, tried in ((HIDDEN, networks.hidden), (SOFTMAX, networks.softmax)):
        for point in tried.points:
            low, _ = extreme_curvatures(tried.network, point, tried.inputs, tried.labels)
            yield CurvatureRow(network=name, smallest_curvature=low)


def run_symmetry(networks: Networks) -> Iterator[TrialRow]:
    """Relative change of the loss when hidden units are permuted; in the first layer alone it is the control."""
    import torch

    network, inputs, labels, points, orders = networks.hidden
    first = network.hidden * (network.features + 1)
    for point, order in zip(points, orders, strict=True):
        permuted = network.permuted(point, order)
        half = torch.cat([permuted[:first], point[first:]])
        loss, same, other = (network.loss(weights, inputs, labels) for weights in (point, permuted, half))
        yield TrialRow(
            statement="permuted units",
            case=HIDDEN,
            error=float((same - loss).abs() / loss),
            control_error=float((other - loss).abs() / loss),
        )


def not_convex(rows: Sequence[CurvatureRow]) -> Instances:
    """1 where no curvature is negative."""
    hidden, softmax = (
        [float(row.smallest_curvature >= -1e-10) for row in rows if row.network == name] for name in (HIDDEN, SOFTMAX)
    )
    return Instances(errors=hidden, control=softmax)


CURVATURE = Part(
    name="curvature",
    row=CurvatureRow,
    run=run,
    claims=(
        Claim(
            "losses_of_networks_are_not_convex",
            statement="The loss of a network with a hidden layer is not convex.",
            rule=Theorem("the Hessian has an eigenvalue below -1e-10", control="softmax regression"),
            measure=not_convex,
            topic="Non-convex losses",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(Table(title="Curvature", by=("network",), columns=("smallest_curvature",)),),
)
SYMMETRY = Part(
    name="symmetry",
    row=TrialRow,
    run=run_symmetry,
    claims=(
        Claim(
            "permuted_units_are_another_equal_minimum",
            statement="Permuting hidden units gives other weights of equal loss: h! equal minima for each one.",
            rule=Theorem("relative difference of the loss", control="permuting the first layer alone", tolerance=1e-13),
            measure=instances("permuted units"),
            topic="Many minima",
            predicted="holds",
            source="Goodfellow, Bengio and Courville 2016: weight space symmetry",
        ),
    ),
    tables=(Table(title="Permuted units", by=("case",), columns=("error", "control_error")),),
)
