"""llama.cpp, by the wheel xllamacpp, computes from our files what our decoder computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from experiments.adapt.core.gguf_file import write_gguf
from experiments.adapt.quant.own import trained_model
from experiments.foundation.architectures.llama import Architecture, Decoder, tokens

xllamacpp = pytest.importorskip("xllamacpp", reason="needs xllamacpp, llama.cpp as a wheel")
PROMPTS = [
    f"{word} is the winter of our {other}" for word in ("Now", "a", "this") for other in ("x", "age", "day", "law")
]
SIZE = Architecture(dim=64, layers=2, heads=4, kv_heads=2, hidden=96, context=128, theta=5000.0)


def decoder() -> Decoder:
    """Random weights, two query heads for each key head, and a head sharp enough to tell bytes apart."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Decoder(SIZE).eval()
        for weights in network.parameters():
            torch.nn.init.normal_(weights, std=0.3) if weights.dim() == 2 else torch.nn.init.normal_(weights, mean=1)
    return network


def served(file: Path, *, exact_cache: bool = True) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_gpu_layers = str(file), 128, 0
    params.cpuparams.n_threads, params.warmup = 1, False
    if exact_cache:
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return xllamacpp.Server(params)


def differences(server: Any, network: Decoder) -> list[float]:
    """Per prompt the largest difference of log-probabilities of the next byte, over the twenty most probable."""
    worst = []
    for prompt in PROMPTS:
        asked = {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": 259, "n_probs": 259}
        answer = server.handle_completions(asked)["choices"][0]
        if answer["logprobs"] is None:  # it holds back bytes that begin a longer character
            continue
        ranked = answer["logprobs"]["content"][0]["top_logprobs"]
        with torch.no_grad():
            ours = network(tokens(prompt)[None])[0, -1].log_softmax(dim=-1)
        worst.append(max(abs(float(ours[one["id"]]) - one["logprob"]) for one in ranked[:20]))
    return worst


def written(folder: Path, network: Decoder, stored: str) -> Path:
    model = trained_model(network)
    write_gguf(folder / f"{stored}.gguf", model.metadata(stored), model.tensors(stored))
    return folder / f"{stored}.gguf"


def test_llama_cpp_computes_what_the_decoder_computes(tmp_path: Path) -> None:
    network = decoder()
    file = written(tmp_path, network, "f32")
    compared = differences(served(file), network)
    assert len(compared) >= 3
    exact = max(compared)
    assert exact < 1e-3
    assert max(differences(served(file, exact_cache=False), network)) > exact


@pytest.mark.parametrize("stored", ["q8_0", "q5_1", "q5_0", "q4_1", "q4_0"])
def test_llama_cpp_answers_from_every_format(stored: str, tmp_path: Path) -> None:
    network = decoder()
    answer = served(written(tmp_path, network, stored)).handle_completions({"prompt": "to be", "max_tokens": 4})
    assert answer["usage"]["completion_tokens"] >= 1
