"""A Llama model of the Hugging Face hub in llama.cpp's words: tensors renamed, rows of queries and keys reordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.adapt.core.block_formats import BLOCK, FORMATS, Floats
from experiments.adapt.core.gguf_file import Metadata, Tensor
from experiments.adapt.core.hub_weights import Weight
from experiments.foundation.architectures.llama import Architecture

EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
OUTSIDE = {EMBEDDING: "token_embd.weight", "model.norm.weight": "output_norm.weight", HEAD: "output.weight"}
INSIDE = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size", "rms_norm_eps")


def architecture(config: Mapping[str, Any]) -> Architecture:
    """The sizes that a config.json says.

    Raises:
        ValueError: it is not of Llama's architecture, or has parts that are not converted.
    """
    if config.get("model_type") != "llama":
        raise ValueError(f"config.json has model_type {config.get('model_type')}, expected llama")
    if missing := [key for key in NEEDED if not isinstance(config.get(key), int | float)]:
        raise ValueError(f"config.json lacks {', '.join(missing)}")
    rope = config.get("rope_parameters") or {}
    scaling = config.get("rope_scaling") or (rope if rope.get("rope_type", "default") != "default" else None)
    heads = config["num_attention_heads"]
    own = config.get("head_dim") or config["hidden_size"] // heads
    extras = {
        "rope_scaling": scaling,
        "attention_bias": config.get("attention_bias"),
        "mlp_bias": config.get("mlp_bias"),
    }
    extras["head_dim"] = own if own * heads != config["hidden_size"] else None
    if foreign := [f"{key}={value}" for key, value in extras.items() if value]:
        raise ValueError(f"config.json has {', '.join(foreign)}, which is not converted")
    return Architecture(
        dim=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        hidden=config["intermediate_size"],
        vocabulary=config["vocab_size"],
        context=config.get("max_position_embeddings", 2048),
        eps=config["rms_norm_eps"],
        theta=float(config.get("rope_theta") or rope.get("rope_theta") or 10_000.0),
    )


def metadata(size: Architecture, stored: str, name: str) -> Metadata:
    """What llama.cpp has to know of the architecture."""
    return {
        "general.architecture": "llama",
        "general.name": name,
        "general.file_type": FORMATS[stored].file_type if stored in FORMATS else 0,
        "general.quantization_version": 2,
        "llama.block_count": size.layers,
        "llama.context_length": size.context,
        "llama.embedding_length": size.dim,
        "llama.feed_forward_length": size.hidden,
        "llama.attention.head_count": size.heads,
        "llama.attention.head_count_kv": size.kv_heads,
        "llama.attention.layer_norm_rms_epsilon": float(size.eps),
        "llama.rope.freq_base": size.theta,
        "llama.rope.dimension_count": size.head_dim,
        "llama.vocab_size": size.vocabulary,
    }


def llama_tensors(weights: Mapping[str, Weight], size: Architecture, stored: str, *, tied: bool) -> list[Tensor]:
    """The tensors of the file: norms in float32, matrices in ``stored``, embedding and head at least in q8_0.

    Raises:
        ValueError: a tensor is missing or foreign.
    """
    names = dict(OUTSIDE)
    for layer in range(size.layers):
        names |= {f"model.layers.{layer}.{hub}.weight": f"blk.{layer}.{ours}.weight" for hub, ours in INSIDE.items()}
    if tied:
        names.pop(HEAD)
    if missing := [name for name in names if name not in weights]:
        raise ValueError(f"{missing[0]} is missing" + f", and {len(missing) - 1} more" * (len(missing) > 1))
    foreign = [name for name in weights if name not in names and name != HEAD and "rotary_emb" not in name]
    if foreign:
        raise ValueError(f"{foreign[0]} is no tensor of Llama's architecture")
    return [_tensor(hub, ours, weights[hub], size, stored) for hub, ours in names.items()]


def plain_tensors(weights: Mapping[str, Weight], stored: str) -> list[Tensor]:
    """The tensors as they are, those with rows of a multiple of 32 in ``stored``."""
    return [Tensor(name, one.shape, stored_as(name, one.shape, stored), one.read) for name, one in weights.items()]


def stored_as(name: str, shape: tuple[int, ...], stored: str) -> str:
    """``stored`` for matrices whose rows are blocks, float16 for others, float32 for vectors.

    Embedding and head have at least eight bits, as llama.cpp's own tool keeps them finer too.

    >>> [stored_as("x", shape, "q4_0") for shape in ((64,), (8, 64), (8, 65))], stored_as(HEAD, (8, 64), "q4_0")
    (['f32', 'q4_0', 'f16'], 'q8_0')
    """
    if len(shape) < 2 or stored == "f32":
        return "f32"
    if shape[-1] % BLOCK:
        return "f16"
    return "q8_0" if name in (EMBEDDING, HEAD) and stored in FORMATS else stored


def neighbors_paired(weights: Floats, heads: int) -> Floats:
    """Rows (heads * d, n_in) that turn in halves, i with i + d/2, as rows that turn in neighbors, 2i with 2i + 1."""
    return weights.reshape(heads, 2, -1, weights.shape[-1]).swapaxes(1, 2).reshape(weights.shape)


def _tensor(hub: str, ours: str, weight: Weight, size: Architecture, stored: str) -> Tensor:
    heads = {"attn_q": size.heads, "attn_k": size.kv_heads}.get(ours.split(".")[-2])
    read = weight.read if heads is None else lambda: neighbors_paired(weight.read(), heads)
    return Tensor(ours, weight.shape, stored_as(hub, weight.shape, stored), read)
