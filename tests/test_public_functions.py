"""The functions that a user would import, fed with every type, layout and size: right, or a clear ValueError."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from experiments.autograd.core.tape import Tape, total
from experiments.detect.core import average_precision as ap
from experiments.detect.core.shapes import boxes
from experiments.detect.core.suppression import non_maximum_suppression
from experiments.foundation.networks.scores import binary_losses, mask_scores
from experiments.loss.core import classification, overlap, regression
from experiments.math.core import norms, steepest
from experiments.math.core.convolution import convolution_matrix, patches
from experiments.math.core.similarity import unit_rows
from experiments.seq.core import averages, forecasts

RNG = np.random.default_rng(0)
BITS = RNG.integers(0, 2, (6, 4)).astype(float)
"""Values that every type holds."""
BOXES = np.array([[0, 0, 1, 1], [0, 0, 1, 0], [0, 1, 1, 1], [0, 0, 0, 0]], float)
LABELS = np.array([0, 1, 1, 0, 1, 1], float)

Function = Callable[..., Any]
ARRAYS: dict[str, tuple[Function, tuple[np.ndarray, ...]]] = {
    "corners": (boxes.corners, (BOXES,)),
    "area": (boxes.area, (BOXES,)),
    "intersection": (boxes.intersection, (BOXES, BOXES[::-1])),
    "iou": (boxes.iou, (BOXES, BOXES[::-1])),
    "covered": (boxes.covered, (BOXES, BOXES[::-1])),
    "generalized_iou": (boxes.generalized_iou, (BOXES, BOXES[::-1])),
    "distance_iou": (boxes.distance_iou, (BOXES, BOXES[::-1])),
    "complete_iou": (boxes.complete_iou, (BOXES, BOXES[::-1])),
    "precision_score": (ap.precision_score, (BITS[0], BITS[1])),
    "recall_score": (ap.recall_score, (BITS[0], BITS[1])),
    "f1_score": (ap.f1_score, (BITS[0], BITS[1], BITS[2])),
    "precision_recall_curve": (lambda s, c: ap.precision_recall_curve(s, c, 3), (BITS[0], BITS[1])),
    "precision_envelope": (ap.precision_envelope, (BITS[0],)),
    "non_maximum_suppression": (lambda b, s: non_maximum_suppression(b, s, 0.5), (BOXES, BITS[0])),
    "ewma": (lambda x: averages.ewma(x, 0.9), (BITS[:, 0],)),
    "ewma_from_first": (lambda x: averages.ewma_from_first(x, 0.9), (BITS[:, 0],)),
    "weighted_sums": (lambda x: averages.weighted_sums(x, 0.5), (BITS[:, 0],)),
    "mean_squared_error": (forecasts.mean_squared_error, (BITS, BITS[:, -2:])),
    "vector_length": (lambda x: norms.vector_length(x, 3), (BITS,)),
    "vector_length of p = inf": (lambda x: norms.vector_length(x, np.inf), (BITS,)),
    "nonzeros": (norms.nonzeros, (BITS,)),
    "distance": (lambda x, y: norms.distance(x, y, 2), (BITS, BITS[::-1])),
    "frobenius": (lambda x: norms.matrix_norm(x, "frobenius"), (BITS,)),
    "spectral": (lambda x: norms.matrix_norm(x, "spectral"), (BITS,)),
    "unit_rows": (unit_rows, (BITS[BITS.any(1)],)),
    "steepest unit": (lambda x: steepest.unit(x, "l1"), (BITS,)),
    "convolution_matrix": (lambda k: convolution_matrix(k, 6, 6), (BITS[:2, :2],)),
    "patches": (lambda x: patches(x[None], 2, 2), (BITS,)),
    "tape": (lambda x: (lambda t: (lambda v: t.gradient(total(v * v * 200), [v]))(t.variable(x)))(Tape()), (BITS,)),
    "tape matmul": (
        lambda x, y: (lambda t: (lambda v: t.gradient(total(v @ y), [v]))(t.variable(x)))(Tape()),
        (BITS.reshape(2, 3, 4), BITS.reshape(2, 4, 3)),
    ),
}
TENSORS: dict[str, tuple[Function, tuple[np.ndarray, ...]]] = {
    **{
        name: (getattr(classification, name), (BITS, LABELS))
        for name in ("cross_entropy", "squared_logits", "squared_softmax", "squared_sigmoid", "hinge")
    },
    **{
        name: (getattr(binary_losses, name), (BITS, BITS[::-1].copy()))
        for name in ("binary_cross_entropy", "binary_hinge", "focal")
    },
    **{name: (getattr(overlap, name), (BITS, BITS[::-1].copy())) for name in ("soft_dice", "soft_iou", "tversky")},
    **{name: (getattr(mask_scores, name), (BITS, BITS[::-1].copy())) for name in ("dice_score", "iou_score")},
    **{name: (getattr(regression, name), (BITS, BITS[::-1].copy())) for name in ("squared", "absolute", "huber")},
}
DTYPES = ("bool", "uint8", "int8", "int16", "int64", "float16", "float32", "float64")


def numbers(result: Any) -> list[np.ndarray]:
    """What a function gave, as float64 arrays."""
    parts = result if isinstance(result, tuple | list) else (result,)
    return [np.asarray(part, dtype=np.float64) for part in parts]


def right_or_refused(
    function: Function, given: tuple[Any, ...], reference: tuple[Any, ...], tolerance: float = 1e-9
) -> None:
    """The result for ``given`` is that for ``reference``, the same numbers in float64, unless ValueError refuses it."""
    with contextlib.suppress(ValueError):
        for one, other in zip(numbers(function(*given)), numbers(function(*reference)), strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_every_type_are_right_or_refused(name: str, dtype: str) -> None:
    function, arguments = ARRAYS[name]
    tolerance = {"float16": 4e-3, "float32": 1e-6}.get(dtype, 1e-9)
    right_or_refused(function, tuple(a.astype(dtype) for a in arguments), arguments, tolerance)


def layouts(array: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers by columns, at every second place of memory, with negative strides, and read-only."""
    spread = np.zeros([2 * side for side in array.shape])
    spread[tuple(slice(None, None, 2) for _ in array.shape)] = array
    locked = array.copy()
    locked.flags.writeable = False
    flipped = array[tuple(slice(None, None, -1) for _ in array.shape)].copy()
    return {
        "by columns": np.asfortranarray(array),
        "spread": spread[tuple(slice(None, None, 2) for _ in array.shape)],
        "backwards": flipped[tuple(slice(None, None, -1) for _ in array.shape)],
        "read-only": locked,
        "nested lists": array.tolist(),
    }


@pytest.mark.parametrize("layout", ["by columns", "spread", "backwards", "read-only"])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_every_layout_are_right(name: str, layout: str) -> None:
    function, arguments = ARRAYS[name]
    before = [argument.copy() for argument in arguments]
    right_or_refused(function, tuple(layouts(argument)[layout] for argument in arguments), arguments)
    for argument, original in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(argument, original)


@pytest.mark.parametrize("size", ["empty", "one", "huge", "nan"])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_every_size_end_in_numbers_or_a_refusal(name: str, size: str) -> None:
    function, arguments = ARRAYS[name]
    made = {
        "empty": lambda a: a[:0],
        "one": lambda a: a[:1],
        "huge": lambda a: a * 1e150,
        "nan": lambda a: np.where(a == a.max(initial=0), np.nan, a),
    }[size]
    found: list[np.ndarray] = []
    with np.errstate(all="ignore"), contextlib.suppress(ValueError):
        found = numbers(function(*map(made, arguments)))
    if size == "huge":
        assert not any(np.isinf(one).any() for one in found)


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("scores", ["uint8", "int64", "float16", "bfloat16", "float32", "float64", "bool"])
@pytest.mark.parametrize("name", TENSORS)
def test_tensors_of_every_type_are_right_or_refused(name: str, scores: str, target: str) -> None:
    function, arguments = TENSORS[name]
    kinds = (getattr(torch, scores), getattr(torch, target))
    given = tuple(torch.tensor(a).to(kind) for a, kind in zip(arguments, kinds, strict=True))
    reference = [torch.tensor(a) for a in arguments]
    if name in ("dice_score", "iou_score"):
        reference = [part.bool() for part in reference]
    if name in ("cross_entropy", "squared_logits", "squared_softmax", "squared_sigmoid", "hinge"):
        reference[1] = reference[1].long()
    right_or_refused(in_floats(function), given, tuple(reference), 4e-2 if scores == "bfloat16" else 4e-3)


def in_floats(function: Function) -> Function:
    def double(*arguments: Tensor) -> np.ndarray:
        values: np.ndarray = function(*arguments).double().numpy()
        return values

    return double


@pytest.mark.parametrize("name", ["soft_dice", "soft_iou", "tversky"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.uint8, torch.bool])
def test_masks_of_many_pixels_add_up_in_half_precision_too(name: str, dtype: torch.dtype) -> None:
    full = torch.ones(1, 300, 300).to(dtype)
    assert getattr(overlap, name)(full, full).tolist() == [0.0]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.bool, torch.int64])
def test_masks_of_bytes_are_what_torch_computes_with_floats(dtype: torch.dtype) -> None:
    logits, targets = torch.tensor([2.0, -1.0]), torch.tensor([1, 0]).to(dtype)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets.float(), reduction="none")
    torch.testing.assert_close(binary_losses.binary_cross_entropy(logits, targets), expected)
    torch.testing.assert_close(binary_losses.focal(logits, targets, gamma=0.0), expected)


@pytest.mark.parametrize(("first", "second"), [((3, 3, 3), (3, 3, 3)), ((2, 3, 4), (4, 2)), ((3, 4), (5, 4, 2))])
def test_stacks_of_matrices_have_torchs_gradients(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    a, b = RNG.normal(size=first), RNG.normal(size=second)
    tape = Tape()
    x, y = tape.variable(a), tape.variable(b)
    leaves = [torch.tensor(array, requires_grad=True) for array in (a, b)]
    (leaves[0] @ leaves[1]).sum().backward()
    for found, leaf in zip(tape.gradient(total(x @ y), [x, y]), leaves, strict=True):
        np.testing.assert_allclose(found, leaf.grad)


def test_a_vector_is_no_matrix_of_the_tape() -> None:
    tape = Tape()
    with pytest.raises(ValueError, match="expected matrices"):
        tape.variable(np.eye(2)) @ np.ones(2)
