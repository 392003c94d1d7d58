"""Notes are read: which sentences are judged, where they stand, what they say of their claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.notes.note import note_of, read_note
from experiments.lab.errors import InputError

RELU = "claim:grad.vanishing/relu_keeps_the_gradient"
OTHER = "claim:math.norms/nonzero_is_norm"
NORM = "claim:math.norms/nonzero_count_is_a_norm"
TEXT = f"""# Chains *and* ReLU

Deep chains
vanish. [ReLU `keeps`
it]({RELU}), they [say]({NORM} "refuted").

## With He

- [It does]({RELU} "holds: relu, he").

| table |
|---|
| [L0]({NORM} "conditional") |
"""


def test_sentences_have_lines_sections_and_what_they_say() -> None:
    note = note_of(TEXT, "mine.md")
    assert note.title == "Chains and ReLU"
    found = [(one.line, one.section, one.text, one.claimed, one.condition) for one in note.sentences]
    assert found == [
        (4, "Chains and ReLU", "ReLU keeps it", "holds", ""),
        (5, "Chains and ReLU", "say", "refuted", ""),
        (9, "With He", "It does", "holds", "relu, he"),
        (13, "With He", "L0", "conditional", ""),
    ]


def test_links_that_do_not_resolve_are_all_named() -> None:
    text = (
        f"[a](claim:grad.vanishin/x)\n[b]({OTHER})\n"
        f'[c]({NORM} "refutd")\n[d](claim:math.norms)\n[e](https://example.org)\n'
    )
    with pytest.raises(InputError) as error:
        note_of(text, "mine.md")
    assert error.value.problems == (
        "mine.md:1: claim:grad.vanishin/x: unknown study grad.vanishin: did you mean grad.vanishing?",
        f"mine.md:2: {OTHER}: math.norms has no claim nonzero_is_norm: did you mean nonzero_count_is_a_norm?",
        f'mine.md:3: {NORM} "refutd": refutd is no verdict: did you mean refuted?',
        "mine.md:4: claim:math.norms: expected claim:STUDY/CLAIM, such as claim:grad.vanishing/relu_keeps_the_gradient",
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    with pytest.raises(InputError, match=r"notes\.md: expected a file of notes in Markdown: No such file"):
        read_note(path)
    path.write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"notes\.md: expected text in UTF-8, got byte 233 at 3"):
        read_note(path)


def test_a_mark_of_byte_order_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes("\ufeff# Caf\u00e9\r\n".encode())
    assert read_note(path).title == "Caf\u00e9"
