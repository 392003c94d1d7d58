"""One thread for torch: the networks are small, and tests may share the cores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from experiments.foundation.networks.timing import one_thread


@pytest.fixture(autouse=True)
def torch_has_one_thread() -> Iterator[None]:
    with one_thread():
        yield
