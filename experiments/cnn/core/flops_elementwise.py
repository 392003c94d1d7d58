"""Operations on single numbers: what they are taken to cost, and which operations do no arithmetic at all.

The convention: one per number for every function of one or two numbers, whatever the hardware needs for it (an addition
and an exponential cost the same), one per number read for sums, maxima and means, and these for the rest:

- bias of a product or a convolution: 1 per output
- softmax 5 per number (largest, difference, exponential, sum, quotient), its gradient 4
- batch normalization 2 per number in evaluation, 5 in training; layer, group and RMS normalization 5
- resizing 3 per output along one axis (two products, one sum), 7 along two, 31 bicubic
- pooling 1 per number in the window, adaptive average pooling 1 per input; dropout 2
- fused attention 6 per score (scale, softmax) and 1 more for an additive mask; an LSTM step 13 per unit, 21 with biases

Random numbers, arithmetic of integers and moving data cost nothing. Other counters draw the line elsewhere: fvcore
counts normalization and no activation, torch's FlopCounterMode neither.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from experiments.cnn.core.flops_products import Arguments, Formula, recurrent_steps, scores, sequence_lengths


def pooling(arguments: Arguments, out: Any) -> int:
    """Numbers in the windows of all outputs; a kernel given as one number is square."""
    dims = 3 if arguments[0].dim() == 5 else 2
    kernel = list(arguments[1]) * (dims if len(arguments[1]) == 1 else 1)
    return first(out).numel() * math.prod(kernel)


def batch_normalization(arguments: Arguments, _: Any) -> int:
    return arguments[0].numel() * (5 if arguments[5] else 2)


def fused_attention(arguments: Arguments, _: Any) -> int:
    """Scale and softmax of the scores; the mask is the last argument but one where there is one."""
    query, key = arguments[:2]
    masked = len(arguments) > 5 and isinstance(arguments[5], Tensor)
    return scores(query, key) * (7 if masked else 6)


def recurrent_layer(arguments: Arguments, _: Any) -> int:
    """Two additions of biases to four gates, their sum, five activations, three products and one sum of each unit."""
    hidden, has_biases = arguments[10], arguments[12]
    return recurrent_steps(arguments[0]) * hidden * (21 if has_biases else 13)


def self_attention(tokens: Tensor, dim: int, heads: int) -> int:
    """Biases of the four projections, scale and softmax of every head's scores."""
    return sum(4 * length * dim + 6 * heads * length**2 for length in sequence_lengths(tokens))


def encoder_layer(arguments: Arguments, _: Any) -> int:
    """Self-attention, bias and activation of the inner layer, bias of the outer, two normalizations, two residuals."""
    tokens, dim, heads, inner = (arguments[i] for i in (0, 1, 2, 14))
    per_token = 2 * inner.shape[0] + dim + 2 * 5 * dim + 2 * dim
    return self_attention(tokens, dim, heads) + sum(sequence_lengths(tokens)) * per_token


def first(out: Any) -> Tensor:
    """The first tensor of a result."""
    return out if isinstance(out, Tensor) else out[0]


def _per_input(cost: int) -> Formula:
    return lambda arguments, _: cost * arguments[0].numel()


def _per_output(cost: int) -> Formula:
    return lambda _, out: cost * first(out).numel()


def _bias(position: int) -> Formula:
    """One per output where the argument at ``position`` is a bias."""
    return lambda arguments, out: first(out).numel() if arguments[position] is not None else 0


UNTAGGED = (
    *("elu_backward", "softplus_backward", "hardswish", "hardswish_", "hardswish_backward", "leaky_relu_backward"),
    *("_prelu_kernel", "_prelu_kernel_backward", "hardtanh_backward", "glu", "glu_backward", "rrelu_with_noise"),
    *("rrelu_with_noise_backward", "log_sigmoid_forward", "log_sigmoid_backward", "hardsigmoid_backward"),
)
"""Functions of single numbers that torch does not tag as such."""


def _formulas() -> dict[Any, Formula]:
    aten = torch.ops.aten
    untagged = [getattr(aten, name) for name in UNTAGGED]
    pools = [aten.max_pool2d_with_indices, aten.avg_pool2d, aten.max_pool3d_with_indices, aten.avg_pool3d]
    return {
        **dict.fromkeys([aten.addmm, aten.baddbmm, aten.addmv, aten.addbmm], _bias(0)),
        **dict.fromkeys([aten.convolution, aten._convolution, aten.convolution_overrideable], _bias(2)),
        **dict.fromkeys([aten._softmax, aten._safe_softmax, aten._log_softmax], _per_input(5)),
        **dict.fromkeys([aten._softmax_backward_data, aten._log_softmax_backward_data], _per_input(4)),
        **dict.fromkeys([aten.native_layer_norm, aten.native_group_norm, aten._fused_rms_norm], _per_input(5)),
        **dict.fromkeys([aten.native_batch_norm, aten._native_batch_norm_legit], batch_normalization),
        aten._native_batch_norm_legit_functional: batch_normalization,
        **dict.fromkeys([aten.var, aten.std, aten.var_mean, aten.logsumexp], _per_input(4)),
        aten.linalg_vector_norm: _per_input(2),
        aten.native_dropout: _per_input(2),
        **dict.fromkeys([aten._adaptive_avg_pool2d, aten.adaptive_max_pool2d, aten.cumsum], _per_input(1)),
        aten.mse_loss: _per_input(3),
        aten.nll_loss_forward: lambda arguments, _: arguments[1].numel(),
        **dict.fromkeys(pools, pooling),
        **dict.fromkeys(untagged, _per_output(1)),
        aten.upsample_linear1d: _per_output(3),
        aten.upsample_bilinear2d: _per_output(7),
        aten.upsample_bicubic2d: _per_output(31),
        aten._scaled_dot_product_flash_attention_for_cpu: fused_attention,
        aten.mkldnn_rnn_layer: recurrent_layer,
        aten._native_multi_head_attention: lambda a, _: self_attention(a[0], a[3], a[4]),
        aten._transformer_encoder_layer_fwd: encoder_layer,
    }


ELEMENTWISE = _formulas()
"""Operation to its element-wise operations, where it is not one per number."""

MOVES = frozenset(
    [
        *("empty", "zeros", "ones", "full", "arange", "linspace", "eye", "scalar_tensor", "empty_strided"),
        *("empty_like", "zeros_like", "ones_like", "full_like", "fill", "fill_", "zero", "zero_", "lift_fresh"),
        *("new_empty", "new_zeros", "new_ones", "new_full", "new_empty_strided", "lift_fresh_copy"),
        *("bernoulli", "bernoulli_", "uniform_", "normal_", "exponential_", "random_", "rand", "randn", "randint"),
        *("randperm", "rand_like", "randn_like", "clone", "copy", "copy_", "_to_copy", "detach_", "set_", "resize_"),
        *("cat", "stack", "roll", "flip", "repeat", "repeat_interleave", "tril", "triu", "tril_", "triu_"),
        *("index", "index_select", "index_put", "index_put_", "gather", "scatter", "scatter_", "embedding", "nonzero"),
        *("masked_fill", "masked_fill_", "where", "slice_scatter", "select_scatter", "diagonal_scatter"),
        *("slice_backward", "select_backward", "unfold_backward", "constant_pad_nd", "im2col", "upsample_nearest2d"),
        *("reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d"),
        *("_unsafe_view", "_reshape_alias", "unsafe_split", "unsafe_chunk", "native_channel_shuffle"),
        *("_local_scalar_dense", "is_same_size", "equal", "_pin_memory", "record_stream", "to_padded_tensor"),
        *("_nested_tensor_from_mask", "_nested_tensor_from_mask_left_aligned", "_has_same_storage_numel"),
        *("_linalg_check_errors", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
    ]
)
"""Names of operations that create, copy, choose or rearrange numbers without arithmetic."""


def moves_only(function: Any) -> bool:
    """Whether an operation does no arithmetic: it is listed, or its result is a view of its argument."""
    if function._overloadpacket.__name__ in MOVES:
        return True
    results = function._schema.returns
    return bool(results) and all(r.alias_info is not None and not r.alias_info.is_write for r in results)


def generic(function: Any, arguments: Arguments, out: Any) -> int | None:
    """By torch's tags: one per number written where it works number by number, one per number read where it reduces.

    Numbers that are not floating point cost nothing. None where the tags say neither.
    """
    tensors = [a for a in arguments if isinstance(a, Tensor)]
    floating = any(t.is_floating_point() or t.is_complex() for t in tensors)
    if torch.Tag.pointwise in function.tags:
        return first(out).numel() if floating else 0
    if torch.Tag.reduction in function.tags:
        return tensors[0].numel() if floating else 0
    return None
