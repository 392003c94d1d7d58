"""Vector instructions on candidate lists: insert without a branch, find the next node to expand.

A candidate list is kept as a *pool*: a row of keys in registers of eight, ascending, filled up with ``NO_KEY``. A key
is ``distance << 32 | id << 1 | expanded``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.simd.distance import Keys
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK, I8, I64, KEYS, declare, shuffle, splat
from experiments.ann.core.simd.machine import has_wide_registers
from experiments.ann.core.simd.vector import LINE, cgutils, element_pointer, instruction

IN_REGISTERS = 12 if has_wide_registers() else 5
"""Blocks of a pool that fit into registers while keys are inserted: of 32 registers 12 for the pool as it was and 12 as
it becomes; where a block takes two of 16, 10 for what it becomes.
"""
NO_KEY = 2**63 - 1
"""Larger than every key, and marked as expanded, so that it is never the next."""


@kernel
def absorb(pools: Keys, slot: int, keys: Keys, count: int) -> None:
    """Insert the first ``count`` keys into a sorted pool, row ``slot`` of ``pools`` (slots, 8 * blocks).

    The largest keys are dropped. A key whose node is in the pool, expanded or not, changes nothing. The keys must be of
    different nodes; they are overwritten.

    >>> import numpy as np
    >>> from experiments.ann.core.simd.vector import aligned_rows
    >>> pools = aligned_rows(1, 8, np.int64)
    >>> pools[0] = [2, 5, 8, 11, 14, 17, 20, NO_KEY]  # 5, 11 and 17 are marked as expanded
    >>> absorb(pools, 0, np.array([4, 10, 12]), 3)  # 4 and 10 are the nodes of 5 and 11
    >>> pools[0].tolist()
    [2, 5, 8, 11, 12, 14, 17, 20]
    """
    blocks = pools.shape[1] // BLOCK
    if blocks <= IN_REGISTERS:
        absorb_some(pools, slot, 0, blocks, keys, count)
        return
    # Groups of blocks, the smallest first. What one pushes out goes on to the next, in the place of the key. A group
    # that ends below all keys stays as it is, and so do keys that only grow: ``lowest`` bounds them all along.
    lowest = NO_KEY
    for i in range(count):
        lowest = min(lowest, keys[i])
    for first in range(0, blocks, IN_REGISTERS):
        some = min(IN_REGISTERS, blocks - first)
        if pools[slot, (first + some) * BLOCK - 1] >= lowest:
            absorb_some(pools, slot, first, some, keys, count)


@instruction
def absorb_some(typing_context: Any, pool: Any, slot: Any, first: Any, blocks: Any, keys: Any, count: Any) -> Any:
    """``absorb`` into 1 to ``IN_REGISTERS`` blocks from block ``first`` on; what they push out replaces the keys.

    new[i] = min(old[i], max(old[i - 1], key)) keeps the blocks sorted and needs no branch; max(old[last], key) is
    pushed out. A key whose node is in the blocks is replaced by the largest key, which changes nothing.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])[0]
        start = builder.gep(start, [arguments[2]])
        keys_start = element_pointer(context, builder, signature.args[4], arguments[4])
        keys_start = builder.bitcast(keys_start, I64.as_pointer())
        # One copy of the code for every number of blocks: only with a number that is known are they registers.
        done = builder.append_basic_block("absorbed")
        switch = builder.switch(arguments[3], done)
        for number in range(1, IN_REGISTERS + 1):
            case = builder.append_basic_block(f"blocks_{number}")
            switch.add_case(ir.Constant(I64, number), case)
            builder.position_at_end(case)
            _absorb(builder, start, number, keys_start, arguments[5])
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(pool, types.int64, types.int64, types.int64, keys, types.int64), generate


def _absorb(builder: Any, start: Any, blocks: int, keys: Any, count: Any) -> None:
    """Code that inserts ``count`` keys into a known number of blocks."""
    places = [builder.gep(start, [ir.Constant(I64, b)]) for b in range(blocks)]
    before = [builder.load(place, align=LINE) for place in places]
    current = [cgutils.alloca_once_value(builder, old) for old in before]
    with cgutils.for_range(builder, count) as loop:
        place = builder.gep(keys, [loop.index])
        # Looked up in the pool as it was: keys are of different nodes, so no look-up waits for an insertion.
        fresh = _unless_present(builder, before, builder.load(place, align=8))
        below = ir.Constant(KEYS, [-1] * BLOCK)  # below every key: what stands before the first block
        for variable in current:
            old = builder.load(variable)
            builder.store(_shift_in(builder, below, old, fresh), variable)
            below = old
        # ``below`` is the last block as it was: the larger of its last key and the new one has no place any more.
        pushed_out = _largest(builder, below, fresh)
        builder.store(builder.extract_element(pushed_out, ir.Constant(I64, BLOCK - 1)), place, align=8)
    for place, variable in zip(places, current, strict=True):
        builder.store(builder.load(variable), place, align=LINE)


def _unless_present(builder: Any, blocks: list[Any], key: Any) -> Any:
    """The key in every lane, or the largest key where the node of ``key`` is in the blocks."""
    one = ir.Constant(KEYS, [1] * BLOCK)
    # Keys of one node have one distance, so with the mark set on both sides they are equal or of different nodes.
    marked = builder.or_(splat(builder, key, KEYS), one)
    seen = None
    for block in blocks:
        same = builder.icmp_signed("==", builder.or_(block, one), marked)
        seen = same if seen is None else builder.or_(seen, same)
    present = builder.icmp_signed("!=", builder.bitcast(seen, I8), ir.Constant(I8, 0))
    return splat(builder, builder.select(present, ir.Constant(I64, NO_KEY), key), KEYS)


def _shift_in(builder: Any, below: Any, old: Any, key: Any) -> Any:
    """min(old, max(old shifted up by one, key)); the last of ``below`` comes in at the bottom.

    Where old < key that is old; where old[i - 1] < key < old[i] it is the key; above, old[i - 1].
    """
    shifted = shuffle(builder, below, old, list(range(7, 15)))  # lane 7 of ``below``, lanes 0 to 6 of ``old``
    smaller = declare(builder, "llvm.smin.v8i64", KEYS, [KEYS, KEYS])
    return builder.call(smaller, [old, _largest(builder, shifted, key)])


def _largest(builder: Any, a: Any, b: Any) -> Any:
    """The larger key of each lane."""
    return builder.call(declare(builder, "llvm.smax.v8i64", KEYS, [KEYS, KEYS]), [a, b])


@instruction
def first_open(typing_context: Any, pool: Any, slot: Any) -> Any:
    """Place of the first key that is not marked as expanded in row ``slot`` of ``pool``; its width if there is none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, blocks = _pool_row(context, builder, signature.args[0], arguments[0], arguments[1])
        # Eight blocks at a time: a bit per key in one number of 64 bits, the lowest being the nearest key.
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
                # The lowest bit of a key is its mark; what is not marked is open.
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
    """Address of a row as registers of keys, and how many registers it has."""
    start = builder.bitcast(element_pointer(context, builder, kind, pool, slot), KEYS.as_pointer())
    width = cgutils.unpack_tuple(builder, context.make_array(kind)(context, builder, pool).shape)[1]
    return start, builder.lshr(width, ir.Constant(I64, 3))
