"""Notes on the terminal: a verdict beside every judged sentence, the same text in a pipe."""

from __future__ import annotations

import io

from cli.display.console import console_for
from cli.notes.judgements import Judgement
from cli.notes.margin import Annotated
from cli.notes.note import note_of

NORM, THREE = "math.norms/nonzero_count_is_a_norm", "math.norms/there_are_only_three_norms"
TEXT = f"""# Norms

Counting, say the notes, is measuring too: [L0 is a norm](claim:{NORM}). And *also*
[there are three](claim:{THREE}) of them.

    ||x|| >= 0

1. [Both](claim:math.norms/norms_bound_each_other)
2. `none`
"""
KNOWN = {
    ("math.norms", "nonzero_count_is_a_norm"): Judgement("conditional", {"counts": "holds", "scale": "refuted"}),
    ("math.norms", "there_are_only_three_norms"): Judgement("refuted"),
}
SHOWN = """\
                Norms

                Counting, say the notes, is
                measuring too:
~ conditional   L0 is a norm.
                (fails only for scale)
                And also
✗ refuted       there are three
                of them.

                  ||x|| >= 0

- not judged    1. Both
                2. none

"""


def shown(width: int) -> str:
    stream = io.StringIO()
    console_for(stream, width=width).print(Annotated(note_of(TEXT, "norms.md"), KNOWN))
    return stream.getvalue()


def test_judged_sentences_begin_a_line_beside_their_verdict() -> None:
    assert shown(46) == SHOWN


def test_prose_stays_readable_on_a_wide_screen() -> None:
    assert max(map(len, shown(160).splitlines())) <= 16 + 92
