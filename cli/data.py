"""``mlnotes data``: where data sets are, fetching and verifying them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID

from cli.display.console import consoles
from cli.display.formats import one_value
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.live import watched
from cli.document import print_document
from experiments.foundation.datasets.catalog import DATASETS
from experiments.foundation.datasets.entries import Dataset
from experiments.foundation.datasets.storage.store import check, data_directory, fetch, locate
from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress


def print_datasets(*, json: bool) -> None:
    """Print every data set that is known, its size and where it is."""
    if json:
        print_document({"folder": str(data_directory()), "datasets": [_document(one) for one in _by_kind()]})
        return
    consoles().results.print(datasets_table())


def datasets_table() -> Grid:
    """One line per data set, those of one kind together."""
    found = _by_kind()
    return Grid(
        title="Data sets",
        keys=(_texts("Name", [dataset.name for dataset in found]),),
        columns=(
            _texts("Kind", [dataset.kind for dataset in found]),
            _texts("Download", [one_value("bytes", dataset.size) if dataset.downloads else "-" for dataset in found]),
            _texts("Where", [_where(dataset) for dataset in found]),
        ),
        caption=f"data folder: {data_directory()} (set $MLNOTES_DATA to change it)",
    )


def fetch_dataset(name: str, *, json: bool) -> None:
    """Download a data set with a progress bar.

    Raises:
        InputError: no such data set, it cannot be fetched, or what arrived is not what was published.
    """
    _watch(fetch(name), consoles().messages)
    found = check(name)
    if json:
        print_document({"name": name, "status": found.status, "detail": found.detail})
    if found.status == "corrupt":
        raise InputError(f"{name}: {found.detail}")
    if not json:
        consoles().results.print(f"{name}: {found.detail}", soft_wrap=True)


def check_datasets(*, json: bool) -> None:
    """Verify what is there of what lies in files, one line each.

    Raises:
        InputError: one line per data set that is damaged.
    """
    damaged, told = [], []
    screen = consoles(json=json).results
    for name, dataset in DATASETS.items():
        if dataset.embedded:
            continue
        found = check(name)
        told.append({"name": name, "status": found.status, "detail": found.detail})
        if found.status == "corrupt":
            damaged.append(f"{name}: {found.detail}; delete it and run `mlnotes data fetch {name}`")
        else:
            detail = found.detail if found.status == "ok" else "not there"
            screen.print(f"{name}: {detail}", soft_wrap=True)
    if json:
        print_document({"datasets": told})
    if damaged:
        raise InputError(*damaged)


def _by_kind() -> list[Dataset]:
    return sorted(DATASETS.values(), key=lambda dataset: dataset.kind)


def _document(dataset: Dataset) -> dict[str, object]:
    folder = None if dataset.embedded else locate(dataset.name)
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "bytes": dataset.size if dataset.downloads else None,
        "embedded": dataset.embedded,
        "folder": str(folder) if folder else None,
        "can_be_fetched": bool(dataset.downloads),
    }


def _watch(stages: Iterable[Progress], console: Console) -> None:
    """Show a bar per file on a terminal, lines in a pipe."""
    if not console.is_terminal:
        deque(watched(stages, console), maxlen=0)
        return
    with Bars(console=console) as bars:
        tasks: dict[str, TaskID] = {}
        for event in stages:
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage)
            bars.update(tasks[event.stage], completed=event.done, total=event.total)


def _where(dataset: Dataset) -> str:
    if dataset.embedded:
        return "always there"
    folder = locate(dataset.name)
    if folder is not None:
        return str(folder)
    return "not there; can be fetched" if dataset.downloads else "not there"


def _texts(header: str, texts: list[str]) -> GridColumn:
    return GridColumn(header, tuple(Cell(text) for text in texts), is_number=False)
