"""What the tests of several rooms use: both kinds of instructions, and vectors in clusters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.ann.core.simd.machine import has_vnni

WAYS = [False, pytest.param(True, marks=pytest.mark.skipif(not has_vnni(), reason="this processor has no VNNI"))]


@pytest.fixture(params=WAYS, ids=["portable", "vnni"])
def vnni(request: pytest.FixtureRequest) -> bool:
    """Without VNNI, and with it where the processor has it."""
    return bool(request.param)


@pytest.fixture(scope="session")
def clustered() -> Callable[..., NDArray[np.float32]]:
    """``clustered(n, d)``: vectors (n, d) near six-dimensional planes in eight clusters; bytes with ``integer``."""

    def make(n: int, d: int, *, integer: bool = False) -> NDArray[np.float32]:
        rng = np.random.default_rng(4)
        low = (
            rng.standard_normal((n, 6)) @ rng.standard_normal((6, d))
            + 3 * rng.standard_normal((8, d))[rng.integers(8, size=n)]
        )
        low += 0.05 * rng.standard_normal((n, d))
        scaled = np.clip(np.rint(127 + 12 * low), 0, 255) if integer else low
        return scaled.astype(np.float32)

    return make
