"""Vector instructions on codes of 8 bits, eight neighbors at a time, and on sorted pools of keys.

Codes are signed bytes in rows of whole cache lines. The code distance is sum_t min(|x_t - y_t|, 127)^2: the difference
saturates, so it fits the byte operands of the dot product instruction (VNNI) where the processor has one. Both ways
give the same integers. An array of codes viewed as uint8 asks for VNNI, as int8 for instructions that every processor
has: the element type selects the code at compile time, so that both live in one cache of compiled kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types

from experiments.ann.core.vector import LINE, cgutils, element_pointer, fold, instruction, sum_of_squares

BLOCK = 8
"""Neighbors per step, and keys per vector register of 64 bytes."""
IN_REGISTERS = 6
"""Blocks of a pool that fit into registers while keys are inserted."""
NO_KEY = 2**63 - 1
"""Larger than every key, and marked as expanded."""

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
BYTES, INTS, KEYS = ir.VectorType(I8, LINE), ir.VectorType(I32, 16), ir.VectorType(I64, BLOCK)
WORDS, FLOATS = ir.VectorType(ir.IntType(16), 32), ir.VectorType(ir.FloatType(), 16)


def has_vnni() -> bool:
    """Whether this processor has the dot product of bytes on 64-byte registers."""
    features = llvm.get_host_cpu_features()
    return bool(features.get("avx512vnni") and features.get("avx512bw"))


@instruction
def block_keys(
    typing_context: Any, codes: Any, graph: Any, node: Any, first: Any, query: Any, row: Any, keys: Any, bound: Any
) -> Any:
    """Keys of eight neighbors of a node by code distance.

    Args:
        codes: (n, lines * 64).
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
        vnni = kinds["codes"].dtype == types.uint8
        sums = _eight_distances(builder, base, width, ids, target, vnni)
        key = builder.or_(
            builder.shl(builder.zext(sums, KEYS), ir.Constant(KEYS, [32] * BLOCK)),
            builder.shl(builder.zext(ids, KEYS), ir.Constant(KEYS, [1] * BLOCK)),
        )
        place = element_pointer(context, builder, kinds["keys"], given["keys"])
        builder.store(key, builder.bitcast(place, KEYS.as_pointer()), align=8)
        below = builder.icmp_signed("<", key, _splat(builder, given["bound"], KEYS))
        first_id = _splat(builder, builder.extract_element(ids, ir.Constant(I32, 0)), ids.type)
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
    fma = _function(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
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
        dot = _function(builder, "llvm.x86.avx512.vpdpwssd.512", INTS, [INTS, operand, operand])
        return builder.call(dot, [total, factor, factor])
    for half in range(2):
        lanes = ir.Constant(ir.VectorType(I32, 16), list(range(16 * half, 16 * half + 16)))
        part = builder.sext(builder.shuffle_vector(difference, difference, lanes), INTS)
        total = builder.add(total, builder.mul(part, part))
    return total


def _eight_distances(builder: Any, base: Any, width: Any, ids: Any, target: Any, vnni: bool) -> Any:
    rows = []
    for lane in range(BLOCK):
        number = builder.zext(builder.extract_element(ids, ir.Constant(I32, lane)), I64)
        rows.append(builder.gep(base, [builder.mul(number, width)]))
    totals = [cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16)) for _ in rows]
    with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 6))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        y = _line(builder, target, offset)
        for row, total in zip(rows, totals, strict=True):
            builder.store(_add_squares(builder, builder.load(total), _line(builder, row, offset), y, vnni), total)
    return _eight_sums(builder, [builder.load(total) for total in totals])


def _line(builder: Any, start: Any, offset: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(start, [offset]), BYTES.as_pointer()), align=1)


def _add_squares(builder: Any, total: Any, x: Any, y: Any, vnni: bool) -> Any:
    """total (16 sums) + squares of saturated differences of 64 codes, four to a sum."""
    subtract = _function(builder, "llvm.ssub.sat.v64i8", BYTES, [BYTES, BYTES])
    absolute = _function(builder, "llvm.abs.v64i8", BYTES, [BYTES, ir.IntType(1)])
    difference = builder.call(subtract, [x, y])
    # |-128| stays -128 in a byte: as an unsigned factor times itself signed it would be negative, so it is kept at 127
    highest = _function(builder, "llvm.umin.v64i8", BYTES, [BYTES, BYTES])
    magnitude = builder.call(absolute, [difference, ir.Constant(ir.IntType(1), 0)])
    magnitude = builder.call(highest, [magnitude, ir.Constant(BYTES, [127] * LINE)])
    if vnni:
        operand = BYTES if llvm.llvm_version_info[0] >= 22 else INTS
        dot = _function(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [INTS, operand, operand])
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
    low = _shuffle(builder, both, both, [0, 1, 2, 3, 8, 9, 10, 11])
    high = _shuffle(builder, both, both, [4, 5, 6, 7, 12, 13, 14, 15])
    return builder.add(low, high)


def _interleave(builder: Any, a: Any, b: Any, mask: list[int], step: int) -> Any:
    other = [lane + step for lane in mask]
    return builder.add(_shuffle(builder, a, b, mask), _shuffle(builder, a, b, other))


def _shuffle(builder: Any, a: Any, b: Any, mask: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(mask)), mask))


def _splat(builder: Any, value: Any, kind: Any) -> Any:
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count))


def _function(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)


@instruction
def absorb(typing_context: Any, pool: Any, slot: Any, keys: Any, mask: Any) -> Any:
    """Insert the keys whose bit is set in ``mask`` into a sorted pool, row ``slot`` of ``pool`` (slots, 8 * blocks).

    new[i] = min(old[i], max(old[i - 1], key)) keeps it sorted, drops the largest and needs no branch. A key whose node
    is in the pool, expanded or not, is replaced by the largest key, which changes nothing. The keys must be of
    different nodes.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, blocks = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])
        keys_start = element_pointer(context, builder, signature.args[2], arguments[2])
        keys_start = builder.bitcast(keys_start, I64.as_pointer())
        done = builder.append_basic_block("absorbed")
        general = builder.append_basic_block("any_length")
        switch = builder.switch(blocks, general)
        for count in range(1, IN_REGISTERS + 1):
            case = builder.append_basic_block(f"blocks_{count}")
            switch.add_case(ir.Constant(I64, count), case)
            builder.position_at_end(case)
            _absorb_in_registers(builder, start, count, keys_start, arguments[3])
            builder.branch(done)
        builder.position_at_end(general)
        _absorb_in_memory(builder, start, blocks, keys_start, arguments[3])
        builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(pool, types.int64, keys, types.int64), generate


def _absorb_in_registers(builder: Any, start: Any, count: int, keys: Any, mask: Any) -> None:
    places = [builder.gep(start, [ir.Constant(I64, b)]) for b in range(count)]
    before = [builder.load(place, align=LINE) for place in places]
    current = [cgutils.alloca_once_value(builder, old) for old in before]
    for variable, old in zip(current, before, strict=True):
        builder.store(old, variable)

    def insert(key: Any) -> None:
        fresh = _unless_present(builder, before, key)
        below = ir.Constant(KEYS, [-1] * BLOCK)
        for variable in current:
            old = builder.load(variable)
            builder.store(_shift_in(builder, below, old, fresh), variable)
            below = old

    _for_each_bit(builder, keys, mask, insert)
    for place, variable in zip(places, current, strict=True):
        builder.store(builder.load(variable), place, align=LINE)


def _absorb_in_memory(builder: Any, start: Any, blocks: Any, keys: Any, mask: Any) -> None:
    def insert(key: Any) -> None:
        fresh = cgutils.alloca_once(builder, KEYS)
        builder.store(_splat(builder, key, KEYS), fresh)
        with cgutils.for_range(builder, blocks) as loop:
            old = builder.load(builder.gep(start, [loop.index]), align=LINE)
            known = _unless_present(builder, [old], key)
            builder.store(_function_max(builder, builder.load(fresh), known), fresh)
        before = cgutils.alloca_once(builder, KEYS)
        builder.store(ir.Constant(KEYS, [-1] * BLOCK), before)
        with cgutils.for_range(builder, blocks) as loop:
            place = builder.gep(start, [loop.index])
            old = builder.load(place, align=LINE)
            builder.store(_shift_in(builder, builder.load(before), old, builder.load(fresh)), place, align=LINE)
            builder.store(old, before)

    _for_each_bit(builder, keys, mask, insert)


def _for_each_bit(builder: Any, keys: Any, mask: Any, body: Callable[[Any], None]) -> None:
    left = cgutils.alloca_once(builder, I64)
    builder.store(mask, left)
    test, inside, after = (builder.append_basic_block(name) for name in ("test", "inside", "after"))
    builder.branch(test)
    builder.position_at_end(test)
    bits = builder.load(left)
    builder.cbranch(builder.icmp_signed("!=", bits, ir.Constant(I64, 0)), inside, after)
    builder.position_at_end(inside)
    lane = builder.cttz(bits, ir.Constant(ir.IntType(1), 1))
    body(builder.load(builder.gep(keys, [lane])))
    builder.store(builder.and_(bits, builder.sub(bits, ir.Constant(I64, 1))), left)
    builder.branch(test)
    builder.position_at_end(after)


def _unless_present(builder: Any, blocks: list[Any], key: Any) -> Any:
    """The key in every lane, or the largest key where the node of ``key`` is in the blocks."""
    one = ir.Constant(KEYS, [1] * BLOCK)
    marked = builder.or_(_splat(builder, key, KEYS), one)
    seen = None
    for block in blocks:
        same = builder.icmp_signed("==", builder.or_(block, one), marked)
        seen = same if seen is None else builder.or_(seen, same)
    present = builder.icmp_signed("!=", builder.bitcast(seen, I8), ir.Constant(I8, 0))
    return _splat(builder, builder.select(present, ir.Constant(I64, NO_KEY), key), KEYS)


def _shift_in(builder: Any, below: Any, old: Any, key: Any) -> Any:
    """min(old, max(old shifted up by one, key)); the last of ``below`` comes in at the bottom."""
    shifted = _shuffle(builder, below, old, list(range(7, 15)))
    smaller = _function(builder, "llvm.smin.v8i64", KEYS, [KEYS, KEYS])
    return builder.call(smaller, [old, _function_max(builder, shifted, key)])


def _function_max(builder: Any, a: Any, b: Any) -> Any:
    return builder.call(_function(builder, "llvm.smax.v8i64", KEYS, [KEYS, KEYS]), [a, b])


@instruction
def first_open(typing_context: Any, pool: Any, slot: Any) -> Any:
    """Place of the first key that is not marked as expanded in row ``slot`` of ``pool``; its width if there is none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, blocks = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])
        found = cgutils.alloca_once(builder, I64)
        builder.store(builder.shl(blocks, ir.Constant(I64, 3)), found)
        eight = ir.Constant(I64, 8)
        with cgutils.for_range(
            builder, builder.lshr(builder.add(blocks, ir.Constant(I64, 7)), ir.Constant(I64, 3))
        ) as outer:
            first = builder.shl(outer.index, ir.Constant(I64, 3))
            open_bits = cgutils.alloca_once(builder, I64)
            builder.store(ir.Constant(I64, 0), open_bits)
            count = builder.sub(blocks, first)
            count = builder.select(builder.icmp_signed("<", count, eight), count, eight)
            with cgutils.for_range(builder, count) as loop:
                lanes = builder.load(builder.gep(start, [builder.add(first, loop.index)]), align=LINE)
                marks = builder.bitcast(builder.trunc(lanes, ir.VectorType(ir.IntType(1), BLOCK)), I8)
                bits = builder.zext(builder.xor(marks, ir.Constant(I8, 255)), I64)
                bits = builder.shl(bits, builder.shl(loop.index, ir.Constant(I64, 3)))
                builder.store(builder.or_(builder.load(open_bits), bits), open_bits)
            bits = builder.load(open_bits)
            with builder.if_then(builder.icmp_signed("!=", bits, ir.Constant(I64, 0))):
                lane = builder.cttz(bits, ir.Constant(ir.IntType(1), 1))
                builder.store(builder.add(builder.shl(first, ir.Constant(I64, 3)), lane), found)
                outer.do_break()
        return builder.load(found)

    return types.int64(pool, types.int64), generate


def _pool_row(context: Any, builder: Any, kind: Any, pool: Any, slot: Any) -> tuple[Any, Any]:
    start = builder.bitcast(element_pointer(context, builder, kind, pool, slot), KEYS.as_pointer())
    width = cgutils.unpack_tuple(builder, context.make_array(kind)(context, builder, pool).shape)[1]
    return start, builder.lshr(width, ir.Constant(I64, 3))


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
            factor = _splat(builder, builder.load(builder.gep(pointer, [loop.index]), align=4), lanes)
            for part, total in zip(parts, sums, strict=True):
                if lanes is INTS:
                    dot = _function(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [INTS, operand, operand])
                    both = (builder.bitcast(factor, operand), builder.bitcast(part, operand))
                    value = builder.call(dot, [builder.load(total), *both])
                else:
                    fma = _function(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
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
        limits = _splat(builder, arguments[4], INTS)
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
