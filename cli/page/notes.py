"""Notes as the page shows them: the prose, and beside every judged sentence its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from cli.notes.judgements import Judgements, Key, conditions_of, judgements_of, verdict_of
from cli.notes.note import NOT_JUDGED, Note, Sentence, chapter_if_any, markdown, plain
from cli.page.claims import Place, Verdict, counted
from cli.page.render import fragment, render
from cli.page.text import anchor, visible
from cli.page.write import write_page
from experiments.lab.errors import InputError
from experiments.lab.record import Record

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How notes are shown."""

    known: Judgements
    claims: Mapping[Key, str] = field(default_factory=dict)
    """Anchors of claims on the same page, to which verdicts lead."""
    level: int = 1
    """Of the first heading."""


def sentence_anchor(key: Key) -> str:
    return anchor("note", *key)


def section_anchor(note: Note, section: str) -> str:
    return anchor("notes", Path(note.name).parent.name, section)


def places(note: Note, experiment: str) -> dict[str, Place]:
    """Where notes say the claims of an experiment, by claim."""
    return {
        one.claim: Place(one.text, one.section, sentence_anchor(one.key), section_anchor(note, one.section))
        for one in reversed(note.sentences)
        if one.study == experiment
    }


def chapter_and_trouble(family: str) -> tuple[Note | None, str]:
    """The chapter of a family, if it has one; where links in it do not resolve, why a page is without it."""
    try:
        return chapter_if_any(family), ""
    except InputError as error:
        return None, f"The chapter of the notes is left out: {'; '.join(error.problems)}."


def write_notes(note: Note, known: Judgements, output: str) -> None:
    """Write notes as a page of their own.

    Raises:
        InputError: the file cannot be written.
    """
    counts = verdict_views(note.sentences, known)
    published = any(one.published for one in known.values())
    body = notes_html(note, Shown(known=known))
    html = render("notes.html.j2", title=note.title, body=body, counts=counts, published=published)
    write_page(html, Path(output))


def notes_html(note: Note, shown: Shown, tokens: Sequence[Token] | None = None) -> Markup:
    """The notes, or those of their blocks that are given."""
    from markupsafe import Markup

    parser = markdown()
    renderer = NotesRenderer(note, shown)
    html = renderer.render(note.tokens if tokens is None else tokens, parser.options, {})
    return Markup(visible(html))


def chapter_html(note: Note, shown: Shown) -> Markup:
    """A chapter without its title, which the page has above it."""
    blocks = list(_blocks(note.tokens))[1:]
    return notes_html(note, shown, [token for block in blocks for token in block])


def excerpt_html(note: Note, record: Record) -> Markup:
    """The paragraphs of a chapter that judge claims of a run, under their headings, with the verdicts of that run."""
    study, experiment = record.meta["study"], record.meta["experiment"]
    known = judgements_of(record)
    claims = {(experiment, one["claim"]): anchor(study, one["claim"]) for one in record.findings()}
    found: list[Token] = []
    heading: list[Token] = []
    for block in _blocks(note.tokens):
        if block[0].type == "heading_open":
            heading = block
        elif any(sentence.study == experiment for token in block for sentence in _sentences_in(token)):
            found += heading + block
            heading = []
    return notes_html(note, Shown(known=known, claims=claims, level=2), found)


def _sentences_in(token: Token) -> list[Sentence]:
    """The judged sentences of a block of text."""
    return [child.meta["sentence"] for child in token.children or () if "sentence" in child.meta]


def verdict_views(sentences: Iterable[Sentence], known: Judgements) -> tuple[tuple[int, Verdict], ...]:
    """How often each verdict came."""
    return counted([verdict_of(one, known) or NOT_JUDGED for one in sentences])


class NotesRenderer(RendererHTML):
    """markdown-it's own renderer, but for headings, tables and judged sentences."""

    def __init__(self, note: Note, shown: Shown) -> None:
        super().__init__()
        self.note, self.shown = note, shown
        self.open: list[Sentence | None] = []
        self.named: set[str] = set()

    def heading_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        name = self._name(section_anchor(self.note, plain(tokens[index + 1].children or ())))
        return fragment("opening_heading", level=self._level(tokens[index]), name=name)

    def heading_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return fragment("closing_heading", level=self._level(tokens[index]))

    def table_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return fragment("opening_table")

    def table_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return fragment("closing_table")

    def link_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        sentence: Sentence | None = tokens[index].meta.get("sentence")
        self.open.append(sentence)
        if sentence is None:
            return self.renderToken(tokens, index, options, env)
        return fragment(
            "opening_sentence",
            name=self._name(sentence_anchor(sentence.key)),
            verdict=Verdict(verdict_of(sentence, self.shown.known) or NOT_JUDGED),
            published=sentence.key in self.shown.known and self.shown.known[sentence.key].published,
            claim=self.shown.claims.get(sentence.key, ""),
        )

    def link_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        sentence = self.open.pop()
        if sentence is None:
            return self.renderToken(tokens, index, options, env)
        return fragment("closing_sentence", conditions=conditions_of(sentence, self.shown.known))

    def _name(self, name: str) -> str:
        """The name, but for the second element that would have it."""
        if name in self.named:
            return ""
        self.named.add(name)
        return name

    def _level(self, heading: Token) -> int:
        return min(6, int(heading.tag[1:]) + self.shown.level - 1)


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Tokens by blocks that stand in no other block."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []
