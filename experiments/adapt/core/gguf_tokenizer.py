"""A tokenizer in GGUF's words: the bytes of our own decoder, or the tokenizer.json of a Llama folder.

llama.cpp knows two kinds of byte-pair encoding. "llama" is sentencepiece's, which merges by the score of the result;
"gpt2" merges by a list, after the text was cut by a rule that llama.cpp knows by name alone (``tokenizer.ggml.pre``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.adapt.core.gguf_file import Metadata
from experiments.foundation.architectures.llama import SPECIAL

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
LLAMA_3 = r"\p{N}{1,3}"
"""Llama 3 cuts numbers into groups of three digits."""


def byte_tokenizer() -> Metadata:
    """Every byte is a token; the space bears the sign that sentencepiece writes for it."""
    words = ["▁" if byte == ord(" ") else f"<0x{byte:02X}>" for byte in range(256)]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [*SPECIAL, *words],
        "tokenizer.ggml.scores": [0.0] * (len(SPECIAL) + 256),
        "tokenizer.ggml.token_type": [UNKNOWN, CONTROL, CONTROL, *(NORMAL if word == "▁" else BYTE for word in words)],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.add_space_prefix": False,
    }


def hub_tokenizer(tokenizer: Mapping[str, Any], config: Mapping[str, Any], extra: Mapping[str, Any]) -> Metadata:
    """The metadata of tokenizer.json, beside config.json and tokenizer_config.json (``extra``, may be empty).

    Raises:
        ValueError: it is no byte-pair encoding that llama.cpp knows.
    """
    model = tokenizer.get("model") or {}
    if model.get("type") != "BPE":
        raise ValueError(f"tokenizer.json is of type {model.get('type')}, expected BPE")
    tokens, types = _tokens(tokenizer, int(config["vocab_size"]))
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model.get("merges", ())]
    known: dict[str, Any] = {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": types}
    if model.get("byte_fallback"):
        known |= {"tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default"}
        known |= {"tokenizer.ggml.scores": _scores(tokens, merges)}
        known["tokenizer.ggml.add_space_prefix"] = '"Prepend"' in json.dumps(tokenizer.get("normalizer"))
    else:
        known |= {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": _cut(tokenizer)}
        known["tokenizer.ggml.merges"] = merges
    for word in ("bos", "eos"):
        number = config.get(f"{word}_token_id")
        if isinstance(number := number[0] if isinstance(number, list) else number, int):
            known[f"tokenizer.ggml.{word}_token_id"] = number
    if UNKNOWN in types:
        known["tokenizer.ggml.unknown_token_id"] = types.index(UNKNOWN)
    known["tokenizer.ggml.add_bos_token"] = bool(extra.get("add_bos_token", _adds_bos(tokenizer)))
    if isinstance(template := extra.get("chat_template"), str):
        known["tokenizer.chat_template"] = template
    return known


def _tokens(tokenizer: Mapping[str, Any], size: int) -> tuple[list[str], list[int]]:
    """Every token by its number, and its type."""
    tokens, types = [f"[PAD{number}]" for number in range(size)], [UNUSED] * size
    model = tokenizer["model"]
    added = {one["content"]: one for one in tokenizer.get("added_tokens", ())}
    numbers = {**model["vocab"], **{content: one["id"] for content, one in added.items()}}
    for token, number in numbers.items():
        if not 0 <= number < size:
            raise ValueError(f"tokenizer.json has token {number}, config.json a vocabulary of {size}")
        tokens[number], types[number] = token, NORMAL
        if token in added:
            types[number] = CONTROL if added[token].get("special") else USER_DEFINED
        elif model.get("byte_fallback") and len(token) == 6 and token.startswith("<0x"):
            types[number] = BYTE
        if token == model.get("unk_token"):
            types[number] = UNKNOWN
    return tokens, types


def _scores(tokens: Sequence[str], merges: Sequence[str]) -> list[float]:
    """Minus the rank of the first merge that makes a token; what no merge makes comes last."""
    ranks: dict[str, int] = {}
    for rank, pair in enumerate(merges):
        ranks.setdefault(pair.replace(" ", ""), rank)
    return [-float(ranks.get(token, len(merges))) for token in tokens]


def _cut(tokenizer: Mapping[str, Any]) -> str:
    """llama.cpp's name of the rule that cuts the text before it is merged."""
    whole = tokenizer.get("pre_tokenizer") or {}
    steps = whole.get("pretokenizers", [whole])
    kinds = [step.get("type") for step in steps]
    if kinds == ["Digits", "ByteLevel"] and steps[0].get("individual_digits"):
        return "smollm"
    if kinds == ["ByteLevel"] and steps[0].get("use_regex", True):
        return "gpt-2"
    if kinds == ["Split", "ByteLevel"] and LLAMA_3 in json.dumps(steps[0]).replace("\\\\", "\\"):
        return "llama-bpe"
    raise ValueError(f"tokenizer.json cuts text by {kinds}, which is none of GPT-2's, SmolLM's and Llama 3's rules")


def _adds_bos(tokenizer: Mapping[str, Any]) -> bool:
    """Whether the tokenizer's own template begins with a special token."""
    return '"single": [{"SpecialToken"' in json.dumps(tokenizer.get("post_processor"))
