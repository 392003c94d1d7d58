"""Operations that cost nothing: they create, copy, choose or rearrange numbers; and those that only compare them.

Random numbers and arithmetic of integers cost nothing either.
"""

from __future__ import annotations

from typing import Any

MOVES = frozenset(
    [
        *("empty", "zeros", "ones", "full", "arange", "linspace", "eye", "scalar_tensor", "empty_strided"),
        *("empty_like", "zeros_like", "ones_like", "full_like", "fill", "fill_", "zero", "zero_", "lift_fresh"),
        *("new_empty", "new_zeros", "new_ones", "new_full", "new_empty_strided", "lift_fresh_copy"),
        *("bernoulli", "bernoulli_", "uniform_", "normal_", "exponential_", "random_", "rand", "randn", "randint"),
        *("randperm", "rand_like", "randn_like", "clone", "copy", "copy_", "_to_copy", "detach_", "set_", "resize_"),
        *("cat", "stack", "roll", "flip", "repeat", "repeat_interleave", "tril", "triu", "tril_", "triu_"),
        *("index", "index_select", "gather", "embedding", "nonzero"),
        *("masked_fill", "masked_fill_", "where", "slice_scatter", "select_scatter", "diagonal_scatter"),
        *("slice_backward", "select_backward", "unfold_backward", "constant_pad_nd", "im2col", "upsample_nearest2d"),
        *("reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d"),
        *("_unsafe_view", "_reshape_alias", "unsafe_split", "unsafe_chunk", "native_channel_shuffle"),
        *("_local_scalar_dense", "is_same_size", "equal", "_pin_memory", "record_stream", "to_padded_tensor"),
        *("_nested_tensor_from_mask", "_nested_tensor_from_mask_left_aligned", "_has_same_storage_numel"),
        *("_unsafe_index", "_unsafe_masked_index", "alias", "as_strided_scatter", "block_diag", "diag_embed"),
        *("index_copy", "index_copy_", "index_fill", "index_fill_", "masked_scatter", "masked_scatter_", "take"),
        *("masked_select", "_chunk_cat", "max_unpool2d", "max_unpool3d", "rot90", "resize_as_", "empty_permuted"),
        *(
            "masked_scatter_backward",
            "value_selecting_reduction_backward",
            "cauchy_",
            "geometric_",
            "log_normal_",
            "normal",
            "randint_like",
            "complex",
            "squeeze_",
        ),
        *(
            "transpose_",
            "t_",
            "unsqueeze_",
            "reflection_pad3d",
            "replication_pad3d",
            "col2im",
            "unfold",
            "_nested_select_backward",
        ),
        *("_nested_tensor_from_tensor_list", "_nested_get_values", "_nested_view_from_jagged", "values"),
        *(
            "_linalg_check_errors",
            "logspace",
            "lu_unpack",
            "_to_sparse",
            "_to_sparse_csr",
            "pixel_shuffle",
            "pixel_unshuffle",
            "channel_shuffle",
        ),
    ]
)
"""Names of operations that create, copy, choose or rearrange numbers without arithmetic."""


COMPARES = frozenset(
    [
        *("sort", "topk", "kthvalue", "median", "nanmedian", "mode", "unique_consecutive", "_unique2", "bucketize"),
        *("searchsorted", "isin", "allclose", "histc", "histogram", "cummax", "cummin", "multinomial", "hash_tensor"),
        *("_histogramdd_bin_edges", "_histogramdd_from_bin_cts", "_histogramdd_from_bin_tensors", "nonzero_static"),
        *("adaptive_max_pool3d", "fractional_max_pool2d", "fractional_max_pool3d", "_ctc_loss", "_unique", "bincount"),
    ]
)
"""Names of operations that compare and search: they are listed as not counted, and cost no products."""


def costs_no_products(operation: str) -> bool:
    """Whether an operation without a formula, such as ``aten.sort``, is known to multiply and sum nothing.

    Of all others a total is refused: nothing is known about them.
    """
    namespace, _, name = operation.partition(".")
    return namespace == "aten" and name in COMPARES


def moves_only(function: Any) -> bool:
    """Whether an operation does no arithmetic: it is listed, or its result is a view of its argument."""
    name = function._overloadpacket.__name__
    if name in MOVES or name.endswith("_copy"):
        return True
    results = function._schema.returns
    return bool(results) and all(r.alias_info is not None and not r.alias_info.is_write for r in results)
