"""The page of a family and the book of all studies: every study with the record that stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cli.docstring import About, about
from cli.notes.published import judgements_or_published
from cli.page.claims import ClaimView, Verdict, counted
from cli.page.notes import Shown, chapter_and_trouble, chapter_html
from cli.page.story import Story, story_of
from cli.page.targets import StudyRecord, study_records
from cli.page.text import anchor
from experiments.lab.catalog import Study

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Entry:
    """A study in a book; without a story it was not run here, or its record cannot be shown."""

    study: Study
    about: About
    story: Story | None
    trouble: str = ""

    @property
    def anchor(self) -> str:
        return anchor(self.study.name)

    @property
    def command(self) -> str:
        return f"mlnotes run {self.study.name}"

    @property
    def asks(self) -> str:
        """The question; of a further study of the same experiment what it is."""
        return self.study.summary if self.is_further else self.about.question

    @property
    def is_further(self) -> bool:
        """Whether another study has the same questions and claims."""
        return self.study.name != self.study.experiment

    @property
    def words(self) -> str:
        """What a search looks at."""
        claims = (claim.statement for claim in self.study.claims)
        found = (self.study.name, self.about.question, self.study.summary, *claims)
        said = self.story.answer if self.story else ""
        verdicts = " ".join(claim.verdict.word for claim in self.story.claims) if self.story else "not run"
        return " ".join((*found, said, verdicts)).lower()


@dataclass(frozen=True)
class Family:
    """The studies of one family."""

    name: str
    title: str
    """Of its chapter of the notes, else its name."""
    chapter: Markup | None
    entries: tuple[Entry, ...]
    trouble: str = ""
    """Why its chapter is not shown."""

    @property
    def anchor(self) -> str:
        return anchor("family", self.name)

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(entry.story.record for entry in self.entries if entry.story)


@dataclass(frozen=True)
class Topic:
    """A topic of the notes and the claims that decide it."""

    name: str
    claims: tuple[ClaimView, ...]


def families(only: str | None = None, *, brief: bool) -> tuple[Family, ...]:
    """The families with their chapters and studies, in the order of their names."""
    grouped = groupby(study_records(only), key=lambda one: one.study.family)
    return tuple(_family(name, tuple(_entry(one, brief=brief) for one in members)) for name, members in grouped)


def counts(found: Sequence[Family]) -> tuple[tuple[int, Verdict], ...]:
    """How often each verdict came in all studies that were run."""
    stories = [entry.story for family in found for entry in family.entries if entry.story]
    return counted([claim.verdict.verdict for story in stories for claim in story.claims])


def topics(found: Sequence[Family]) -> tuple[Topic, ...]:
    """The topics of the notes in alphabetical order, with what was found of each."""
    by_name: dict[str, list[ClaimView]] = {}
    for family in found:
        for claim in (claim for entry in family.entries if entry.story for claim in entry.story.claims):
            by_name.setdefault(claim.topic, []).append(claim)
    return tuple(Topic(name, tuple(by_name[name])) for name in sorted(by_name, key=str.casefold))


def _family(name: str, entries: tuple[Entry, ...]) -> Family:
    note, trouble = chapter_and_trouble(name)
    if note is None:
        return Family(name, name, None, entries, trouble)
    claims = {
        (entry.study.name, claim.name): claim.anchor for entry in entries if entry.story for claim in entry.story.claims
    }
    known = judgements_or_published({one.study for one in note.sentences})
    return Family(name, note.title, chapter_html(note, Shown(known=known, claims=claims, level=2)), entries)


def _entry(one: StudyRecord, *, brief: bool) -> Entry:
    said = about(one.study.docstring)
    if one.record is None:
        return Entry(one.study, said, None)
    try:
        return Entry(one.study, said, story_of(one.record, brief=brief, chapter=True))
    except Exception as error:  # one study that cannot be shown is no reason to lose the others
        return Entry(one.study, said, None, f"Its record cannot be shown: {type(error).__name__}: {error}")
