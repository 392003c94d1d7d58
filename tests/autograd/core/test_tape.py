"""The tape against torch, operation by operation and on whole expressions; in micrograd's manner, but on many
points.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from experiments.autograd.core import tape as taped
from experiments.autograd.core.tape import RULES, Tape, sin, total

UNARY = {
    "neg": operator.neg,
    "exp": torch.exp,
    "log": torch.log,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "tanh": torch.tanh,
    "sqrt": torch.sqrt,
    "relu": torch.relu,
    "sum": torch.sum,
}
BINARY = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}


def compare(
    ours: Callable[..., taped.Variable], theirs: Callable[..., torch.Tensor], *values: Any, rel: float = 1e-14
) -> None:
    """Value and all gradients of two functions at arrays ``values``."""
    tape = Tape()
    variables = [tape.variable(value) for value in values]
    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    output, expected = ours(*variables), theirs(*tensors)
    np.testing.assert_allclose(output.value, expected.detach().numpy(), rtol=rel)
    for grad, truth in zip(tape.gradient(output, variables), torch.autograd.grad(expected.sum(), tensors), strict=True):
        np.testing.assert_allclose(grad, truth.numpy(), rtol=rel, atol=1e-15)


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_operand_is_torchs(name: str) -> None:
    values = np.random.default_rng(0).uniform(0.3, 2.0, (3, 4))
    compare(lambda x: x.tape.apply(name, x), UNARY[name], values)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), (1, 1, 3))]
)
def test_a_broadcast_operation_is_torchs(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(1)
    values = [rng.uniform(0.5, 2.0, shape) for shape in shapes]
    compare(BINARY[name], BINARY[name], *values)


def test_matrix_products_are_torchs() -> None:
    rng = np.random.default_rng(2)
    compare(operator.matmul, operator.matmul, rng.standard_normal((3, 4)), rng.standard_normal((4, 2)), rel=1e-12)


@pytest.mark.parametrize("exponent", [2, 3.0, -1.5])
def test_a_constant_power_is_torchs(exponent: float) -> None:
    compare(lambda x: x**exponent, lambda x: x**exponent, np.array([0.5, 1.0, 2.0]))


def test_every_rule_is_compared_with_torch() -> None:
    assert set(RULES) == {*UNARY, *BINARY, "pow", "matmul"}


def test_numbers_and_arrays_are_constants_on_either_side() -> None:
    array = np.array([1.0, 2.0])
    compare(lambda x: 1 - x * array, lambda x: 1 - x * torch.from_numpy(array), np.array([3.0, 4.0]))
    compare(lambda x: array / x + 2, lambda x: torch.from_numpy(array) / x + 2, np.array([3.0, 4.0]))
    compare(lambda x: np.eye(2) @ x - 1, lambda x: torch.eye(2, dtype=torch.float64) @ x - 1, np.ones((2, 2)))


def test_a_variable_that_is_used_twice_adds_its_contributions() -> None:
    tape = Tape()
    x = tape.variable(3.0)
    assert tape.gradient(x * x + x, [x]) == [7.0]


def test_a_variable_that_is_not_used_has_gradient_zero_in_its_shape() -> None:
    tape = Tape()
    x, idle = tape.variable(1.0), tape.variable(np.ones((2, 3)))
    assert tape.gradient(sin(x), [idle])[0].tolist() == np.zeros((2, 3)).tolist()


def test_an_earlier_output_ignores_what_came_after_it() -> None:
    tape = Tape()
    x = tape.variable(2.0)
    square = x * x
    _ = square * x
    assert tape.gradient(square, [x]) == [4.0]


def test_the_gradient_of_a_variable_by_itself_is_one_and_of_an_empty_sum_empty() -> None:
    tape = Tape()
    x, nothing = tape.variable(2.0), tape.variable(np.zeros(0))
    assert tape.gradient(x, [x]) == [1.0]
    assert tape.gradient(total(nothing), [nothing])[0].shape == (0,)


def test_the_listing_shows_what_was_done() -> None:
    tape = Tape()
    x, y = tape.variable(2.0), tape.variable(3.0)
    _ = x * y + 1
    assert tape.listing().splitlines() == [
        "v0 = variable(2.)",
        "v1 = variable(3.)",
        "v2 = mul(v0, v1)",
        "v3 = constant(1)",
        "v4 = add(v2, v3)",
    ]


def test_operands_of_two_tapes_and_variable_exponents_are_refused() -> None:
    x, stranger = Tape().variable(1.0), Tape().variable(1.0)
    with pytest.raises(ValueError, match="expected operands of one tape"):
        x + stranger
    with pytest.raises(ValueError, match=r"write x\*\*y as exp"):
        x**x
