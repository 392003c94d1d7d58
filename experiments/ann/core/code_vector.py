"""Vector instructions on codes of 8 bits, eight neighbors at a time, and exact distances.

Codes are signed bytes in rows of whole cache lines. The code distance is sum_t min(|x_t - y_t|, 127)^2: the difference
saturates, so it fits the byte operands of the dot product instruction (VNNI) where the processor has one. Both ways
give the same integers. An array of codes viewed as uint8 asks for VNNI, as int8 for instructions that every processor
has: the element type selects the code at compile time, so that both live in one cache of compiled kernels.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import config as numba_config

from experiments.ann.core.vector import LINE, cgutils, element_pointer, fold, instruction, sum_of_squares

config: Any = numba_config

BLOCK = 8
"""Neighbors per step, and keys per vector register of 64 bytes."""

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
BYTES, INTS, KEYS = ir.VectorType(I8, LINE), ir.VectorType(I32, 16), ir.VectorType(I64, BLOCK)
WORDS, FLOATS = ir.VectorType(ir.IntType(16), 32), ir.VectorType(ir.FloatType(), 16)


def has_vnni() -> bool:
    """Whether kernels may use the dot product of bytes on 64-byte registers.

    A processor or features that the user names to numba (NUMBA_CPU_NAME, NUMBA_CPU_FEATURES) are taken at their word.
    """
    if config.CPU_NAME or config.CPU_FEATURES:
        return "+avx512vnni" in (config.CPU_FEATURES or "") and "+avx512bw" in (config.CPU_FEATURES or "")
    features = llvm.get_host_cpu_features()
    return bool(config.ENABLE_AVX and features.get("avx512vnni") and features.get("avx512bw"))


@instruction
def block_keys(
    typing_context: Any, codes: Any, graph: Any, node: Any, first: Any, query: Any, row: Any, keys: Any, bound: Any
) -> Any:
    """Keys of eight neighbors of a node by code distance, or by squared distance of float32 vectors.

    Args:
        codes: (n, lines * 64), or float32 vectors (n, lines * 16).
        graph: ids (nodes, width); the eight from column ``first`` on are used.
        query, row: codes (m, lines * 64) and the row that is compared.
        keys: out, the keys in its first eight places.
        bound: key.

    Returns:
        Bit i is set where key i is below the bound; not where the first id of the eight is repeated, which fills gaps.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = dict(
            zip(("codes", "graph", "node", "first", "query", "row", "keys", "bound"), signature.args, strict=True)
        )
        given = dict(zip(kinds, arguments, strict=True))
        neighbors = element_pointer(context, builder, kinds["graph"], given["graph"], given["node"], given["first"])
        ids = builder.load(builder.bitcast(neighbors, ir.VectorType(I32, BLOCK).as_pointer()), align=4)
        base = element_pointer(context, builder, kinds["codes"], given["codes"])
        target = element_pointer(context, builder, kinds["query"], given["query"], given["row"])
        view = context.make_array(kinds["codes"])(context, builder, given["codes"])
        width = cgutils.unpack_tuple(builder, view.shape)[1]
        sums = _eight_distances(builder, base, width, ids, target, kinds["codes"].dtype)
        key = builder.or_(
            builder.shl(builder.zext(sums, KEYS), ir.Constant(KEYS, [32] * BLOCK)),
            builder.shl(builder.zext(ids, KEYS), ir.Constant(KEYS, [1] * BLOCK)),
        )
        place = element_pointer(context, builder, kinds["keys"], given["keys"])
        builder.store(key, builder.bitcast(place, KEYS.as_pointer()), align=8)
        below = builder.icmp_signed("<", key, splat(builder, given["bound"], KEYS))
        first_id = splat(builder, builder.extract_element(ids, ir.Constant(I32, 0)), ids.type)
        repeated = builder.zext(builder.bitcast(builder.icmp_signed("==", ids, first_id), I8), I64)
        once = builder.or_(builder.not_(repeated), ir.Constant(I64, 1))
        return builder.and_(builder.zext(builder.bitcast(below, I8), I64), once)

    arguments = (codes, graph, types.int64, types.int64, query, types.int64, keys, types.int64)
    return types.int64(*arguments), generate


@instruction
def stored_distance(typing_context: Any, x: Any, i: Any, y: Any, j: Any, codes: Any) -> Any:
    """sum_t (x[i, t] - y[j, t])^2 of padded rows as float32: stored float32 or bytes x, float32 or byte queries y.

    Bytes against bytes are exact integers, for up to 33,000 of them. ``codes`` is any array of codes; its element type
    selects the instructions.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x_type, _, y_type, _, code_type = signature.args
        left = element_pointer(context, builder, x_type, arguments[0], arguments[1])
        right = element_pointer(context, builder, y_type, arguments[2], arguments[3])
        view = context.make_array(y_type)(context, builder, arguments[2])
        width = cgutils.unpack_tuple(builder, view.shape)[1]
        if x_type.dtype == types.float32:
            return sum_of_squares(builder, left, right, width)
        if y_type.dtype == types.float32:
            return _mixed_squares(builder, left, right, width)
        total = cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16))
        vnni = code_type.dtype == types.uint8
        with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 5))) as loop:
            offset = builder.shl(loop.index, ir.Constant(I64, 5))
            words = [_words(builder, side, offset) for side in (left, right)]
            builder.store(_add_word_squares(builder, builder.load(total), builder.sub(*words), vnni), total)
        return builder.sitofp(fold(builder, builder.load(total)), ir.FloatType())

    return types.float32(x, types.int64, y, types.int64, codes), generate


def _mixed_squares(builder: Any, left: Any, right: Any, width: Any) -> Any:
    """Squared distance of bytes and floats."""
    total = cgutils.alloca_once_value(builder, ir.Constant(FLOATS, [0.0] * 16))
    fma = declared(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
    few, floats = ir.VectorType(I8, 16).as_pointer(), builder.bitcast(right, FLOATS.as_pointer())
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 4))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 4))
        a = builder.load(builder.bitcast(builder.gep(left, [offset]), few), align=1)
        b = builder.load(builder.gep(floats, [loop.index]), align=4)
        difference = builder.fsub(builder.uitofp(a, FLOATS), b)
        builder.store(builder.call(fma, [difference, difference, builder.load(total)]), total)
    return fold(builder, builder.load(total))


def _words(builder: Any, start: Any, offset: Any) -> Any:
    half = ir.VectorType(I8, 32)
    loaded = builder.load(builder.bitcast(builder.gep(start, [offset]), half.as_pointer()), align=1)
    return builder.zext(loaded, WORDS)


def _add_word_squares(builder: Any, total: Any, difference: Any, vnni: bool) -> Any:
    """total (16 sums) + squares of 32 differences of 16 bits."""
    if vnni:
        operand = WORDS if llvm.llvm_version_info[0] >= 22 else INTS
        factor = difference if operand is WORDS else builder.bitcast(difference, INTS)
        dot = declared(builder, "llvm.x86.avx512.vpdpwssd.512", INTS, [INTS, operand, operand])
        return builder.call(dot, [total, factor, factor])
    for half in range(2):
        lanes = ir.Constant(ir.VectorType(I32, 16), list(range(16 * half, 16 * half + 16)))
        part = builder.sext(builder.shuffle_vector(difference, difference, lanes), INTS)
        total = builder.add(total, builder.mul(part, part))
    return total


def _eight_distances(builder: Any, base: Any, width: Any, ids: Any, target: Any, kind: Any) -> Any:
    """Distances of eight rows to one, as <8 x i32>: integers for codes, the bits of floats for floats."""
    floats = kind == types.float32
    stride = builder.shl(width, ir.Constant(I64, 2)) if floats else width
    rows = []
    for lane in range(BLOCK):
        number = builder.zext(builder.extract_element(ids, ir.Constant(I32, lane)), I64)
        rows.append(builder.gep(base, [builder.mul(number, stride)]))
    zero = ir.Constant(FLOATS, [0.0] * 16) if floats else ir.Constant(INTS, [0] * 16)
    totals = [cgutils.alloca_once_value(builder, zero) for _ in rows]
    with cgutils.for_range(builder, builder.lshr(stride, ir.Constant(I64, 6))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        y = _line(builder, target, offset, FLOATS if floats else BYTES)
        for row, total in zip(rows, totals, strict=True):
            x = _line(builder, row, offset, y.type)
            if floats:
                fma = declared(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
                difference = builder.fsub(x, y)
                value = builder.call(fma, [difference, difference, builder.load(total)])
            else:
                value = _add_squares(builder, builder.load(total), x, y, kind == types.uint8)
            builder.store(value, total)
    sums = _eight_sums(builder, [builder.load(total) for total in totals])
    return builder.bitcast(sums, ir.VectorType(I32, BLOCK)) if floats else sums


def _line(builder: Any, start: Any, offset: Any, kind: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(start, [offset]), kind.as_pointer()), align=1)


def _add_squares(builder: Any, total: Any, x: Any, y: Any, vnni: bool) -> Any:
    """total (16 sums) + squares of saturated differences of 64 codes, four to a sum."""
    subtract = declared(builder, "llvm.ssub.sat.v64i8", BYTES, [BYTES, BYTES])
    absolute = declared(builder, "llvm.abs.v64i8", BYTES, [BYTES, ir.IntType(1)])
    difference = builder.call(subtract, [x, y])
    # |-128| stays -128 in a byte: as an unsigned factor times itself signed it would be negative, so it is kept at 127
    highest = declared(builder, "llvm.umin.v64i8", BYTES, [BYTES, BYTES])
    magnitude = builder.call(absolute, [difference, ir.Constant(ir.IntType(1), 0)])
    magnitude = builder.call(highest, [magnitude, ir.Constant(BYTES, [127] * LINE)])
    if vnni:
        operand = BYTES if llvm.llvm_version_info[0] >= 22 else INTS
        dot = declared(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [INTS, operand, operand])
        factor = magnitude if operand is BYTES else builder.bitcast(magnitude, INTS)
        return builder.call(dot, [total, factor, factor])
    for quarter in range(4):
        lanes = ir.Constant(ir.VectorType(I32, 16), list(range(16 * quarter, 16 * quarter + 16)))
        part = builder.zext(builder.shuffle_vector(magnitude, magnitude, lanes), INTS)
        total = builder.add(total, builder.mul(part, part))
    return total


def _eight_sums(builder: Any, totals: list[Any]) -> Any:
    """Sum of each of eight vectors of 16, as one vector of eight: pairs are interleaved and added until one is left."""
    single = [lane + 4 * group for group in range(4) for lane in (0, 16, 1, 17)]
    double = [lane + 4 * group for group in range(4) for lane in (0, 1, 16, 17)]
    pairs = [_interleave(builder, a, b, single, 2) for a, b in zip(totals[::2], totals[1::2], strict=True)]
    fours = [_interleave(builder, a, b, double, 2) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
    quarters = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
    both = _interleave(builder, fours[0], fours[1], quarters, 8)
    low = shuffle(builder, both, both, [0, 1, 2, 3, 8, 9, 10, 11])
    high = shuffle(builder, both, both, [4, 5, 6, 7, 12, 13, 14, 15])
    return _add(builder, low, high)


def _interleave(builder: Any, a: Any, b: Any, mask: list[int], step: int) -> Any:
    other = [lane + step for lane in mask]
    return _add(builder, shuffle(builder, a, b, mask), shuffle(builder, a, b, other))


def _add(builder: Any, a: Any, b: Any) -> Any:
    return builder.fadd(a, b) if isinstance(a.type.element, ir.FloatType) else builder.add(a, b)


def shuffle(builder: Any, a: Any, b: Any, mask: list[int]) -> Any:
    """Code of the lanes of two vectors that a mask names."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(mask)), mask))


def splat(builder: Any, value: Any, kind: Any) -> Any:
    """Code of a vector with one value in every lane."""
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count))


def declared(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """An intrinsic function of LLVM, declared where it is not yet."""
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)
