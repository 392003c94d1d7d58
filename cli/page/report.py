"""``mlnotes report``: writes the page and says where it is."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path

from cli.document import print_document
from cli.page.book import counts, families, topics
from cli.page.render import render
from cli.page.story import story_of
from cli.page.targets import is_family, is_known, record_named, unknown
from cli.page.write import write_page
from cli.past.verdicts import book_of, read
from experiments.lab.errors import InputError
from experiments.lab.record import Record, runs_home


@dataclass(frozen=True)
class Page:
    """A page, ready to be written."""

    html: str
    place: Path
    """Where it goes unless the user says otherwise."""
    records: tuple[str, ...]


def report(name: str | None, *, output: str | None, whole: bool, show: bool, json: bool) -> None:
    """Write the page of a run, a study or a family, or the book of all, and print where it is.

    Raises:
        InputError: nothing is known by that name, or the file cannot be written.
    """
    page = _page(name, whole=whole)
    place = Path(output) if output else page.place
    if not output:
        place.parent.mkdir(parents=True, exist_ok=True)
    write_page(page.html, place)
    if json:
        print_document({"page": str(place.resolve()), "records": list(page.records)})
    else:
        from cli.display.console import consoles

        consoles().results.print(f"page: {place}", soft_wrap=True)
    if show:
        webbrowser.open(place.resolve().as_uri())


def page_of_run(record: Record) -> Page:
    """The page of one record, beside its rows."""
    story = story_of(record)
    html = render("run.html.j2", title=story.about.question, story=story)
    return Page(html, record.path / "page.html", (record.id,))


def page_of_family(name: str) -> Page:
    """The page of a family, beside the records.

    Raises:
        InputError: none of its studies was run.
    """
    (family,) = families(name, brief=False)
    if not any(entry.story for entry in family.entries):
        raise InputError(f"no run of {name} yet: run one of its studies first, such as {family.entries[0].command}")
    html = render("family.html.j2", title=family.title, family=family, counts=counts([family]))
    return Page(html, runs_home() / f"{name}.html", family.records)


def book() -> Page:
    """The book of all studies, beside the records."""
    found = families(brief=True)
    title = "Study notes, tested: what holds and what does not"
    rates = book_of(read()[0]).lines()
    html = render("book.html.j2", title=title, families=found, counts=counts(found), rates=rates, topics=topics(found))
    return Page(html, runs_home() / "book.html", tuple(name for family in found for name in family.records))


def _page(name: str | None, *, whole: bool) -> Page:
    if whole and name:
        raise InputError(f"expected a name or --all, got {name} and --all")
    if whole:
        return book()
    return page_of_family(name) if name and is_family(name) else page_of_run(_record(name or "last"))


def _record(name: str) -> Record:
    try:
        return record_named(name)
    except InputError as error:
        if name == "last" or is_known(name):
            raise
        raise unknown(name, error) from None
