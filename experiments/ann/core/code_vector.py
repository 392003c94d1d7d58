"""Vector instructions on codes of one cache line, eight neighbors at a time, and exact distances.

Codes and the rows that they are compared with are those of ``line_codes``. An array of codes viewed as uint8 asks for
the dot product of bytes (VNNI), as int8 for instructions that every processor has: the element type selects the code
at compile time, so that both live in one cache of compiled kernels. Both ways give the same integers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import config as numba_config

from experiments.ann.core.vector import LINE, ask_for, cgutils, element_pointer, fold, instruction, sum_of_squares

config: Any = numba_config

BLOCK = 8
"""Neighbors per step, and keys per vector register of 64 bytes."""

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
BYTES, INTS, KEYS = ir.VectorType(I8, LINE), ir.VectorType(I32, 16), ir.VectorType(I64, BLOCK)
WORDS, FLOATS = ir.VectorType(ir.IntType(16), 32), ir.VectorType(ir.FloatType(), 16)


def supports(*features: str) -> bool:
    """Whether kernels are compiled for a processor with features that LLVM names.

    A processor or features that the user names to numba (NUMBA_CPU_NAME, NUMBA_CPU_FEATURES) are taken at their word.
    """
    if config.CPU_NAME or config.CPU_FEATURES:
        return all(f"+{feature}" in (config.CPU_FEATURES or "").split(",") for feature in features)
    host = llvm.get_host_cpu_features()
    return bool(config.ENABLE_AVX and all(host.get(feature) for feature in features))


def has_vnni() -> bool:
    """Whether kernels may use the dot product of bytes on 64-byte registers."""
    return supports("avx512vnni", "avx512bw")


def has_wide_registers() -> bool:
    """Whether there are 32 vector registers of 64 bytes, rather than 16 of 32 bytes or fewer."""
    return supports("avx512f")


@instruction
def block_keys(
    typing_context: Any,
    codes: Any,
    graph: Any,
    node: Any,
    first: Any,
    query: Any,
    row: Any,
    keys: Any,
    count: Any,
    bound: Any,
) -> Any:
    """Append the keys below a bound of eight neighbors of a node, by code distance or by that of float32 vectors.

    Args:
        codes: (n + 2, 64) of ``LineCodec.encode``, or float32 vectors (n, lines * 16).
        graph: ids (nodes, width); the eight from column ``first`` on are used.
        query, row: rows of ``LineCodec.encode_queries``, or float32 vectors, and the row that is compared.
        keys: out, from place ``count`` on; what lies behind the appended ones is overwritten.
        bound: key.

    Returns:
        The new count. A key is left out where the first id of the eight is repeated, which fills gaps.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = ("codes", "graph", "node", "first", "query", "row", "keys", "count", "bound")
        kinds = dict(zip(names, signature.args, strict=True))
        given = dict(zip(names, arguments, strict=True))
        neighbors = element_pointer(context, builder, kinds["graph"], given["graph"], given["node"], given["first"])
        ids = builder.load(builder.bitcast(neighbors, ir.VectorType(I32, BLOCK).as_pointer()), align=4)
        base = element_pointer(context, builder, kinds["codes"], given["codes"])
        target = element_pointer(context, builder, kinds["query"], given["query"], given["row"])
        view = context.make_array(kinds["codes"])(context, builder, given["codes"])
        rows, width = cgutils.unpack_tuple(builder, view.shape)
        if kinds["codes"].dtype == types.float32:
            sums = _eight_floats(builder, base, width, ids, target)
        else:
            vnni = kinds["codes"].dtype == types.uint8
            tables = builder.gep(base, [builder.shl(builder.sub(rows, ir.Constant(I64, 2)), ir.Constant(I64, 6))])
            sums = _eight_codes(builder, base, ids, target, tables if vnni else None)
        key = builder.or_(
            builder.shl(builder.zext(sums, KEYS), ir.Constant(KEYS, [32] * BLOCK)),
            builder.shl(builder.zext(ids, KEYS), ir.Constant(KEYS, [1] * BLOCK)),
        )
        below = builder.icmp_signed("<", key, splat(builder, given["bound"], KEYS))
        first_id = splat(builder, builder.extract_element(ids, ir.Constant(I32, 0)), ids.type)
        other = builder.icmp_signed("!=", ids, first_id)
        wanted = builder.and_(below, builder.or_(other, ir.Constant(other.type, [1] + [0] * (BLOCK - 1))))
        place = element_pointer(context, builder, kinds["keys"], given["keys"], given["count"])
        return builder.add(given["count"], _store_some(builder, key, wanted, builder.bitcast(place, I64.as_pointer())))

    arguments = (codes, graph, types.int64, types.int64, query, types.int64, keys, types.int64, types.int64)
    return types.int64(*arguments), generate


def _store_some(builder: Any, key: Any, wanted: Any, place: Any) -> Any:
    """Store the wanted lanes side by side; returns how many. What lies behind them is overwritten, eight in all."""
    bits = builder.bitcast(wanted, I8)
    if has_wide_registers() or not supports("avx2"):
        compress = declared(
            builder, "llvm.masked.compressstore.v8i64", ir.VoidType(), [KEYS, I64.as_pointer(), wanted.type]
        )
        builder.call(compress, [key, place, wanted])
        return builder.zext(builder.ctpop(bits), I64)
    pair = ir.VectorType(I32, 8)
    orders = [[lane for lane in range(4) if mask >> lane & 1] for mask in range(16)]
    rows = [
        ir.Constant(pair, [2 * lane + half for lane in (order + [0] * 4)[:4] for half in (0, 1)]) for order in orders
    ]
    table = cgutils.global_constant(builder.module, "orders_of_four", ir.Constant(ir.ArrayType(pair, 16), rows))
    permute = declared(builder, "llvm.x86.avx2.permd", pair, [pair, pair])
    count = ir.Constant(I64, 0)
    for half in range(2):
        four = shuffle(builder, key, key, list(range(4 * half, 4 * half + 4)))
        mask = builder.and_(builder.lshr(bits, ir.Constant(I8, 4 * half)), ir.Constant(I8, 15))
        order = builder.load(builder.gep(table, [ir.Constant(I64, 0), builder.zext(mask, I64)]), align=4)
        packed = builder.call(permute, [builder.bitcast(four, pair), order])
        target = builder.bitcast(builder.gep(place, [count]), pair.as_pointer())
        builder.store(packed, target, align=8)
        count = builder.add(count, builder.zext(builder.ctpop(mask), I64))
    return count


@instruction
def request_block(typing_context: Any, codes: Any, graph: Any, node: Any, first: Any, lines: Any) -> Any:
    """Ask for the first cache lines of the codes of the eight neighbors of a node from column ``first`` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        codes_type, graph_type, *_ = signature.args
        neighbors = element_pointer(context, builder, graph_type, arguments[1], arguments[2], arguments[3])
        ids = builder.load(builder.bitcast(neighbors, ir.VectorType(I32, BLOCK).as_pointer()), align=4)
        base = element_pointer(context, builder, codes_type, arguments[0])
        stride = cgutils.unpack_tuple(builder, context.make_array(codes_type)(context, builder, arguments[0]).strides)
        rows = _eight_rows(builder, base, stride[0], ids)
        with cgutils.for_range(builder, arguments[4]) as loop:
            offset = builder.shl(loop.index, ir.Constant(I64, 6))
            for row in rows:
                ask_for(builder, builder.gep(row, [offset]))
        return context.get_dummy_value()

    return types.void(codes, graph, types.int64, types.int64, types.int64), generate


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
    return add_word_products(builder, total, difference, difference)


def add_byte_products(builder: Any, total: Any, a: Any, b: Any) -> Any:
    """total (16 sums) + products of 64 unsigned bytes and 64 signed ones, four to a sum (VNNI)."""
    operand = BYTES if llvm.llvm_version_info[0] >= 22 else INTS
    dot = declared(builder, "llvm.x86.avx512.vpdpbusd.512", INTS, [INTS, operand, operand])
    return builder.call(dot, [total, *(builder.bitcast(side, operand) for side in (a, b))])


def add_word_products(builder: Any, total: Any, a: Any, b: Any) -> Any:
    """total (16 sums) + products of 32 signed numbers of 16 bits, two to a sum.

    LLVM recognizes the pattern: it is one instruction on every x86 processor.
    """
    wide = ir.VectorType(I32, 32)
    products = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    even, odd = (shuffle(builder, products, products, list(range(first, 32, 2))) for first in range(2))
    return builder.add(total, builder.add(even, odd))


def _eight_rows(builder: Any, base: Any, stride: Any, ids: Any) -> list[Any]:
    """Addresses of eight rows."""
    rows = []
    for lane in range(BLOCK):
        number = builder.zext(builder.extract_element(ids, ir.Constant(I32, lane)), I64)
        rows.append(builder.gep(base, [builder.mul(number, stride)]))
    return rows


def _eight_floats(builder: Any, base: Any, width: Any, ids: Any, target: Any) -> Any:
    """The bits of the squared distances of eight float32 rows to one, as <8 x i32>."""
    stride = builder.shl(width, ir.Constant(I64, 2))
    rows = _eight_rows(builder, base, stride, ids)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(FLOATS, [0.0] * 16)) for _ in rows]
    fma = declared(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
    with cgutils.for_range(builder, builder.lshr(stride, ir.Constant(I64, 6))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        y = _line(builder, target, offset, FLOATS)
        for row, total in zip(rows, totals, strict=True):
            difference = builder.fsub(_line(builder, row, offset, FLOATS), y)
            builder.store(builder.call(fma, [difference, difference, builder.load(total)]), total)
    sums = _eight_sums(builder, [builder.load(total) for total in totals])
    return builder.bitcast(sums, ir.VectorType(I32, BLOCK))


def _eight_codes(builder: Any, base: Any, ids: Any, target: Any, tables: Any | None) -> Any:
    """Code distances of eight codes to a query row, as <8 x i32>: constant - 2 (products - |x|^2 / 2).

    With ``tables`` of decoded values bytes are multiplied (VNNI), without them the numbers of 4 bits themselves.
    """
    rows = _eight_rows(builder, base, ir.Constant(I64, LINE), ids)
    words = tables is None
    add_products = _products_of_words(builder, target) if words else _products_of_bytes(builder, target, tables)
    last = ir.Constant(INTS, [0] * 15 + [-1])
    totals = []
    for row in rows:
        code = _line(builder, row, ir.Constant(I64, 0), BYTES)
        totals.append(add_products(builder.and_(builder.bitcast(code, INTS), last), code))
    constant = builder.gep(target, [ir.Constant(I64, 2 * LINE * (2 if words else 1))])
    constant = builder.load(builder.bitcast(constant, I32.as_pointer()), align=4)
    sums = _eight_sums(builder, totals)
    return builder.sub(splat(builder, constant, sums.type), builder.shl(sums, ir.Constant(sums.type, [1] * BLOCK)))


def _products_of_bytes(builder: Any, target: Any, tables: Any) -> Callable[[Any, Any], Any]:
    """Code that adds to 16 sums the products of a code, decoded by tables, and a query row of bytes."""
    factors, values = (
        [_line(builder, start, ir.Constant(I64, half * LINE), BYTES) for half in range(2)] for start in (target, tables)
    )
    look_up = declared(builder, "llvm.x86.avx512.pshuf.b.512", BYTES, [BYTES, BYTES])

    def add(total: Any, code: Any) -> Any:
        low = builder.and_(code, ir.Constant(BYTES, [15] * LINE))
        high = builder.lshr(builder.bitcast(code, WORDS), ir.Constant(WORDS, [4] * 32))
        high = builder.and_(builder.bitcast(high, BYTES), ir.Constant(BYTES, [15] * LINE))
        for numbers, table, factor in zip((low, high), values, factors, strict=True):
            total = add_byte_products(builder, total, builder.call(look_up, [table, numbers]), factor)
        return total

    return add


def _products_of_words(builder: Any, target: Any) -> Callable[[Any, Any], Any]:
    """Code that adds to 16 sums the products of a code's numbers of 4 bits and a query row of 16 bits.

    The row has the factors of even and odd bytes' low halves, then those of their high halves.
    """
    factors = [_line(builder, target, ir.Constant(I64, LINE * quarter), WORDS) for quarter in range(4)]

    def add(total: Any, code: Any) -> Any:
        words = builder.bitcast(code, WORDS)
        for shift, factor in zip((0, 8, 4, 12), factors, strict=True):
            numbers = builder.lshr(words, ir.Constant(WORDS, [shift] * 32)) if shift else words
            if shift < 12:
                numbers = builder.and_(numbers, ir.Constant(WORDS, [15] * 32))
            total = add_word_products(builder, total, numbers, factor)
        return total

    return add


def _line(builder: Any, start: Any, offset: Any, kind: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(start, [offset]), kind.as_pointer()), align=1)


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
