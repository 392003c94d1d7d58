"""Products of bytes by the tile registers of recent Xeon processors (AMX): sixteen rows and columns, 64 bytes deep, in
one instruction.

The layouts are those of the products by VNNI, and so are the results.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from experiments.ann.core.simd.lanes import I8, I64, declare
from experiments.ann.core.simd.machine import compiles_for_tiles
from experiments.ann.core.simd.vector import LINE, cgutils, element_pointer, instruction

TILE_ROWS = 16
"""Rows of a tile, and columns of 32 bits."""
SUMS, LEFT, RIGHT = (0, 1, 2, 3), 4, (5, 6)
"""Numbers of the tile registers: running sums of four panels, the rows, and the panels in turns."""
CONFIGURATION = [1, *[0] * 15, *[LINE, 0] * 8, *[0] * 16, *[TILE_ROWS] * 8, *[0] * 8]
"""Palette 1 and 15 bytes of zeros; the bytes per row of 16 tiles, as numbers of 16 bits; the rows of 16 tiles. There
are eight tiles, all with 16 rows of 64 bytes.
"""


@instruction
def multiply_tiles(typing_context: Any, rows: Any, panels: Any, first: Any, width: Any, products: Any) -> Any:
    """products[i, j] = rows[i] . column first + j, for 16 rows and ``width`` columns, a multiple of 64.

    Where kernels are not compiled for a processor with tiles, or for rows of words, this does nothing.

    Args:
        rows: unsigned bytes (m, d), d a multiple of 64, with 16 rows in memory whatever m is.
        panels: see ``projection.in_panels``, int8 (panels, d / 4, 64).
        first: a multiple of 16.
        products: out, int32 (16, at least width).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds, (rows, panels, first, width, products) = signature.args, arguments
        if kinds[0].dtype != types.uint8 or not compiles_for_tiles():
            return context.get_dummy_value()
        depth = cgutils.unpack_tuple(builder, context.make_array(kinds[0])(context, builder, rows).shape)[1]
        # sums[m, n] += sum_{k, i} rows[m, 4 k + i] panel[k, 4 n + i]: 64 bytes of depth are 16 rows k of a panel.
        steps = builder.lshr(depth, ir.Constant(I64, 6))
        source = element_pointer(context, builder, kinds[0], rows)
        stride = builder.shl(_width(context, builder, kinds[4], products), ir.Constant(I64, 2))
        panel_bytes = builder.shl(depth, ir.Constant(I64, 4))  # 16 columns, ``depth`` bytes each
        _configure(builder)
        with cgutils.for_range(builder, builder.lshr(width, ir.Constant(I64, 6))) as outer:
            column = builder.shl(outer.index, ir.Constant(I64, 6))
            panel = builder.lshr(builder.add(first, column), ir.Constant(I64, 4))
            start = element_pointer(context, builder, kinds[1], panels, panel)
            for number in SUMS:
                _call(builder, "tilezero", number)
            with cgutils.for_range(builder, steps) as inner:
                _load(builder, LEFT, builder.gep(source, [builder.shl(inner.index, ir.Constant(I64, 6))]), depth)
                offset = builder.shl(inner.index, ir.Constant(I64, 10))  # 16 rows of 64 bytes of a panel
                for number in SUMS:
                    # Two registers in turns: one is loaded while the other is multiplied.
                    right = RIGHT[number % len(RIGHT)]
                    inside = builder.add(offset, builder.mul(panel_bytes, ir.Constant(I64, number)))
                    _load(builder, right, builder.gep(start, [inside]), ir.Constant(I64, LINE))
                    _call(builder, "tdpbusd", number, LEFT, right)
            for number in SUMS:
                place = builder.add(column, ir.Constant(I64, TILE_ROWS * number))
                target = element_pointer(context, builder, kinds[4], products, ir.Constant(I64, 0), place)
                _call(builder, "tilestored64", number, target, stride)
        # Empty tiles need not be saved when the thread is interrupted.
        _call(builder, "tilerelease")
        return context.get_dummy_value()

    return types.void(rows, panels, types.int64, types.int64, products), generate


def _width(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Numbers per row of an array."""
    return cgutils.unpack_tuple(builder, context.make_array(kind)(context, builder, array).shape)[1]


def _configure(builder: Any) -> None:
    """Say how many rows and bytes the tiles have."""
    kind = ir.ArrayType(I8, LINE)
    content = ir.Constant(kind, CONFIGURATION)
    _call(builder, "ldtilecfg", builder.bitcast(cgutils.global_constant(builder, "tiles", content), I8.as_pointer()))


def _load(builder: Any, number: int, address: Any, stride: Any) -> None:
    """Load 16 rows that lie ``stride`` bytes apart."""
    _call(builder, "tileloadd64", number, address, stride)


def _call(builder: Any, name: str, *arguments: Any) -> None:
    """Call an instruction for tiles; numbers name tile registers."""
    given = [ir.Constant(I8, value) if isinstance(value, int) else value for value in arguments]
    function = declare(builder, f"llvm.x86.{name}", ir.VoidType(), [value.type for value in given])
    builder.call(function, given)
