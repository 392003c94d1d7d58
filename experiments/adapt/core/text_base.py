"""A small Llama that has read a text, byte by byte: the base from which the studies of text fine-tune."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from itertools import cycle

from torch import Tensor, nn

from experiments.adapt.core.demonstrations import IGNORED, Demonstration
from experiments.foundation.architectures.llama import Architecture, Decoder, tokens
from experiments.foundation.networks.bases import trained_once
from experiments.foundation.networks.next_token import random_windows, train
from experiments.foundation.networks.split import Examples
from experiments.foundation.networks.timing import reproducible

FUNCTIONS: dict[str, Callable[[str], str]] = {
    "len": lambda word: str(len(word)),
    "first": lambda word: word[0],
    "last": lambda word: word[-1],
}
LENGTH, BATCH_SIZE, LR = 64, 32, 3e-3
"""Windows of the base's training, and Adam's largest rate."""


def untrained(dim: int, layers: int) -> Decoder:
    """The network, with heads of 16."""
    heads = dim // 16
    return Decoder(Architecture(dim, layers, heads=heads, kv_heads=heads, hidden=3 * dim))


def parts_of(text: str) -> tuple[str, str]:
    """What the base reads, nine tenths, and what it has never seen."""
    cut = len(text) * 9 // 10
    return text[:cut], text[cut:]


def trained_base(text: str, *, dim: int, layers: int, steps: int) -> tuple[nn.Module, str]:
    """The network that has read the first part of ``text``, the same for every seed, and a note for the record."""
    read, digest = tokens(parts_of(text)[0]), hashlib.sha256(text.encode()).hexdigest()
    with reproducible(0):
        decoder = untrained(dim, layers)
        sizes = {"steps": steps, "batch_size": BATCH_SIZE, "length": LENGTH}

        def fit() -> None:
            train(decoder, read, **sizes, lr=LR)

        return decoder, trained_once(decoder, fit, {"text": digest, "dim": dim, "layers": layers, **sizes, "lr": LR})


def questions(text: str, n: int, seed: int) -> list[Demonstration]:
    """``n`` questions whose answer Python knows, each about another word of ``text``.

    Raises:
        ValueError: the text has fewer words.

    >>> one = questions("of a text", 1, seed=0)[0]
    >>> bytes(one.prompt - 3), bytes(one.answer - 3)
    (b'len text: ', b'4\\n')
    """
    words = sorted({*re.findall(r"\b[a-z]{3,8}\b", text)})
    if n > len(words):
        raise ValueError(f"expected a text of {n} different words, got {len(words)}")
    asked = zip(random.Random(seed).sample(words, n), cycle(FUNCTIONS), strict=False)
    return [Demonstration(tokens(f"{name} {word}: "), tokens(f"{FUNCTIONS[name](word)}\n")) for word, name in asked]


def last_bytes(text: Tensor, n: int, length: int) -> Examples:
    """``n`` windows (n, length) of a text (m,), of which the last next byte alone counts."""
    windows = random_windows(text, n, length)
    labels = windows[:, 1:].clone()
    labels[:, :-1] = IGNORED
    return Examples(windows[:, :-1], labels)
