"""Which network models text best?

Which network models text best, and what does a plain counter of n-grams reach?

Interpolated Kneser-Ney, and RNN, GRU, LSTM and Transformer of as many parameters on as many bytes: bits per byte by
context, and words that they write. text=FILE takes a text of yours.

Notes: RNN, LSTM, GRU and Transformer for text.

Source: Kneser, Ney: Improved backing-off for m-gram language modeling, ICASSP 1995; Chen, Goodman: An empirical study
of smoothing techniques for language modeling, 1999; Kaplan et al.: Scaling Laws for Neural Language Models,
https://arxiv.org/abs/2001.08361, 2020; Melis, Dyer, Blunsom: On the State of the Art of Evaluation in Neural Language
Models, https://arxiv.org/abs/1707.05589, 2017.
"""

from __future__ import annotations

from experiments.arch.text import counts, laws, networks, words
from experiments.arch.text.setup import NAMES, Params, prepare
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    best = networks.of_longest(rows.of(networks.PART))
    bits = {NAMES[arm]: mean(best, "bits_per_byte", arm=arm) for arm in dict.fromkeys(row.arm for row in best)}
    ranked = sorted(bits, key=lambda name: bits[name])
    said = listing(f"the {name} {number(bits[name])}" for name in ranked)
    order = max((row.order for row in rows.if_run(counts.PART)), default=0)
    counted = f"counts of grams up to {order} bytes" if order else "counted grams"
    return (
        f"After {best[0].updates} updates, at equal parameters, {said} bits per byte of {best[0].dataset}; "
        f"{counted} need {number(best[0].counted_bits)}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, counts.PART, networks.PART, words.PART),
    answer=answer,
    own=Own(
        given=lambda params: params.text is not None,
        parts=(counts.PART.name, networks.PART.name, words.PART.name),
    ),
    headline=Headline(
        networks.PART,
        Table(
            "At the longest context and the rate that validation chose",
            by=("arm", "lr"),
            columns=("parameters", "bits_per_byte", "counted_bits"),
        ),
        pick=networks.of_longest,
    ),
)
