"""Vector instructions on sorted pools of keys: insert without a branch, find the next to expand.

A pool is a row of keys in registers of eight, ascending, filled up with ``NO_KEY``. A key is ``distance << 32 | id <<
1 | expanded``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.code_vector import BLOCK, I8, I64, KEYS, declared, shuffle, splat
from experiments.ann.core.vector import LINE, cgutils, element_pointer, instruction

IN_REGISTERS = 12
"""Blocks of a pool that fit into registers while keys are inserted."""
NO_KEY = 2**63 - 1
"""Larger than every key, and marked as expanded."""


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
        builder.store(splat(builder, key, KEYS), fresh)
        with cgutils.for_range(builder, blocks) as loop:
            old = builder.load(builder.gep(start, [loop.index]), align=LINE)
            known = _unless_present(builder, [old], key)
            builder.store(_largest(builder, builder.load(fresh), known), fresh)
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
