"""Every byte against the package gguf."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.adapt.core.block_formats import FORMATS, BlockFormat, Floats, decode, encode

gguf = pytest.importorskip("gguf", reason="needs the package gguf, whose bytes are the right ones")
each_format = pytest.mark.parametrize("chosen", FORMATS.values(), ids=FORMATS)


def peer(weights: Floats, chosen: BlockFormat) -> Floats:
    with np.errstate(all="ignore"):
        encoded: Floats = gguf.quantize(weights, gguf.GGMLQuantizationType[chosen.name.upper()])
    return encoded


@each_format
@settings(max_examples=40, deadline=None)
@given(rows=arrays(np.float32, (3, 64), elements=st.floats(-70_000, 70_000, width=32)))
def test_bytes_and_weights_are_those_of_gguf(chosen: BlockFormat, rows: Floats) -> None:
    # float32 denormals (a scale whose inverse overflows) are cast from infinity to a byte, which C leaves undefined
    rows = np.where(np.abs(rows) < 1e-30, np.float32(0), rows)
    data = encode(rows, chosen)
    np.testing.assert_array_equal(data, peer(rows, chosen))
    with np.errstate(all="ignore"):
        expected = gguf.dequantize(data, gguf.GGMLQuantizationType[chosen.name.upper()])
        np.testing.assert_array_equal(decode(data, chosen), expected)


@each_format
def test_a_block_takes_what_gguf_says(chosen: BlockFormat) -> None:
    assert gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(chosen.ggml_type)] == (32, chosen.block_bytes)
    assert gguf.GGMLQuantizationType(chosen.ggml_type).name.lower() == chosen.name
    assert gguf.LlamaFileType(chosen.file_type).name == f"MOSTLY_{chosen.name.upper()}"


@each_format
def test_rows_that_are_no_blocks_are_refused(chosen: BlockFormat) -> None:
    with pytest.raises(ValueError, match=r"^expected rows of a multiple of 32 weights, got 33$"):
        encode(np.zeros((2, 33), np.float32), chosen)


@each_format
def test_no_rows_are_no_bytes(chosen: BlockFormat) -> None:
    empty = encode(np.zeros((0, 64), np.float32), chosen)
    assert empty.shape == (0, 2 * chosen.block_bytes)
    assert decode(empty, chosen).shape == (0, 64)
