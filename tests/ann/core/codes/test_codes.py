"""Vectors of bytes are told from others."""

from __future__ import annotations

import numpy as np

from experiments.ann.core.codes.codes import holds_bytes


def test_bytes_are_recognized() -> None:
    assert holds_bytes(np.array([[0.0, 255.0], [3.0, 4.0]], np.float32))
    assert not any(holds_bytes(np.array([[bad]], np.float32)) for bad in (-1.0, 256.0, 0.5))
