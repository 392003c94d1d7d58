"""A Llama model and demonstrations of the user's: read and checked before anything is trained."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab.errors import InputError

if TYPE_CHECKING:
    from experiments.adapt.core.demonstrations import Demonstration
    from experiments.adapt.lora.params import Params
    from experiments.foundation.architectures.llama import Decoder

FEWEST = 10
"""Demonstrations: eight to train on, one to choose the rate, one to test."""
FIELDS = (("prompt", "answer"), ("instruction", "output"))


@dataclass(frozen=True)
class Given:
    """What the user gave, read and checked."""

    network: Decoder
    tied: bool
    """Whether the head is the embedding."""
    train: Sequence[Demonstration]
    validation: Sequence[Demonstration]
    test: Sequence[Demonstration]


def read_given(params: Params) -> Given:
    """The model in float32 and its demonstrations, a tenth of them to choose the rate and a tenth to test.

    Raises:
        InputError: one of them is missing or cannot be read, or there is nowhere to write to.
    """
    if params.data is None:
        raise InputError(
            f"model={params.model} has nothing to learn: give data=FILE.jsonl, objects of prompt and answer"
        )
    for key, out in (("adapter", params.adapter), ("merged", params.merged)):
        if out is not None and out.exists():
            raise InputError(f"{key}={out} exists: name another one, or remove it")
        if out is not None and not out.absolute().parent.is_dir():
            raise InputError(f"{key}={out}: there is no folder {out.absolute().parent}")
    if importlib.util.find_spec("tokenizers") is None:
        raise InputError(
            "a model of yours needs the package tokenizers, which is not installed: pip install tokenizers"
        )
    pairs = read_pairs(params.data)
    network, tied, end = read_model(Path(params.model))
    ones = encoded(Path(params.model), pairs, end, network.size.context)
    tenth = len(ones) // FEWEST
    return Given(network, tied, ones[2 * tenth :], ones[:tenth], ones[tenth : 2 * tenth])


def example(seed: int) -> Given:
    """A new network and 20 questions, where there is no model of the user's."""
    from experiments.adapt.core.text_base import questions, untrained
    from experiments.foundation.datasets.texts import EMBEDDED, load_text
    from experiments.foundation.networks.timing import reproducible

    ones = questions(load_text(EMBEDDED), 20, seed)
    with reproducible(seed):
        return Given(untrained(16, 1), False, ones[4:], ones[:2], ones[2:4])


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Prompt and answer of every line.

    Raises:
        InputError: at most five lines that are none, or too few of them.
    """
    import json

    from experiments.foundation.datasets.formats.fields import MOST_PROBLEMS, shown

    try:
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"data={path} cannot be read: {error}") from None
    pairs, problems = [], []
    for number, line in enumerate(lines, start=1):
        try:
            pairs.append(_pair(json.loads(line)))
        except (ValueError, TypeError, KeyError, RecursionError):
            problems.append(
                f"data={path}, line {number}: expected an object of two texts, prompt and answer or instruction and "
                f"output, the answer not empty; got {shown(line)}"
            )
    if problems:
        raise InputError(*problems[:MOST_PROBLEMS])
    if len(pairs) < FEWEST:
        raise InputError(f"data={path} has {len(pairs)} demonstrations: give {FEWEST} at least, hundreds if you can")
    return pairs


def _pair(entry: Any) -> tuple[str, str]:
    names = FIELDS[0] if FIELDS[0][0] in entry else FIELDS[1]
    prompt, answer = (entry[name] for name in names)
    if not (isinstance(prompt, str) and isinstance(answer, str) and answer):
        raise TypeError
    (prompt + answer).encode()  # half of a pair of surrogates is no text: ValueError
    return prompt, answer


def read_model(path: Path) -> tuple[Decoder, bool, int]:
    """The network, whether its head is its embedding, and the number of the token that ends an answer."""
    import torch

    from experiments.adapt.core import hub_weights, llama_tensors
    from experiments.foundation.architectures.llama import Decoder

    try:
        weights, config = hub_weights.open_weights(path), hub_weights.read_json(path / "config.json")
        size = llama_tensors.architecture(config)
        tied = bool(config.get("tie_word_embeddings")) or llama_tensors.HEAD not in weights
        llama_tensors.llama_tensors(weights, size, "f32", tied=tied)  # what is missing or foreign is refused
        network = Decoder(size)
        names = [name for name in network.state_dict() if not (tied and name == llama_tensors.HEAD)]
        network.load_state_dict({name: torch.from_numpy(weights[name].read()) for name in names}, strict=False)
        ends = config.get("eos_token_id")
        end = ends[0] if isinstance(ends, list) and ends else ends
        if not isinstance(end, int):
            raise ValueError("config.json has no eos_token_id, with which an answer ends")
    except (ValueError, OSError, RuntimeError) as error:
        raise InputError(f"model={path}: {' '.join(str(error).split())}") from None
    if tied:
        network.lm_head.weight = network.model.embed_tokens.weight
    return network, tied, end


def encoded(path: Path, pairs: Sequence[tuple[str, str]], end: int, context: int) -> list[Demonstration]:
    """The pairs as tokens of the model's tokenizer; every answer ends with the token ``end``."""
    import torch
    from tokenizers import Tokenizer

    from experiments.adapt.core.demonstrations import Demonstration

    try:
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    except Exception as error:  # the package raises nothing finer
        raise InputError(f"model={path}: tokenizer.json cannot be read: {' '.join(str(error).split())}") from None
    ones = []
    for number, (prompt, answer) in enumerate(pairs, start=1):
        asked = tokenizer.encode(prompt).ids
        answered = [*tokenizer.encode(answer, add_special_tokens=False).ids, end]
        asked = asked[:-1] if asked and asked[-1] == end else asked
        if not asked or len(asked) + len(answered) > context + 1:
            raise InputError(
                f"demonstration {number} has {len(asked)} tokens of prompt and {len(answered)} of answer: expected one "
                f"of prompt at least and {context + 1} in all at most"
            )
        ones.append(Demonstration(torch.tensor(asked), torch.tensor(answered)))
    return ones
