"""Interpolated Kneser-Ney: what comes next in a text, by counting what came after the same bytes before.

    p_k(w | h) = (max(c(h w) - D, 0) + D N(h) p_(k-1)(w | h')) / c(h)        p_0 = 1 / 256

h are the last k - 1 bytes, h' the same without the first, c(h) = sum_w c(h w), N(h) the number of bytes w that follow
h. Of the highest order c are counts; below it c(h w) is the number of different bytes in front of h w. Where h was
never seen, p_k = p_(k-1). D is Ney's n_1 / (n_1 + 2 n_2), of the grams that occur once and twice.

Sources: Kneser, Ney: Improved backing-off for m-gram language modeling, ICASSP 1995; Chen, Goodman: An empirical study
of smoothing techniques for language modeling, 1999, equation 19.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
"""The bytes of a gram as one number, the oldest first."""
Floats = NDArray[np.float64]
BYTES = 256
LONGEST = 7
"""Bytes of a gram at most, so that a code and what comes next fit into 64 bits."""


@dataclass(frozen=True)
class Order:
    """The grams of one length, and the sums over their last byte."""

    grams: Codes
    counts: Floats
    contexts: Codes
    totals: Floats
    followers: Floats
    discount: float

    def improve(self, shorter: Floats, contexts: Codes, grams: Codes, *, back_off: bool = True) -> Floats:
        """p_k of grams from p_(k-1), both (...); ``contexts`` are the grams without their last byte.

        Without ``back_off`` what the discount takes is lost.
        """
        count, total, followers = (
            looked_up(keys, values, wanted)
            for keys, values, wanted in (
                (self.grams, self.counts, grams),
                (self.contexts, self.totals, contexts),
                (self.contexts, self.followers, contexts),
            )
        )
        freed = self.discount * followers * shorter if back_off else 0.0
        seen = np.maximum(count - self.discount, 0) + freed
        return np.divide(seen, total, out=shorter.copy(), where=total > 0)


def looked_up(keys: Codes, values: Floats, wanted: Codes) -> Floats:
    """The value of each wanted key; 0 where there is none. ``keys`` rise."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0.0)


def grams_of(text: NDArray[np.uint8], length: int) -> Codes:
    """Codes (n - length + 1,) of all grams of a text (n,).

    >>> grams_of(np.array([1, 2, 3], np.uint8), 2).tolist()
    [258, 515]
    """
    codes = np.zeros(len(text) - length + 1, np.uint64)
    for i in range(length):
        codes = codes * np.uint64(BYTES) + text[i : i + len(codes)]
    return codes


class KneserNey:
    """The model of order ``order`` of a text (n,); one discount for all orders, or Ney's of each."""

    def __init__(self, text: NDArray[np.uint8], order: int, discount: float | None = None) -> None:
        if not 1 <= order <= LONGEST:
            raise ValueError(f"expected an order from 1 to {LONGEST}, got {order}")
        self.orders: list[Order] = []
        grams, counts = np.unique(grams_of(text, order), return_counts=True)
        for length in range(order, 0, -1):
            self.orders.insert(0, counted(grams, counts.astype(np.float64), discount))
            # each gram is one different byte in front of the gram that is a byte shorter
            grams, counts = np.unique(grams % np.uint64(BYTES ** (length - 1)), return_counts=True)

    def of_grams(self, grams: Codes, *, back_off: bool = True) -> Floats:
        """p(last byte | the bytes before it) of grams as long as the order, (...)."""
        p = np.full(grams.shape, 1 / BYTES)
        for length, order in enumerate(self.orders, start=1):
            code = grams % np.uint64(BYTES**length)
            p = order.improve(p, code // np.uint64(BYTES), code, back_off=back_off)
        return p

    def next_bytes(self, contexts: Codes, *, back_off: bool = True) -> Floats:
        """(m, 256): the probabilities of what follows contexts (m,) of order - 1 bytes."""
        following: Codes = np.arange(BYTES, dtype=np.uint64)
        grams: Codes = np.asarray(contexts[:, None] * np.uint64(BYTES) + following, np.uint64)
        return self.of_grams(grams, back_off=back_off)

    def bits(self, text: NDArray[np.uint8]) -> Floats:
        """-log2 p of every byte of ``text`` (n,) but the first order - 1."""
        return -np.log2(self.of_grams(grams_of(text, len(self.orders))))

    def sample(self, start: NDArray[np.uint8], n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """``n`` bytes after ``start``, which is at least order - 1 long."""
        text, context = list(start), len(self.orders) - 1
        for _ in range(n):
            history = np.array(text[len(text) - context :], np.uint8)
            p = self.next_bytes(grams_of(history, context)[:1])[0]
            text.append(rng.choice(BYTES, p=p / p.sum()))
        return np.array(text[len(start) :], np.uint8)


def counted(grams: Codes, counts: Floats, discount: float | None) -> Order:
    """One order from its different grams, which rise, and their counts."""
    contexts, first = np.unique(grams // np.uint64(BYTES), return_index=True)
    once, twice = (counts == 1).sum(), (counts == 2).sum()
    return Order(
        grams=grams,
        counts=counts,
        contexts=contexts,
        totals=np.add.reduceat(counts, first),
        followers=np.diff(np.append(first, len(grams))).astype(np.float64),
        discount=float(once / (once + 2 * twice)) if discount is None and once else discount or 0.5,
    )
