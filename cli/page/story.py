"""Everything that the page says of one run, gathered from its record; templates only lay it out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.display.stages import duration
from cli.display.tables import headline, tables
from cli.docstring import About, about
from cli.page.claims import ClaimView, Verdict, claim_views, counted
from cli.page.downloads import Download, downloads
from cli.page.environment import Fact, environment, parameters
from cli.page.figures import FigureView, figure_views
from cli.page.notes import chapter_and_trouble, excerpt_html, places
from cli.page.tables import TableView, table_view
from cli.page.text import anchor, prose
from cli.page.trying import Try, command_text, tries
from cli.pictures.figures import Picture, pictures_of
from experiments.lab.catalog import load
from experiments.lab.errors import InputError
from experiments.lab.experiment import Experiment, Rows
from experiments.lab.judge.judge import Finding
from experiments.lab.record import Record

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a person reads of one run."""

    anchor: str
    study: str
    record: str
    about: About
    answer: str
    line: str
    """When, how often, how long."""
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    excerpt: Markup | None
    """What the notes say of its claims, for a page without the chapter."""
    counts: tuple[tuple[int, Verdict], ...]
    claims: tuple[ClaimView, ...]
    figures: tuple[FigureView, ...]
    headline: TableView | None
    tables: tuple[TableView, ...]
    method: Markup
    tries: tuple[Try, ...]
    command: str
    environment: tuple[Fact, ...]
    parameters: tuple[Fact, ...]
    downloads: tuple[Download, ...]

    @property
    def surprises(self) -> int:
        return sum(not claim.as_predicted for claim in self.claims)


def story_of(record: Record, *, brief: bool = False, chapter: bool = False) -> Story:
    """The story of a record.

    Args:
        record: of the run.
        brief: with one figure, no further tables and no data, for the book.
        chapter: whether the page has the chapter of the notes; else the story has what it says of the claims.
    """
    meta = record.meta
    experiment = load(meta["experiment"])
    rows, warnings = _rows(record, experiment)
    findings, more = _findings(record)
    said, figures = about(experiment.about), _figures(record, experiment, rows)
    note, trouble = chapter_and_trouble(meta["experiment"].partition(".")[0])
    return Story(
        anchor=anchor(meta["study"]),
        study=meta["study"],
        record=record.id,
        about=said,
        answer=meta.get("answer") or "",
        line=_line(meta),
        warnings=(*_status(record), *warnings, *more, *([trouble] if trouble and not chapter else [])),
        notes=merged(meta.get("notes", ())),
        excerpt=None if chapter or note is None else excerpt_html(note, record),
        counts=counted([finding.verdict for finding in findings]),
        claims=claim_views(
            meta["study"], findings, experiment.all_claims, places(note, meta["experiment"]) if note else {}
        ),
        figures=tuple(figure_views(meta["study"], figures[:1] if brief else figures)),
        headline=headline_view(experiment, rows),
        tables=() if brief else tuple(map(table_view, tables(experiment, rows))),
        method=prose(said.body),
        tries=tries(meta["study"], experiment, meta["params"], len(meta["seeds"])),
        command=command_text(meta.get("command"), meta["study"]),
        environment=environment(record),
        parameters=parameters(experiment, meta["params"]),
        downloads=() if brief else downloads(record),
    )


def merged(notes: Sequence[str]) -> tuple[str, ...]:
    """Notes that differ in numbers alone, as those of other seeds do, as one."""
    by_text: dict[str, list[str]] = {}
    for note in notes:
        by_text.setdefault(re.sub(r"\d[\d,.e+-]*", "0", note), []).append(note)
    return tuple(
        same[0] if len(same) == 1 else f"{same[0]} (and {len(same) - 1} more with other numbers)"
        for same in by_text.values()
    )


def headline_view(experiment: Experiment[Any, Any], rows: Rows) -> TableView | None:
    """The headline's table; None where there is none."""
    try:
        grid = headline(experiment, rows)
    except Exception:  # a choice among rows may need all of them, and a run that was cut short lacks some
        return None
    return None if grid is None else table_view(grid)


def _rows(record: Record, experiment: Experiment[Any, Any]) -> tuple[Rows, tuple[str, ...]]:
    """Rows in the experiment's types; none, and why, where the experiment has changed since."""
    try:
        return record.typed_rows(experiment), ()
    except InputError as error:
        return Rows({}), (f"Tables and figures are left out: {'; '.join(error.problems)}.",)


def _findings(record: Record) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    try:
        return tuple(map(Finding.from_json, record.findings())), ()
    except TypeError:
        return (), (f"The verdicts are of another version: run `mlnotes judge {record.id}`.",)


def _figures(record: Record, experiment: Experiment[Any, Any], rows: Rows) -> list[Picture]:
    """Those of the headline's part first, since they show what is answered; of one name the last, as in the record."""
    by_name = {picture.name: picture for picture in pictures_of(experiment, rows, record.figures())}
    return sorted(by_name.values(), key=lambda picture: getattr(picture, "part", "") != experiment.headline.part.name)


def _status(record: Record) -> tuple[str, ...]:
    """What a reader must know before anything else."""
    said = []
    if record.status != "done":
        said.append(f"This run was not finished ({record.status}): what it observed until then is shown.")
    if record.meta["smoke"]:
        said.append("A run at smoke size: it decides theorems and facts only.")
    return tuple(said)


def _line(meta: dict[str, Any]) -> str:
    count = len(meta["seeds"])
    when = datetime.fromisoformat(meta["started"])
    day = f"{when.day} {when:%B %Y}"
    took = duration(meta["seconds"]) if meta.get("seconds") else ""
    return " · ".join(part for part in (day, f"{count} seed{'s' * (count > 1)}", took) if part)
