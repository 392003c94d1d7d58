"""Which moves of a table's columns a model does not notice at all, on random tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from experiments.arch.tabular.setup import Tables
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem

if TYPE_CHECKING:
    import torch

    from experiments.arch.core.tabular import Floats

STATEMENT = "keeps its move"
CASES = ("lines, rotated", "MLP by gradient descent, rotated", "tree, columns bent")


def run(tables: Tables) -> Iterator[TrialRow]:
    import numpy as np

    from experiments.arch.core.tabular import rotation

    rng = np.random.default_rng(tables.seed)
    for _ in range(tables.params.trials):
        # whole numbers, so that their cubes are exact in the float32 of the trees
        columns = rng.integers(-20, 21, (40, 5)).astype(np.float64)
        target = columns @ rng.standard_normal(5) + 10 * rng.standard_normal(40)
        turned = columns @ rotation(5, rng)
        yield _trial(0, _moved(ridge, columns, turned, target), _moved(tree, columns, turned, target))
        yield _trial(1, *_moved_networks(columns / 10, rotation(5, rng), target / 10, tables.seed))
        yield _trial(2, _moved(tree, columns, columns**3, target), _moved(ridge, columns, columns**3, target))


def _trial(case: int, error: float, control: float) -> TrialRow:
    return TrialRow(statement=STATEMENT, case=CASES[case], error=error, control_error=control)


def ridge(columns: Floats, target: Floats) -> Floats:
    """What a ridge regression predicts of the rows it was fitted to."""
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1.0, solver="cholesky").fit(columns, target).predict(columns)


def tree(columns: Floats, target: Floats) -> Floats:
    """What a tree of eight leaves predicts of the rows it was fitted to."""
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(columns, target).predict(columns)


def _moved(model: Callable[[Floats, Floats], Floats], columns: Floats, moved: Floats, target: Floats) -> float:
    """Largest change of a prediction, in deviations of the target."""
    return float(abs(model(columns, target) - model(moved, target)).max() / target.std())


def _moved_networks(columns: Floats, turn: Floats, target: Floats, seed: int) -> tuple[float, float]:
    """Largest change of a perceptron's predictions by gradient descent, and by Adam: the first layer starts rotated as
    the columns are."""
    import torch

    inputs, wanted = torch.from_numpy(columns), torch.from_numpy(target)[:, None]
    rotate = torch.from_numpy(turn)
    changes = []
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        plain, turned = (
            trained(seed, x, wanted, optimizer, rotate if rotated else None)
            for rotated, x in ((False, inputs), (True, inputs @ rotate))
        )
        changes.append(float((plain - turned).abs().max() / wanted.std()))
    return changes[0], changes[1]


def trained(
    seed: int,
    inputs: torch.Tensor,
    wanted: torch.Tensor,
    optimizer: type[torch.optim.SGD] | type[torch.optim.Adam],
    rotate: torch.Tensor | None,
) -> torch.Tensor:
    """Predictions (n, 1) of a perceptron of width 8 after 30 full batches, in float64."""
    import torch
    from torch import nn

    from experiments.foundation.networks.fit import steps
    from experiments.foundation.networks.timing import reproducible

    with reproducible(seed):
        first = nn.Linear(inputs.shape[1], 8).double()
        network = nn.Sequential(first, nn.Tanh(), nn.Linear(8, 1).double())
        if rotate is not None:
            first.weight.data @= rotate
        losses = ((network(inputs) - wanted).square().mean() for _ in range(30))
        list(steps(optimizer(network.parameters(), lr=0.01), losses))
        with torch.no_grad():
            return network(inputs)


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "each_model_ignores_its_own_moves",
            statement="Ridge and an MLP trained by gradient descent do not notice a rotation, a tree no bent column.",
            rule=Each(
                Theorem(
                    "the same predictions after the move", control="tree, Adam and ridge, in this order", tolerance=1e-9
                ),
                per="model",
            ),
            measure=instances_by_case(STATEMENT),
            topic="MLP for tables",
            predicted="holds",
            source="Ng 2004: rotational invariance of ridge and of gradient descent; a split sees the order alone",
        ),
    ),
    tables=(TRIALS,),
)
