"""What must be true of a model of text: it names probabilities, and it does not see what it names."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.arch.text.setup import Reading
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem

CONTEXTS, LENGTH = 200, 12
"""Contexts whose probabilities are summed, of each kind; bytes whose gradients are taken."""


def run(setup: Reading) -> Iterator[TrialRow]:
    yield from sums(setup)
    yield from leaks(setup)


def sums(setup: Reading) -> Iterator[TrialRow]:
    """Contexts from the text, and random ones that mostly were never seen; the control loses what it discounts."""
    import numpy as np

    from experiments.arch.core.counted_text import grams_of

    rng, length, model = np.random.default_rng(setup.seed), setup.params.order - 1, setup.counts(setup.params.order)
    seen = rng.choice(grams_of(setup.text, length), CONTEXTS)
    for case, contexts in (("seen", seen), ("random", rng.integers(256**length, size=CONTEXTS, dtype=np.uint64))):
        full, lost = (abs(model.next_bytes(contexts, back_off=kept).sum(axis=1) - 1) for kept in (True, False))
        yield TrialRow(
            statement="sum", case=f"contexts: {case}", error=float(full.max()), control_error=float(lost.max())
        )


def leaks(setup: Reading) -> Iterator[TrialRow]:
    """The gradient that reaches later bytes, in networks as they are initialized; the control may see them."""
    import torch

    from experiments.arch.core.text_networks import build, leak, unmasked
    from experiments.foundation.networks.timing import reproducible

    with reproducible(setup.seed):
        for arm in setup.params.arms:
            network = build(arm, setup.params.dim)
            start = int(torch.randint(len(setup.text) - LENGTH, ()))
            numbers = setup.numbers(setup.text[start : start + LENGTH])[None]
            errors = [leak(one, numbers) for one in (network, unmasked(network))]
            yield TrialRow(statement="future", case=arm, error=errors[0], control_error=errors[1])


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "counts_make_probabilities",
            statement="Interpolated Kneser-Ney gives all 256 bytes together the probability 1 after any context.",
            rule=Theorem(
                "probabilities of all bytes sum to 1", control="discounting without backing off", tolerance=1e-12
            ),
            measure=instances("sum"),
            topic="Text: n-grams",
            predicted="holds",
            source="Kneser and Ney 1995: what is discounted is given to the shorter context",
        ),
        Claim(
            "nothing_of_the_future_is_seen",
            statement="A causal mask leaks nothing, nor does a state: no gradient reaches a later byte.",
            rule=Theorem(
                "the gradient of logits by every later byte is 0",
                control="attention without the mask, and a state that comes from the end",
            ),
            measure=instances("future"),
            topic="Transformer, RNN, LSTM, GRU for text",
            predicted="holds",
            source="Vaswani et al. 2017, section 3.2.3",
        ),
    ),
    tables=(TRIALS,),
)
