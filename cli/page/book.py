"""The page of a family and the book of all studies: every study with the record that stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from cli.docstring import About, about
from cli.page.claims import Verdict, counted
from cli.page.story import Story, story_of
from cli.page.targets import Chapter, chapters
from cli.page.text import anchor
from experiments.lab.catalog import Study


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
    entries: tuple[Entry, ...]

    @property
    def anchor(self) -> str:
        return anchor("family", self.name)

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(entry.story.record for entry in self.entries if entry.story)


def families(only: str | None = None, *, brief: bool) -> tuple[Family, ...]:
    """The families with their studies, in the order of their names."""
    found = chapters(only)
    grouped = groupby(found, key=lambda chapter: chapter.study.family)
    return tuple(Family(name, tuple(_entry(one, brief=brief) for one in members)) for name, members in grouped)


def counts(found: Sequence[Family]) -> tuple[tuple[int, Verdict], ...]:
    """How often each verdict came in all studies that were run."""
    stories = [entry.story for family in found for entry in family.entries if entry.story]
    return counted([claim.verdict.verdict for story in stories for claim in story.claims])


def _entry(chapter: Chapter, *, brief: bool) -> Entry:
    said = about(chapter.study.docstring)
    if chapter.record is None:
        return Entry(chapter.study, said, None)
    try:
        return Entry(chapter.study, said, story_of(chapter.record, brief=brief))
    except Exception as error:  # one study that cannot be shown is no reason to lose the others
        return Entry(chapter.study, said, None, f"Its record cannot be shown: {type(error).__name__}: {error}")
