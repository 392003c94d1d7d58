"""The ledger of looks: which fresh seeds were drawn to confirm a claim, and which have been seen otherwise.

``looks.jsonl`` in the home of the records has one line per event, appended whole and never changed. Seeds below 1000
are for exploring. From 1000 on a study sees a seed at most once, also where its claims were sealed anew in between: a
confirmatory run draws the next block. Each claim, known by the hash of its seal, may be looked at three times.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from experiments.lab.errors import InputError
from experiments.lab.plan import FRESH, LOOKS, Look
from experiments.lab.record import runs_home

Line = Mapping[str, Any]
"""``id``, ``when``, ``study``, ``seeds`` (first and last), ``confirm`` and ``claims`` (name -> hash); or ``id`` and
``released`` for a look that showed nothing."""


@dataclass(frozen=True)
class Ledger:
    """The looks of one home of records."""

    home: Path

    @property
    def path(self) -> Path:
        return self.home / "looks.jsonl"

    def lines(self) -> list[Line]:
        """What was looked at, without what was released; a line that was cut short is left out."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        known = [json.loads(line) for line in text.split("\n")[:-1] if line]
        released = {line["id"] for line in known if line.get("released")}
        return [line for line in known if line["id"] not in released]

    def draw(self, study: str, claims: Mapping[str, str], count: int) -> tuple[range, Look]:
        """The next ``count`` seeds that neither the study nor a claim (name -> hash) has seen; the look is recorded.

        A claim that has had all its looks is no longer part of the look.

        Raises:
            InputError: all of them have.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self._locked():
            known = self.lines()
            before = {
                name: [line for line in known if seal in line["claims"].values()] for name, seal in claims.items()
            }
            taken = {name: sum(line["confirm"] for line in lines) for name, lines in before.items()}
            numbers = {name: looks + 1 for name, looks in taken.items() if looks < LOOKS}
            if not numbers:
                raise InputError(_spent(study, [line for lines in before.values() for line in lines]))
            first = _unseen(study, claims, known)
            drawn = range(first, first + count)
            look = Look(id=secrets.token_hex(8), numbers=numbers, former=self.former(study, claims), ledger=self.path)
            self._append(look.id, study, drawn, {name: claims[name] for name in numbers}, confirm=True)
            return drawn, look

    def former(self, study: str, claims: Mapping[str, str]) -> dict[str, int]:
        """Claim -> how many looks were taken at it before it was what it is, of claims (name -> hash)."""
        looks = [line["claims"] for line in self.lines() if line["confirm"] and line["study"] == study]
        at = {name: [look[name] for look in looks if name in look] for name in claims}
        return {name: sum(1 for _ in takewhile(seal.__ne__, at[name])) for name, seal in claims.items()}

    def looks(self, study: str, until: str) -> int:
        """How many looks were taken at a study up to a time (ISO 8601), however its claims changed."""
        last = datetime.fromisoformat(until)
        return sum(
            line["confirm"] and line["study"] == study and datetime.fromisoformat(line["when"]) <= last
            for line in self.lines()
        )

    def unseen(self, study: str, claims: Mapping[str, str]) -> int:
        """The first fresh seed that neither the study nor a claim (name -> hash) has seen."""
        return _unseen(study, claims, self.lines())

    def see(self, study: str, claims: Mapping[str, str], seeds: range) -> None:
        """Record that seeds from 1000 on were run without being drawn: they are no longer fresh."""
        if seeds[-1] >= FRESH:
            self.home.mkdir(parents=True, exist_ok=True)
            fresh = range(max(FRESH, seeds[0]), seeds[-1] + 1)
            self._append(secrets.token_hex(8), study, fresh, claims, confirm=False)

    def _append(self, look: str, study: str, seeds: range, claims: Mapping[str, str], *, confirm: bool) -> None:
        about = {"seeds": [seeds[0], seeds[-1]], "confirm": confirm, "claims": dict(claims)}
        _write(self.path, {"id": look, "when": _now(), "study": study, **about})

    def _locked(self) -> Any:
        from filelock import FileLock  # costs as much to import as the rest of this module

        return FileLock(self.path.with_name("looks.lock"))


def give_back(look: Look) -> None:
    """Give a look back whose run observed nothing."""
    _write(look.ledger, {"id": look.id, "when": _now(), "released": True})


def ledger(home: Path | None = None) -> Ledger:
    """The ledger beside the records."""
    return Ledger(home or runs_home())


def _unseen(study: str, claims: Mapping[str, str], known: list[Line]) -> int:
    hashes = set(claims.values())
    seen = [line for line in known if line["study"] == study or hashes & set(line["claims"].values())]
    return max([FRESH, *(line["seeds"][1] + 1 for line in seen)])


def _write(path: Path, line: Line) -> None:
    """Append a line in one call, so that lines of several processes never mix."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
    finally:
        os.close(descriptor)


def _spent(study: str, seen: list[Line]) -> str:
    spans = sorted({_span(line) for line in seen if line["confirm"]})
    spent = f"{study} has had its {LOOKS} looks (seeds {', '.join(spans)})"
    return f"{spent}: a claim that is sealed anew, with another rule, has looks of its own"


def _span(line: Line) -> str:
    return "-".join(str(seed) for seed in dict.fromkeys(line["seeds"]))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
