"""Vector instructions for the kernels, as LLVM's portable vector types: any processor runs them, with its own
registers.

Rows of vectors are padded with zeros to a multiple of 16 floats (64 bytes), which changes no distance and leaves no
remainder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils as numba_cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from experiments.ann.core.simd.kernel import run_all
from experiments.ann.core.simd.machine import config

cgutils: Any = numba_cgutils

LANES = 16
"""Floats per step: one cache line."""
LINE = 64
"""Bytes of a cache line."""


def instruction(generator: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that kernels can call out of one that writes its LLVM code."""
    return cast(Callable[..., Any], intrinsic(generator))


def aligned_rows(rows: int, width: int, dtype: Any) -> NDArray[Any]:
    """Zeros (rows, width) whose first byte lies on a cache line.

    >>> aligned_rows(3, 16, np.float32).ctypes.data % LINE
    0
    """
    size = rows * width * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)  # numpy promises 16 bytes of alignment; the rest is up to us
    offset = -raw.ctypes.data % LINE  # 0..63 bytes up to the next line
    return raw[offset : offset + size].view(dtype).reshape(rows, width)


def padded(vectors: NDArray[np.float32], threads: int = 1) -> NDArray[np.float32]:
    """Copy of vectors (n, d) with zeros up to a multiple of ``LANES``, aligned to cache lines.

    >>> padded(np.ones((2, 20), np.float32)).shape
    (2, 32)
    """
    n, d = vectors.shape
    rows: NDArray[np.float32] = aligned_rows(n, -(-d // LANES) * LANES, np.float32)

    def copy(_: int, start: int, stop: int) -> None:
        rows[start:stop, :d] = vectors[start:stop]

    run_all(copy, n, chunk=1024, threads=threads)
    return rows


def element_pointer(context: Any, builder: Any, array_type: Any, array: Any, *indices: Any) -> Any:
    """Address of array[indices] of a C-ordered array, as a byte pointer; fewer indices than axes address a row.

    Under NUMBA_BOUNDSCHECK=1 an index outside raises IndexError, as in numba's own code.
    """
    view = context.make_array(array_type)(context, builder, array)
    if config.BOUNDSCHECK:
        for index, length in zip(indices, cgutils.unpack_tuple(builder, view.shape), strict=False):
            cgutils.do_boundscheck(context, builder, index, length)
    strides = cgutils.unpack_tuple(builder, view.strides)
    offset = ir.Constant(ir.IntType(64), 0)  # sum of index * stride, in bytes
    for index, stride in zip(indices, strides, strict=False):
        offset = builder.add(offset, builder.mul(index, stride))
    data = builder.bitcast(view.data, ir.IntType(8).as_pointer())
    return builder.gep(data, [offset])


@instruction
def squared_distance(typing_context: Any, x: Any, i: Any, y: Any) -> Any:
    """sum_t (x[i, t] - y[t])^2 for float32 x (n, d) and y (d,), where d is a multiple of 16.

    Two sums of 16 lanes run side by side, then are folded in halves: the order of the sum is fixed, so a pair of
    vectors has one distance wherever it is measured on a machine, and d(x, y) = d(y, x).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x_type, _, y_type = signature.args
        left = element_pointer(context, builder, x_type, arguments[0], arguments[1])
        right = element_pointer(context, builder, y_type, arguments[2])
        length = cgutils.unpack_tuple(builder, context.make_array(y_type)(context, builder, arguments[2]).shape)[0]
        return fold(builder, sums_of_squares(builder, [left], right, length)[0])

    return types.float32(x, types.int64, y), generate


def sums_of_squares(builder: Any, rows: list[Any], right: Any, length: Any) -> list[Any]:
    """Code of 16 partial sums of the squared distance of each of some rows of floats to one row.

    Args:
        rows: addresses of the rows; each takes two vectors of running sums.
        right: address of the row that they are compared with.
        length: floats of a row, a multiple of 16.
    """
    word, lanes = ir.IntType(64), ir.VectorType(ir.FloatType(), LANES)
    lefts = [builder.bitcast(row, lanes.as_pointer()) for row in rows]
    right = builder.bitcast(right, lanes.as_pointer())
    zero = ir.Constant(lanes, [0.0] * LANES)
    # Two sums per row: a fused product takes four cycles, in which the other sum does not have to wait for it.
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in rows] for _ in range(2)]
    steps = builder.lshr(length, ir.Constant(word, 4))
    # fmuladd is fused where the processor can: sums then differ between kinds of processor, never between pairs.
    fma_type = ir.FunctionType(lanes, [lanes, lanes, lanes])
    fma = cgutils.get_or_insert_function(builder.module, fma_type, f"llvm.fmuladd.v{LANES}f32")

    def accumulate(step: Any, totals: list[Any]) -> None:
        # align=4: rows that a caller passes may begin anywhere, and a promise of 64 would make such a load trap.
        b = builder.load(builder.gep(right, [step]), align=4)
        for left, total in zip(lefts, totals, strict=True):
            difference = builder.fsub(builder.load(builder.gep(left, [step]), align=4), b)
            builder.store(builder.call(fma, [difference, difference, builder.load(total)]), total)

    pairs = builder.lshr(steps, ir.Constant(word, 1))
    with cgutils.for_range(builder, pairs) as loop:
        first = builder.shl(loop.index, ir.Constant(word, 1))
        accumulate(first, sums[0])
        accumulate(builder.add(first, ir.Constant(word, 1)), sums[1])
    with builder.if_then(builder.trunc(steps, ir.IntType(1))):  # an odd number of lines: the last has no partner
        accumulate(builder.sub(steps, ir.Constant(word, 1)), sums[0])
    return [builder.fadd(builder.load(even), builder.load(odd)) for even, odd in zip(*sums, strict=True)]


def fold(builder: Any, vector: Any) -> Any:
    """Sum of a vector's lanes, halves onto halves."""
    add = builder.fadd if isinstance(vector.type.element, ir.FloatType) else builder.add
    count = vector.type.count
    while count > 1:
        count //= 2
        # Lane i takes lane i + count onto it. One by one would be 15 dependent sums; this is 4.
        mask = ir.VectorType(ir.IntType(32), count)
        low = builder.shuffle_vector(vector, vector, ir.Constant(mask, list(range(count))))
        high = builder.shuffle_vector(vector, vector, ir.Constant(mask, list(range(count, 2 * count))))
        vector = add(low, high)
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


@instruction
def prefetch(typing_context: Any, array: Any, row: Any, line: Any) -> Any:
    """Ask for a row's cache line number ``line`` ahead of its use. Any address is harmless."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = element_pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        ask_for(builder, builder.gep(start, [builder.mul(arguments[2], ir.Constant(ir.IntType(64), LINE))]))
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


def ask_for(builder: Any, pointer: Any) -> None:
    """Code that asks for the cache line of an address."""
    integer = ir.IntType(32)
    function_type = ir.FunctionType(ir.VoidType(), [pointer.type, integer, integer, integer])
    function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
    # 0: to read; 3: into the nearest cache; 1: data, not code.
    builder.call(function, [pointer, *(ir.Constant(integer, value) for value in (0, 3, 1))])
