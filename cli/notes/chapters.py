"""``mlnotes notes``: the chapters, or one of them with the verdicts of the newest records in its margin."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from cli.display.console import consoles
from cli.display.findings import verdict_counts
from cli.document import print_document
from cli.notes.judgements import Judgements, verdict_of
from cli.notes.margin import Annotated
from cli.notes.note import NOT_JUDGED, Note, Sentence, chapter_of, chapters
from cli.notes.published import judgements_or_published
from cli.screen import signs_text


def print_chapters(*, json: bool) -> None:
    """List the chapters: title, judged sentences and their verdicts here."""
    found = chapters()
    known = judgements_or_published({one.study for note in found.values() for one in note.sentences})
    if json:
        listed = [_summary(family, note, known) for family, note in found.items()]
        print_document({"chapters": listed})
        return
    console = consoles().results
    name, title = max(map(len, found)), max(len(note.title) for note in found.values())
    for family, note in found.items():
        verdicts = [verdict_of(one, known) for one in note.sentences]
        missing = f"{verdicts.count('')} {NOT_JUDGED}" if "" in verdicts else ""
        line = f"  {note.title:<{title}}  {' '.join((signs_text(verdicts), missing)).strip()}"
        console.print(Text.assemble((f"{family:<{name}}", "bold"), line), no_wrap=True, overflow="ellipsis")
    console.print(f"\nmlnotes notes {next(iter(found))} reads one", style="muted")


def print_chapter(family: str, *, json: bool) -> tuple[Note, Judgements]:
    """Print a chapter with its verdicts.

    Returns:
        The chapter and what is known of its claims.

    Raises:
        InputError: no such family, or it has no chapter.
    """
    note = chapter_of(family)
    known = judgements_or_published({one.study for one in note.sentences})
    if json:
        sentences = [sentence_document(one, known) for one in note.sentences]
        print_document({"chapter": family, "title": note.title, "sentences": sentences})
    else:
        print_note(note, known)
    return note, known


def print_note(note: Note, known: Judgements) -> None:
    """Print notes with their verdicts, and what to run for those that are missing."""
    console = consoles().results
    console.print(Annotated(note, known))
    console.print(f"{number_of(note.sentences)}: {counts_text(note.sentences, known)}")
    if any(known[one.key].published for one in note.sentences if one.key in known):
        console.print("* as published with mlnotes, not run here", style="muted")
    if missing := studies_to_run(note.sentences, known):
        console.print(f"to judge the others: {missing}", style="muted")


def number_of(sentences: Sequence[Sentence]) -> str:
    return f"{len(sentences)} sentence{'s' * (len(sentences) != 1)} with a claim"


def counts_text(sentences: Iterable[Sentence], known: Judgements) -> str:
    """How often each verdict came."""
    verdicts = [verdict_of(one, known) for one in sentences]
    missing = verdicts.count("")
    judged = verdict_counts(verdict for verdict in verdicts if verdict)
    return ", ".join(part for part in (judged, f"{missing} {NOT_JUDGED}" if missing else "") if part)


def studies_to_run(sentences: Iterable[Sentence], known: Judgements) -> str:
    """The command that judges what nobody judged here; empty where everything is."""
    missing = dict.fromkeys(one.study for one in sentences if not verdict_of(one, known))
    return shlex.join(("mlnotes", "verify", *missing)) if missing else ""


def sentence_document(sentence: Sentence, known: Judgements) -> dict[str, Any]:
    """A judged sentence with what is known of it."""
    found = known.get(sentence.key)
    return {
        "line": sentence.line,
        "section": sentence.section,
        "sentence": sentence.text,
        "study": sentence.study,
        "claim": sentence.claim,
        "condition": sentence.condition or None,
        "claimed": sentence.claimed,
        "verdict": verdict_of(sentence, known) or None,
        "conditions": dict(found.conditions) if found else {},
        "summary": found.summary if found else None,
        "record": (found.record or None) if found else None,
        "published": bool(found and found.published),
    }


def _summary(family: str, note: Note, known: Judgements) -> dict[str, Any]:
    verdicts = Counter(verdict_of(one, known) or NOT_JUDGED for one in note.sentences)
    return {"chapter": family, "title": note.title, "sentences": len(note.sentences), "verdicts": dict(verdicts)}
