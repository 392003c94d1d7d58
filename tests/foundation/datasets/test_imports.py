"""What an import costs: names are free of libraries, loaders of the large ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

PACKAGE = "experiments.foundation.datasets"
LARGE = ("sklearn", "h5py", "torch", "faiss", "numba", "pandas", "matplotlib", "filelock")


def imported(modules: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Which of the libraries a new process has after it imported the modules."""
    names = ", ".join(f"{PACKAGE}.{module}" for module in modules)
    code = f"import sys, {names}; print([name for name in {libraries} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_loaders_loads_no_large_library() -> None:
    loaders = ("images", "vectors", "tables", "texts", "annotated", "formats.series", "sources", "storage.store")
    assert imported(loaders, LARGE) == "[]\n"


@pytest.mark.parametrize("module", ["catalog", "choices"])
def test_the_names_need_no_library_at_all(module: str) -> None:
    assert imported((module,), (*LARGE, "numpy", "pydantic")) == "[]\n"
