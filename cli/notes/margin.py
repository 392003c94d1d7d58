"""Notes on the terminal: prose on the right, in the margin a verdict beside every judged sentence.

A judged sentence begins a line of its own, so that its verdict stands beside it at any width and in plain text too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from cli.display.claim_lines import MARGIN, SIGNS
from cli.display.findings import WIDTH, verdict_style
from cli.notes.judgements import Judgements, conditions_of, verdict_of
from cli.notes.note import NOT_JUDGED, Note, Sentence

READABLE = 92
"""Columns of prose on a wide screen."""
STYLES = {"strong_open": "bold", "em_open": "italic", "code_inline": "accent"}
LISTS = ("bullet_list_close", "ordered_list_close")
STOPS = re.compile(r"[.,;:!?)\]\"']+")


@dataclass(frozen=True)
class Annotated:
    """Notes with the verdicts of their sentences."""

    note: Note
    known: Judgements

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(24, min(READABLE, options.max_width - MARGIN))
        indent: list[str] = []
        for before, token in zip((None, *self.note.tokens), self.note.tokens, strict=False):
            if token.type in ("list_item_open", "blockquote_open"):
                indent.append(f"{token.info}. " if token.info else "- " if token.type == "list_item_open" else "| ")
            elif token.type in ("list_item_close", "blockquote_close"):
                indent.pop()
            elif token.type in ("fence", "code_block"):
                yield from _verbatim(token.content, width)
                yield Text()
            elif token.type == "hr":
                yield Text(" " * MARGIN + "-" * 20, style="muted")
                yield Text()
            elif token.type == "table_close" or (token.type in LISTS and not indent):
                yield Text()
            elif token.type == "inline" and before is not None:
                yield from self._block(before, token.children or [], indent, console, width)
                indent = [" " * len(mark) if mark.strip() != "|" else mark for mark in indent]

    def _block(
        self, opened: Token, children: Sequence[Token], indent: list[str], console: Console, width: int
    ) -> Iterator[Text]:
        """The lines of a paragraph, heading, item or cell, and an empty one after it."""
        style = "bold" if opened.type in ("heading_open", "th_open") else ""
        mark = "".join(indent)
        for text, sentence in _pieces(children, style):
            for index, line in enumerate(text.wrap(console, max(16, width - len(mark)))):
                head = self._badge(sentence) if sentence and index == 0 else Text(" " * MARGIN)
                line.rstrip()
                yield Text.assemble(head, mark, line, no_wrap=True)
                mark = " " * len(mark) if mark.strip() != "|" else mark
            yield from self._conditions(sentence, mark, console, width)
        if not opened.hidden and opened.type not in ("th_open", "td_open"):
            yield Text()

    def _badge(self, sentence: Sentence) -> Text:
        verdict = verdict_of(sentence, self.known)
        if not verdict:
            return Text(f"{SIGNS[NOT_JUDGED]} {NOT_JUDGED:<{WIDTH}}  ", style="muted")
        mark = "*" if self.known[sentence.key].published else ""
        return Text(f"{SIGNS[verdict]} {verdict + mark:<{WIDTH + 1}} ", style=verdict_style(verdict))

    def _conditions(self, sentence: Sentence | None, mark: str, console: Console, width: int) -> Iterator[Text]:
        """Under a sentence that depends, on what."""
        words = conditions_of(sentence, self.known) if sentence else ""
        if words:
            for line in Text(f"({words})", style="muted").wrap(console, max(16, width - len(mark))):
                line.rstrip()
                yield Text.assemble(" " * MARGIN, mark, line, no_wrap=True)


def _verbatim(code: str, width: int) -> Iterator[Text]:
    for line in code.rstrip("\n").split("\n"):
        yield Text(" " * (MARGIN + 2) + line, style="accent", no_wrap=True, overflow="fold")


def _pieces(children: Sequence[Token], style: str) -> Iterator[tuple[Text, Sentence | None]]:
    """A paragraph in pieces: judged sentences, each with the stop that follows it, and the prose between them."""
    pieces: list[tuple[Text, Sentence | None]] = [(Text(style=style), None)]
    styles = [Style.null()]
    for token in children:
        if token.type in ("strong_open", "em_open"):
            styles.append(styles[-1] + Style.parse(STYLES[token.type]))
        elif token.type in ("strong_close", "em_close"):
            styles.pop()
        elif token.type == "link_open" and "sentence" in token.meta:
            pieces.append((Text(style=style), token.meta["sentence"]))
        elif token.type == "link_close" and pieces[-1][1]:
            pieces.append((Text(style=style), None))
        else:
            content = " " if token.type.endswith("break") else token.content
            pieces[-1][0].append(content, STYLES.get(token.type) or styles[-1])
    return ((text, sentence) for text, sentence in _with_stops(pieces) if text.plain)


def _with_stops(pieces: Sequence[tuple[Text, Sentence | None]]) -> Iterator[tuple[Text, Sentence | None]]:
    """The pieces without white space around them; a full stop after a judged sentence goes with it."""
    start = 0
    for index, (text, sentence) in enumerate(pieces):
        text = text[start:]
        start = 0
        if sentence and index + 1 < len(pieces) and (stop := STOPS.match(pieces[index + 1][0].plain)):
            text, start = text.append(stop.group()), stop.end()
        blank = len(text.plain) - len(text.plain.lstrip())
        text = text[blank:]
        text.rstrip()
        yield text, sentence
