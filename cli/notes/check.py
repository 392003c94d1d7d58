"""``mlnotes notes --check``: a user's own notes as tests, a line for every sentence that is no longer true."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.display.console import consoles
from cli.document import print_document
from cli.notes.chapters import number_of, sentence_document, studies_to_run
from cli.notes.judgements import Judgements, conditions_of, verdict_of
from cli.notes.note import Note, Sentence, read_note
from cli.notes.published import judgements_or_published
from experiments.lab.errors import InputError


def check(file: str, *, json: bool) -> tuple[Note, Judgements, bool]:
    """Print which sentences are no longer true.

    Returns:
        The notes, what is known of their claims, and whether everything that was judged is as claimed.

    Raises:
        InputError: the file cannot be read, or a link does not resolve.
    """
    note = read_note(Path(file))
    known = judgements_or_published({one.study for one in note.sentences})
    _check_conditions(note, known)
    wrong = [one for one in note.sentences if verdict_of(one, known) not in ("", one.claimed)]
    if json:
        print_document(_document(file, note.sentences, wrong, known))
    else:
        _print(file, note.sentences, wrong, known)
    return note, known, not wrong


def _check_conditions(note: Note, known: Judgements) -> None:
    problems = []
    for one in note.sentences:
        try:
            verdict_of(one, known)
        except InputError as error:
            problems += [f"{note.name}:{one.line}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(*problems)


def _print(file: str, sentences: Sequence[Sentence], wrong: Sequence[Sentence], known: Judgements) -> None:
    screens = consoles()
    for one in wrong:
        screens.results.print(f"{file}:{one.line}: {one.text} ({_found(one, known)})", soft_wrap=True)
    judged = sum(bool(verdict_of(one, known)) for one in sentences)
    screens.messages.print(f"{number_of(sentences)}, {judged} judged here, {len(wrong)} not as claimed")
    if missing := studies_to_run(sentences, known):
        screens.messages.print(f"to judge the others: {missing}", soft_wrap=True)


def _found(sentence: Sentence, known: Judgements) -> str:
    """What was found instead of what the sentence says, and on which evidence."""
    found = known[sentence.key]
    if sentence.condition:
        return f"{verdict_of(sentence, known)} for {sentence.condition}, not {sentence.claimed}"
    return f"{found.verdict}, not {sentence.claimed}: {conditions_of(sentence, known) or found.summary}"


def _document(file: str, sentences: Sequence[Sentence], wrong: Sequence[Sentence], known: Judgements) -> dict[str, Any]:
    listed = []
    for one in sentences:
        as_claimed = one not in wrong if verdict_of(one, known) else None
        listed.append({**sentence_document(one, known), "as_claimed": as_claimed})
    return {"file": file, "sentences": listed}
