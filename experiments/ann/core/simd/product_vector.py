"""Vector instructions for products of many vectors: projections, and all pairs of codes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.simd.lanes import (
    FLOATS,
    I64,
    INTS,
    WORDS,
    add_byte_products,
    add_word_products,
    declare,
    splat,
)
from experiments.ann.core.simd.machine import has_wide_registers
from experiments.ann.core.simd.vector import cgutils, element_pointer, instruction


@instruction
def project_four(typing_context: Any, vectors: Any, first: Any, weights: Any, column: Any, out: Any) -> Any:
    """out[i, column:column + 64] = vectors[i] @ weights[:, column:column + 64] for four rows i from ``first`` on.

    Args:
        vectors: (m, width) float32; or integers of 16 bits, width a multiple of 2, or unsigned ones of 8 bits, width a
            multiple of 4: then the product is that of integers. Rows after the last repeat the last.
        weights: in panels of 16 columns, as high as ``vectors`` are wide or higher: (panels, height, 16) float32; or
            integers, int16 (panels, height / 2, 32), or int8 (panels, height / 4, 64) for which VNNI is used, where
            the numbers that belong to successive columns of ``vectors`` stand side by side.
        column: a multiple of 64.
        out: (m, at least column + 64), float32 or int32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        view = context.make_array(kinds[0])(context, builder, arguments[0])
        count, width = cgutils.unpack_tuple(builder, view.shape)
        last = builder.sub(count, ir.Constant(I64, 1))
        # min(first + i, last): a row that does not exist is the last once more, written to the same place.
        rows = []
        for i in range(4):
            row = builder.add(arguments[1], ir.Constant(I64, i))
            rows.append(builder.select(builder.icmp_signed("<", row, last), row, last))
        step, lanes = STEPS[kinds[0].dtype], FLOATS if kinds[0].dtype == types.float32 else INTS
        sources = [element_pointer(context, builder, kinds[0], arguments[0], row) for row in rows]
        targets = [element_pointer(context, builder, kinds[4], arguments[4], row, arguments[3]) for row in rows]
        # One step takes 4 bytes of a row: one float, two words or four bytes.
        groups = builder.udiv(width, ir.Constant(I64, 32 // kinds[0].dtype.bitwidth))
        start = builder.bitcast(element_pointer(context, builder, kinds[2], arguments[2]), lanes.as_pointer())
        height = cgutils.unpack_tuple(builder, context.make_array(kinds[2])(context, builder, arguments[2]).shape)[1]
        first_panel = builder.lshr(arguments[3], ir.Constant(I64, 4))
        # 4 rows x 4 panels = 16 running sums of 32 registers; with 16 of half the length 4 x 1 sums take 8 of them.
        at_once = 4 if has_wide_registers() else 1
        for j in range(0, 4, at_once):
            numbers = [builder.add(first_panel, ir.Constant(I64, j + i)) for i in range(at_once)]
            # A panel is ``height`` registers of 64 bytes, one after the other.
            panels = [builder.gep(start, [builder.mul(number, height)]) for number in numbers]
            totals = _products(builder, sources, panels, groups, lanes, step)
            for target, sums in zip(targets, totals, strict=True):
                places = builder.bitcast(target, lanes.as_pointer())
                for i, total in enumerate(sums):
                    place = builder.gep(places, [ir.Constant(I64, j + i)])
                    builder.store(builder.load(total), place, align=4)
        return context.get_dummy_value()

    return types.void(vectors, types.int64, weights, types.int64, out), generate


def _products(
    builder: Any, sources: list[Any], panels: list[Any], groups: Any, lanes: Any, step: Callable[..., Any]
) -> list[list[Any]]:
    """Four rows times one or four panels, as many running sums as fit into registers."""
    zero = ir.Constant(lanes, [0] * 16 if lanes is INTS else [0.0] * 16)
    totals = [[cgutils.alloca_once(builder, lanes) for _ in panels] for _ in sources]
    for total in itertools.chain(*totals):
        builder.store(zero, total)
    with cgutils.for_range(builder, groups) as loop:
        parts = [builder.load(builder.gep(panel, [loop.index]), align=4) for panel in panels]
        for source, sums in zip(sources, totals, strict=True):
            # The 4 bytes in all 16 lanes: lane j multiplies them with column j, whose numbers stand side by side.
            pointer = builder.bitcast(source, lanes.element.as_pointer())
            factor = splat(builder, builder.load(builder.gep(pointer, [loop.index]), align=4), lanes)
            for part, total in zip(parts, sums, strict=True):
                builder.store(step(builder, builder.load(total), factor, part), total)
    return totals


def _add_floats(builder: Any, total: Any, factor: Any, part: Any) -> Any:
    """total + factor * part, fused where the processor can."""
    fma = declare(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
    return builder.call(fma, [factor, part, total])


def _add_words(builder: Any, total: Any, factor: Any, part: Any) -> Any:
    """total + two products of words per lane."""
    return add_word_products(builder, total, *(builder.bitcast(side, WORDS) for side in (factor, part)))


STEPS = {types.float32: _add_floats, types.int16: _add_words, types.uint8: add_byte_products}
"""How 16 running sums grow, by the type of the rows."""


@instruction
def mask_below(typing_context: Any, products: Any, row: Any, place: Any, terms: Any, column: Any, limit: Any) -> Any:
    """Bit j of 64 is set where terms[column + j] - 2 products[row, place + j] < limit.

    Args:
        products: int32 (rows, at least place + 64).
        terms: int32 (at least column + 64,).
        limit: int32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        left = element_pointer(context, builder, kinds[0], arguments[0], arguments[1], arguments[2])
        right = element_pointer(context, builder, kinds[3], arguments[3], arguments[4])
        left, right = (builder.bitcast(side, INTS.as_pointer()) for side in (left, right))
        limits = splat(builder, arguments[5], INTS)
        # Four registers of 16 comparisons; 16 booleans are a number of 16 bits.
        mask = ir.Constant(I64, 0)
        for part in range(4):
            product = builder.load(builder.gep(left, [ir.Constant(I64, part)]), align=4)
            term = builder.load(builder.gep(right, [ir.Constant(I64, part)]), align=4)
            below = builder.icmp_signed("<", builder.sub(term, builder.add(product, product)), limits)
            bits = builder.zext(builder.bitcast(below, ir.IntType(16)), I64)
            mask = builder.or_(mask, builder.shl(bits, ir.Constant(I64, 16 * part)))
        return mask

    return types.int64(products, types.int64, types.int64, terms, types.int64, types.int32), generate


@instruction
def lowest_bit(typing_context: Any, mask: Any) -> Any:
    """Position of the lowest set bit of a mask that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))  # 1: any answer will do for 0

    return types.int64(types.int64), generate
