"""Dropout beside the penalty that it is said to be."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.foundation.statements.trials import TrialRow, instances_by_case
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Counterexample, Theorem, Under
from experiments.train.regularization.setup import Images

LINEAR = "a linear model in the mean over masks"
NETWORK = "one network in several passes"


def run(images: Images) -> Iterator[TrialRow]:
    """Of a linear model an adaptive L2 penalty, for which a plain one, the control, is off; of a network the spread
    of the loss, which a term of weights and data alone would not have."""
    import torch

    from experiments.train.core.dropout_penalty import dropout_loss_exactly, dropout_penalty
    from experiments.train.core.perceptron import perceptron

    torch.manual_seed(images.seed)
    inputs = torch.randn(30, 6, dtype=torch.float64) * torch.arange(1, 7)
    weights, targets = torch.randn(6, dtype=torch.float64), torch.randn(30, dtype=torch.float64)
    averaged = dropout_loss_exactly(inputs, targets, weights, 0.3)
    plain = (inputs @ weights - targets).square().mean()
    error, control = (
        float((plain + penalty - averaged).abs() / averaged) for penalty in dropout_penalty(inputs, weights, 0.3)
    )
    yield TrialRow(statement="penalty", case=LINEAR, error=error, control_error=control)
    network, labels = perceptron((6, 20, 3), dropout=0.3), torch.randint(3, (30,))
    with torch.no_grad():
        losses = torch.stack([torch.nn.functional.cross_entropy(network(inputs.float()), labels) for _ in range(5)])
    spread = float((losses.max() - losses.min()) / losses.mean())
    yield TrialRow(statement="penalty", case=NETWORK, error=spread)


PART = Part(
    name="penalty",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "dropout_is_a_term_of_the_loss",
            statement="Dropout is a regularization term of the loss.",
            rule=Under(
                {
                    LINEAR: Theorem("relative difference from an adaptive L2", control="a plain one", tolerance=1e-12),
                    NETWORK: Counterexample("one loss for one network and one batch"),
                }
            ),
            measure=instances_by_case("penalty"),
            topic="Dropout as a term of the loss",
            predicted={LINEAR: "holds", NETWORK: "refuted"},
            source="Wager, Wang and Liang 2013",
        ),
    ),
    tables=(Table(title="Dropout as a penalty", by=("case",), columns=("error", "control_error")),),
)
