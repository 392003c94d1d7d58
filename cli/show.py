"""``mlnotes show``: a study without running it, or a stored run as it ended."""

from __future__ import annotations

from pathlib import Path

from cli.display.console import consoles
from cli.display.sections import ALL, Sections
from cli.document import print_document
from cli.past.document import run_document
from cli.past.stored import stored_outcome
from cli.running.endings import ending_of
from cli.running.swept import print_sweep, sweep_document, sweep_named, sweep_of
from cli.studies.document import print_study
from experiments.lab.errors import InputError
from experiments.lab.record import Record, without_collections


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


@without_collections()
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
