"""What the models write: how many of their words occur in the text that they read, and how it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from experiments.arch.text.setup import NAMES, Reading
from experiments.lab.experiment import Event, Note, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Trials
from experiments.lab.judge.rules import Each, Proportion

STARTS, SHOWN = 8, 60
WORD = re.compile(r"[^\W\d_]{3,}")
"""Three letters or more: of shorter ones nearly all occur."""


@observation
class WordsRow(Row):
    """What one model wrote."""

    model: str
    words: int
    """Words of three letters or more, cut ones at the ends left out."""
    known: int
    """Those that occur in the text."""
    known_share: float


def run(setup: Reading) -> Iterator[Event]:
    known = set(words_of(bytes(setup.train).decode(errors="replace")))
    for model, written in drawn(setup):
        found = [word for one in written for word in words_of(one)[1:-1]]
        count = sum(word in known for word in found)
        share = count / len(found) if found else 0.0
        yield WordsRow(model=model, words=len(found), known=count, known_share=share)
        if setup.seed % 1000 == 0:  # the first seed of a run shows what it wrote
            yield Note(f"Written by {model}: {written[0][:SHOWN]!r}")


def words_of(text: str) -> list[str]:
    """
    >>> words_of("He saw 3 oxen, x_y")
    ['saw', 'oxen']
    """
    return WORD.findall(text)


def drawn(setup: Reading) -> Iterator[tuple[str, list[str]]]:
    """What each model writes after the same beginnings out of the test part."""
    import numpy as np

    from experiments.arch.core.text_networks import sampled
    from experiments.foundation.networks.timing import reproducible

    asked, rng = setup.params, np.random.default_rng(setup.seed)
    places = rng.integers(len(setup.test) - asked.longest, size=STARTS)
    starts = [setup.test[place : place + asked.longest] for place in places]
    counted = [setup.counts(asked.order).sample(start, asked.drawn_bytes, rng) for start in starts]
    yield f"{asked.order}-gram", [bytes(one).decode(errors="replace") for one in counted]
    for arm in asked.arms:
        with reproducible(setup.seed):
            written = sampled(setup.best(arm).network, setup.numbers(np.stack(starts)), asked.drawn_bytes)
        yield f"{NAMES[arm]}, {asked.steps} updates", [bytes(one.tolist()).decode(errors="replace") for one in written]


def known_words(rows: Sequence[WordsRow]) -> Mapping[str, Trials]:
    models = dict.fromkeys(row.model for row in rows)
    return {name: Trials({row.seed: (row.known, row.words) for row in rows if row.model == name}) for name in models}


PART = Part(
    name="words",
    row=WordsRow,
    run=run,
    claims=(
        Claim(
            "written_words_occur_in_the_text",
            statement="Of the words that a model writes at least 60 % occur in the text that it read.",
            rule=Each(Proportion("words of three letters or more that occur", at_least=0.6), per="model"),
            measure=known_words,
            topic="Transformer, RNN, LSTM, GRU for text",
            predicted={
                "5-gram": "holds",
                **{f"{name}, 150 updates": "refuted" for name in NAMES.values()},
                **{f"{name}, 1000 updates": "refuted" for name in ("LSTM", "Transformer")},
            },
            source="pilot of 150 updates, and of 1500 on one seed",
        ),
    ),
    tables=(Table("Words that the models write", by=("model",), columns=("words", "known_share")),),
)
