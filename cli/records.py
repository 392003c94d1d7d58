"""``mlnotes runs`` and ``compare``: what past runs hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from cli.differences import RowDifferences, differences
from cli.display.console import consoles
from cli.display.grid import Grid
from cli.display.overviews import RunSummary, comparison_table, differing, records_table, settings_comparison
from cli.document import print_document
from experiments.lab.catalog import load
from experiments.lab.errors import InputError
from experiments.lab.record import Record, encode, records, runs_home

Document = dict[str, Any]


def run_document(record: Record) -> Document:
    """A run as ``run --json`` gives it."""
    meta = record.meta
    return {
        "experiment": meta["experiment"],
        "study": meta["study"],
        "status": record.status,
        "record": str(record.path.resolve()),
        "params": meta["params"],
        "seeds": meta["seeds"],
        "answer": meta.get("answer"),
        "rows": record.rows(),
        "findings": record.findings(),
        "seconds": meta.get("seconds"),
        "versions": meta["versions"],
    }


def print_runs(*, json: bool) -> None:
    """Print the records, newest first."""
    found = records()
    if json:
        print_document({"runs": [_summary_document(record) for record in found]})
    elif found:
        consoles().results.print(records_table([_summary(record) for record in found]))
    else:
        consoles().messages.print(f"no runs in {runs_home()}")


def print_comparison(first: str, second: str, *, json: bool) -> None:
    """Print in what two runs differ: settings and environment, the tables' means, the rows.

    Raises:
        InputError: no such run, or runs of different experiments.
    """
    runs = (Record.open(first), Record.open(second))
    if runs[0].meta["experiment"] != runs[1].meta["experiment"]:
        names = " and ".join(str(run.meta["experiment"]) for run in runs)
        raise InputError(f"expected two runs of one experiment, got {names}")
    settings = (flat_settings(runs[0]), flat_settings(runs[1]))
    found = differences(runs[0].rows(), runs[1].rows())
    if json:
        print_document(_comparison_document(runs, settings, found))
        return
    console = consoles().results
    ids = (runs[0].id, runs[1].id)
    console.print(settings_comparison(ids, *settings) or "same settings and environment")
    for grid in _comparisons(runs, ids):
        console.print(grid)
    console.print(settings_comparison(ids, _verdicts(runs[0]), _verdicts(runs[1]), "Verdict") or "same verdicts")
    console.print(verdict_on_rows(found))


def _comparisons(runs: tuple[Record, Record], ids: tuple[str, str]) -> Iterator[Grid]:
    """The tables of both runs side by side; a run from before rows had parts is compared by its rows alone."""
    experiment = load(runs[0].meta["experiment"])
    try:
        rows = [run.typed_rows(experiment) for run in runs]
    except InputError as error:
        consoles().messages.print(str(error), soft_wrap=True)
        return
    for part in experiment.parts:
        for view in part.tables:
            grid = comparison_table(view, ids, *(one.by_part.get(part.name, ()) for one in rows))
            if grid is not None:
                yield grid


def _verdicts(record: Record) -> dict[str, str]:
    """Verdict of every claim, and of every condition."""
    found = {}
    for finding in record.findings():
        found[finding["claim"]] = finding["verdict"]
        for one in finding.get("conditions", finding.get("parts", ())):
            found[f"{finding['claim']}, {one['condition']}"] = one["verdict"]
    return found


def flat_settings(record: Record) -> dict[str, object]:
    """What a run was made with and where, by dotted key."""
    kept = ("study", "smoke", "params", "settings", "versions", "machine", "commit", "claims_hash")
    return dict(_flat({key: record.meta[key] for key in kept}))


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


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    return [
        pair
        for key, value in values.items()
        for pair in (_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)])
    ]


def _summary(record: Record) -> RunSummary:
    document = _summary_document(record)
    kept = ("id", "status", "seeds", "seconds", "verdicts")
    return RunSummary(**{key: document[key] for key in kept})


def _summary_document(record: Record) -> Document:
    meta = record.meta
    return {
        "id": record.id,
        "record": str(record.path.resolve()),
        "experiment": meta["experiment"],
        "study": meta["study"],
        "status": record.status,
        "smoke": meta["smoke"],
        "started": meta["started"],
        "seconds": meta.get("seconds"),
        "seeds": len(meta["seeds"]),
        "verdicts": [finding["verdict"] for finding in record.findings()],
    }


def _comparison_document(
    runs: tuple[Record, Record], settings: tuple[dict[str, object], dict[str, object]], found: RowDifferences
) -> Document:
    first, second = settings
    keys = differing(first, second)
    verdicts = [_verdicts(run) for run in runs]
    columns = [{**asdict(column), "is_measured": column.is_measured} for column in found.columns]
    document = {
        "first": runs[0].id,
        "second": runs[1].id,
        "settings": [{"key": key, "first": first.get(key), "second": second.get(key)} for key in keys],
        "verdicts": [
            {"claim": claim, "first": verdicts[0].get(claim), "second": verdicts[1].get(claim)}
            for claim in differing(*verdicts)
        ],
        "rows": {"first": found.first, "second": found.second, "identical": found.identical, "columns": columns},
    }
    plain: Document = encode(document)
    return plain
