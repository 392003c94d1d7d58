"""Partial sums of the squared distances of some rows to one row: of bytes, and of bytes and floats.

Those of floats alone are ``vector.sums_of_squares``. All take the addresses of rows and their width in numbers, and
write code for 16 partial sums of each row; ``vector.fold``, ``lanes.eight_folds`` or ``lanes.eight_sums`` makes one
number of these.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.simd.lanes import (
    BYTES,
    FLOATS,
    I8,
    I64,
    INTS,
    WORDS,
    add_byte_products,
    add_word_products,
    declare,
    load_line,
)
from experiments.ann.core.simd.vector import LINE, cgutils, sums_of_squares


def squares_of(x: Any, y: Any, codes: Any) -> Any:
    """The function that writes code of partial sums of the squared distances of some rows of ``x`` to one of ``y``."""
    if x.dtype == types.float32:
        return sums_of_squares
    if y.dtype == types.float32:
        return mixed_squares
    return squares_of_lines if codes.dtype == types.uint8 else squares_of_words


def mixed_squares(builder: Any, rows: list[Any], right: Any, width: Any) -> list[Any]:
    """Bytes and floats: 16 bytes become floats at a time."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(FLOATS, [0.0] * 16)) for _ in rows]
    fma = declare(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
    few, floats = ir.VectorType(I8, 16), builder.bitcast(right, FLOATS.as_pointer())
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 4))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 4))
        b = builder.load(builder.gep(floats, [loop.index]), align=4)
        for row, total in zip(rows, totals, strict=True):
            # Bytes are exact as floats, so this is the sum that floats alone would give, but for its order.
            difference = builder.fsub(builder.uitofp(load_line(builder, row, offset, few), FLOATS), b)
            builder.store(builder.call(fma, [difference, difference, builder.load(total)]), total)
    return [builder.load(total) for total in totals]


def squares_of_lines(builder: Any, rows: list[Any], right: Any, width: Any) -> list[Any]:
    """Whole lines of 64 bytes (VNNI).

    An absolute difference d is an unsigned byte, and d - 128 a signed one: d^2 = d (d - 128) + 128 d.
    """
    less = declare(builder, "llvm.usub.sat.v64i8", BYTES, [BYTES, BYTES])
    ones, middle = ir.Constant(BYTES, [1] * LINE), ir.Constant(BYTES, [128] * LINE)
    totals = [[cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16)) for _ in rows] for _ in range(2)]
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 6))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        b = load_line(builder, right, offset, BYTES)
        for row, *sums in zip(rows, *totals, strict=True):
            a = load_line(builder, row, offset, BYTES)
            # max(a - b, 0) | max(b - a, 0): one of them is 0, the other |a - b|.
            difference = builder.or_(builder.call(less, [a, b]), builder.call(less, [b, a]))
            # The operation wants one side signed, and d up to 255 is not: d ^ 128 as a signed byte is d - 128.
            for total, factor in zip(sums, (builder.xor(difference, middle), ones), strict=True):
                builder.store(add_byte_products(builder, builder.load(total), difference, factor), total)
    # 128 d = d << 7, once at the end
    seven = ir.Constant(INTS, [7] * 16)
    return [
        builder.add(builder.load(shifted), builder.shl(builder.load(lengths), seven))
        for shifted, lengths in zip(*totals, strict=True)
    ]


def squares_of_words(builder: Any, rows: list[Any], right: Any, width: Any) -> list[Any]:
    """Bytes as words of 16 bits, for processors without VNNI."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16)) for _ in rows]
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 5))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 5))
        b = _words(builder, right, offset)
        for row, total in zip(rows, totals, strict=True):
            # -255..255 as signed words; two squares are added per sum
            difference = builder.sub(_words(builder, row, offset), b)
            builder.store(add_word_products(builder, builder.load(total), difference, difference), total)
    return [builder.load(total) for total in totals]


def _words(builder: Any, start: Any, offset: Any) -> Any:
    """32 bytes as words."""
    return builder.zext(load_line(builder, start, offset, ir.VectorType(I8, 32)), WORDS)
