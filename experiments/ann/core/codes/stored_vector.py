"""Vector instructions for exact distances of stored vectors: one pair, or eight of them to one.

Stored vectors are float32 or bytes, what they are compared with too. A pair has one distance, however it is measured:
floats are added in one order, integers are exact. ``codes`` in the arguments is any array of codes; its element type
selects the instructions for bytes, as in ``code_vector`` (see ``byte_instructions``).
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
    EIGHT,
    FLOATS,
    I32,
    I64,
    KEYS,
    declare,
    eight_folds,
    eight_rows,
    eight_sums,
    splat,
    store_some,
)
from experiments.ann.core.simd.machine import has_wide_registers
from experiments.ann.core.simd.pool_vector import NO_KEY
from experiments.ann.core.simd.square_vector import squares_of
from experiments.ann.core.simd.vector import LINE, cgutils, element_pointer, fold, instruction, prefetch

Stored = NDArray[np.float32] | NDArray[np.uint8]
"""Rows padded with zeros: floats to a multiple of 16, bytes to a multiple of 64."""

AHEAD, AHEAD_LINES = 8, 16
"""Vectors, and cache lines of each, that are asked for ahead where many are measured one after the other."""
TOGETHER = BLOCK if has_wide_registers() else 2
"""Vectors whose running sums fit into registers: two sums each, of 32 registers 16, or of 16 half as long 8."""


def byte_instructions(*, vnni: bool) -> Codes:
    """An empty array (0, 0) whose element type selects the instructions for bytes where there are no codes to pass.

    A type and not a boolean: numba compiles a kernel for every combination of types, so that each is free of branches
    and both live in one cache.

    >>> byte_instructions(vnni=True).dtype, byte_instructions(vnni=False).dtype
    (dtype('uint8'), dtype('int8'))
    """
    return np.empty((0, 0), np.uint8) if vnni else np.empty((0, 0), np.int8)


@instruction
def stored_distance(typing_context: Any, x: Any, i: Any, y: Any, j: Any, codes: Any) -> Any:
    """sum_t (x[i, t] - y[j, t])^2 of padded rows as float32.

    Bytes are exact up to 33,000 of them (33,000 * 255^2 < 2^31), and rounded once, to float32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x_type, _, y_type, _, code_type = signature.args
        left = element_pointer(context, builder, x_type, arguments[0], arguments[1])
        right, width = _row_of(context, builder, y_type, arguments[2], arguments[3])
        total = fold(builder, squares_of(x_type, y_type, code_type)(builder, [left], right, width)[0])
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
        codes: any array of codes, whose element type selects the instructions for bytes.
        keys: out, from place ``count`` on; what lies after the appended ones is overwritten, eight in all. It may be
            ``nodes`` where ``count`` is at most ``first``.

    Returns:
        The new count.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = ("x", "nodes", "first", "stop", "y", "row", "codes", "bound", "keys", "count")
        kinds, given = _by_name(names, signature, arguments)
        named, within = _eight_keys(context, builder, kinds["nodes"], given["nodes"], given["first"], given["stop"])
        bits = _eight_distances(context, builder, kinds, given, named)
        # bits(distance) << 32, and of the naming key the id without its mark
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
        kinds, given = _by_name(names, signature, arguments)
        kinds["y"], given["y"] = kinds["x"], given["x"]
        named, within = _eight_keys(context, builder, kinds["nodes"], given["nodes"], given["first"], given["stop"])
        bits = _eight_distances(context, builder, kinds, given, named)
        # Bits of non-negative floats are ordered like the floats, so integers are compared. An equal distance does not
        # occlude: >=.
        own = builder.trunc(builder.lshr(named, _each(32)), EIGHT)
        apart = builder.icmp_signed(">=", bits, own)
        return _append(context, builder, kinds, given, named, builder.and_(apart, within))

    kinds = (x, nodes, types.int64, types.int64, types.int64, codes, keys, types.int64)
    return types.int64(*kinds), generate


@kernel
def request_row(vectors: Stored, node: int) -> None:
    """Ask for the first cache lines of a vector."""
    # From the 17th line on the processor has seen the pattern and fetches by itself.
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
        # The next eight are asked for before these eight are measured: that takes about as long as memory does.
        for place in range(first + BLOCK, min(first + 2 * BLOCK, size)):
            request_row(vectors, (nodes[place] & 0xFFFFFFFF) >> 1)
        keys_of_eight(vectors, nodes, first, size, others, row, codes, NO_KEY, keys, first)


def _by_name(names: tuple[str, ...], signature: Any, arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Types and values of arguments by name."""
    return dict(zip(names, signature.args, strict=True)), dict(zip(names, arguments, strict=True))


def _row_of(context: Any, builder: Any, kind: Any, array: Any, row: Any) -> tuple[Any, Any]:
    """Address and width of a row."""
    shape = context.make_array(kind)(context, builder, array).shape
    return element_pointer(context, builder, kind, array, row), cgutils.unpack_tuple(builder, shape)[1]


def _eight_keys(context: Any, builder: Any, kind: Any, keys: Any, first: Any, stop: Any) -> tuple[Any, Any]:
    """Eight keys from a place on, the first repeated from ``stop`` on, and which lanes lie before ``stop``."""
    start = builder.bitcast(element_pointer(context, builder, kind, keys, first), I64.as_pointer())
    left = splat(builder, builder.sub(stop, first), KEYS)
    within = builder.icmp_signed("<", ir.Constant(KEYS, list(range(BLOCK))), left)
    # A masked load does not touch what is masked, which may lie outside the array. The first key takes its place, so
    # that all eight name a vector that can be measured.
    repeated = splat(builder, builder.load(start, align=8), KEYS)
    load = declare(builder, "llvm.masked.load.v8i64.p0", KEYS, [KEYS.as_pointer(), I32, within.type, KEYS])
    place = builder.bitcast(start, KEYS.as_pointer())
    return builder.call(load, [place, ir.Constant(I32, 8), within, repeated]), within


def _eight_distances(context: Any, builder: Any, kinds: dict[str, Any], given: dict[str, Any], keys: Any) -> Any:
    """The bits of the distances of eight nodes of ``x``, named by keys, to a row of ``y``, as <8 x i32>."""
    # (key & 0xFFFFFFFF) >> 1
    ids = builder.trunc(builder.lshr(builder.and_(keys, _each(0xFFFFFFFF)), _each(1)), EIGHT)
    base = element_pointer(context, builder, kinds["x"], given["x"])
    stride = cgutils.unpack_tuple(builder, context.make_array(kinds["x"])(context, builder, given["x"]).strides)[0]
    right, width = _row_of(context, builder, kinds["y"], given["y"], given["row"])
    rows = eight_rows(builder, base, stride, ids)
    squares = squares_of(kinds["x"], kinds["y"], kinds["codes"])
    totals: list[Any] = []
    for first in range(0, BLOCK, TOGETHER):
        totals += squares(builder, rows[first : first + TOGETHER], right, width)
    # In the order of sums of ``fold``, so that a pair has the same distance here as alone. Integers have any order.
    if totals[0].type == FLOATS:
        return builder.bitcast(eight_folds(builder, totals), EIGHT)
    return builder.bitcast(builder.sitofp(eight_sums(builder, totals), ir.VectorType(ir.FloatType(), BLOCK)), EIGHT)


def _each(value: int) -> Any:
    """A number in every lane of keys."""
    return ir.Constant(KEYS, [value] * BLOCK)


def _append(context: Any, builder: Any, kinds: dict[str, Any], given: dict[str, Any], key: Any, wanted: Any) -> Any:
    """Store the wanted lanes from place ``count`` of ``keys`` on; returns the new count."""
    place = element_pointer(context, builder, kinds["keys"], given["keys"], given["count"])
    return builder.add(given["count"], store_some(builder, key, wanted, builder.bitcast(place, I64.as_pointer())))
