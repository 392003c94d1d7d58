"""Every operator that torch lists is counted, refused by name, or seen to be free."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from experiments.foundation.costs.flops_dispatch import DispatchCounter
from experiments.foundation.costs.flops_free import costs_no_products

pytest.importorskip("expecttest", reason="torch's database of operators needs it")
SKIPPED = ("jiterator", "equal")
"""For GPUs alone, or without a tensor as result."""


def operators() -> list[Any]:
    from torch.testing._internal.common_methods_invocations import op_db

    on_floats = (one for one in op_db if one.supports_dtype(torch.float32, "cpu"))
    return [one for one in on_floats if not one.full_name.startswith(SKIPPED)]


def samples(operator: Any) -> list[Any]:
    torch.manual_seed(0)
    return list(operator.sample_inputs("cpu", torch.float32))[:2]


def run(operator: Any, sample: Any) -> tuple[DispatchCounter, Any]:
    with DispatchCounter() as counter:
        out = operator.op(sample.input, *sample.args, **sample.kwargs)
    return counter, out


REFUSED = ("fft", "linalg", "cholesky", "sparse", "lu", "qr", "svd", "solve", "inv", "det", "pinverse", "cross_entropy")
"""Parts of the names of operators that may be refused: transforms, decompositions, sparse kernels."""
REFUSED += (
    "matrix_exp",
    "geqrf",
    "ormqr",
    "eig",
    "stft",
    "norm.nuc",
    "pca_lowrank",
    "upsample_bilinear2d_aa",
    "householder",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch warns of its own deprecated operators
def test_no_operator_is_undercounted_in_silence() -> None:
    refused = set()
    for operator in operators():
        for sample in samples(operator):
            counter, _ = run(operator, sample)
            if any(not costs_no_products(name) for name in counter.uncounted):
                refused.add(operator.full_name)
    assert 40 < len(refused) < 80
    assert not {name for name in refused if not any(word in name for word in REFUSED)}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_costs_nothing_only_moves_numbers() -> None:
    """Results of operators that are free are numbers of their inputs, or constants."""
    wrong, free = [], 0
    for operator in operators():
        for sample in samples(operator):
            counter, out = run(operator, sample)
            if counter.spent or counter.uncounted or operator.full_name in MAKERS:
                continue
            free += 1
            inputs = torch.cat(
                [numbers(sample.input), *map(numbers, sample.args), *map(numbers, sample.kwargs.values())]
            )
            if not torch.isin(numbers(out), torch.cat([inputs, torch.tensor([0.0, 1.0])])).all():
                wrong.append(operator.full_name)
    assert free > 150
    assert not wrong


MAKERS = {"arange", "empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided"}
"""They make numbers from an interval or draw them, round them, or leave memory as it was."""
MAKERS |= {"normal", "normal.number_mean", "rand_like", "randint_like", "randn", "randn_like"}
MAKERS |= {"bfloat16", "half", "chalf", "as_strided.partial_views"}


def numbers(value: Any) -> Tensor:
    """Every finite floating-point number within a value."""
    if isinstance(value, Tensor):
        flat = value.detach().to_dense() if value.layout is not torch.strided else value.detach()
        flat = torch.view_as_real(flat) if flat.is_complex() else flat
        flat = flat.flatten().to(torch.float64) if flat.is_floating_point() else torch.empty(0)
        return flat[flat.isfinite()].to(torch.float64)
    if isinstance(value, list | tuple):
        return torch.cat([torch.empty(0, dtype=torch.float64), *map(numbers, value)])
    return torch.tensor([float(value)] if isinstance(value, int | float) else [], dtype=torch.float64)
