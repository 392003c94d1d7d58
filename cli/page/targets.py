"""Which records a page is about: a run, the newest of a study, one per study of a family or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.past.best import best_of
from experiments.lab.catalog import Study, studies
from experiments.lab.errors import InputError, meant
from experiments.lab.record import Record, records


@dataclass(frozen=True)
class StudyRecord:
    """A study with its record, None where it was never run here."""

    study: Study
    record: Record | None


def record_named(name: str) -> Record:
    """The record of that id, path, or ``last``; for the name of a study its newest.

    Raises:
        InputError: there is none.
    """
    if name not in {study.name for study in studies()}:
        return Record.open(name)
    found = [record for record in records() if record.meta["study"] == name]
    if not found:
        raise InputError(f"no run of {name} yet: run `mlnotes run {name}` first")
    return found[0]


def is_family(name: str) -> bool:
    """Whether studies have that family."""
    return name in {study.family for study in studies()}


def is_known(name: str) -> bool:
    """Whether it names a study."""
    return name in {study.name for study in studies()}


def study_records(family: str | None = None) -> tuple[StudyRecord, ...]:
    """Every study of a family, or of all, with the record that stands for it.

    That is the newest finished run of the study's own size and parameters, else the newest finished one, else the
    newest.
    """
    known = records()
    return tuple(
        StudyRecord(study, best_of(record for record in known if record.meta["study"] == study.name))
        for study in studies(family)
    )


def unknown(name: str, error: InputError) -> InputError:
    """The error of a name that is neither a run nor a study nor a family, with what may have been meant."""
    names: Sequence[str] = sorted({word for study in studies() for word in (study.name, study.family)})
    return InputError(*error.problems, f"nor is {name} a study or a family: {meant(name, list(names))}")
