"""Linear maps of many vectors into units of code: by floats, and by integers where vectors are bytes.

Bytes are multiplied by weights of 8 bits, so that every processor gets the same integers: with VNNI four products at a
time, elsewhere two of 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.product_vector import project_four
from experiments.ann.core.simd.vector import LANES, aligned_rows

Bytes = NDArray[np.uint8]
Words = NDArray[np.int16]
Products = Floats | NDArray[np.int32]
Packed = NDArray[np.int8] | Words
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Projection:
    """coordinate_t = (v @ weights)_t * scale_t - shift_t."""

    weights: Floats
    """(padded d, width); whole numbers of 8 bits if ``integer``."""
    scale: Floats
    """(width,) with ``shift``."""
    shift: Floats
    integer: bool
    """Whether bytes are multiplied as integers."""
    vnni: bool
    """Whether that takes VNNI; it does not change the result."""

    @property
    def width(self) -> int:
        """Coordinates of a result."""
        return len(self.scale)

    @cached_property
    def float_panels(self) -> Floats:
        """The weights in the layout of ``project_four``, (width / 16, d, 16)."""
        return in_panels(self.weights, 1)

    @cached_property
    def integer_panels(self) -> Packed:
        """The weights as integers in that layout, (width / 16, d / 4, 64) for VNNI, else (width / 16, d / 2, 32)."""
        return in_panels(self.weights.astype(np.int8), 4) if self.vnni else in_panels(self.weights.astype(np.int16), 2)

    def products(self, vectors: Floats | Bytes) -> Products:
        """v @ weights of padded vectors (m, width): of integers for bytes where weights are, otherwise of floats."""
        if vectors.dtype == np.uint8 and self.integer:
            # Bytes as they are for VNNI, which multiplies unsigned with signed ones; as words elsewhere.
            rows = vectors if self.vnni else vectors.astype(np.int16)
            integers: NDArray[np.int32] = np.empty((len(rows), self.width), np.int32)
            multiply(rows, self.integer_panels, integers)
            return integers
        floats: Floats = np.empty((len(vectors), self.width), np.float32)
        multiply(vectors.astype(np.float32, copy=False), self.float_panels, floats)
        return floats


@kernel
def multiply(rows: Floats | Bytes | Words, panels: Floats | Packed, products: Products) -> None:
    """products (m, width) = rows (m, d) @ weights in panels, four rows and 64 columns at a time."""
    # The rows outside: four of them stay in the first cache while all panels pass.
    for first in range(0, rows.shape[0], 4):
        for column in range(0, products.shape[1], 64):
            project_four(rows, first, panels, column, products)


def in_panels(weights: NDArray[Number], together: int) -> NDArray[Number]:
    """A matrix (d, width), width a multiple of 16, as panels of 16 columns (width / 16, d / together, 16 * together),
    where numbers of ``together`` rows of a column stand side by side.

    >>> in_panels(np.arange(64, dtype=np.int16).reshape(4, 16), 2)[0, 0, :6]  # rows 0 and 1 of columns 0, 1, 2
    array([ 0, 16,  1, 17,  2, 18], dtype=int16)
    """
    d, width = weights.shape
    count, height = width // LANES, d // together
    panels: NDArray[Number] = aligned_rows(count * height, LANES * together, weights.dtype).reshape(count, height, -1)
    # (height, together, count, lane) -> (count, height, lane, together)
    panels[:] = weights.reshape(height, together, count, LANES).transpose(2, 0, 3, 1).reshape(panels.shape)
    return panels
