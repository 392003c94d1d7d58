"""The tape against torch and sympy on random expressions and on a small network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.autograd.core import tape as taped
from experiments.autograd.graph.setup import Expressions, Floats
from experiments.foundation.statements.expressions import Program, arithmetic
from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Event, Note, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem


def run(expressions: Expressions) -> Iterator[Event]:
    yield Note(tape_of_an_example())
    for trial, (point, program, arrays) in enumerate(expressions.drawn[0]):
        yield Progress("random expressions", trial, expressions.params.trials)
        yield from expression_trials(program, point)
        yield network_trial(*arrays)


def tape_of_an_example() -> str:
    tape = taped.Tape()
    x, y = tape.variable(2.0), tape.variable(3.0)
    dx, dy = tape.gradient(x * y + taped.sin(x), [x, y])
    listing = tape.listing().replace("\n", "; ")
    return f"The tape of x y + sin(x) at (2, 3): {listing}. Read backwards: d/dx = {dx:.4f}, d/dy = {dy:.4f}."


def tape_gradient(program: Program, point: Sequence[float]) -> Floats:
    """Gradient (n_inputs,) of a program by the tape."""
    tape = taped.Tape()
    inputs = [tape.variable(x) for x in point]
    return np.array([float(g) for g in tape.gradient(program(inputs, arithmetic(taped, float)), inputs)])


def expression_trials(program: Program, point: Sequence[float]) -> Iterator[TrialRow]:
    """One expression, against torch and sympy; the control is the forward difference."""
    from experiments.foundation.statements import derivatives

    ours, forward = tape_gradient(program, point), derivatives.forward_gradient(program, point)
    peers = {"torch": derivatives.torch_gradient, "sympy": derivatives.symbolic_gradient}
    for peer, gradient in peers.items():
        error, control = (derivatives.gradient_error(found, gradient(program, point)) for found in (ours, forward))
        yield TrialRow(statement="agreement", case=peer, error=error, control_error=control)


def network_trial(x: Floats, *weights: Floats) -> TrialRow:
    """A network of two layers on a batch: sum of (tanh(relu(X W) V + b))^2, by W (4, 5), V (5, 3) and b (3,).

    The control takes the mean over the batch where broadcasting b asks for the sum.
    """
    import torch

    from experiments.foundation.statements.derivatives import gradient_error

    tape = taped.Tape()
    w, v, b = (tape.variable(weight) for weight in weights)
    loss = taped.total(taped.tanh(taped.relu(x @ w) @ v + b) ** 2)
    ours = np.concatenate([grad.ravel() for grad in tape.gradient(loss, [w, v, b])])
    tensors = [torch.tensor(weight, requires_grad=True) for weight in weights]
    torch_loss = (torch.tanh(torch.relu(torch.from_numpy(x) @ tensors[0]) @ tensors[1] + tensors[2]) ** 2).sum()
    theirs = np.concatenate([grad.numpy().ravel() for grad in torch.autograd.grad(torch_loss, tensors)])
    averaged = np.concatenate([theirs[:-3], theirs[-3:] / len(x)])
    error, control = (gradient_error(found, theirs) for found in (ours, averaged))
    return TrialRow(statement="agreement", case="torch, matrices", error=error, control_error=control)


PART = Part(
    name="agreement",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "tape_equals_torch_and_sympy",
            statement="Reverse mode on a tape of sixteen operations gives the gradient of torch and of sympy.",
            rule=Theorem(
                "the gradients of expressions and of a network agree",
                control="forward differences, and a mean for a sum,",
                tolerance=1e-12,
            ),
            measure=instances("agreement"),
            topic="Backpropagation on a computation graph: results",
            predicted="holds",
            source="Griewank and Walther 2008",
        ),
    ),
    tables=(Table(title="The tape and its peers", by=("case",), columns=("error", "control_error")),),
)
