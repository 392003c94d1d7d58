"""Vector instructions for exact distances of stored vectors: one pair, or eight of them to one.

Stored vectors are float32 or bytes, what they are compared with too. A pair has one distance, however it is measured:
floats are added in one order, integers are exact. ``codes`` in the arguments is any array of codes; its element type
selects the instructions for bytes, as in ``code_vector``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.simd.distance import Floats, Keys
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import (
    BLOCK,
    BYTES,
    EIGHT,
    FLOATS,
    I8,
    I32,
    I64,
    INTS,
    KEYS,
    WORDS,
    add_byte_products,
    add_word_products,
    declared,
    eight_folds,
    eight_rows,
    eight_sums,
    load_line,
    splat,
    store_some,
)
from experiments.ann.core.simd.machine import has_wide_registers
from experiments.ann.core.simd.pool_vector import NO_KEY
from experiments.ann.core.simd.vector import (
    LINE,
    cgutils,
    element_pointer,
    fold,
    instruction,
    prefetch,
    sums_of_squares,
)

Stored = NDArray[np.float32] | NDArray[np.uint8]

AHEAD, AHEAD_LINES = 8, 16
"""Vectors, and cache lines of each, that are asked for ahead where many are measured one after the other."""
TOGETHER = BLOCK if has_wide_registers() else 2
"""Vectors whose running sums fit into registers."""


@instruction
def stored_distance(typing_context: Any, x: Any, i: Any, y: Any, j: Any, codes: Any) -> Any:
    """sum_t (x[i, t] - y[j, t])^2 of padded rows as float32. Bytes are exact, up to 33,000 of them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x_type, _, y_type, _, code_type = signature.args
        left = element_pointer(context, builder, x_type, arguments[0], arguments[1])
        right, width = _row_of(context, builder, y_type, arguments[2], arguments[3])
        total = fold(builder, _squares(x_type, y_type, code_type)(builder, [left], right, width)[0])
        return total if total.type == ir.FloatType() else builder.sitofp(total, ir.FloatType())

    return types.float32(x, types.int64, y, types.int64, codes), generate


@instruction
def keys_of_eight(
    typing_context: Any,
    x: Any,
    nodes: Any,
    first: Any,
    stop: Any,
    y: Any,
    row: Any,
    codes: Any,
    bound: Any,
    keys: Any,
    count: Any,
) -> Any:
    """Append the keys, by exact distance to y[row], of the eight nodes from place ``first`` on that are below a bound.

    Args:
        x, y: padded rows.
        nodes: keys (at least ``stop``,) that name nodes; places from ``stop`` on, which is above ``first``, are left
            out.
        bound: key.
        keys: out, from place ``count`` on; what lies behind the appended ones is overwritten, eight in all. It may be
            ``nodes`` where ``count`` is at most ``first``.

    Returns:
        The new count.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = ("x", "nodes", "first", "stop", "y", "row", "codes", "bound", "keys", "count")
        kinds, given = _named(names, signature, arguments)
        named, within = _eight_keys(context, builder, kinds["nodes"], given["nodes"], given["first"], given["stop"])
        bits = _eight_distances(context, builder, kinds, given, named)
        key = builder.or_(
            builder.shl(builder.zext(bits, KEYS), _each(32)),
            builder.and_(named, _each(0xFFFFFFFE)),
        )
        below = builder.icmp_signed("<", key, splat(builder, given["bound"], KEYS))
        return _append(context, builder, kinds, given, key, builder.and_(below, within))

    kinds = (x, nodes, types.int64, types.int64, y, types.int64, codes, types.int64, keys, types.int64)
    return types.int64(*kinds), generate


@instruction
def not_occluded(
    typing_context: Any, x: Any, nodes: Any, first: Any, stop: Any, row: Any, codes: Any, keys: Any, count: Any
) -> Any:
    """Append those of the eight keys from place ``first`` on whose distance is at most that of their node to x[row].

    Arguments as in ``keys_of_eight``.

    Returns:
        The new count.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = ("x", "nodes", "first", "stop", "row", "codes", "keys", "count")
        kinds, given = _named(names, signature, arguments)
        kinds["y"], given["y"] = kinds["x"], given["x"]
        named, within = _eight_keys(context, builder, kinds["nodes"], given["nodes"], given["first"], given["stop"])
        bits = _eight_distances(context, builder, kinds, given, named)
        own = builder.trunc(builder.lshr(named, _each(32)), EIGHT)
        apart = builder.icmp_signed(">=", bits, own)
        return _append(context, builder, kinds, given, named, builder.and_(apart, within))

    kinds = (x, nodes, types.int64, types.int64, types.int64, codes, keys, types.int64)
    return types.int64(*kinds), generate


@kernel
def request_row(vectors: Stored, node: int) -> None:
    """Ask for the first cache lines of a vector."""
    for line in range(min(AHEAD_LINES, vectors.shape[1] * vectors.itemsize // LINE)):
        prefetch(vectors, node, line)


@kernel
def measure(
    vectors: Stored, nodes: Keys, size: int, others: Stored, row: int, codes: Codes | Floats, keys: Keys
) -> None:
    """Keys by exact distance to others[row] of the first ``size`` nodes, which are named by keys, into ``keys`` (at
    least size, in blocks of 8).
    """
    for first in range(0, size, BLOCK):
        for place in range(first + BLOCK, min(first + 2 * BLOCK, size)):
            request_row(vectors, (nodes[place] & 0xFFFFFFFF) >> 1)
        keys_of_eight(vectors, nodes, first, size, others, row, codes, NO_KEY, keys, first)


def _named(names: tuple[str, ...], signature: Any, arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Types and values of arguments by name."""
    return dict(zip(names, signature.args, strict=True)), dict(zip(names, arguments, strict=True))


def _row_of(context: Any, builder: Any, kind: Any, array: Any, row: Any) -> tuple[Any, Any]:
    """Address and width of a row."""
    shape = context.make_array(kind)(context, builder, array).shape
    return element_pointer(context, builder, kind, array, row), cgutils.unpack_tuple(builder, shape)[1]


def _eight_keys(context: Any, builder: Any, kind: Any, keys: Any, first: Any, stop: Any) -> tuple[Any, Any]:
    """Eight keys from a place on, the first repeated behind ``stop``, and which lanes lie before ``stop``."""
    start = builder.bitcast(element_pointer(context, builder, kind, keys, first), I64.as_pointer())
    left = splat(builder, builder.sub(stop, first), KEYS)
    within = builder.icmp_signed("<", ir.Constant(KEYS, list(range(BLOCK))), left)
    repeated = splat(builder, builder.load(start, align=8), KEYS)
    load = declared(builder, "llvm.masked.load.v8i64.p0", KEYS, [KEYS.as_pointer(), I32, within.type, KEYS])
    place = builder.bitcast(start, KEYS.as_pointer())
    return builder.call(load, [place, ir.Constant(I32, 8), within, repeated]), within


def _eight_distances(context: Any, builder: Any, kinds: dict[str, Any], given: dict[str, Any], keys: Any) -> Any:
    """The bits of the distances of eight nodes of ``x``, named by keys, to a row of ``y``, as <8 x i32>."""
    ids = builder.trunc(builder.lshr(builder.and_(keys, _each(0xFFFFFFFF)), _each(1)), EIGHT)
    base = element_pointer(context, builder, kinds["x"], given["x"])
    stride = cgutils.unpack_tuple(builder, context.make_array(kinds["x"])(context, builder, given["x"]).strides)[0]
    right, width = _row_of(context, builder, kinds["y"], given["y"], given["row"])
    rows = eight_rows(builder, base, stride, ids)
    squares = _squares(kinds["x"], kinds["y"], kinds["codes"])
    totals: list[Any] = []
    for first in range(0, BLOCK, TOGETHER):
        totals += squares(builder, rows[first : first + TOGETHER], right, width)
    if totals[0].type == FLOATS:
        return builder.bitcast(eight_folds(builder, totals), EIGHT)
    return builder.bitcast(builder.sitofp(eight_sums(builder, totals), ir.VectorType(ir.FloatType(), BLOCK)), EIGHT)


def _each(value: int) -> Any:
    return ir.Constant(KEYS, [value] * BLOCK)


def _append(context: Any, builder: Any, kinds: dict[str, Any], given: dict[str, Any], key: Any, wanted: Any) -> Any:
    """Store the wanted lanes from place ``count`` of ``keys`` on; returns the new count."""
    place = element_pointer(context, builder, kinds["keys"], given["keys"], given["count"])
    return builder.add(given["count"], store_some(builder, key, wanted, builder.bitcast(place, I64.as_pointer())))


def _squares(x: Any, y: Any, codes: Any) -> Any:
    """The function that writes code of partial sums of the squared distances of some rows of ``x`` to one of ``y``."""
    if x.dtype == types.float32:
        return sums_of_squares
    if y.dtype == types.float32:
        return _mixed_squares
    return _squares_of_lines if codes.dtype == types.uint8 else _squares_of_words


def _mixed_squares(builder: Any, rows: list[Any], right: Any, width: Any) -> list[Any]:
    """Bytes and floats."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(FLOATS, [0.0] * 16)) for _ in rows]
    fma = declared(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
    few, floats = ir.VectorType(I8, 16), builder.bitcast(right, FLOATS.as_pointer())
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 4))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 4))
        b = builder.load(builder.gep(floats, [loop.index]), align=4)
        for row, total in zip(rows, totals, strict=True):
            difference = builder.fsub(builder.uitofp(load_line(builder, row, offset, few), FLOATS), b)
            builder.store(builder.call(fma, [difference, difference, builder.load(total)]), total)
    return [builder.load(total) for total in totals]


def _squares_of_lines(builder: Any, rows: list[Any], right: Any, width: Any) -> list[Any]:
    """Whole lines of 64 bytes (VNNI).

    An absolute difference d is an unsigned byte, and d - 128 a signed one: d^2 = d (d - 128) + 128 d.
    """
    less = declared(builder, "llvm.usub.sat.v64i8", BYTES, [BYTES, BYTES])
    ones, middle = ir.Constant(BYTES, [1] * LINE), ir.Constant(BYTES, [128] * LINE)
    totals = [[cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16)) for _ in rows] for _ in range(2)]
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 6))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        b = load_line(builder, right, offset, BYTES)
        for row, *sums in zip(rows, *totals, strict=True):
            a = load_line(builder, row, offset, BYTES)
            difference = builder.or_(builder.call(less, [a, b]), builder.call(less, [b, a]))
            for total, factor in zip(sums, (builder.xor(difference, middle), ones), strict=True):
                builder.store(add_byte_products(builder, builder.load(total), difference, factor), total)
    seven = ir.Constant(INTS, [7] * 16)
    return [
        builder.add(builder.load(shifted), builder.shl(builder.load(lengths), seven))
        for shifted, lengths in zip(*totals, strict=True)
    ]


def _squares_of_words(builder: Any, rows: list[Any], right: Any, width: Any) -> list[Any]:
    """Bytes as words of 16 bits."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16)) for _ in rows]
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 5))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 5))
        b = _words(builder, right, offset)
        for row, total in zip(rows, totals, strict=True):
            difference = builder.sub(_words(builder, row, offset), b)
            builder.store(add_word_products(builder, builder.load(total), difference, difference), total)
    return [builder.load(total) for total in totals]


def _words(builder: Any, start: Any, offset: Any) -> Any:
    return builder.zext(load_line(builder, start, offset, ir.VectorType(I8, 32)), WORDS)
