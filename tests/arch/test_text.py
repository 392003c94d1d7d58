"""Measures of arch.text on rows with a known answer, words, and a text of the user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.running.plans import plan
from experiments.arch.text import networks, words
from experiments.arch.text.networks import NetworkRow
from experiments.arch.text.setup import Params, prepare
from experiments.lab.errors import InputError
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.lab.runner import execute

LRS = (0.001, 0.01, 0.1)


def rows_of(arm: str, bits: float, best: float = LRS[1]) -> list[NetworkRow]:
    """At two contexts and three rates, of which validation prefers ``best``, where bits are ``bits``."""
    return [
        NetworkRow(
            dataset="text",
            arm=arm,
            parameters=1000,
            lr=lr,
            updates=9,
            context=context,
            longest=context == 8,
            validation_bits=2.0 if lr == best else 3.0,
            bits_per_byte=bits + 1 / context if lr == best else 0.5,
            counted_bits=1.5,
        )
        for lr in LRS
        for context in (4, 8)
    ]


def test_arms_are_compared_at_the_rates_that_validation_chose() -> None:
    rows = [*rows_of("rnn", 3.0), *rows_of("lstm", 2.0), *rows_of("transformer", 4.0)]
    assert networks.fewer_bits(("gru", "lstm"), "rnn")(rows) == {
        "LSTM, context 8, 9 updates": Pairs({0: 3.125}, {0: 2.125})
    }
    by_context = networks.fewer_bits(("transformer",), "lstm", all_contexts=True)(rows)
    assert isinstance(by_context, dict)
    assert by_context["Transformer, context 4, 9 updates"] == Pairs({0: 2.25}, {0: 4.25})
    assert len(by_context) == 2
    assert networks.fewer_bits(("gru",), "rnn")(rows) == NotMeasured("needs gru, and rnn")
    assert networks.fewer_bits(("rnn",), None)(rows) == {"RNN, context 8, 9 updates": Pairs({0: 1.5}, {0: 3.125})}


def test_a_network_is_compared_with_itself_over_contexts() -> None:
    rows = rows_of("lstm", 2.0)
    assert isinstance(networks.context_used(rows), NotMeasured)
    rows = [replace(row, context={4: 8, 8: 64}[row.context]) for row in rows]
    assert networks.context_used(rows) == {"LSTM, 9 updates": Pairs({0: 2.25}, {0: 2.125})}


def test_a_rate_at_the_edge_decides_nothing() -> None:
    rows = [*rows_of("rnn", 3.0), *rows_of("lstm", 2.0, best=LRS[2])]
    found = networks.fewer_bits(("lstm",), "rnn")(rows)
    assert isinstance(found, dict)
    assert isinstance(found["LSTM, context 8, 9 updates"], Undecided)


def test_words_are_cut_out_of_text_and_counted_where_they_occur() -> None:
    setup = prepare(Params(drawn_bytes=60), seed=1)
    row = next(event for event in words.run(setup) if isinstance(event, words.WordsRow))
    assert row.model == "5-gram"
    assert 0 < row.known <= row.words
    assert row.known_share == row.known / row.words


def test_a_text_of_the_user_is_read_whole_and_a_short_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("a text that says the same again and again. " * 300)
    overrides = (f"text={file}", "arms=[gru]", "steps=2")
    outcome = execute(plan("arch.text", overrides, smoke=True), ())
    assert outcome is not None
    assert not outcome.findings
    (row,) = networks.of_longest(outcome.rows.of(networks.PART))
    assert (row.dataset, row.arm) == ("notes.txt", "gru")
    assert row.counted_bits < 0.1
    file.write_text("too short")
    with pytest.raises(InputError, match=r"notes.txt: 9 bytes, expected four times test_bytes = 6,000 at least"):
        prepare(Params(text=file), 0)
    with pytest.raises(InputError, match="cannot be read"):
        prepare(Params(text=tmp_path / "none.txt"), 0)
