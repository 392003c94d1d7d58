"""One program, many arithmetics: programs are compared with Python's own evaluation and with sympy's reading of
the text.
"""

from __future__ import annotations

import math
from functools import partial

import mpmath
import numpy as np
import pytest
import sympy
import torch

from experiments.foundation.statements.expressions import Program, Step, arithmetic, parse, random_program

EXPRESSIONS = ["x**2*sin(x)", "-x", "x", "1/3 + x - 2*x/5", "exp(tanh(x))/sqrt(x)", "log(2*cos(x) + 3)", "x**-1.5", "7"]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_parsed_expression_has_the_value_that_python_gives_it(text: str) -> None:
    functions = {name: getattr(math, name) for name in ("sin", "cos", "exp", "tanh", "sqrt", "log")}
    expected = eval(text, {"__builtins__": {}, "x": 0.8, **functions})
    assert float(parse(text)([0.8], arithmetic(np))) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_parsed_expression_is_what_sympy_reads(text: str) -> None:
    x = sympy.Symbol("x")
    program = parse(text)([x], arithmetic(sympy, sympy.sympify))
    difference = sympy.sympify(text) - program
    assert abs(sympy.N(difference.subs(x, sympy.Rational(4, 5)), 40)) < 1e-35 or "." in text


@pytest.mark.parametrize(
    "text",
    [
        "x +",
        "y",
        "__import__('os')",
        "x.real",
        "sin(x, x)",
        "abs(x)",
        "x if x else 1",
        "'a'",
        "True",
        "x < 1",
        "lambda: 1",
    ],
)
def test_anything_but_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected"):
        parse(text)


@pytest.mark.parametrize("seed", range(5))
def test_all_arithmetics_agree_on_a_random_program(seed: int) -> None:
    point = [0.7, 1.3, 1.9]
    program = random_program(np.random.default_rng(seed), point, 10)
    symbols = sympy.symbols("a b c")
    symbolic = program(symbols, arithmetic(sympy, sympy.sympify)).subs(dict(zip(symbols, point, strict=True)))
    values = [
        float(program(point, arithmetic(np))),
        float(program([torch.tensor(x, dtype=torch.float64) for x in point], arithmetic(torch, torch.tensor))),
        float(program([mpmath.mpf(x) for x in point], arithmetic(mpmath, mpmath.mpf))),
        float(symbolic),
    ]
    assert values == pytest.approx([values[0]] * 4, rel=1e-12)


def test_random_programs_keep_their_values_tame_and_use_the_last_value() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        program = random_program(rng, [0.5, 2.0], 8)
        assert all(0.2 <= abs(value) <= 5 for value in program.trace([0.5, 2.0], arithmetic(np)))
        assert all(1 + i in step.operands for i, step in enumerate(program.steps))


def test_the_same_seed_makes_the_same_program() -> None:
    make = partial(random_program, point=[1.0], n_steps=6)
    assert make(np.random.default_rng(8)) == make(np.random.default_rng(8))


@pytest.mark.parametrize(("point", "n_steps"), [([1.0], 0), ([0.1], 3), ([float("nan")], 3)])
def test_a_random_program_needs_steps_and_a_tame_point(point: list[float], n_steps: int) -> None:
    with pytest.raises(ValueError, match="expected at least one step"):
        random_program(np.random.default_rng(0), point, n_steps)


def test_a_program_refuses_the_wrong_number_of_inputs() -> None:
    with pytest.raises(ValueError, match="expected 2 inputs, got 1"):
        Program(2, (Step("add", (0, 1)),))([1.0], arithmetic(np))
