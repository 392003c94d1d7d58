"""``mlnotes show``: a study without running it, or a stored run as it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType

from cli.display.console import consoles
from cli.display.curves import curves
from cli.display.findings import findings_list
from cli.display.tables import all_tables
from cli.document import print_document
from cli.endings import ending_of
from cli.records import run_document
from cli.stored import stored_outcome
from cli.study_document import print_study
from cli.swept import print_sweep, sweep_document, sweep_named, sweep_of
from experiments.lab.errors import InputError
from experiments.lab.partial import so_far
from experiments.lab.record import Record
from experiments.lab.sinks import Outcome


@dataclass(frozen=True, kw_only=True)
class Sections:
    """What is shown of a run; its ending where nothing is chosen."""

    tables: bool = False
    curves: bool = False
    claims: bool = False

    def __bool__(self) -> bool:
        return self.tables or self.curves or self.claims

    def of(self, outcome: Outcome) -> Iterator[RenderableType]:
        """The chosen sections, each with an empty line after its parts."""
        experiment = outcome.plan.experiment
        if self.tables:
            yield from all_tables(experiment, outcome.rows)
        if self.curves:
            yield from curves(experiment, outcome.rows, outcome.figures)
        if self.claims:
            yield findings_list(so_far(outcome).findings)


ALL = Sections(tables=True, curves=True, claims=True)


def show(name: str, sections: Sections, *, verbose: bool, json: bool) -> None:
    """Show what ``name`` is: a run where it reads like one, else a study.

    Raises:
        InputError: no such study, run or sweep, or a run that this version cannot read.
    """
    sweep = sweep_named(name)
    if sweep is not None:
        show_sweep(sweep, sections, verbose=verbose, json=json)
    elif is_run(name):
        show_run(Record.open(name), name, ALL if verbose else sections, ending=verbose or not sections, json=json)
    elif sections:
        raise InputError(
            f"--tables, --curves and --claims show a run, as in mlnotes show last --tables; {name} is none"
        )
    else:
        print_study(name, json=json)


def is_run(name: str) -> bool:
    """Whether the name is that of a run: last, the beginning of an id, which is a date, or a path."""
    return name == "last" or name[:1].isdigit() or "/" in name or (Path(name) / "record.json").is_file()


def show_sweep(directory: Path, sections: Sections, *, verbose: bool, json: bool) -> None:
    """Print a sweep as it ended, with all lines of its table or its curve where they are asked for."""
    if json:
        print_document(sweep_document(directory))
        return
    whole, drawn = verbose or sections.tables, verbose or sections.curves
    print_sweep(consoles().results, sweep_of(directory), directory, whole=whole, drawn=drawn)


def show_run(record: Record, name: str, sections: Sections, *, ending: bool, json: bool) -> None:
    """Print a stored run as it ended; ``name`` is what the user calls it."""
    if json:
        print_document(run_document(record))
        return
    outcome, console = stored_outcome(record), consoles().results
    for shown in sections.of(outcome):
        console.print(shown)
        console.print()
    if ending:
        console.print(ending_of(outcome, record.path, name), crop=False)
