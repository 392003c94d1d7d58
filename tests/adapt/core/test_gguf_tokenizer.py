"""Tokenizers of the hub in GGUF's words."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.adapt.core.gguf_tokenizer import CONTROL, NORMAL, UNUSED, USER_DEFINED, byte_tokenizer, hub_tokenizer

CONFIG = {"vocab_size": 6, "bos_token_id": 0, "eos_token_id": [0, 1]}
BYTES = {"type": "ByteLevel", "use_regex": True}
DIGITS = {"type": "Digits", "individual_digits": True}
SPLIT = {"type": "Split", "pattern": {"Regex": r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s]+"}}


def tokenizer(*cuts: dict[str, Any], **model: object) -> dict[str, Any]:
    vocabulary = {"<s>": 0, "a": 1, "b": 2, "ab": 3}
    return {
        "added_tokens": [
            {"id": 0, "content": "<s>", "special": True},
            {"id": 4, "content": "<tool>", "special": False},
        ],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": list(cuts)} if len(cuts) > 1 else dict(*cuts),
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [["a", "b"]], **model},
    }


@pytest.mark.parametrize(
    ("cuts", "name"), [((BYTES,), "gpt-2"), ((DIGITS, BYTES), "smollm"), ((SPLIT, BYTES), "llama-bpe")]
)
def test_a_rule_that_cuts_text_is_recognized(cuts: tuple[dict[str, Any], ...], name: str) -> None:
    known = hub_tokenizer(tokenizer(*cuts), CONFIG, {"chat_template": "{{ x }}"})
    assert known["tokenizer.ggml.pre"] == name
    assert known["tokenizer.ggml.merges"] == ["a b"]
    assert known["tokenizer.ggml.tokens"] == ["<s>", "a", "b", "ab", "<tool>", "[PAD5]"]
    assert known["tokenizer.ggml.token_type"] == [CONTROL, NORMAL, NORMAL, NORMAL, USER_DEFINED, UNUSED]
    assert (known["tokenizer.ggml.bos_token_id"], known["tokenizer.ggml.eos_token_id"]) == (0, 0)
    assert known["tokenizer.chat_template"] == "{{ x }}"


def test_sentencepiece_merges_by_score() -> None:
    known = hub_tokenizer(tokenizer(byte_fallback=True), CONFIG, {})
    assert known["tokenizer.ggml.model"] == "llama"
    assert known["tokenizer.ggml.scores"] == [-1, -1, -1, 0, -1, -1]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (tokenizer(BYTES, type="Unigram"), "tokenizer.json is of type Unigram, expected BPE"),
        (tokenizer({"type": "Whitespace"}), r"tokenizer.json cuts text by \['Whitespace'\], which is none of"),
        (tokenizer(BYTES, vocab={"x": 9}), "tokenizer.json has token 9, config.json a vocabulary of 6"),
    ],
)
def test_what_llama_cpp_does_not_know_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        hub_tokenizer(given, CONFIG, {})


def test_bytes_are_all_there_is() -> None:
    known = byte_tokenizer()
    assert {len(known[f"tokenizer.ggml.{name}"]) for name in ("tokens", "scores", "token_type")} == {259}  # type: ignore[arg-type]
