from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics

import pytest

from experiments.foundation.datasets.texts import chosen_text, load_text
from experiments.lab.errors import InputError


def test_shakespeare_is_byte_for_byte_the_usual_corpus(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("shakespeare"), data_folder / "shakespeare")
    text = load_text("shakespeare")
    assert text.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")
    assert (len(text), len(set(text))) == (1_115_394, 65)  # 65 characters, as everyone who models it says
    published = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
    assert hashlib.sha256(text.encode()).hexdigest() == published


def test_line_ends_stay_as_they_are(data_folder: Path) -> None:
    (data_folder / "shakespeare").mkdir()
    (data_folder / "shakespeare" / "input.txt").write_bytes("a\r\nbé".encode())
    assert load_text("shakespeare") == "a\r\nbé"


def test_bytes_that_are_no_text_are_refused(data_folder: Path) -> None:
    (data_folder / "shakespeare").mkdir()
    (data_folder / "shakespeare" / "input.txt").write_bytes(b"a\xff")
    with pytest.raises(InputError, match=r"input\.txt: not a text in UTF-8 \("):
        load_text("shakespeare")


def test_an_unknown_text_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^unknown text shakespear: did you mean shakespeare\?$"):
        load_text("shakespear")


def test_python_brings_a_text_of_its_own(data_folder: Path) -> None:
    assert chosen_text("auto") == "python-docs"
    assert 'The "if" statement is used for conditional execution' in load_text("python-docs")


def test_auto_takes_shakespeare_where_it_is(data_folder: Path) -> None:
    (data_folder / "shakespeare").mkdir()
    (data_folder / "shakespeare" / "input.txt").write_text("To be")
    assert chosen_text("auto") == "shakespeare"
    assert chosen_text("python-docs") == "python-docs"


def test_the_last_pages_of_pythons_help_repeat_earlier_ones_as_they_stand_but_not_as_they_are_read() -> None:
    shares = []
    for text in ("\n\n".join(topics[name] for name in sorted(topics)), load_text("python-docs")):
        train, test = text[:-24_576], text[-16_384:]
        known = {train[i : i + 50] for i in range(len(train) - 49)}
        shares.append(sum(test[i : i + 50] in known for i in range(len(test) - 49)) / (len(test) - 49))
    assert shares[0] > 0.3
    assert shares[1] < 0.1
