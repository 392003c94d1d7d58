"""``mlnotes compare``: in what several runs of one experiment differ: settings, means, verdicts, rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cli.display.comparisons import comparison_table, differing, settings_comparison
from cli.display.console import consoles
from cli.display.grid import Grid
from cli.document import print_document
from cli.past.differences import RowDifferences, differences, in_order
from cli.past.document import flat_settings
from experiments.lab.catalog import load
from experiments.lab.errors import InputError
from experiments.lab.record import Record, encode

Document = dict[str, Any]


def print_comparison(names: Sequence[str], *, json: bool) -> None:
    """Print in what runs differ; tables only where rows do.

    Raises:
        InputError: no such run, fewer than two, or runs of different experiments.
    """
    runs = [Record.open(name) for name in names]
    experiments = dict.fromkeys(str(run.meta["experiment"]) for run in runs)
    if len(runs) < 2:
        raise InputError(f"expected two runs or more, got {len(runs)}: mlnotes compare RUN RUN...")
    if len(experiments) > 1:
        raise InputError(f"expected runs of one experiment, got {' and '.join(experiments)}")
    found = [differences(in_order(runs[0]), in_order(run)) for run in runs[1:]]
    if json:
        print_document(_document(runs, found))
        return
    console, ids = consoles().results, [run.id for run in runs]
    console.print(settings_comparison(ids, [flat_settings(run) for run in runs]) or "same settings and environment")
    if not all(one.identical for one in found):
        for grid in _tables(runs, ids):
            console.print(grid)
    console.print(settings_comparison(ids, [verdicts_of(run) for run in runs], "Verdict") or "same verdicts")
    for run, one in zip(runs[1:], found, strict=True):
        console.print(f"{run.id}: {verdict_on_rows(one)}" if len(runs) > 2 else verdict_on_rows(one), soft_wrap=True)


def verdicts_of(record: Record) -> dict[str, str]:
    """Verdict of every claim, and of every condition."""
    found = {}
    for finding in record.findings():
        found[finding["claim"]] = finding["verdict"]
        for one in finding.get("conditions", finding.get("parts", ())):
            found[f"{finding['claim']}, {one['condition']}"] = one["verdict"]
    return found


def verdict_on_rows(found: RowDifferences) -> str:
    """One sentence: whether rows are identical, and which columns are not."""
    if found.first != found.second:
        return f"rows differ: {found.first:,} and {found.second:,} of them"
    if found.identical:
        return f"all {found.first:,} rows are identical apart from measured times and memory"
    parts = [
        f"{column.column} in {column.rows:,} rows" + (f" by up to {column.largest:.3g}" if column.largest else "")
        for column in found.unexpected
    ]
    return f"rows differ: {', '.join(parts)}"


def rows_document(found: RowDifferences) -> Document:
    """How the rows of two runs differ, for ``--json``."""
    columns = [{**asdict(column), "is_measured": column.is_measured} for column in found.columns]
    return {"first": found.first, "second": found.second, "identical": found.identical, "columns": columns}


def _tables(runs: Sequence[Record], ids: Sequence[str]) -> Iterator[Grid]:
    """The tables of all runs side by side; a run from before rows had parts is compared by its rows alone."""
    experiment = load(runs[0].meta["experiment"])
    try:
        rows = [run.typed_rows(experiment) for run in runs]
    except InputError as error:
        consoles().messages.print(str(error), soft_wrap=True)
        return
    for part in experiment.parts:
        for view in part.tables:
            grid = comparison_table(view, ids, [one.by_part.get(part.name, ()) for one in rows])
            if grid is not None:
                yield grid


def _document(runs: Sequence[Record], found: Sequence[RowDifferences]) -> Document:
    settings, verdicts = [flat_settings(run) for run in runs], [verdicts_of(run) for run in runs]
    document = {
        "runs": [run.id for run in runs],
        "settings": [{"key": key, "values": [one.get(key) for one in settings]} for key in differing(settings)],
        "verdicts": [{"claim": claim, "values": [one.get(claim) for one in verdicts]} for claim in differing(verdicts)],
        "rows": [{"run": run.id, **rows_document(one)} for run, one in zip(runs[1:], found, strict=True)],
    }
    plain: Document = encode(document)
    return plain
