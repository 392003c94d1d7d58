"""Notes in Markdown: which sentences link to a claim, where they stand, and what they say of it.

A link reads ``[the sentence](claim:grad.vanishing/relu_keeps_the_gradient)``. The sentence stands for the claim, so it
is read as *holds*, unless the link's title says otherwise: ``"refuted"``, ``"conditional"``, or of one condition of a
claim that has several, ``"holds: relu, he"``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from experiments.lab import catalog
from experiments.lab.catalog import Study, studies
from experiments.lab.errors import InputError, meant

SCHEME = "claim:"
NOT_JUDGED = "not judged"
VERDICTS = ("holds", "refuted", "conditional", "inconclusive")
"""What a sentence may say of its claim."""


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence that links to a claim."""

    text: str
    line: int
    """Of the file, counted from 1."""
    section: str
    """The heading above it."""
    study: str
    claim: str
    claimed: str = "holds"
    """The verdict that the sentence says or implies."""
    condition: str = ""
    """Under which one condition; empty for the claim as a whole."""

    @property
    def key(self) -> tuple[str, str]:
        return self.study, self.claim


@dataclass(frozen=True)
class Note:
    """A file of notes; link tokens of judged sentences carry theirs as ``meta["sentence"]``."""

    name: str
    title: str
    tokens: tuple[Token, ...]
    sentences: tuple[Sentence, ...]


def chapter_of(family: str) -> Note:
    """The chapter of a family.

    Raises:
        InputError: no such family, or it has no chapter.
    """
    studies(family)
    chapter = chapter_if_any(family)
    if chapter is None:
        raise InputError(f"{family} has no chapter yet: `mlnotes list {family}` has its questions")
    return chapter


def chapter_if_any(family: str) -> Note | None:
    """The chapter of a family, where it has one."""
    path = catalog.EXPERIMENTS / family / "notes.md"
    return read_note(path) if path.is_file() else None


def chapters() -> dict[str, Note]:
    """Every chapter by its family.

    Raises:
        InputError: there is none, or links do not resolve.
    """
    families = sorted({study.family for study in studies()})
    found = {family: chapter for family in families if (chapter := chapter_if_any(family))}
    if not found:
        raise InputError("no family has a chapter: expected experiments/FAMILY/notes.md")
    return found


def read_note(path: Path) -> Note:
    """The notes in a file.

    Raises:
        InputError: the file cannot be read, or links do not resolve, one line each.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: expected a file of notes in Markdown: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: expected text in UTF-8, got byte {error.object[error.start]} at {error.start}"
        ) from None
    return note_of(text, str(path))


def note_of(text: str, name: str) -> Note:
    """The notes in a text.

    >>> note = note_of("# Chains\\n\\nAnd [ReLU keeps it.](claim:grad.vanishing/relu_keeps_the_gradient)", "n.md")
    >>> note.title, note.sentences[0].text, note.sentences[0].line
    ('Chains', 'ReLU keeps it.', 3)

    Raises:
        InputError: links that do not resolve, one line each.
    """
    tokens = markdown().parse(text)
    problems: list[str] = []
    sentences = tuple(_sentences(tokens, name, problems))
    if problems:
        raise InputError(*problems)
    heading = next((index for index, token in enumerate(tokens) if token.type == "heading_open"), None)
    title = plain(tokens[heading + 1].children or ()) if heading is not None else Path(name).stem
    return Note(name, title, tuple(tokens), sentences)


def markdown() -> MarkdownIt:
    """Markdown with tables; markup of HTML in it is text, and pictures, which may lie on a network, are links."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def plain(tokens: Sequence[Token]) -> str:
    """The text of inline tokens without its marks."""
    return "".join(" " if token.type in ("softbreak", "hardbreak") else token.content for token in tokens)


def _sentences(tokens: Sequence[Token], name: str, problems: list[str]) -> Iterator[Sentence]:
    """The judged sentences; links that do not resolve become problems."""
    known = {study.name: study for study in studies()}
    for section, start, children in _inlines(tokens):
        for index, link in enumerate(children):
            href, title = str(link.attrGet("href") or ""), str(link.attrGet("title") or "")
            if link.type != "link_open" or not href.startswith(SCHEME):
                continue
            line = start + sum(one.type.endswith("break") for one in children[:index])
            try:
                study, claim, claimed, condition = _linked(href, title, known)
            except InputError as error:
                problems += [f"{name}:{line}: {problem}" for problem in error.problems]
                continue
            end = next(at for at in range(index, len(children)) if children[at].type == "link_close")
            link.meta["sentence"] = Sentence(
                text=plain(children[index + 1 : end]),
                line=line,
                section=section,
                study=study,
                claim=claim,
                claimed=claimed,
                condition=condition,
            )
            yield link.meta["sentence"]


def _inlines(tokens: Sequence[Token]) -> Iterator[tuple[str, int, Sequence[Token]]]:
    """(section, first line, inline tokens) of every block of text."""
    section, line = "", 1
    for before, token in zip((None, *tokens), tokens, strict=False):
        line = token.map[0] + 1 if token.map else line
        if token.type != "inline":
            continue
        children = token.children or []
        if before is not None and before.type == "heading_open":
            section = plain(children)
        yield section, line, children


def _linked(href: str, title: str, known: dict[str, Study]) -> tuple[str, str, str, str]:
    """(study, claim, verdict, condition) of a link.

    Raises:
        InputError: no such study, claim or verdict.
    """
    study, slash, claim = href.removeprefix(SCHEME).partition("/")
    if not slash:
        raise InputError(f"{href}: expected claim:STUDY/CLAIM, such as claim:grad.vanishing/relu_keeps_the_gradient")
    if study not in known:
        raise InputError(f"{href}: unknown study {study}: {meant(study, known)}")
    claims = [one.name for one in known[study].claims]
    if claim not in claims:
        raise InputError(f"{href}: {study} has no claim {claim}: {meant(claim, claims)}")
    word, _, condition = title.partition(":")
    claimed = word.strip() or VERDICTS[0]
    if claimed not in VERDICTS:
        raise InputError(f'{href} "{title}": {claimed} is no verdict: {meant(claimed, VERDICTS)}')
    return study, claim, claimed, condition.strip()
