"""``mlnotes export``: the rows of runs as CSV or Parquet, one file per part, several runs below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from cli.display.console import consoles
from cli.document import print_document
from cli.past.frames import RUN, columns_by_name, csv_text
from experiments.lab.catalog import load
from experiments.lab.errors import InputError
from experiments.lab.experiment import Row
from experiments.lab.record import Record, encode

if TYPE_CHECKING:
    from pyarrow import DataType

Rows = list[tuple[str, Sequence[Row]]]
"""(run, its rows of one part)"""


def export(names: Sequence[str], *, csv: bool, parquet: bool, directory: Path, json: bool) -> None:
    """Write the rows of runs into ``directory`` and print which files there are; CSV where nothing else is asked for.

    Raises:
        InputError: no such run, one that this version cannot read, or no pyarrow.
    """
    parts = _by_part([Record.open(name) for name in dict.fromkeys(names)])
    written = []
    directory.mkdir(parents=True, exist_ok=True)
    for stem, runs in parts.items():
        if parquet:
            written.append(_write_parquet(directory / f"{stem}.parquet", runs))
        if csv or not parquet:
            written.append(_write_csv(directory / f"{stem}.csv", runs))
    if json:
        print_document({"files": [str(path) for path in written]})
    for path in written:
        consoles(json=json).results.print(str(path), soft_wrap=True)


def _by_part(records: Sequence[Record]) -> dict[str, Rows]:
    """Experiment and part -> the runs that have rows of it."""
    parts: dict[str, Rows] = {}
    for record in records:
        experiment = record.meta["experiment"]
        for part, rows in record.typed_rows(load(experiment)).by_part.items():
            if rows:
                parts.setdefault(f"{experiment}-{part}", []).append((record.id, rows))
    if not parts:
        raise InputError("nothing to export: these runs have no rows")
    return parts


def _write_csv(path: Path, runs: Rows) -> Path:
    """NaN is an empty cell, infinities are inf and -inf."""
    rows: list[dict[str, Any]] = [{RUN: run, **encode(row)} for run, of_run in runs for row in of_run]
    path.write_text(csv_text(rows), encoding="utf-8")
    return path


def _write_parquet(path: Path, runs: Rows) -> Path:
    """Columns of the types that the part declares."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError("--parquet needs pyarrow: pip install 'mlnotes[tables]'") from None
    columns: dict[str, list[Any]] = {}
    for run, rows in runs:
        for name, values in {RUN: [run] * len(rows), **columns_by_name(rows)}.items():
            columns.setdefault(name, []).extend(values)
    types = {RUN: pa.string(), **_types(get_type_hints(type(runs[0][1][0])))}
    pq.write_table(pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()}), path)
    return path


def _types(hints: Mapping[str, Any]) -> dict[str, DataType]:
    """Parquet's type of every column of numbers, booleans or text, nulls allowed; of others it is told from values."""
    import pyarrow as pa

    known: dict[Any, DataType] = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    known |= {kind | None: of for kind, of in known.items()}
    return {name: known[hint] for name, hint in hints.items() if hint in known}
