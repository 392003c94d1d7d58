"""A stored run as it ended: from the files of a record back to an outcome."""

from __future__ import annotations

from experiments.lab.catalog import load
from experiments.lab.errors import InputError
from experiments.lab.judge.judge import Finding
from experiments.lab.params import validate
from experiments.lab.plan import Plan, Settings
from experiments.lab.record import Record
from experiments.lab.sinks import Looked, Outcome


def stored_plan(record: Record, command: tuple[str, ...] | None = None) -> Plan:
    """The plan that a record was made by; with another command where it is run again."""
    meta = record.meta
    experiment = load(meta["experiment"])
    ran = {"seeds": len(meta["seeds"]), "until": "seeds"} if meta.get("looks") else {}
    return Plan(
        study=meta["study"],
        name=meta["experiment"],
        experiment=experiment,
        params=validate(experiment.params, meta["params"]),
        settings=validate(Settings, {**meta["settings"], **ran}),
        smoke=meta["smoke"],
        command=tuple(meta["command"]) if command is None else command,
    )


def stored_outcome(record: Record) -> Outcome:
    """How the run of a record ended, with the findings that were made of it then.

    Raises:
        InputError: the record was made by another version of the program or of the experiment.
    """
    meta = record.meta
    rows = record.typed_rows(load(meta["experiment"]))
    plan = stored_plan(record)
    return Outcome(
        plan=plan,
        status=record.status,
        rows=rows,
        notes=tuple(meta["notes"]),
        figures=tuple(record.figures()),
        findings=stored_findings(record),
        answer=meta.get("answer") or "",
        looks=tuple(Looked(**{**look, "decided": tuple(look["decided"])}) for look in meta.get("looks", ())),
        seeds_done=tuple(plan.seeds if record.status == "done" else meta.get("seeds_done", ())),
        seconds=meta.get("seconds") or 0.0,
    )


def stored_findings(record: Record) -> tuple[Finding, ...]:
    """The findings of a record.

    Raises:
        InputError: they were made by another version.
    """
    try:
        return tuple(map(Finding.from_json, record.findings()))
    except (TypeError, ValueError, LookupError, AttributeError):
        raise InputError(
            f"the findings of {record.id} are of another version: run `mlnotes judge {record.id}`"
        ) from None
