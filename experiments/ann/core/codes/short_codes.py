"""What a search compares: codes of one or some cache lines, or vectors that are no longer than that as they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.codes import Principal
from experiments.ann.core.codes.line_codes import Codes, LineCodec, QueryCodes
from experiments.ann.core.codes.line_fit import fit_line_codec
from experiments.ann.core.codes.stored_vector import Stored, byte_instructions
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.vector import LANES


class ShortCodes(NamedTuple):
    """Codes of a base for searching."""

    codec: LineCodec | None
    """None where vectors are no longer than a code and serve as their own."""
    codes: Codes | Floats
    """(n + 2, 64 * lines), see ``LineCodec.encode``; or the vectors."""

    @property
    def spread(self) -> float:
        """How many candidates by code hold the k nearest, divided by k."""
        return 1.0 if self.codec is None else self.codec.spread

    @property
    def instructions(self) -> Codes:
        """An array of codes whose element type selects the instructions for bytes."""
        return byte_instructions(vnni=self.codes.dtype != np.int8)

    def of_queries(self, queries: Stored, threads: int = 1) -> QueryCodes | Floats:
        """What codes are compared with, for padded queries (m, width): rows of factors, or the floats."""
        if self.codec is None:
            return queries.astype(np.float32, copy=False)
        return self.codec.encode_queries(queries, vnni=self.codes.dtype == np.uint8, threads=threads)


def short_codes(vectors: Stored, principal: Principal, threads: int, *, portable: bool = False) -> ShortCodes:
    """Fit a codec and encode the base (n, width), padded; ``portable`` does without VNNI."""
    if vectors.shape[1] <= LANES and vectors.dtype == np.float32:
        return ShortCodes(None, vectors)
    vnni = has_vnni() and not portable
    codec = fit_line_codec(principal, vnni=vnni, threads=threads)
    return ShortCodes(codec, codec.encode(vectors, vnni=vnni, threads=threads))
