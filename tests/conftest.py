"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

collect_ignore = ["ann/core/simd/plain_vnni.py"]
"""A plugin that changes how kernels are compiled: to look for examples in it would import it into every test."""

BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """``real_data("mnist")`` is that folder under $MLNOTES_DATA or ../shared/data; without it the test is skipped."""
    chosen = os.environ.get("MLNOTES_DATA")
    roots = [*([Path(chosen)] if chosen else []), BESIDE_THE_REPOSITORY]

    def find(name: str) -> Path:
        found = next((root / name for root in roots if (root / name).is_dir()), None)
        if found is None:
            pytest.skip(f"real data: no {name} under {' or '.join(map(str, roots))}")
        return found

    return find
