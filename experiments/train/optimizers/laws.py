"""Laws of the update rules: torch's trajectories, scale, weight decay, and Adam's counterexample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.train.optimizers.setup import Images

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.train.core.update_rules import Gradient


@observation
class RegretRow(Row):
    """A rule on the loss c x in every third step and -x in the others."""

    optimizer: str
    c: float
    average_regret: float


def run(images: Images) -> Iterator[TrialRow]:
    """Trajectories of 100 steps in float64 in Rosenbrock's valley, with noise on the gradients."""
    import torch

    from experiments.train.core.update_rules import rosenbrock_gradient

    torch.manual_seed(images.seed)
    start = torch.randn(2, dtype=torch.float64)
    noise = torch.randn(100, 2, dtype=torch.float64)

    def gradient(x: Tensor, t: int) -> Tensor:
        return rosenbrock_gradient(x.clamp(-2, 2)) + noise[t]

    yield from twins(start, gradient)
    yield scale(start, gradient)
    yield decay(start, gradient)


def distance(first: Tensor, second: Tensor) -> float:
    """Largest difference of a weight along two trajectories."""
    return float((first - second).abs().max())


def twins(start: Tensor, gradient: Gradient) -> Iterator[TrialRow]:
    """Every rule against torch's optimizer; a learning rate 1 % larger is the control.

    Both are given the gradients of our walk: with momentum a walk through the valley can be chaotic, and with gradients
    of its own the last bit of a rounding would grow to 1e-9.
    """
    import torch

    from experiments.train.core.update_rules import DIRECTIONS, Rule, torch_trajectory, trajectory

    def same_gradient(x: Tensor, t: int) -> Tensor:
        return gradients[t]

    for name in DIRECTIONS:
        rule = Rule(name=name, lr=1e-3, weight_decay=0.1)
        ours = trajectory(rule, start, gradient, 100)
        gradients = torch.stack([gradient(x, t) for t, x in enumerate(ours[:-1])])
        theirs = torch_trajectory(rule, start, same_gradient, 100)
        other = trajectory(replace(rule, lr=1.01e-3), start, same_gradient, 100)
        yield TrialRow(
            statement="torch", case=name, error=distance(ours, theirs), control_error=distance(other, theirs)
        )


def scale(start: Tensor, gradient: Gradient) -> TrialRow:
    """Adam on 1024 times the loss; SGD is the control."""
    from experiments.train.core.update_rules import Rule, trajectory

    def moved(name: str) -> float:
        rule = Rule(name=name, lr=1e-3, eps=1e-300)
        scaled = trajectory(rule, start, lambda x, t: 1024.0 * gradient(x, t), 20)
        return distance(trajectory(rule, start, gradient, 20), scaled)

    return TrialRow(statement="scale", case="adam", error=moved("adam"), control_error=moved("sgd"))


def decay(start: Tensor, gradient: Gradient) -> TrialRow:
    """An L2 penalty and decoupled weight decay under SGD; Adam and AdamW are the control."""
    from experiments.train.core.update_rules import Rule, shrunk_trajectory, trajectory

    sgd, adam, adamw = (
        trajectory(Rule(name=name, lr=1e-3, weight_decay=0.1), start, gradient, 100)
        for name in ("sgd", "adam", "adamw")
    )
    shrunk = shrunk_trajectory(Rule(name="sgd", lr=1e-3), 0.1, start, gradient, 100)
    return TrialRow(statement="decay", case="sgd", error=distance(sgd, shrunk), control_error=distance(adam, adamw))


def run_regret(images: Images) -> Iterator[RegretRow]:
    from experiments.train.core.update_rules import reddi_average_regret

    c = 4.0 + images.seed % 5
    for name in ("adam", "amsgrad"):
        regret = reddi_average_regret(name, images.params.regret_steps, c=c)
        yield RegretRow(optimizer=name, c=c, average_regret=regret)


def lasting_regret(rows: Sequence[RegretRow]) -> Instances:
    """0 where the mean regret stays above 1, near its worst; AMSGrad is the control."""
    adam, amsgrad = (
        [float(row.average_regret < 1) for row in rows if row.optimizer == name] for name in ("adam", "amsgrad")
    )
    return Instances(errors=adam, control=amsgrad)


LAWS = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "formulas_are_those_of_torch",
            statement=(
                "Given the same gradients, eight update rules written by their formulas walk the trajectories of "
                "torch.optim."
            ),
            rule=Theorem("largest difference of a weight over 100 steps", control="a rate 1 % larger", tolerance=1e-10),
            measure=instances("torch"),
            topic="Formulas of optimizers",
            predicted="holds",
            source="documentation of torch.optim",
        ),
        Claim(
            "adam_ignores_the_scale_of_the_loss",
            statement="Multiplying the loss by 1024 changes nothing for Adam.",
            rule=Theorem("largest difference of a weight, with eps 1e-300,", control="SGD", tolerance=1e-12),
            measure=instances("scale"),
            topic="Adam and the scale of the loss",
            predicted="holds",
            source="Kingma and Ba 2015",
        ),
        Claim(
            "l2_is_weight_decay_in_sgd_alone",
            statement="For SGD an L2 penalty and weight decay are one; for Adam and AdamW they are not.",
            rule=Theorem("largest difference of a weight under SGD", control="Adam", tolerance=1e-12),
            measure=instances("decay"),
            topic="L2 penalty and weight decay",
            predicted="holds",
            source="Loshchilov and Hutter 2019, propositions 1 and 2",
        ),
    ),
    tables=(Table(title="Laws", by=("statement", "case"), columns=("error", "control_error")),),
)
REGRET = Part(
    name="regret",
    row=RegretRow,
    run=run_regret,
    claims=(
        Claim(
            "adam_fails_on_its_counterexample",
            statement="On the counterexample of Reddi et al. Adam's mean regret stays above 1; AMSGrad's falls.",
            rule=Theorem("the mean regret is at least 1", control="AMSGrad"),
            measure=lasting_regret,
            topic="Adam's convergence",
            predicted="holds",
            source="Reddi, Kale and Kumar 2018, theorem 1",
        ),
    ),
    tables=(Table(title="Adam's counterexample", by=("optimizer",), columns=("average_regret",)),),
)
