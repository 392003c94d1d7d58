"""``mlnotes rerun``: run a stored configuration again and say whether the rows are the same."""

from __future__ import annotations

import typer

from cli.display.comparisons import settings_comparison
from cli.display.console import consoles
from cli.display.live import live
from cli.document import print_document
from cli.exits import FAILED
from cli.past.compare import rows_document, verdict_on_rows
from cli.past.differences import differences, in_order
from cli.past.document import flat_settings
from cli.past.stored import stored_plan
from experiments.lab.errors import InputError
from experiments.lab.record import Record, encode
from experiments.lab.recording import Recording
from experiments.lab.runner import execute


def run_again(name: str, *, json: bool) -> None:
    """Run the configuration of a record that came to its end, and compare the rows.

    Raises:
        InputError: no such record, or one without all its rows.
        typer.Exit: with 1 where rows differ in a column that is not measured.
    """
    old = Record.open(name)
    if old.status != "done":
        raise InputError(f"{old.id} is {old.status}: expected a run that is done, since only it has all its rows")
    recording = Recording()
    screens = consoles(json=json)
    with live(screens.messages) as view:
        execute(stored_plan(old, ("mlnotes", "rerun", old.id)), (recording, view))
    new = recording.record
    assert new is not None, "a run that is done has a record"
    found = differences(in_order(old), in_order(new))
    if json:
        print_document(encode({"first": old.id, "second": new.id, "rows": rows_document(found)}))
    console = screens.results
    elsewhere = settings_comparison((old.id, new.id), (flat_settings(old), flat_settings(new)))
    if elsewhere is not None and not found.identical:
        console.print(elsewhere)
    console.print(verdict_on_rows(found), soft_wrap=True)
    console.print(f"record: {new.path}", soft_wrap=True)
    if not found.identical:
        raise typer.Exit(FAILED)
