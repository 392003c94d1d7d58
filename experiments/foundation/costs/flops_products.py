"""Multiply-adds of the operations that multiply and sum: matrix products, convolutions, attention, recurrent layers.

One formula per operation of torch's ATen library, from the shapes of its arguments; nothing is computed. A multiply-add
(MAC) is one multiplication with the addition that follows it, two FLOPs. Multiplications with padding zeros and with
masked scores count, because the kernels carry them out; a causal mask halves nothing. A multiply-add of two complex
numbers counts as four, of a complex and a real one as two. A sparse matrix costs its stored numbers.

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
Formula = Callable[[Arguments, Any], int | None]
"""Arguments and result of an operation to multiply-adds or element-wise operations; None where they cannot be known."""


def matrix_product(left: Tensor, right: Tensor) -> int | None:
    """(..., m, k) times (..., k, n): m k n for each matrix of the batch; a vector counts as one column.

    None where both are sparse: the cost depends on where their numbers lie.
    """
    if not is_dense(left) and not is_dense(right):
        return None
    if not is_dense(right):
        return stored(right) * left.shape[-2] * real_products(left, right)
    columns = 1 if right.dim() == 1 else right.shape[-1]
    return stored(left) * columns * real_products(left, right)


def any_product(arguments: Arguments, out: Any) -> int:
    """``aten.matmul`` where it comes whole: every output sums k products; of nested tensors those of each sequence."""
    left, right = arguments[:2]
    if not left.is_nested:
        return out.numel() * left.shape[-1] * real_products(left, right)
    sizes = zip(left._nested_tensor_size().tolist(), right._nested_tensor_size().tolist(), strict=True)
    return sum(math.prod(one) * other[-1] for one, other in sizes)


def is_dense(tensor: Tensor) -> bool:
    return tensor.layout in (torch.strided, torch.jagged)


def stored(tensor: Tensor) -> int:
    """Numbers that a matrix stores."""
    return tensor.numel() if is_dense(tensor) else tensor._nnz()


def real_products(left: Tensor, right: Tensor) -> int:
    """Multiply-adds of real numbers in one of these."""
    return (1 + left.is_complex()) * (1 + right.is_complex())


def grouped_product(left: Tensor, right: Tensor) -> int:
    """Products by groups of rows, of columns, or of what is summed over: each group's m k n, summed."""
    if left.dim() == 3 and right.dim() == 2:  # groups of columns
        return left[0].numel() * right.shape[-1]
    return left.numel() * right.shape[-1]


def distances(arguments: Arguments, out: Any) -> int:
    """Euclidean distances of all pairs, a multiply-add per coordinate; none in another norm."""
    euclidean = len(arguments) < 3 or arguments[2] == 2
    return out.numel() * arguments[0].shape[-1] if euclidean else 0


def trilinear(arguments: Arguments, _: Any) -> int:
    """Sums of products of three numbers: a multiply-add for each combination, and a product before it."""
    sizes = [list(operand.shape) for operand in arguments[:3]]
    for size, places in zip(sizes, arguments[3:6], strict=True):
        for place in sorted(places):
            size.insert(place, 1)
    return math.prod(max(axis) for axis in zip(*sizes, strict=True))


def convolution(inputs: Tensor, weight: Tensor, outputs: Tensor, *, transposed: bool) -> int:
    """Every output takes (Cin / groups) k^d products; transposed, every input gives (Cout / groups) k^d.

    ``weight`` is (Cout, Cin / groups, k...), transposed (Cin, Cout / groups, k...).
    """
    positions = inputs if transposed else outputs
    return positions.numel() * math.prod(weight.shape[1:]) * real_products(inputs, weight)


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
    after_a_sum = [aten.addmm, aten.baddbmm, aten.addmv, aten.addbmm, aten._sparse_addmm]
    convolutions = [aten.convolution, aten._convolution, aten.convolution_overrideable]
    fused = [
        aten._scaled_dot_product_flash_attention_for_cpu,
        aten._scaled_dot_product_flash_attention,
        aten._scaled_dot_product_efficient_attention,
        aten._scaled_dot_product_cudnn_attention,
        aten._scaled_dot_product_fused_attention_overrideable,
    ]
    named = torch.ops.quantized
    quantized = [named.linear, named.linear_relu, named.linear_dynamic, named.linear_relu_dynamic]
    fused_backward = [getattr(aten, f"{packet.__name__}_backward") for packet in fused]
    return {
        **dict.fromkeys(first_two, lambda a, _: matrix_product(a[0], a[1])),
        **dict.fromkeys(after_a_sum, lambda a, _: matrix_product(a[1], a[2])),
        **dict.fromkeys(convolutions, lambda a, out: convolution(a[0], a[1], out, transposed=a[6])),
        aten.convolution_backward: convolution_backward,
        aten.matmul: any_product,
        aten.addr: lambda a, _: a[1].numel() * a[2].numel(),
        aten._grouped_mm: lambda a, _: grouped_product(a[0], a[1]),
        **dict.fromkeys([aten._cdist_forward, aten._euclidean_dist], distances),
        aten._cdist_backward: lambda a, _: a[0].numel() * a[1].shape[-1],
        aten._pdist_forward: lambda a, out: out.numel() * a[0].shape[-1] if a[1] == 2 else 0,
        aten._trilinear: trilinear,
        **dict.fromkeys(quantized, lambda a, out: a[0].numel() * out.shape[-1]),
        **dict.fromkeys(fused, lambda a, _: attention(*a[:3])),
        **dict.fromkeys(fused_backward, lambda a, _: attention_backward(*a[1:4])),
        aten.mkldnn_rnn_layer: recurrent_layer,
        aten.mkldnn_rnn_layer_backward: lambda a, out: 2 * recurrent_layer(a, out),
        aten._native_multi_head_attention: lambda a, _: self_attention(a[0], a[3]),
        aten._transformer_encoder_layer_fwd: encoder_layer,
    }


PRODUCTS = _formulas()
"""Operation to its multiply-adds."""
