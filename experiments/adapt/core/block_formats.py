"""The five classic block formats of ggml: 32 weights share a float16 scale, as bytes and back.

With b bits, the weights x of a block and its codes q:

    q8_0         d = max|x| / 127                   q = round(x / d)                   x' = d q
    q5_0, q4_0   d = (x of largest |x|) / -2^(b-1)  q = floor(x / d + 2^(b-1) + 1/2)   x' = d (q - 2^(b-1))
    q5_1, q4_1   d = (max x - min x) / (2^b - 1)    q = floor((x - min x) / d + 1/2)   x' = d q + min x

q is clipped to its range. Codes are computed with d in float32; the file keeps d (and the minimum) in float16. A block
is d, the minimum of q5_1 and q4_1, the fifth bits of q5, then the lower four bits: byte i holds those of weight i below
those of weight i + 16.

Source: ggml's quantize_row_*_ref (ggml/src/ggml-quants.c); tests compare every byte with the package ``gguf``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
BLOCK = 32
"""Weights that share a scale."""


@dataclass(frozen=True)
class BlockFormat:
    """One format."""

    name: str
    ggml_type: int
    """Its number in a GGUF file."""
    file_type: int
    """What ``general.file_type`` calls a file that is mostly of this format."""
    bits: int
    """Of a weight's code."""
    has_minimum: bool = False

    @property
    def block_bytes(self) -> int:
        """Bytes of 32 weights with their scale."""
        return 2 + 2 * self.has_minimum + BLOCK * self.bits // 8

    @property
    def bits_per_weight(self) -> float:
        return 8 * self.block_bytes / BLOCK


FORMATS = {
    one.name: one
    for one in (
        BlockFormat("q8_0", ggml_type=8, file_type=7, bits=8),
        BlockFormat("q5_1", ggml_type=7, file_type=9, bits=5, has_minimum=True),
        BlockFormat("q5_0", ggml_type=6, file_type=8, bits=5),
        BlockFormat("q4_1", ggml_type=3, file_type=3, bits=4, has_minimum=True),
        BlockFormat("q4_0", ggml_type=2, file_type=2, bits=4),
    )
}
"""By name, from the most bits to the fewest."""


def encode(weights: Floats, chosen: BlockFormat) -> Bytes:
    """The bytes of ``weights`` (..., n), shaped (..., n / 32 * block_bytes).

    Raises:
        ValueError: rows whose length is not a multiple of 32.

    >>> encode(np.arange(32, dtype=np.float32), FORMATS["q8_0"])[:4].tolist()  # d = 31 / 127 in float16, then 0, 4
    [208, 51, 0, 4]
    """
    if weights.shape[-1] % BLOCK:
        raise ValueError(f"expected rows of a multiple of {BLOCK} weights, got {weights.shape[-1]}")
    blocks = np.asarray(weights, dtype=np.float32).reshape(-1, BLOCK)
    with np.errstate(all="ignore"):  # 1 / d overflows for denormal d, and float16 for d above 65,504: as in ggml
        header, codes = _codes(blocks, chosen)
        parts = [np.ascontiguousarray(value.astype("<f2")).view(np.uint8) for value in header]
    packed = codes if chosen.bits == 8 else _packed(codes, chosen.bits)
    row_bytes = weights.shape[-1] // BLOCK * chosen.block_bytes
    return np.concatenate([*parts, packed], axis=1).reshape(*weights.shape[:-1], row_bytes)


def decode(data: Bytes, chosen: BlockFormat) -> Floats:
    """The weights (..., n) of bytes (..., n / 32 * block_bytes).

    >>> np.abs(decode(encode(np.arange(32, dtype=np.float32), FORMATS["q4_0"]), FORMATS["q4_0"])[:4]).tolist()
    [0.0, 0.0, 3.875, 3.875]
    """
    blocks = data.reshape(-1, chosen.block_bytes)
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    weights: Floats
    if chosen.bits == 8:
        weights = scale * blocks[:, 2:].view(np.int8)
    elif chosen.has_minimum:
        minimum = np.ascontiguousarray(blocks[:, 2:4]).view("<f2").astype(np.float32)
        weights = scale * _unpacked(blocks[:, 4:], chosen.bits) + minimum
    else:
        weights = scale * (_unpacked(blocks[:, 2:], chosen.bits) - np.float32(2 ** (chosen.bits - 1)))
    return weights.astype(np.float32).reshape(*data.shape[:-1], data.shape[-1] // chosen.block_bytes * BLOCK)


def _codes(blocks: Floats, chosen: BlockFormat) -> tuple[list[Floats], Bytes]:
    """Scale (and minimum), each (blocks, 1), and the codes (blocks, 32)."""
    if chosen.bits == 8:
        scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
        ratio = blocks * _inverse(scale)
        whole = np.floor(np.abs(ratio))
        away = whole + np.floor(2 * (np.abs(ratio) - whole))  # halves away from zero, as C's roundf
        return [scale], (np.sign(ratio) * away).astype(np.int8).view(np.uint8)
    top = 2**chosen.bits - 1
    if chosen.has_minimum:
        minimum = blocks.min(axis=1, keepdims=True)
        scale = (blocks.max(axis=1, keepdims=True) - minimum) / np.float32(top)
        return [scale, minimum], _clipped((blocks - minimum) * _inverse(scale) + np.float32(0.5), top)
    middle = 2 ** (chosen.bits - 1)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1, keepdims=True), axis=1)
    scale = peak / np.float32(-middle)
    return [scale], _clipped(blocks * _inverse(scale) + np.float32(middle + 0.5), top)


def _inverse(scale: Floats) -> Floats:
    return np.where(scale == 0, np.float32(0), 1 / scale)


def _clipped(values: Floats, top: int) -> Bytes:
    return np.trunc(values).astype(np.uint8).clip(0, top)


def _packed(codes: Bytes, bits: int) -> Bytes:
    """The fifth bits, if any, as one little-endian word, then two lower halves a byte."""
    low, high = codes[:, : BLOCK // 2], codes[:, BLOCK // 2 :]
    fifth = [np.packbits(codes >> 4, axis=1, bitorder="little")] if bits == 5 else []
    return np.concatenate([*fifth, (low & 0x0F) | (high << 4)], axis=1, dtype=np.uint8)


def _unpacked(data: Bytes, bits: int) -> Floats:
    """The codes (blocks, 32) as numbers."""
    nibbles = data[:, -BLOCK // 2 :]
    codes = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1)
    if bits == 5:
        codes |= np.unpackbits(data[:, :4], axis=1, bitorder="little") << 4
    return codes.astype(np.float32)
