"""Multiply-adds of the operations that multiply and sum: matrix products, convolutions, attention, recurrent layers.

One formula per operation of torch's ATen library, from the shapes of its arguments; nothing is computed. A multiply-add
(MAC) is one multiplication with the addition that follows it, two FLOPs. Multiplications with padding zeros and with
masked scores count, because the kernels carry them out; a causal mask halves nothing.

What torch's FlopCounterMode leaves out on a CPU is here too: the fused attention
``_scaled_dot_product_flash_attention_for_cpu``, oneDNN's LSTM layer ``mkldnn_rnn_layer``, and the fused inference path
of the encoder ``_transformer_encoder_layer_fwd`` with its attention ``_native_multi_head_attention``.

Source: https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/native/native_functions.yaml for the arguments;
the five products of attention's backward pass: Dao et al., FlashAttention, https://arxiv.org/abs/2205.14135, 2022.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Arguments = Sequence[Any]
"""Every positional argument of an operation in the order of its schema, defaults filled in."""
Formula = Callable[[Arguments, Any], int]
"""Arguments and result of an operation to a number of multiply-adds or of element-wise operations."""


def matrix_product(left: Tensor, right: Tensor) -> int:
    """(..., m, k) times (..., k, n): m k n for each matrix of the batch; a vector counts as one column."""
    columns = 1 if right.dim() == 1 else right.shape[-1]
    return left.numel() * columns


def convolution(inputs: Tensor, weight: Tensor, outputs: Tensor, *, transposed: bool) -> int:
    """Every output takes (Cin / groups) k^d products; transposed, every input gives (Cout / groups) k^d.

    ``weight`` is (Cout, Cin / groups, k...), transposed (Cin, Cout / groups, k...).
    """
    positions = inputs if transposed else outputs
    return positions.numel() * math.prod(weight.shape[1:])


def convolution_backward(arguments: Arguments, _: Any) -> int:
    """As many again for each of the two gradients that is asked for, by the input and by the weight."""
    gradient, inputs, weight, transposed, mask = (arguments[i] for i in (0, 1, 2, 7, 10))
    return (mask[0] + mask[1]) * convolution(inputs, weight, gradient, transposed=transposed)


def attention(query: Tensor, key: Tensor, value: Tensor) -> int:
    """Scores Q K^T and their product with V: (..., heads, tokens, size) each, heads of the query."""
    return scores(query, key) * (query.shape[-1] + value.shape[-1])


def attention_backward(query: Tensor, key: Tensor, value: Tensor) -> int:
    """Scores again, then the gradients by V, by the weights, by Q and by K: three products of Q's size, two of V's."""
    return scores(query, key) * (3 * query.shape[-1] + 2 * value.shape[-1])


def scores(query: Tensor, key: Tensor) -> int:
    """Entries of Q K^T."""
    return math.prod(query.shape[:-1]) * key.shape[-2]


def recurrent_steps(inputs: Tensor) -> int:
    """Time steps times sequences of (T, n, features)."""
    return inputs.numel() // inputs.shape[-1]


def recurrent_layer(arguments: Arguments, _: Any) -> int:
    """Every step multiplies its input and its state by the weights of all gates."""
    return recurrent_steps(arguments[0]) * (arguments[1].numel() + arguments[2].numel())


def sequence_lengths(tokens: Tensor) -> list[int]:
    """Tokens of each sequence of (n, T, dim), also of a nested tensor, whose sequences have lengths of their own."""
    if tokens.is_nested:
        return [int(length) for length in tokens._nested_tensor_size()[:, 0]]
    return [tokens.shape[1]] * tokens.shape[0]


def self_attention(tokens: Tensor, dim: int) -> int:
    """Projections to Q, K, V and out, 4 T dim^2, and 2 T^2 dim for the attention of each sequence."""
    return sum(4 * length * dim**2 + 2 * length**2 * dim for length in sequence_lengths(tokens))


def encoder_layer(arguments: Arguments, _: Any) -> int:
    """Self-attention and the two layers of the feed-forward network on every token."""
    tokens, dim, inner, outer = (arguments[i] for i in (0, 1, 14, 16))
    return self_attention(tokens, dim) + sum(sequence_lengths(tokens)) * (inner.numel() + outer.numel())


def _formulas() -> dict[Any, Formula]:
    aten = torch.ops.aten
    first_two = [aten.mm, aten.bmm, aten.mv, aten.dot, aten.vdot, aten._int_mm, aten._scaled_mm]
    behind_a_sum = [aten.addmm, aten.baddbmm, aten.addmv, aten.addbmm]
    convolutions = [aten.convolution, aten._convolution, aten.convolution_overrideable]
    fused = [
        aten._scaled_dot_product_flash_attention_for_cpu,
        aten._scaled_dot_product_flash_attention,
        aten._scaled_dot_product_efficient_attention,
        aten._scaled_dot_product_cudnn_attention,
        aten._scaled_dot_product_fused_attention_overrideable,
    ]
    fused_backward = [getattr(aten, f"{packet.__name__}_backward") for packet in fused]
    return {
        **dict.fromkeys(first_two, lambda a, _: matrix_product(a[0], a[1])),
        **dict.fromkeys(behind_a_sum, lambda a, _: matrix_product(a[1], a[2])),
        **dict.fromkeys(convolutions, lambda a, out: convolution(a[0], a[1], out, transposed=a[6])),
        aten.convolution_backward: convolution_backward,
        **dict.fromkeys(fused, lambda a, _: attention(*a[:3])),
        **dict.fromkeys(fused_backward, lambda a, _: attention_backward(*a[1:4])),
        aten.mkldnn_rnn_layer: recurrent_layer,
        aten.mkldnn_rnn_layer_backward: lambda a, out: 2 * recurrent_layer(a, out),
        aten._native_multi_head_attention: lambda a, _: self_attention(a[0], a[3]),
        aten._transformer_encoder_layer_fwd: encoder_layer,
    }


PRODUCTS = _formulas()
"""Operation to its multiply-adds."""

PRODUCT_WORDS = (
    *("mm", "matmul", "mv", "dot", "conv", "attention", "rnn", "lstm", "gru", "linear", "transformer", "cdist"),
    *("fft", "linalg", "einsum", "trilinear", "cholesky", "solve", "svd", "eig", "inverse", "pdist", "lu_factor", "qr"),
)
"""Parts of the names of operations whose cost is products; one of these without a formula makes a total wrong."""


def hides_products(operation: str) -> bool:
    """Whether an operation without a formula, such as ``aten.cdist``, may cost multiply-adds.

    Every operation outside ATen may, since nothing is known about it. Resizing images does not, linear or not.
    """
    namespace, _, name = operation.partition(".")
    if namespace not in ("aten", "prims"):
        return True
    return "upsample" not in name and any(word in name for word in PRODUCT_WORDS)
