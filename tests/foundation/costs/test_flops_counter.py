"""Counts of layers, networks and gradients: what is charged to whom, what costs nothing, what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from experiments.cnn.core.flops_cases import Lambda
from experiments.foundation.costs.flops_counter import BACKWARD, Count, UncountedProductsError, count, ghost


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_fused_lstm_costs_what_its_single_products_cost(layers: int, both_ways: bool, bias: bool) -> None:
    lstm = nn.LSTM(5, 7, num_layers=layers, bidirectional=both_ways, bias=bias)
    x = torch.randn(4, 3, 5)
    fused, single = count(lstm, x), count(ghost(lstm), x.to("meta"))
    assert "mkldnn_rnn_layer" in fused.layers[0].operations
    assert "mkldnn_rnn_layer" not in single.layers[0].operations
    assert (fused.macs, fused.elementwise) == (single.macs, single.elementwise)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_encoders_fused_path_costs_what_its_modules_cost(norm_first: bool, activation: str) -> None:
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first, activation=activation)
    encoder.eval()
    x = torch.randn(3, 5, 8)
    slow = count(encoder, x)
    with torch.no_grad():
        fast = count(encoder, x)
    with torch.inference_mode():
        inference = count(encoder, x)
    assert [layer.operations for layer in fast.layers if layer.macs] == [("transformer_encoder_layer_fwd",)]
    assert (fast.macs, fast.elementwise) == (slow.macs, slow.elementwise) == (inference.macs, inference.elementwise)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
def test_padding_that_the_fused_encoder_skips_costs_nothing() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 1).eval()
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    with torch.no_grad():
        counted = count(encoder, torch.randn(2, 5, 8), src_key_padding_mask=padding)
        alone = [count(encoder, torch.randn(1, length, 8)).macs for length in (5, 3)]
    assert counted.macs == sum(alone)


def attention(**options: object) -> Lambda:
    return Lambda(lambda q, k, v: scaled_dot_product_attention(q, k, v, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [{}, {"is_causal": True}, {"attn_mask": torch.zeros(6, 6)}, {"dropout_p": 0.1}, {"scale": 2.0}],
    ids=["plain", "causal", "mask", "dropout", "scale"],
)
@pytest.mark.parametrize("inference", [False, True])
def test_attention_costs_two_products_whichever_kernel_runs(options: dict[str, object], inference: bool) -> None:
    q, k, v = (torch.randn(2, 4, 6, 8) for _ in range(3))
    with torch.inference_mode(inference):
        counted = count(attention(**options), q, k, v)
        without_batch = count(attention(**options), q[0], k[0], v[0])
    assert counted.macs == 2 * 2 * 4 * 6 * 6 * 8 == 2 * without_batch.macs


def test_attention_over_other_keys_and_fewer_heads_is_counted() -> None:
    q, k = torch.randn(2, 4, 3, 8), torch.randn(2, 2, 5, 8)
    assert count(attention(enable_gqa=True), q, k, k).macs == 2 * 4 * 3 * 5 * (8 + 8)
    q, k, v = torch.randn(2, 4, 3, 8), torch.randn(2, 4, 5, 8), torch.randn(2, 4, 5, 6)
    assert count(attention(), q, k, v).macs == 2 * 4 * 3 * 5 * (8 + 6)


def test_packed_sequences_cost_their_own_steps() -> None:
    lstm = nn.LSTM(4, 3)
    packed = nn.utils.rnn.pack_sequence([torch.randn(5, 4), torch.randn(3, 4)])
    assert count(lstm, packed).macs == 8 * 4 * 3 * (4 + 3)


def test_vectors_cost_one_column() -> None:
    assert count(Lambda(lambda a: (a @ a[0]).dot(a[:, 0])), torch.randn(3, 3)).macs == 9 + 3


@pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="torch's LSTM has no 16 bits on this processor"
)
def test_lower_precision_costs_the_same() -> None:
    lstm, x = nn.LSTM(4, 3), torch.randn(5, 2, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert count(lstm, x).macs == 10 * 4 * 3 * (4 + 3)


def test_a_backward_pass_costs_twice_the_forward_one_and_leaves_gradients_alone() -> None:
    linear, x = nn.Linear(3, 4), torch.randn(5, 3, requires_grad=True)
    kept = torch.ones_like(linear.weight)
    linear.weight.grad = kept
    counted = count(linear, x, backward=True)
    assert [(layer.path, layer.macs) for layer in counted.layers] == [("", 60), (BACKWARD, 120)]
    assert linear.weight.grad is kept
    assert torch.equal(kept, torch.ones_like(kept))
    assert x.grad is None


def test_each_operation_is_charged_to_the_module_that_runs_it() -> None:
    inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    network = nn.Sequential(inner, nn.Linear(4, 2), Lambda(lambda x: x @ x.T))
    layers = {layer.path: layer for layer in count(network, torch.randn(5, 3)).layers}
    assert {path: layer.macs for path, layer in layers.items()} == {"0.0": 60, "0.1": 0, "1": 40, "2": 50}
    assert {path: layer.elementwise for path, layer in layers.items()} == {"0.0": 20, "0.1": 20, "1": 10, "2": 0}
    assert [layer.parameters for layer in layers.values()] == [16, 0, 10, 0]


def test_shared_parameters_count_once_and_unused_ones_too() -> None:
    shared = nn.Linear(3, 3)
    network = nn.ModuleDict({"a": shared, "b": shared, "unused": nn.Linear(3, 2)})
    network.forward = lambda x: network["b"](network["a"](x))
    counted = count(network, torch.randn(1, 3))
    assert counted.parameters == 12 + 8 == sum(parameter.numel() for parameter in network.parameters())
    assert counted.macs == 18


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.ReLU(), (2, 3), 6),
        (nn.Softmax(-1), (2, 3), 30),
        (nn.LayerNorm(3), (2, 3), 30),
        (nn.BatchNorm2d(3).eval(), (2, 3, 4, 4), 192),
        (nn.MaxPool2d(2), (1, 1, 4, 4), 16),
        (nn.AvgPool2d(3, 1), (1, 1, 4, 4), 36),
        (nn.AdaptiveAvgPool2d(1), (1, 2, 4, 4), 32),
        (nn.Dropout().eval(), (2, 3), 0),
        (nn.Flatten(), (2, 3, 4), 0),
        (nn.PReLU(), (2, 3), 6),
        (nn.Hardswish(), (2, 3), 6),
        (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 1, 2, 2), 112),
        (nn.PixelShuffle(2), (1, 4, 2, 2), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_elementwise_operations_have_their_own_column(layer: nn.Module, shape: tuple[int, ...], expected: int) -> None:
    counted = count(layer, torch.randn(shape))
    assert (counted.macs, counted.elementwise, counted.uncounted) == (0, expected, {})


def test_inference_mode_shows_whole_layers_and_costs_the_same() -> None:
    network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    network.extend([nn.Linear(36, 5), nn.LogSoftmax(-1)]).eval()
    x = torch.randn(1, 2, 8, 8)
    with torch.inference_mode():
        inference = count(network, x)
    assert inference == count(network, x)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (lambda x: x.to_sparse() @ x.to_sparse(), "aten.mm"),
        (lambda x: torch.fft.rfft(x).real, "aten._fft_r2c"),
        (torch.linalg.inv, "aten.linalg_inv_ex"),
    ],
)
def test_a_total_is_refused_where_products_went_uncounted(function: object, operation: str) -> None:
    counted = count(Lambda(lambda x: function(x @ x)), torch.eye(4))  # type: ignore[operator]
    assert operation in counted.uncounted_products
    assert counted.counted_macs == 64
    with pytest.raises(
        UncountedProductsError, match=f"no total: {operation} may cost products and has no formula; 64 mul"
    ):
        _ = counted.flops


def test_custom_operators_may_hide_products() -> None:
    @torch.library.custom_op("mlnotes_test::hidden", mutates_args=())
    def hidden(x: Tensor) -> Tensor:
        return x @ x

    counted = count(Lambda(lambda x: hidden(x)), torch.eye(3))
    assert counted.uncounted_products == ("mlnotes_test.hidden",)


def test_sorting_is_listed_but_hides_no_products() -> None:
    counted = count(Lambda(lambda x: x.sort().values), torch.randn(4))
    assert dict(counted.uncounted) == {"aten.sort": 1}
    assert counted.macs == 0


def test_counting_a_ghost_leaves_the_network_and_the_random_state_alone() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())
    before, state = network[1].running_mean.clone(), torch.get_rng_state()  # type: ignore[operator]
    counted = count(ghost(network), torch.empty(5, 3, device="meta"), backward=True)
    assert counted.macs == 120
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(network[1].running_mean, before)  # type: ignore[arg-type]


def test_an_empty_batch_costs_nothing() -> None:
    assert empty_batch(nn.Linear(3, 4)).macs == empty_batch(nn.ReLU()).elementwise == 0


def empty_batch(module: nn.Module) -> Count:
    return count(module, torch.empty(0, 3))
