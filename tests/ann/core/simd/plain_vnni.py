"""A plugin for pytest with which a processor without VNNI runs the code for VNNI.

The two instructions that it takes are written as plain LLVM code; everything around them, layouts above all, is what
runs elsewhere: `python -m pytest -p tests.ann.core.simd.plain_vnni tests/ann/core/codes`, with a NUMBA_CACHE_DIR of its
own.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

import experiments.ann.core.simd.lanes as module
from experiments.ann.core.simd import machine

I8, I32 = module.I8, module.I32
declare = module.declare


def look_up(builder: Any, table: Any, numbers: Any) -> Any:
    """vpshufb: bytes of a table of 16 in each quarter of a register."""
    found = ir.Constant(module.BYTES, ir.Undefined)
    for lane in range(64):
        number = builder.and_(builder.extract_element(numbers, ir.Constant(I32, lane)), ir.Constant(I8, 15))
        place = builder.add(builder.zext(number, I32), ir.Constant(I32, lane // 16 * 16))
        found = builder.insert_element(found, builder.extract_element(table, place), ir.Constant(I32, lane))
    return found


def add_bytes(builder: Any, total: Any, a: Any, b: Any) -> Any:
    """vpdpbusd: products of 64 unsigned and signed bytes, four to a sum."""
    wide = ir.VectorType(I32, 64)
    a, b = (builder.bitcast(side, module.BYTES) for side in (a, b))
    products = builder.mul(builder.zext(a, wide), builder.sext(b, wide))
    for quarter in range(4):
        total = builder.add(total, module.shuffle(builder, products, products, list(range(quarter, 64, 4))))
    return total


BODIES = {"pshuf.b": look_up, "vpdpbusd": add_bytes}


def declare_in_plain_code(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """What ``lanes.declare`` returns, or a function of plain code for an instruction of VNNI."""
    body = BODIES.get(name.removeprefix("llvm.x86.avx512.").removesuffix(".512"))
    if body is None:
        return declare(builder, name, result, arguments)
    own = f"plain_{name}"
    if own not in builder.module.globals:
        function = ir.Function(builder.module, ir.FunctionType(result, arguments), own)
        function.linkage = "internal"
        inside = ir.IRBuilder(function.append_basic_block())
        inside.ret(body(inside, *function.args))
    return builder.module.globals[own]


module.declare = declare_in_plain_code
machine.has_vnni = lambda: True
