"""What an experiment is: Params, parts with their Rows and claims, an answer; and what a run may yield.

An experiment ends in ``EXPERIMENT = Experiment(...)``; its name is its path: ``ann.nsg`` is ``experiments/ann/nsg.py``
or the folder ``experiments/ann/nsg/``. ``prepare`` reads and checks the data once per seed, and every part measures one
thing with it: rows of one type, the claims that they decide, and how they are shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, dataclass_transform

import pydantic.dataclasses
from pydantic import ConfigDict

from experiments.lab.figures import Drawing as Drawing
from experiments.lab.figures import Figure as Figure
from experiments.lab.figures import Heatmap as Heatmap
from experiments.lab.figures import Trace as Trace
from experiments.lab.judge.claims import Asked, Claim
from experiments.lab.judge.judge import Finding
from experiments.lab.judge.measured import NotRunError
from experiments.lab.setup import Setup as Setup
from experiments.lab.setup import once as once
from experiments.lab.setup import plain_setup as plain_setup
from experiments.lab.views import Curve as Curve
from experiments.lab.views import Table as Table
from experiments.lab.views import kept as kept

CHECKED = ConfigDict(extra="forbid", use_attribute_docstrings=True)
"""Configuration of every Params: unknown keys are refused, the text under a field is its meaning."""

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def parameters(cls: type[T]) -> type[T]:
    """Decorator of every Params: frozen, keyword-only, types and ranges checked, unknown keys refused."""
    return pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config=CHECKED)(cls)  # type: ignore[return-value]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def observation(cls: type[T]) -> type[T]:
    """Decorator of every Row: a frozen, keyword-only dataclass."""
    return dataclass(frozen=True, kw_only=True)(cls)


@observation
class Row:
    """One observation: one method at one setting, one epoch, one layer.

    A part subclasses it with its own columns, each of which applies to every row of the part. Values are numbers,
    strings, booleans or None; units are in the names (``build_seconds``, ``recall_at_10``); a column called ``dataset``
    names the data and is quoted in every finding.
    """

    seed: int = 0
    """Seed of the repetition that made the row, stamped by the runner."""


@dataclass(frozen=True)
class Progress:
    """How far a long stage has come; ``done`` and ``total`` in any one unit."""

    stage: str
    done: float
    total: float


@dataclass(frozen=True)
class Note:
    """A sentence for the reader, shown above the tables and kept in the record."""

    text: str


@dataclass(frozen=True)
class Artifact:
    """A file for the record, such as a checkpoint. The record calls ``write`` once with the path to write to."""

    name: str
    write: Callable[[Path], None]


Event = Row | Progress | Note | Artifact | Figure


P = TypeVar("P")
S = TypeVar("S", bound="Setup[Any]")
R = TypeVar("R", bound=Row)


@dataclass(frozen=True, kw_only=True)
class Part(Generic[S, R]):
    """One thing that is measured, and what it decides."""

    name: str
    """One or two words, as in ``parts=laws,training``."""
    row: type[R]
    run: Callable[[S], Iterator[Event]]
    """Yields rows of ``row`` as soon as they are known, and Progress, Note and figures between them."""
    claims: tuple[Claim[Sequence[R]], ...] = ()
    tables: tuple[Table, ...] = ()
    curves: tuple[Curve, ...] = ()


class Rows:
    """What a run observed, by part.

    ``rows.of(PART)`` has the part's own type. Iterating goes over the rows of all parts.
    """

    def __init__(self, by_part: Mapping[str, Sequence[Row]]) -> None:
        self.by_part = by_part

    def of(self, part: Part[Any, R]) -> Sequence[R]:
        """The rows of a part.

        Raises:
            NotRunError: the part was left out of the run.
        """
        if part.name not in self.by_part:
            raise NotRunError(part.name)
        return self.by_part[part.name]  # type: ignore[return-value]  # the runner keeps rows under their part

    def if_run(self, part: Part[Any, R]) -> Sequence[R]:
        """The rows of a part; none where it was left out of the run."""
        return self.by_part.get(part.name, ())  # type: ignore[return-value]

    def __iter__(self) -> Iterator[Row]:
        return (row for rows in self.by_part.values() for row in rows)

    def __len__(self) -> int:
        return sum(map(len, self.by_part.values()))


@dataclass(frozen=True)
class Headline:
    """The one table of at most ten lines that a person in a hurry reads."""

    part: Part[Any, Any]
    table: Table
    pick: Callable[[Sequence[Any]], Sequence[Any]] = tuple
    """Chooses among the part's rows, such as those at the learning rate that validation chose; all by default."""

    def rows(self, rows: Rows) -> Sequence[Row]:
        """The rows of the table; none where the part was left out."""
        of_part = rows.by_part.get(self.part.name, ())
        return kept(self.pick(of_part), self.table.only) if of_part else ()


@dataclass(frozen=True)
class Own(Generic[P]):
    """Something of the user's instead of the study's data: measured whole and once, without claims."""

    given: Callable[[P], bool]
    """Whether the parameters name one."""
    parts: tuple[str, ...]
    """The parts that measure it."""
    headline: Headline | None = None
    """Where it is another than the study's."""


Findings = Mapping[str, Finding]
"""Claim -> its finding."""


@dataclass(frozen=True, kw_only=True)
class Experiment(Generic[P, S]):
    """One question, what is measured to answer it, and the answer in words."""

    about: str
    """The module's docstring: the question on its first line, then what is measured, then ``Source:``."""
    params: type[P]
    """Its defaults are the smoke size."""
    prepare: Callable[[P, int], S]
    """``prepare(params, seed)`` reads and checks data, and makes what the parts share."""
    parts: tuple[Part[S, Any], ...]
    answer: Callable[[Findings, Rows], str]
    """One or two plain sentences with the numbers in them, whatever the data say."""
    headline: Headline
    claims: tuple[Claim[Rows], ...] = ()
    """Claims that need the rows of several parts."""
    own: Own[P] | None = None
    """Where it can be run on a file of the user's."""

    @property
    def question(self) -> str:
        return self.about.strip().partition("\n")[0].strip()

    @property
    def all_claims(self) -> tuple[Claim[Any], ...]:
        """The claims of every part, then those over several."""
        return (*(claim for part in self.parts for claim in part.claims), *self.claims)

    def headline_of(self, rows: Rows) -> Headline:
        """The one that these rows fill: of a file of the user's where no other part was run."""
        own = self.own
        return own.headline if own and own.headline and set(rows.by_part) <= {*own.parts} else self.headline

    def asked(self, rows: Rows) -> list[Asked]:
        """Every claim with the rows that decide it."""
        of_parts = [
            Asked(part=part.name, claim=claim, rows=rows.by_part.get(part.name))
            for part in self.parts
            for claim in part.claims
        ]
        return [*of_parts, *(Asked(part="", claim=claim, rows=rows) for claim in self.claims)]

    def part(self, name: str) -> Part[S, Any]:
        """The part of that name, which exists."""
        return next(part for part in self.parts if part.name == name)


def columns_of(row: type[Row]) -> tuple[str, ...]:
    """The names of a Row's columns."""
    return tuple(column.name for column in dataclasses.fields(row))
