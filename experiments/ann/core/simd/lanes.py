"""Pieces of LLVM code that the vector instructions of this family share, on registers of 64 bytes and on eight rows at
a time.

LLVM's vector types are portable: any processor runs them, with its own registers.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from experiments.ann.core.simd.machine import has_wide_registers, supports
from experiments.ann.core.simd.vector import LINE, cgutils

BLOCK = 8
"""Neighbors per step, and keys per vector register of 64 bytes."""

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
BYTES, INTS, KEYS = ir.VectorType(I8, LINE), ir.VectorType(I32, 16), ir.VectorType(I64, BLOCK)
WORDS, FLOATS = ir.VectorType(ir.IntType(16), 32), ir.VectorType(ir.FloatType(), 16)
EIGHT = ir.VectorType(I32, BLOCK)
"""Types of LLVM: numbers, registers of 64 bytes seen as lanes of a type, and eight ids or distances (32 bytes)."""


def store_some(builder: Any, key: Any, wanted: Any, place: Any) -> Any:
    """Store the wanted lanes of eight keys side by side at a place; returns how many.

    What lies after them is overwritten, eight keys in all.
    """
    bits = builder.bitcast(wanted, I8)  # eight booleans are a byte, lane 0 its lowest bit
    # AVX-512 has the operation. Below AVX2, which has no permutation by numbers, LLVM writes one branch per lane.
    if has_wide_registers() or not supports("avx2"):
        compress = declare(
            builder, "llvm.masked.compressstore.v8i64", ir.VoidType(), [KEYS, I64.as_pointer(), wanted.type]
        )
        builder.call(compress, [key, place, wanted])
        return builder.zext(builder.ctpop(bits), I64)
    # AVX2: for each of the 16 masks of four lanes, the wanted lanes first. A key is two lanes of 32 bits, 2 lane and
    # 2 lane + 1; unwanted places repeat lane 0, and the next store overwrites them.
    orders = [[lane for lane in range(4) if mask >> lane & 1] for mask in range(16)]
    rows = [
        ir.Constant(EIGHT, [2 * lane + half for lane in (order + [0] * 4)[:4] for half in (0, 1)]) for order in orders
    ]
    table = cgutils.global_constant(builder.module, "orders_of_four", ir.Constant(ir.ArrayType(EIGHT, 16), rows))
    permute = declare(builder, "llvm.x86.avx2.permd", EIGHT, [EIGHT, EIGHT])
    count = ir.Constant(I64, 0)
    for half in range(2):
        four = shuffle(builder, key, key, list(range(4 * half, 4 * half + 4)))
        mask = builder.and_(builder.lshr(bits, ir.Constant(I8, 4 * half)), ir.Constant(I8, 15))
        order = builder.load(builder.gep(table, [ir.Constant(I64, 0), builder.zext(mask, I64)]), align=4)
        packed = builder.call(permute, [builder.bitcast(four, EIGHT), order])
        # The second half goes where the wanted lanes of the first end.
        target = builder.bitcast(builder.gep(place, [count]), EIGHT.as_pointer())
        builder.store(packed, target, align=8)
        count = builder.add(count, builder.zext(builder.ctpop(mask), I64))
    return count


def add_byte_products(builder: Any, total: Any, a: Any, b: Any) -> Any:
    """total (16 sums) + products of 64 unsigned bytes ``a`` and 64 signed ones ``b``, four to a sum (VNNI).

    total[i] + sum_{j < 4} a[4 i + j] b[4 i + j]
    """
    # LLVM 22 changed how it declares the same operation: with bytes instead of 32-bit lanes.
    operand = BYTES if llvm.llvm_version_info[0] >= 22 else INTS
    dot = declare(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [INTS, operand, operand])
    return builder.call(dot, [total, *(builder.bitcast(side, operand) for side in (a, b))])


def add_word_products(builder: Any, total: Any, a: Any, b: Any) -> Any:
    """total (16 sums) + products of 32 signed numbers of 16 bits, two to a sum.

    total[i] + a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1]

    LLVM recognizes the pattern: it is one instruction on every x86 processor.
    """
    wide = ir.VectorType(I32, 32)
    products = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    even, odd = (shuffle(builder, products, products, list(range(first, 32, 2))) for first in range(2))
    return builder.add(total, builder.add(even, odd))


def eight_rows(builder: Any, base: Any, stride: Any, ids: Any) -> list[Any]:
    """Addresses of eight rows: base + ids[lane] * stride, the stride in bytes."""
    rows = []
    for lane in range(BLOCK):
        number = builder.zext(builder.extract_element(ids, ir.Constant(I32, lane)), I64)
        rows.append(builder.gep(base, [builder.mul(number, stride)]))
    return rows


def load_line(builder: Any, start: Any, offset: Any, kind: Any) -> Any:
    """Code that loads a register of a kind from ``offset`` bytes after an address."""
    return builder.load(builder.bitcast(builder.gep(start, [offset]), kind.as_pointer()), align=1)


def eight_sums(builder: Any, totals: list[Any]) -> Any:
    """Sum of each of eight vectors of 16, as one vector of eight: pairs are interleaved and added until one is left."""
    # With a0 for lane 0 of row a, a quarter of 4 lanes becomes a0 + a2, b0 + b2, a1 + a3, b1 + b3. No lane leaves its
    # quarter of 128 bits in this step and the next: shuffles across quarters take three cycles instead of one.
    single = [lane + 4 * group for group in range(4) for lane in (0, 16, 1, 17)]
    # Rows ab and cd become a, b, c, d: each quarter now holds its own four lanes' sums of four rows.
    double = [lane + 4 * group for group in range(4) for lane in (0, 1, 16, 17)]
    pairs = [_interleave(builder, a, b, single, 2) for a, b in zip(totals[::2], totals[1::2], strict=True)]
    fours = [_interleave(builder, a, b, double, 2) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
    # Rows abcd and efgh, quarters 0 + 2 and 1 + 3: abcd, abcd, efgh, efgh.
    quarters = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
    both = _interleave(builder, fours[0], fours[1], quarters, 8)
    # abcd + abcd, efgh + efgh: the eight rows in order.
    low = shuffle(builder, both, both, [0, 1, 2, 3, 8, 9, 10, 11])
    high = shuffle(builder, both, both, [4, 5, 6, 7, 12, 13, 14, 15])
    return _add(builder, low, high)


def eight_folds(builder: Any, totals: list[Any]) -> Any:
    """What ``vector.fold`` makes of each of eight vectors of 16, in the same order of sums, as one vector of eight."""
    # One halving of ``fold`` for two rows at once: of every ``width`` lanes the lower half, plus the upper half. Rows
    # become 8, 4, then 2 lanes wide and share a vector with one, three, then seven others.
    for width in (16, 8, 4):
        low = [first + lane for first in range(0, 32, width) for lane in range(width // 2)]
        totals = [_interleave(builder, a, b, low, width // 2) for a, b in zip(totals[::2], totals[1::2], strict=True)]
    # Two lanes are left of each row: even + odd.
    return _interleave(builder, totals[0], totals[0], list(range(0, 16, 2)), 1)


def _interleave(builder: Any, a: Any, b: Any, mask: list[int], step: int) -> Any:
    """Lanes of a and b that a mask names, plus those ``step`` lanes further up."""
    other = [lane + step for lane in mask]
    return _add(builder, shuffle(builder, a, b, mask), shuffle(builder, a, b, other))


def _add(builder: Any, a: Any, b: Any) -> Any:
    """a + b of floats or integers."""
    return builder.fadd(a, b) if isinstance(a.type.element, ir.FloatType) else builder.add(a, b)


def shuffle(builder: Any, a: Any, b: Any, mask: list[int]) -> Any:
    """Code of the lanes of two vectors that a mask names; those of ``b`` are counted on after those of ``a``."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(mask)), mask))


def splat(builder: Any, value: Any, kind: Any) -> Any:
    """Code of a vector with one value in every lane."""
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count))


def declare(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """An intrinsic function of LLVM, declared where it is not yet."""
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, arguments), name)
