"""Networks of as many parameters, trained on as many bytes: bits per byte by context, beside the counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.arch.text.setup import NAMES, Reading
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect


@observation
class NetworkRow(Row):
    """One network, judged with one context."""

    dataset: str
    arm: str
    parameters: int
    lr: float
    updates: int
    context: int
    """Bytes that it may see."""
    longest: bool
    """Whether no context is longer."""
    validation_bits: float
    """Bits per byte by which rates are chosen, at the longest context."""
    bits_per_byte: float
    counted_bits: float
    """Bits per byte of the counts on the same text."""


def run(setup: Reading) -> Iterator[Event]:
    from experiments.arch.core.text_networks import bits_per_byte, count
    from experiments.foundation.networks.timing import one_thread

    asked, test = setup.params, setup.numbers(setup.test)
    for arm in asked.arms:
        for done, lr in enumerate(asked.lrs):
            yield Progress(NAMES[arm], done, len(asked.lrs))
            one = setup.trained(arm, lr)
            for context in asked.contexts:
                with one_thread():
                    bits = bits_per_byte(one.network, test, context)
                yield NetworkRow(
                    dataset=setup.name,
                    arm=arm,
                    parameters=count(one.network),
                    lr=lr,
                    updates=asked.steps,
                    context=context,
                    longest=context == asked.longest,
                    validation_bits=one.validation_bits,
                    bits_per_byte=bits,
                    counted_bits=setup.counted_bits(asked.order),
                )


def chosen(rows: Sequence[NetworkRow]) -> dict[tuple[str, int], Choice[NetworkRow]]:
    """(arm, context) -> the rate of fewest bits on validation, which is the same for all contexts of an arm."""
    return choose(rows, score=lambda row: -row.validation_bits, arm=lambda row: (row.arm, row.context))


def at_chosen_rates(rows: Sequence[NetworkRow]) -> list[NetworkRow]:
    return [row for choice in chosen(rows).values() for row in choice.rows]


def of_longest(rows: Sequence[NetworkRow]) -> list[NetworkRow]:
    """At the longest context and the chosen rate."""
    return [row for row in at_chosen_rates(rows) if row.longest]


def fewer_bits(
    arms: Sequence[str], than: str | None, *, all_contexts: bool = False
) -> Callable[[Sequence[NetworkRow]], Mapping[str, Pairs | Undecided] | NotMeasured]:
    """Bits of the arm ``than``, or of the counts, and of each of these arms, at the longest context or at all."""

    def measure(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided] | NotMeasured:
        choices = chosen([row for row in rows if all_contexts or row.longest])
        found: dict[str, Pairs | Undecided] = {}
        for (arm, context), one in choices.items():
            other = choices.get((than or arm, context))
            if arm in arms and other is not None:
                bits = by_seed(other.rows, "bits_per_byte" if than else "counted_bits")
                reason = untuned(one, other)
                name = f"{NAMES[arm]}, context {context}, {one.rows[0].updates} updates"
                found[name] = Undecided(reason) if reason else Pairs(bits, by_seed(one.rows, "bits_per_byte"))
        return found or NotMeasured(f"needs {' or '.join(arms)}, and {than or 'the counts'}")

    return measure


def context_used(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs] | NotMeasured:
    """Bits of each network that may see 8 bytes, and of the same one when it may see 64."""
    found = {}
    for (arm, context), choice in chosen(rows).items():
        short = [row for row in rows if (row.arm, row.lr, row.context) == (arm, choice.setting, 8)]
        if context == 64 and short:
            bits = (by_seed(part, "bits_per_byte") for part in (short, choice.rows))
            found[f"{NAMES[arm]}, {short[0].updates} updates"] = Pairs(*bits)
    return found or NotMeasured("needs contexts of 8 and 64 bytes")


def contexts_in_words(rows: Sequence[NetworkRow]) -> str:
    best = min(of_longest(rows), key=lambda row: row.bits_per_byte)
    bits, counted = number(best.bits_per_byte), number(best.counted_bits)
    return f"The {NAMES[best.arm]} ends at {bits} bits per byte, the counts at {counted}"


GATED, ALL = ("gru", "lstm"), tuple(NAMES)
PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "gates_read_text_better",
            statement="GRU and LSTM need at least 0.03 bits per byte less than an RNN of as many parameters.",
            rule=Each(Effect("bits per byte of the RNN, less those of the gated cell", delta=0.03), per="network"),
            measure=fewer_bits(GATED, "rnn"),
            topic="RNN, LSTM, GRU for text",
            predicted="refuted",
            source="pilot of 150 updates, and of 1500 on one seed",
        ),
        Claim(
            "transformer_reads_text_better_than_the_lstm",
            statement="A Transformer needs at least 0.03 bits per byte less than an LSTM of as many parameters.",
            rule=Each(Effect("bits per byte of the LSTM, less the Transformer's", delta=0.03), per="context"),
            measure=fewer_bits(("transformer",), "lstm", all_contexts=True),
            topic="Transformer for text",
            predicted={
                **{f"Transformer, context {context}, 150 updates": "refuted" for context in (2, 8, 64)},
                "Transformer, context 2, 1000 updates": "refuted",
                "Transformer, context 8, 1000 updates": "holds",
                "Transformer, context 64, 1000 updates": "holds",
            },
            source="pilot of 150 updates, and of 1500 on one seed",
        ),
        Claim(
            "networks_read_text_better_than_counts",
            statement="A network needs fewer bits per byte than counted 5-grams, by at least 0.03.",
            rule=Each(Effect("bits per byte of the counts, less the network's", delta=0.03), per="network"),
            measure=fewer_bits(ALL, None),
            topic="Text: n-grams",
            predicted="refuted",
            source="pilot of 150 updates, and of 1500 on one seed",
        ),
        Claim(
            "a_long_context_is_used",
            statement="With 64 bytes to look back on a network needs at least 0.02 bits per byte less than with 8.",
            rule=Each(Effect("bits per byte with 8 bytes, less those with 64", delta=0.02), per="network"),
            measure=context_used,
            topic="Transformer, RNN, LSTM, GRU for text",
            predicted={
                **{f"{name}, 150 updates": "refuted" for name in ("RNN", "GRU", "LSTM")},
                "Transformer, 150 updates": "holds",
                **{f"{name}, 1000 updates": "holds" for name in ("LSTM", "Transformer")},
            },
            source="pilot of 150 updates, and of 1500 on one seed",
        ),
    ),
    tables=(
        Table(
            "Bits per byte by context and rate",
            by=("arm", "lr", "context"),
            columns=("parameters", "validation_bits", "bits_per_byte", "counted_bits"),
        ),
    ),
    curves=(Curve("contexts", "context", "bits_per_byte", "arm", x_scale="log", title=contexts_in_words),),
)
