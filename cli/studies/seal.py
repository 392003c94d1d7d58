"""``mlnotes seal``: fix claims in ``conf/claims.lock`` before they are run, or check that none changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import typer

from cli.display.console import consoles
from cli.document import print_document
from cli.exits import FAILED, complain, explanation
from cli.running.plans import composition, plan_of
from experiments.lab.catalog import Study, find, studies
from experiments.lab.errors import InputError
from experiments.lab.record import Record, records
from experiments.lab.sealing import lock
from experiments.lab.sealing.seal import Seal, seals


@dataclass(frozen=True)
class Claims:
    """The claims of the studies that were asked for, as they are now and as they were sealed."""

    now: Mapping[str, Mapping[str, Seal]]
    """Study -> claim -> seal; a study that is sealed and no longer exists has no claims."""
    sealed: dict[str, dict[str, lock.Entry]]
    """All that the lock holds."""
    problems: tuple[str, ...]
    """Of studies that cannot be read."""

    @property
    def complaints(self) -> list[lock.Complaint]:
        return [one for study, now in self.now.items() for one in lock.complaints(study, self.of(study), now)]

    @property
    def other_cores(self) -> dict[str, int]:
        """Study -> how many of its claims were sealed with other code below them."""
        counts = {
            study: sum(
                name in self.of(study) and lock.other_core(self.of(study)[name], seal) for name, seal in now.items()
            )
            for study, now in self.now.items()
        }
        return {study: count for study, count in counts.items() if count}

    @property
    def count(self) -> str:
        claims, studies = sum(map(len, self.now.values())), len(self.now)
        return f"{claims} claim{'s' * (claims != 1)} of {studies} stud{'ies' if studies != 1 else 'y'}"

    def document(self) -> dict[str, Any]:
        """The claims by study, and what was said of them, as plain values."""
        changes = [{"kind": one.kind, "text": one.text} for one in self.complaints]
        return {"studies": {study: list(now) for study, now in self.now.items()}, "changes": changes}

    def of(self, study: str) -> dict[str, lock.Entry]:
        """What is sealed of a study."""
        return self.sealed.get(study, {})


def check_seals(names: tuple[str, ...], *, verbose: bool = False, json: bool = False) -> None:
    """Print one line per claim that is not as it was sealed; ``verbose`` also where a core changed, which is legal.

    Raises:
        InputError: a name that is no study and no family, or a lock that cannot be read.
        typer.Exit: with 1 where there is such a claim, or a study that cannot be read.
    """
    claims = read(names)
    lines = [one.text for one in claims.complaints]
    if json:
        print_document({**claims.document(), "other_cores": claims.other_cores})
    else:
        for line in lines:
            consoles().results.print(line, soft_wrap=True)
        for study, count in claims.other_cores.items() if verbose else ():
            said = f"{study}: a core or the foundation has changed since {count} of its claims were sealed"
            consoles().results.print(said, soft_wrap=True)
    complain(*claims.problems)
    if lines:
        again = f"mlnotes seal {' '.join(names)}".strip()
        complain(f"not as sealed: {len(lines)} claim{'s' * (len(lines) > 1)}; to seal what is there now: {again}")
    if lines or claims.problems:
        raise typer.Exit(FAILED)
    if not json:
        consoles().results.print(f"{claims.count} are as they were sealed")


def seal_claims(names: tuple[str, ...], *, json: bool = False) -> None:
    """Seal the claims as they are now; former seals move to the history with their last verdicts.

    Raises:
        InputError: a name that is no study and no family, or a lock that cannot be read.
        typer.Exit: with 1 where a study cannot be read; the others are sealed.
    """
    claims = read(names)
    complaints = claims.complaints
    verdicts = last_verdicts() if any(one.kind == "changed" for one in complaints) else {}
    today = lock.today()
    renewed = {study: lock.resealed(claims.of(study), now, verdicts, today) for study, now in claims.now.items()}
    lock.put(renewed)
    if json:
        print_document({**claims.document(), "lock": str(lock.lock_file())})
    else:
        screen = consoles().results
        for one in complaints:
            if one.kind != "new":
                screen.print(one.text, soft_wrap=True)
        new = sum(one.kind == "new" for one in complaints)
        screen.print(f"{claims.count} are sealed in {lock.lock_file()}, {new} for the first time", soft_wrap=True)
    complain(*claims.problems)
    if claims.problems:
        raise typer.Exit(FAILED)


def read(names: tuple[str, ...]) -> Claims:
    """The claims of these studies and families, or of all; then also of what is sealed and exists no more."""
    sealed = lock.read_all()
    chosen = dict.fromkeys(study for name in names for study in _of(name)) if names else studies()
    found: dict[str, Mapping[str, Seal]] = {}
    problems: list[str] = []
    for study in chosen:
        try:
            found[study.name] = of_study(study)
        except Exception as error:  # the others are read; the exit code tells it
            problems += (f"{study.name}: {line}" for line in explanation(error))
    known = {study.name for study in studies()}
    gone: dict[str, Mapping[str, Seal]] = {} if names else {name: {} for name in sealed if name not in known}
    return Claims({**found, **gone}, sealed, tuple(problems))


def of_study(study: Study) -> dict[str, Seal]:
    """The seals of a study's claims at its own numbers.

    Raises:
        InputError: a claim whose measure stands in none of the experiment's files, so that it could change unseen.
    """
    plan = plan_of(study, composition(study).plain_values())
    found = seals(plan.experiment, plan.name, plan.params)
    unseen = [name for name, seal in found.items() if not seal.measure]
    if unseen:
        raise InputError(
            *(f'{name}: expected a call Claim("{name}", ...) with measure= in its files' for name in unseen)
        )
    return found


def last_verdicts() -> dict[str, str]:
    """Hash of a seal -> the verdict in the newest record here that was made under it."""
    found: dict[str, str] = {}
    for record in records():
        hashes = {name: about["seal"] for name, about in record.meta.get("seals", {}).items()}
        for finding in _first_findings(record) if hashes else ():
            if finding["verdict"] != "not judged" and finding["claim"] in hashes:
                found.setdefault(hashes[finding["claim"]], finding["verdict"])
    return found


def _first_findings(record: Record) -> list[dict[str, Any]]:
    try:
        return record.first_findings()
    except InputError:  # a damaged record has no verdict
        return []


def _of(name: str) -> Iterator[Study]:
    yield from (find(name),) if "." in name else studies(name)


def seals_document(study: Study) -> list[dict[str, Any]]:
    """The seals of a study's claims as ``show --json`` gives them, those that were withdrawn last."""
    now, entries = of_study(study), lock.read(study.name)
    return [
        {
            "claim": name,
            "sealed": entry.sealed if entry else None,
            "withdrawn": (entry.withdrawn or None) if entry else None,
            "changed": list(lock.changes(entry, now[name])) if entry and name in now else [],
            "history": [dict(former) for former in entry.history] if entry else [],
        }
        for name in dict.fromkeys((*now, *entries))
        for entry in (entries.get(name),)
    ]
