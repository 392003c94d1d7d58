"""Operations on single numbers: what they are taken to cost.

The convention: one per number for every function of one or two numbers, whatever the hardware needs for it (an addition
and an exponential cost the same), one per number read for sums, maxima and means, and these for the rest:

- bias of a product or a convolution: 1 per output
- softmax 5 per number (largest, difference, exponential, sum, quotient), its gradient 4; other gradients 1, of norms 5
- batch normalization 2 per number in evaluation, 5 in training; layer, group and RMS normalization 5
- resizing and sampling 3 per output along one axis (two products, one sum), 7 along two, 15 along three, 31 bicubic
- losses 3 to 5 per number, distances of pairs 2 per coordinate beside their multiply-adds, weight normalization 3
- pooling 1 per number in the window, adaptive average pooling 1 per input; dropout 2
- fused attention 6 per score (scale, softmax) and 1 more for an additive mask; an LSTM step 13 per unit, 21 with biases

A complex number counts as two. Arithmetic of integers costs nothing. Other counters draw the line elsewhere: fvcore
counts normalization and no activation, torch's FlopCounterMode neither.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from experiments.foundation.costs.flops_products import (
    Arguments,
    Formula,
    recurrent_steps,
    scores,
    sequence_lengths,
    stored,
)


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


def sampling(arguments: Arguments, out: Any) -> int:
    """Weighted sums of the corners around each point: bilinear, of the nearest, bicubic."""
    corners = 2 ** (arguments[0].dim() - 2)
    return first(out).numel() * (2 * corners - 1, 0, 31)[arguments[2]]


def distances(arguments: Arguments, out: Any) -> int:
    """A difference per coordinate and a root; in other norms than Euclid's a power and a sum too."""
    euclidean = len(arguments) < 3 or arguments[2] == 2
    return out.numel() * ((1 if euclidean else 3) * arguments[0].shape[-1] + 1)


def bag_of_embeddings(arguments: Arguments, _: Any) -> int:
    """Every looked up number is added."""
    return arguments[1].numel() * arguments[0].shape[-1]


def _per_input(cost: int) -> Formula:
    return lambda arguments, _: cost * arguments[0].numel()


def _per_output(cost: int) -> Formula:
    return lambda _, out: cost * first(out).numel()


def _bias(position: int) -> Formula:
    """One per output where the argument at ``position`` is a bias."""
    return lambda arguments, out: first(out).numel() if arguments[position] is not None else 0


def _summands(arguments: Arguments, _: Any) -> int:
    """One per number that is added: those of the largest tensor among the arguments after the first."""
    return max((a.numel() for a in arguments[1:] if isinstance(a, Tensor)), default=arguments[0].numel())


UNTAGGED = (
    *("elu_backward", "softplus_backward", "hardswish", "hardswish_", "hardswish_backward", "leaky_relu_backward"),
    *("_prelu_kernel", "_prelu_kernel_backward", "hardtanh_backward", "glu", "glu_backward", "rrelu_with_noise"),
    *("rrelu_with_noise_backward", "log_sigmoid_forward", "log_sigmoid_backward", "hardsigmoid_backward"),
)
"""Functions of single numbers that torch does not tag as such."""


GRADIENTS = (
    *("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d", "avg_pool2d"),
    *("avg_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices", "fractional_max_pool2d", "mse_loss"),
    *("fractional_max_pool3d", "binary_cross_entropy", "huber_loss", "smooth_l1_loss", "soft_margin_loss"),
    *("multi_margin_loss", "multilabel_margin_loss", "nll_loss", "nll_loss2d", "embedding_dense", "native_dropout"),
    *("_embedding_bag_dense", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d"),
    *("replication_pad2d", "replication_pad3d", "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"),
    *("_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "_segment_reduce"),
    *("upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d", "_masked_softmax"),
    *("grid_sampler_2d", "grid_sampler_3d", "_embedding_bag_per_sample_weights"),
)
"""Operations whose gradients, by ``NAME_backward``, cost one per number written."""


def _formulas() -> dict[Any, Formula]:
    aten = torch.ops.aten
    untagged = [getattr(aten, name) for name in (*UNTAGGED, *(f"{name}_backward" for name in GRADIENTS))]
    norms = ("native_batch_norm", "native_layer_norm", "native_group_norm", "_fused_rms_norm")
    pools = [aten.max_pool2d_with_indices, aten.avg_pool2d, aten.max_pool3d_with_indices, aten.avg_pool3d]
    return {
        **dict.fromkeys([aten.addmm, aten.baddbmm, aten.addmv, aten.addbmm], _bias(0)),
        **dict.fromkeys([aten.convolution, aten._convolution, aten.convolution_overrideable], _bias(2)),
        **dict.fromkeys([aten._softmax, aten._safe_softmax, aten._log_softmax], _per_input(5)),
        **dict.fromkeys([aten._softmax_backward_data, aten._log_softmax_backward_data], _per_input(4)),
        **dict.fromkeys([aten.native_layer_norm, aten.native_group_norm, aten._fused_rms_norm], _per_input(5)),
        **{getattr(aten, f"{name}_backward"): _per_input(5) for name in norms},
        **dict.fromkeys([aten.native_batch_norm, aten._native_batch_norm_legit], batch_normalization),
        aten._native_batch_norm_legit_functional: batch_normalization,
        **dict.fromkeys([aten.var, aten.std, aten.var_mean, aten.logsumexp], _per_input(4)),
        aten.linalg_vector_norm: _per_input(2),
        aten.native_dropout: _per_input(2),
        **dict.fromkeys([aten._adaptive_avg_pool2d, aten.adaptive_max_pool2d, aten.cumsum], _per_input(1)),
        aten.mse_loss: _per_input(3),
        **dict.fromkeys([aten.nll_loss_forward, aten.nll_loss2d_forward], lambda a, _: a[1].numel()),
        **dict.fromkeys([aten.binary_cross_entropy, aten.binary_cross_entropy_with_logits], _per_input(5)),
        **dict.fromkeys([aten.huber_loss, aten.smooth_l1_loss, aten.soft_margin_loss], _per_input(4)),
        **dict.fromkeys([aten.multi_margin_loss, aten.multilabel_margin_loss_forward, aten.dist], _per_input(3)),
        **dict.fromkeys([aten.renorm, aten._weight_norm_interface], _per_input(3)),
        aten._weight_norm_interface_backward: _per_input(6),
        **dict.fromkeys([aten.cumprod, aten.trace, aten._adaptive_avg_pool3d], _per_input(1)),
        aten.logcumsumexp: _per_input(4),
        **dict.fromkeys([aten.index_add, aten.index_reduce, aten.scatter_add, aten.scatter_reduce], _summands),
        **dict.fromkeys([aten._unsafe_masked_index_put_accumulate, aten.segment_reduce, aten.put], _summands),
        **dict.fromkeys([aten.scatter, aten.scatter_], lambda a, _: a[3].numel() if isinstance(a[-1], str) else 0),
        **dict.fromkeys([aten.index_put, aten.index_put_], lambda a, _: a[2].numel() * a[3]),
        **dict.fromkeys([aten._cdist_forward, aten._euclidean_dist], distances),
        **dict.fromkeys([aten.grid_sampler_2d, aten.grid_sampler_3d], sampling),
        **dict.fromkeys([aten._embedding_bag, aten._embedding_bag_forward_only], bag_of_embeddings),
        aten._batch_norm_with_update: _per_input(5),
        aten._trilinear: _per_output(1),
        **dict.fromkeys([aten.linalg_cross, aten.upsample_linear1d], _per_output(3)),
        **dict.fromkeys([aten.rsub, aten.floor_divide], _per_output(1)),
        aten.polar: _per_output(2),
        **dict.fromkeys(pools, pooling),
        **dict.fromkeys(untagged, _per_output(1)),
        aten.upsample_trilinear3d: _per_output(15),
        aten.upsample_bilinear2d: _per_output(7),
        aten.upsample_bicubic2d: _per_output(31),
        aten._scaled_dot_product_flash_attention_for_cpu: fused_attention,
        aten.mkldnn_rnn_layer: recurrent_layer,
        aten._native_multi_head_attention: lambda a, _: self_attention(a[0], a[3], a[4]),
        aten._transformer_encoder_layer_fwd: encoder_layer,
    }


ELEMENTWISE = _formulas()
"""Operation to its element-wise operations, where it is not one per number."""


def generic(function: Any, arguments: Arguments, out: Any) -> int | None:
    """By torch's tags: one per number written where it works number by number, one per number read where it reduces.

    Numbers that are not floating point cost nothing. None where the tags say neither.
    """
    tensors = [a for a in arguments if isinstance(a, Tensor)]
    floating = any(t.is_floating_point() or t.is_complex() for t in tensors)
    if torch.Tag.pointwise in function.tags:
        return _numbers(first(out)) if floating else 0
    if torch.Tag.reduction in function.tags:
        return _numbers(tensors[0]) if floating else 0
    return None


def _numbers(tensor: Tensor) -> int:
    return stored(tensor) * (1 + tensor.is_complex())
