"""Kneser-Ney against nltk, and against the formula byte by byte."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from experiments.arch.core.counted_text import BYTES, KneserNey, grams_of

HALF = b"the cat sat on the mat; the rat ate the hat and that was that. a cat, a hat, a bat"
TEXT = np.frombuffer(HALF + HALF, np.uint8)  # twice, so that every gram at the start has a byte in front elsewhere
CONTEXTS = [b"the ", b"hat ", b" cat", b"that", b"t th"]


def code(context: bytes) -> np.ndarray:
    return grams_of(np.frombuffer(context, np.uint8), len(context))


def slow(text: bytes, order: int, discount: float, context: bytes, word: int) -> float:
    """The formula of the docstring, one probability at a time."""

    def counts(length: int) -> Counter[bytes]:
        grams = [text[i : i + length] for i in range(len(text) - length + 1)]
        return Counter(grams) if length == order else Counter(gram[1:] for gram in counts(length + 1))

    def p(history: bytes) -> float:
        length = len(history) + 1
        found = {gram: n for gram, n in counts(length).items() if gram[:-1] == history}
        shorter = p(history[1:]) if history else 1 / BYTES
        if not found:
            return shorter
        mine = max(found.get(history + bytes([word]), 0) - discount, 0)
        return (mine + discount * len(found) * shorter) / sum(found.values())

    return p(context)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_probabilities_are_those_of_the_formula(order: int) -> None:
    model = KneserNey(TEXT, order, discount=0.7)
    for context in (b"zz?q", b"the ", b"hat "):
        history = context[len(context) - order + 1 :] if order > 1 else b""
        ours = model.next_bytes(code(history) if history else np.zeros(1, np.uint64))[0]
        for word in b"ath q":
            assert ours[word] == pytest.approx(slow(bytes(TEXT), order, 0.7, history, word), rel=1e-12)


def test_from_the_second_order_on_it_is_nltk() -> None:
    lm = pytest.importorskip("nltk.lm", reason="nltk is not installed")
    everygrams = pytest.importorskip("nltk.util").everygrams
    letters = [chr(byte) for byte in TEXT]
    theirs = lm.KneserNeyInterpolated(5, discount=0.6)
    theirs.fit([everygrams(letters, max_len=5)], vocabulary_text=letters)
    ours = KneserNey(TEXT, 5, discount=0.6)
    lowest, first = ours.orders[0], np.zeros(BYTES)
    first[lowest.grams.astype(int)] = lowest.counts / lowest.totals  # nltk leaves the first order undiscounted
    for context in CONTEXTS:
        p = first
        for length in range(2, 6):
            part = code(context[len(context) - length + 1 :])
            p = ours.orders[length - 1].improve(p, part, part * np.uint64(BYTES) + np.arange(BYTES, dtype=np.uint64))
        expected = [theirs.score(letter, tuple(context.decode())) for letter in "abehst ;"]
        np.testing.assert_allclose([p[ord(letter)] for letter in "abehst ;"], expected, rtol=1e-12)


def test_all_bytes_have_a_probability_and_together_1() -> None:
    model = KneserNey(TEXT, 5)
    p = model.next_bytes(np.array([*map(int, code(b"the ")), 0, 256**4 - 1], np.uint64))
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert (model.next_bytes(code(b"the "), back_off=False).sum(axis=1) < 1).all()


def test_bits_are_those_of_every_byte_after_its_context() -> None:
    model = KneserNey(TEXT, 3)
    bits = model.bits(TEXT[:10])
    by_hand = [-np.log2(model.next_bytes(code(bytes(TEXT[i - 2 : i])))[0, TEXT[i]]) for i in range(2, 10)]
    np.testing.assert_allclose(bits, by_hand, rtol=1e-12)


def test_it_writes_what_it_has_read() -> None:
    once = np.frombuffer(bytes(range(50, 90)), np.uint8)
    written = KneserNey(once, 3, discount=1e-9).sample(once[:2], 20, np.random.default_rng(0))
    assert bytes(written) == bytes(range(52, 72))


def test_orders_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="expected an order from 1 to 7, got 8"):
        KneserNey(TEXT, 8)
