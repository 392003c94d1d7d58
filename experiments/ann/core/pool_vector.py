"""Vector instructions on sorted pools of keys: insert without a branch, find the next to expand.

A pool is a row of keys in registers of eight, ascending, filled up with ``NO_KEY``. A key is ``distance << 32 | id <<
1 | expanded``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.code_vector import BLOCK, I8, I64, KEYS, declared, shuffle, splat
from experiments.ann.core.distance import Keys
from experiments.ann.core.kernel import kernel
from experiments.ann.core.vector import LINE, cgutils, element_pointer, instruction

IN_REGISTERS = 12
"""Blocks of a pool that fit into registers while keys are inserted."""
NO_KEY = 2**63 - 1
"""Larger than every key, and marked as expanded."""


@kernel
def absorb(pools: Keys, slot: int, keys: Keys, count: int) -> None:
    """Insert the first ``count`` keys into a sorted pool, row ``slot`` of ``pools`` (slots, 8 * blocks).

    The largest keys are dropped. A key whose node is in the pool, expanded or not, changes nothing. The keys must be of
    different nodes.
    """
    if pools.shape[1] <= IN_REGISTERS * BLOCK:
        absorb_in_registers(pools, slot, keys, count)
        return
    for i in range(count):
        place = place_of(pools, slot, keys[i])
        if place < pools.shape[1] and pools[slot, place] | 1 != keys[i] | 1:
            insert_at(pools, slot, place, keys[i])


@instruction
def absorb_in_registers(typing_context: Any, pool: Any, slot: Any, keys: Any, count: Any) -> Any:
    """``absorb`` for pools of 1 to 12 blocks.

    new[i] = min(old[i], max(old[i - 1], key)) keeps a pool sorted, drops the largest and needs no branch. A key whose
    node is in the pool is replaced by the largest key, which changes nothing.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, blocks = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])
        keys_start = element_pointer(context, builder, signature.args[2], arguments[2])
        keys_start = builder.bitcast(keys_start, I64.as_pointer())
        done = builder.append_basic_block("absorbed")
        switch = builder.switch(blocks, done)
        for number in range(1, IN_REGISTERS + 1):
            case = builder.append_basic_block(f"blocks_{number}")
            switch.add_case(ir.Constant(I64, number), case)
            builder.position_at_end(case)
            _absorb(builder, start, number, keys_start, arguments[3])
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(pool, types.int64, keys, types.int64), generate


def _absorb(builder: Any, start: Any, blocks: int, keys: Any, count: Any) -> None:
    places = [builder.gep(start, [ir.Constant(I64, b)]) for b in range(blocks)]
    before = [builder.load(place, align=LINE) for place in places]
    current = [cgutils.alloca_once_value(builder, old) for old in before]
    for variable, old in zip(current, before, strict=True):
        builder.store(old, variable)
    with cgutils.for_range(builder, count) as loop:
        key = builder.load(builder.gep(keys, [loop.index]), align=8)
        fresh = _unless_present(builder, before, key)
        below = ir.Constant(KEYS, [-1] * BLOCK)
        for variable in current:
            old = builder.load(variable)
            builder.store(_shift_in(builder, below, old, fresh), variable)
            below = old
    for place, variable in zip(places, current, strict=True):
        builder.store(builder.load(variable), place, align=LINE)


@instruction
def place_of(typing_context: Any, pool: Any, slot: Any, key: Any) -> Any:
    """How many keys of row ``slot`` of a sorted pool are smaller."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, blocks = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])
        wanted = splat(builder, arguments[2], KEYS)
        count = cgutils.alloca_once_value(builder, ir.Constant(I64, 0))
        with cgutils.for_range(builder, blocks) as loop:
            smaller = builder.icmp_signed("<", builder.load(builder.gep(start, [loop.index]), align=LINE), wanted)
            number = builder.ctpop(builder.zext(builder.bitcast(smaller, I8), I64))
            builder.store(builder.add(builder.load(count), number), count)
        return builder.load(count)

    return types.int64(pool, types.int64, types.int64), generate


@instruction
def insert_at(typing_context: Any, pool: Any, slot: Any, place: Any, key: Any) -> Any:
    """Put a key at a place of row ``slot``; what stood there and above moves up by one, the last drops out."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, blocks = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])
        keys = builder.bitcast(start, I64.as_pointer())
        first = builder.lshr(arguments[2], ir.Constant(I64, 3))
        last = builder.sub(blocks, ir.Constant(I64, 1))
        with cgutils.for_range(builder, builder.sub(last, first)) as loop:
            block = builder.sub(last, loop.index)
            below = builder.gep(keys, [builder.sub(builder.shl(block, ir.Constant(I64, 3)), ir.Constant(I64, 1))])
            moved = builder.load(builder.bitcast(below, KEYS.as_pointer()), align=8)
            builder.store(moved, builder.gep(start, [block]), align=LINE)
        old = builder.load(builder.gep(start, [first]), align=LINE)
        moved = shuffle(builder, old, old, [7, *range(7)])
        lanes = ir.Constant(KEYS, list(range(BLOCK)))
        lane = splat(builder, builder.and_(arguments[2], ir.Constant(I64, 7)), KEYS)
        fresh = builder.select(builder.icmp_signed("==", lanes, lane), splat(builder, arguments[3], KEYS), old)
        fresh = builder.select(builder.icmp_signed(">", lanes, lane), moved, fresh)
        builder.store(fresh, builder.gep(start, [first]), align=LINE)
        return context.get_dummy_value()

    return types.void(pool, types.int64, types.int64, types.int64), generate


def _unless_present(builder: Any, blocks: list[Any], key: Any) -> Any:
    """The key in every lane, or the largest key where the node of ``key`` is in the blocks."""
    one = ir.Constant(KEYS, [1] * BLOCK)
    marked = builder.or_(splat(builder, key, KEYS), one)
    seen = None
    for block in blocks:
        same = builder.icmp_signed("==", builder.or_(block, one), marked)
        seen = same if seen is None else builder.or_(seen, same)
    present = builder.icmp_signed("!=", builder.bitcast(seen, I8), ir.Constant(I8, 0))
    return splat(builder, builder.select(present, ir.Constant(I64, NO_KEY), key), KEYS)


def _shift_in(builder: Any, below: Any, old: Any, key: Any) -> Any:
    """min(old, max(old shifted up by one, key)); the last of ``below`` comes in at the bottom."""
    shifted = shuffle(builder, below, old, list(range(7, 15)))
    smaller = declared(builder, "llvm.smin.v8i64", KEYS, [KEYS, KEYS])
    return builder.call(smaller, [old, _largest(builder, shifted, key)])


def _largest(builder: Any, a: Any, b: Any) -> Any:
    return builder.call(declared(builder, "llvm.smax.v8i64", KEYS, [KEYS, KEYS]), [a, b])


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
