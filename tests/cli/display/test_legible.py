"""Nothing that a data file holds reaches the terminal as a control code."""

from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.console import RenderableType
from rich.text import Text

from cli.display.console import console_for
from cli.display.grid import Cell, Grid, GridColumn
from cli.display.legible import cut, fitting, one_line

EVIL = "cat\x1b[2J\x1b]0;title\x07 \x9b1m\u202e dog"


def grid(text: str) -> Grid:
    return Grid(title=text, keys=(GridColumn(text, (Cell(text),), is_number=False),), columns=(), caption=text)


@pytest.mark.parametrize("renderable", [EVIL, Text(EVIL), Text(EVIL, style="bold"), grid(EVIL)])
def test_whatever_is_printed_has_no_control_code_but_the_ends_of_lines(renderable: RenderableType) -> None:
    stream = StringIO()
    console_for(stream).print(renderable)
    text = stream.getvalue()
    assert text.replace("\n", "").isprintable()
    assert "cat" in text
    assert "dog" in text


def test_lines_stay_lines() -> None:
    stream = StringIO()
    console_for(stream).print("one\ntwo")
    assert stream.getvalue() == "one\ntwo\n"


def test_a_line_is_one_line() -> None:
    assert one_line("a\nb\tc") == "a b c"
    assert one_line("plain ± text") == "plain ± text"


def test_what_does_not_fit_ends_in_an_ellipsis_of_the_consoles_signs() -> None:
    wide = console_for(StringIO(), width=10).options
    narrow = console_for(TextIOWrapper(BytesIO(), encoding="ascii"), width=10).options
    assert fitting("0123456789 and more", wide) == "012345678…"
    assert fitting("0123456789 and more", narrow) == "0123456..."
    assert fitting("≤ 3", narrow) == "<= 3"
    assert cut("short", 10) == "short"
