"""Vector instructions on codes of one or some cache lines, or on plain vectors, eight neighbors of a node at a time.

A *code* is a vector rounded to 64 bytes or some times as many, a *code distance* the whole number that stands for the
squared distance of a code and a query. Their layout is that of ``codes.line_codes``. An array of codes viewed as uint8
asks for the dot product of bytes (VNNI), as int8 for instructions that every processor has: the element type selects
the instructions at compile time, so that both live in one cache of compiled kernels. Both ways give the same integers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.simd.lanes import (
    BLOCK,
    BYTES,
    EIGHT,
    FLOATS,
    I32,
    I64,
    INTS,
    KEYS,
    WORDS,
    add_byte_products,
    add_word_products,
    declare,
    eight_rows,
    eight_sums,
    load_line,
    splat,
    store_some,
)
from experiments.ann.core.simd.vector import LINE, ask_for, cgutils, element_pointer, instruction


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
        codes: (n + 2, 64 * lines) of ``LineCodec.encode``, or float32 vectors (n, lines * 16).
        graph: ids (nodes, width); the eight from column ``first`` on are used.
        query, row: rows of ``LineCodec.encode_queries``, or float32 vectors, and the row that is compared.
        keys: out, from place ``count`` on; what lies after the appended ones is overwritten, eight in all.
        bound: key.

    Returns:
        The new count. A key is left out where the first id of the eight is repeated, which fills gaps.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = ("codes", "graph", "node", "first", "query", "row", "keys", "count", "bound")
        kinds = dict(zip(names, signature.args, strict=True))
        given = dict(zip(names, arguments, strict=True))
        neighbors = element_pointer(context, builder, kinds["graph"], given["graph"], given["node"], given["first"])
        ids = builder.load(builder.bitcast(neighbors, EIGHT.as_pointer()), align=4)
        # A list that is written meanwhile may show -1 where it had none (``nsg.live.linking``): that reads node 0.
        ids = builder.call(
            declare(builder, "llvm.smax.v8i32", EIGHT, [EIGHT, EIGHT]), [ids, ir.Constant(EIGHT, [0] * BLOCK)]
        )
        base = element_pointer(context, builder, kinds["codes"], given["codes"])
        target = element_pointer(context, builder, kinds["query"], given["query"], given["row"])
        view = context.make_array(kinds["codes"])(context, builder, given["codes"])
        rows, width = cgutils.unpack_tuple(builder, view.shape)
        if kinds["codes"].dtype == types.float32:
            sums = _eight_floats(builder, base, width, ids, target)
        else:
            vnni = kinds["codes"].dtype == types.uint8
            # The tables of decoded values are the last two rows: base + width (rows - 2).
            tables = builder.gep(base, [builder.mul(builder.sub(rows, ir.Constant(I64, 2)), width)])
            sums = _eight_codes(builder, base, width, ids, target, tables if vnni else None)
        # distance << 32 | id << 1. Distances are >= 0, floats or integers, so their bits are ordered like they are.
        key = builder.or_(
            builder.shl(builder.zext(sums, KEYS), ir.Constant(KEYS, [32] * BLOCK)),
            builder.shl(builder.zext(ids, KEYS), ir.Constant(KEYS, [1] * BLOCK)),
        )
        below = builder.icmp_signed("<", key, splat(builder, given["bound"], KEYS))
        # Gaps of a block repeat its first id: wanted are that lane itself and all that differ from it.
        first_id = splat(builder, builder.extract_element(ids, ir.Constant(I32, 0)), ids.type)
        other = builder.icmp_signed("!=", ids, first_id)
        wanted = builder.and_(below, builder.or_(other, ir.Constant(other.type, [1] + [0] * (BLOCK - 1))))
        place = element_pointer(context, builder, kinds["keys"], given["keys"], given["count"])
        return builder.add(given["count"], store_some(builder, key, wanted, builder.bitcast(place, I64.as_pointer())))

    arguments = (codes, graph, types.int64, types.int64, query, types.int64, keys, types.int64, types.int64)
    return types.int64(*arguments), generate


@instruction
def request_block(typing_context: Any, codes: Any, graph: Any, node: Any, first: Any, lines: Any) -> Any:
    """Ask for the first ``lines`` cache lines of the codes of eight neighbors of a node, from column ``first`` on.

    Args:
        codes: (n, width) of any type.
        graph: ids (nodes, at least first + 8).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        codes_type, graph_type, *_ = signature.args
        neighbors = element_pointer(context, builder, graph_type, arguments[1], arguments[2], arguments[3])
        ids = builder.load(builder.bitcast(neighbors, EIGHT.as_pointer()), align=4)
        base = element_pointer(context, builder, codes_type, arguments[0])
        stride = cgutils.unpack_tuple(builder, context.make_array(codes_type)(context, builder, arguments[0]).strides)
        rows = eight_rows(builder, base, stride[0], ids)
        # The first line of all eight before the second of any: what is used first is asked for first.
        with cgutils.for_range(builder, arguments[4]) as loop:
            offset = builder.shl(loop.index, ir.Constant(I64, 6))
            for row in rows:
                ask_for(builder, builder.gep(row, [offset]))
        return context.get_dummy_value()

    return types.void(codes, graph, types.int64, types.int64, types.int64), generate


def _eight_floats(builder: Any, base: Any, width: Any, ids: Any, target: Any) -> Any:
    """The bits of the squared distances of eight float32 rows to one, as <8 x i32>."""
    stride = builder.shl(width, ir.Constant(I64, 2))
    rows = eight_rows(builder, base, stride, ids)
    # Eight running sums, one per row, are enough to keep the fused products busy.
    totals = [cgutils.alloca_once_value(builder, ir.Constant(FLOATS, [0.0] * 16)) for _ in rows]
    fma = declare(builder, "llvm.fmuladd.v16f32", FLOATS, [FLOATS] * 3)
    with cgutils.for_range(builder, builder.lshr(stride, ir.Constant(I64, 6))) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        y = load_line(builder, target, offset, FLOATS)
        for row, total in zip(rows, totals, strict=True):
            difference = builder.fsub(load_line(builder, row, offset, FLOATS), y)
            builder.store(builder.call(fma, [difference, difference, builder.load(total)]), total)
    # Not ``eight_folds``: these distances only steer the search, so their order of sums is free.
    sums = eight_sums(builder, [builder.load(total) for total in totals])
    return builder.bitcast(sums, EIGHT)


def _eight_codes(builder: Any, base: Any, width: Any, ids: Any, target: Any, tables: Any | None) -> Any:
    """Code distances of eight codes x to a query row y, as <8 x i32>: constant - 2 (products - |x|^2 / 2).

    With ``tables`` of decoded values bytes are multiplied (VNNI), without them the numbers of 4 bits themselves.
    """
    rows = eight_rows(builder, base, width, ids)
    # A query row has 128 factors of one or two bytes for each line.
    factor_bytes = 2 * LINE * (2 if tables is None else 1)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(INTS, [0] * 16)) for _ in rows]
    # The last four bytes of a line are -|x|^2 / 2 as int32 and are added. As factors the same bytes meet zeros, since a
    # query row has nothing at their places.
    last = ir.Constant(INTS, [0] * 15 + [-1])
    lines = builder.lshr(width, ir.Constant(I64, 6))
    with cgutils.for_range(builder, lines) as loop:
        offset = builder.shl(loop.index, ir.Constant(I64, 6))
        factors = builder.gep(target, [builder.mul(loop.index, ir.Constant(I64, factor_bytes))])
        if tables is None:
            add_products = _products_of_words(builder, factors)
        else:
            low = builder.gep(tables, [offset])
            add_products = _products_of_bytes(builder, factors, [low, builder.gep(low, [width])])
        for row, total in zip(rows, totals, strict=True):
            code = load_line(builder, row, offset, BYTES)
            length = builder.and_(builder.bitcast(code, INTS), last)
            builder.store(add_products(builder.add(builder.load(total), length), code), total)
    constant = builder.gep(target, [builder.mul(lines, ir.Constant(I64, factor_bytes))])
    constant = builder.load(builder.bitcast(constant, I32.as_pointer()), align=4)
    sums = eight_sums(builder, [builder.load(total) for total in totals])
    return builder.sub(splat(builder, constant, sums.type), builder.shl(sums, ir.Constant(sums.type, [1] * BLOCK)))


def _products_of_bytes(builder: Any, target: Any, tables: list[Any]) -> Callable[[Any, Any], Any]:
    """Code that adds to 16 sums the products of a line of a code, decoded by two tables, and its factors of bytes.

    Line 0 of the factors and table 0 belong to the low halves of the bytes, line 1 and table 1 to the high halves.
    """
    factors = [load_line(builder, target, ir.Constant(I64, half * LINE), BYTES) for half in range(2)]
    values = [load_line(builder, table, ir.Constant(I64, 0), BYTES) for table in tables]
    # vpshufb looks up 64 bytes at once, each in the 16 entries of its own quarter: so 16 bytes share a table.
    look_up = declare(builder, "llvm.x86.avx512.pshuf.b.512", BYTES, [BYTES, BYTES])

    def add(total: Any, code: Any) -> Any:
        low = builder.and_(code, ir.Constant(BYTES, [15] * LINE))
        # No x86 shifts bytes: words are shifted, and the four bits that come from the byte above are masked.
        high = builder.lshr(builder.bitcast(code, WORDS), ir.Constant(WORDS, [4] * 32))
        high = builder.and_(builder.bitcast(high, BYTES), ir.Constant(BYTES, [15] * LINE))
        for numbers, table, factor in zip((low, high), values, factors, strict=True):
            total = add_byte_products(builder, total, builder.call(look_up, [table, numbers]), factor)
        return total

    return add


def _products_of_words(builder: Any, target: Any) -> Callable[[Any, Any], Any]:
    """Code that adds to 16 sums the products of a code's numbers of 4 bits and a query row of 16 bits.

    The row has the factors of even and odd bytes' low halves, then those of their high halves: step and origin of the
    decoded values are in the factors and the constant, so nothing is looked up.
    """
    factors = [load_line(builder, target, ir.Constant(I64, LINE * quarter), WORDS) for quarter in range(4)]

    def add(total: Any, code: Any) -> Any:
        words = builder.bitcast(code, WORDS)
        # A word is an even byte and above it an odd one: its four numbers lie at bits 0, 8, 4 and 12.
        for shift, factor in zip((0, 8, 4, 12), factors, strict=True):
            numbers = builder.lshr(words, ir.Constant(WORDS, [shift] * 32)) if shift else words
            if shift < 12:  # above bit 12 there is nothing to mask
                numbers = builder.and_(numbers, ir.Constant(WORDS, [15] * 32))
            total = add_word_products(builder, total, numbers, factor)
        return total

    return add
