"""Under NUMBA_BOUNDSCHECK=1 kernels of instructions notice what lies outside, as numba's own code does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import numpy as np
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.vector import squared_distance

@kernel
def distance(x, row, y):
    return squared_distance(x, row, y)

print(distance(np.zeros((3, 16), np.float32), {row}, np.ones(16, np.float32)))
"""


@pytest.mark.parametrize(("row", "said"), [(2, "16.0"), (3, "IndexError: index is out of bounds"), (-1, "IndexError")])
def test_a_row_outside_is_an_error_and_no_memory_of_somebody_else(tmp_path: Path, row: int, said: str) -> None:
    (tmp_path / "reading.py").write_text(CODE.format(row=row))
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-c", "import reading"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert said in done.stdout + done.stderr
