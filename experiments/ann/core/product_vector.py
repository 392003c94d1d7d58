"""Vector instructions for products of many vectors: projections, and all pairs of codes."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types

from experiments.ann.core.code_vector import BYTES, FLOATS, I64, INTS, declared, splat
from experiments.ann.core.vector import cgutils, element_pointer, instruction


@instruction
def project_four(typing_context: Any, vectors: Any, first: Any, weights: Any, column: Any, out: Any) -> Any:
    """out[i, column:column + 64] = vectors[i] @ weights[:, column:column + 64] for four rows i from ``first`` on.

    Args:
        vectors: (m, width) float32, or uint8 with width a multiple of 4. Rows behind the last repeat the last.
        weights: (width, outputs) float32; or int8 (width / 4, 4 * outputs), where the four bytes of an output's lane
            belong to four successive columns of ``vectors``: then the product is that of integers, and VNNI is used.
        column: a multiple of 64.
        out: (m, outputs), float32 or int32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        view = context.make_array(kinds[0])(context, builder, arguments[0])
        count = cgutils.unpack_tuple(builder, view.shape)[0]
        w_view = context.make_array(kinds[2])(context, builder, arguments[2])
        groups, stride = cgutils.unpack_tuple(builder, w_view.shape)
        last = builder.sub(count, ir.Constant(I64, 1))
        rows = []
        for i in range(4):
            row = builder.add(arguments[1], ir.Constant(I64, i))
            rows.append(builder.select(builder.icmp_signed("<", row, last), row, last))
        exact = kinds[0].dtype == types.uint8
        lanes = INTS if exact else FLOATS
        sources = [element_pointer(context, builder, kinds[0], arguments[0], row) for row in rows]
        start = builder.bitcast(element_pointer(context, builder, kinds[2], arguments[2]), lanes.as_pointer())
        if exact:
            stride = builder.lshr(stride, ir.Constant(I64, 2))
        stride, first_lane = (builder.lshr(x, ir.Constant(I64, 4)) for x in (stride, arguments[3]))
        totals = _products(builder, sources, start, groups, stride, first_lane, lanes)
        for i in range(4):
            target = element_pointer(context, builder, kinds[4], arguments[4], rows[i], arguments[3])
            target = builder.bitcast(target, lanes.as_pointer())
            for j in range(4):
                place = builder.gep(target, [ir.Constant(I64, j)])
                builder.store(builder.load(totals[i][j]), place, align=4)
        return context.get_dummy_value()

    return types.void(vectors, types.int64, weights, types.int64, out), generate


def _products(builder: Any, sources: list[Any], start: Any, groups: Any, stride: Any, first: Any, lanes: Any) -> Any:
    """Four rows times four registers of outputs, as 16 running sums."""
    zero = ir.Constant(lanes, [0] * 16 if lanes is INTS else [0.0] * 16)
    totals = [[cgutils.alloca_once_value(builder, zero) for _ in range(4)] for _ in sources]
    operand = BYTES if llvm.llvm_version_info[0] >= 22 else INTS
    with cgutils.for_range(builder, groups) as loop:
        line = builder.add(builder.mul(loop.index, stride), first)
        parts = [builder.load(builder.gep(start, [builder.add(line, ir.Constant(I64, j))]), align=4) for j in range(4)]
        for source, sums in zip(sources, totals, strict=True):
            pointer = builder.bitcast(source, lanes.element.as_pointer())
            factor = splat(builder, builder.load(builder.gep(pointer, [loop.index]), align=4), lanes)
            for part, total in zip(parts, sums, strict=True):
                if lanes is INTS:
                    dot = declared(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [INTS, operand, operand])
                    both = (builder.bitcast(factor, operand), builder.bitcast(part, operand))
                    value = builder.call(dot, [builder.load(total), *both])
                else:
                    fma = declared(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
                    value = builder.call(fma, [factor, part, builder.load(total)])
                builder.store(value, total)
    return totals


@instruction
def mask_below(typing_context: Any, products: Any, row: Any, terms: Any, column: Any, limit: Any) -> Any:
    """Bit j of 64 is set where terms[column + j] - 2 products[row, column % width + j] < limit.

    Args:
        products: int32 (rows, width), width a multiple of 64.
        terms: int32 (columns,).
        column: a multiple of 64.
        limit: int32.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        width = cgutils.unpack_tuple(builder, context.make_array(kinds[0])(context, builder, arguments[0]).shape)[1]
        local = builder.urem(arguments[3], width)
        left = element_pointer(context, builder, kinds[0], arguments[0], arguments[1], local)
        right = element_pointer(context, builder, kinds[2], arguments[2], arguments[3])
        left, right = (builder.bitcast(side, INTS.as_pointer()) for side in (left, right))
        limits = splat(builder, arguments[4], INTS)
        mask = ir.Constant(I64, 0)
        for part in range(4):
            product = builder.load(builder.gep(left, [ir.Constant(I64, part)]), align=4)
            term = builder.load(builder.gep(right, [ir.Constant(I64, part)]), align=4)
            below = builder.icmp_signed("<", builder.sub(term, builder.add(product, product)), limits)
            bits = builder.zext(builder.bitcast(below, ir.IntType(16)), I64)
            mask = builder.or_(mask, builder.shl(bits, ir.Constant(I64, 16 * part)))
        return mask

    return types.int64(products, types.int64, terms, types.int64, types.int32), generate


@instruction
def lowest_bit(typing_context: Any, mask: Any) -> Any:
    """Position of the lowest set bit of a mask that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate
