"""``mlnotes doctor``: what this installation and this machine have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

import experiments
from cli.display.console import consoles
from cli.document import print_document
from experiments.foundation.datasets.catalog import DATASETS
from experiments.foundation.datasets.storage.store import data_directory, locate
from experiments.lab import environment
from experiments.lab.record import runs_home


def print_report(*, json: bool) -> None:
    """Print one line per fact."""
    if json:
        print_document(dict(facts()))
        return
    console = consoles().results
    for title, fact in facts():
        console.print(Text.assemble((f"{title:<13}", "muted"), fact), soft_wrap=True)


def facts() -> Iterator[tuple[str, str]]:
    """(what, how it is) of everything that a result may depend on."""
    import torch  # names the GPU and its own threads

    machine = environment.machine()
    variables = machine["threads"]
    yield from environment.versions().items()
    yield "commit", environment.commit() or "installed without its repository"
    yield "system", str(machine["system"])
    yield "processor", str(machine["processor"])
    yield "features", " ".join(environment.processor_features()) or "unknown"
    yield "cores", str(machine["cores"])
    yield "threads", f"torch {torch.get_num_threads()}, numba {_numba_threads()}, set by you: {variables or 'nothing'}"
    yield "gpu", str(machine["gpu"] or "none")
    yield "runs", str(runs_home().resolve())
    yield "data", str(data_directory())
    yield "found", ", ".join(name for name in DATASETS if locate(name) is not None) or "no data set"
    yield "kernels", _compile_cache()


def _numba_threads() -> int:
    import numba

    return int(numba.get_num_threads())


def _compile_cache() -> str:
    """Where numba keeps compiled kernels, and whether it can."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(chosen) if chosen else Path(next(iter(experiments.__path__)))
    count = sum(1 for _ in folder.rglob("*.nbi"))
    if os.access(folder, os.W_OK):
        return f"{count} compiled in {folder}"
    return f"compiled anew in every run: {folder} is not writable, set NUMBA_CACHE_DIR"
