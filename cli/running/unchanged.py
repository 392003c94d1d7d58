"""``mlnotes verify --changed``: what need not be run again, because nothing that it stands on is another."""

from __future__ import annotations

from cli.past.stored import stored_findings
from cli.running.plans import plan
from cli.running.verification import Verification
from experiments.lab import environment
from experiments.lab.code import code_of
from experiments.lab.plan import Plan
from experiments.lab.record import Record, records

SAME = ("study", "params", "seeds", "parts", "smoke")
"""Keys of a record that are the plan's own."""


def unchanged(study: str, *, smoke: bool) -> Verification | None:
    """The newest finished run of a study with the same numbers, code and versions; None where there is none."""
    wanted = plan(study, smoke=smoke)
    return next((_of(record) for record in records() if _is_same(record, wanted)), None)


def _is_same(record: Record, wanted: Plan) -> bool:
    meta, about = record.meta, wanted.about()
    return (
        record.status == "done"
        and all(meta.get(key) == about[key] for key in SAME)
        and meta.get("versions") == environment.versions()
        and meta.get("code") == code_of(wanted.name)
    )


def _of(record: Record) -> Verification:
    return Verification(record.meta["study"], record.path, stored_findings(record), seconds=record.meta["seconds"])
