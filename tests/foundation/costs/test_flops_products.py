"""Products that other counters miss, each against the formula of its definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import bilinear, grid_sample, scaled_dot_product_attention

from experiments.cnn.core.flops_cases import Lambda
from experiments.foundation.costs.flops_counter import count, ghost

X, COMPLEX, SPARSE = torch.randn(30, 8), torch.randn(4, 4, dtype=torch.complex64), torch.eye(8)
OFFSETS = torch.tensor([8, 16], dtype=torch.int32)


def half(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.bfloat16)


@pytest.mark.parametrize(
    ("function", "macs"),
    [
        (lambda: torch.cdist(X, X), 30 * 30 * 8),
        (lambda: torch.cdist(X[:5], X[:4]), 5 * 4 * 8),
        (lambda: bilinear(X, X, torch.randn(5, 8, 8)), 30 * 5 * 8 * 8),
        (lambda: torch.addr(torch.zeros(3, 4), torch.randn(3), torch.randn(4)), 12),
        (lambda: torch._grouped_mm(half(16, 8), half(2, 8, 16), offs=OFFSETS), 16 * 8 * 16),
        (lambda: SPARSE.to_sparse() @ X.T, 8 * 30),
        (lambda: SPARSE.to_sparse_csr() @ X.T, 8 * 30),
        (lambda: torch.sparse.mm(SPARSE.to_sparse(), X.T), 8 * 30),
        (lambda: COMPLEX @ COMPLEX, 4 * 64),
        (lambda: torch.einsum("ij,jk->ik", COMPLEX, COMPLEX), 4 * 64),
        (lambda: flex_attention(*[X.view(1, 3, 10, 8)] * 3), 2 * 3 * 10 * 10 * 8),
        (lambda: grid_sample(torch.randn(1, 1, 4, 4), torch.zeros(1, 2, 2, 2), align_corners=False), 0),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse CSR", "ignore:flex_attention called without")
def test_products_that_are_rare(function: Callable[[], Tensor], macs: int) -> None:
    counted = count(Lambda(function))
    assert counted.macs == macs
    assert not counted.uncounted_products


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
def test_jagged_attention_costs_the_attention_of_each_sequence() -> None:
    jagged = torch.nested.nested_tensor([torch.randn(5, 2, 8), torch.randn(7, 2, 8)], layout=torch.jagged)
    counted = count(Lambda(lambda q: scaled_dot_product_attention(q, q, q)), jagged.transpose(1, 2))
    assert counted.macs == 2 * 2 * (5 * 5 + 7 * 7) * 8


@pytest.mark.filterwarnings("ignore")  # torch warns that its own quantization has moved
def test_a_quantized_linear_layer_costs_its_products() -> None:
    network = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 4)), {nn.Linear})
    assert count(network, X).macs == 30 * 8 * 4


def test_normalized_weights_cost_the_convolution_and_have_a_total() -> None:
    convolution = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 4, 3))
    assert count(convolution, torch.randn(2, 8, 16)).macs == 2 * 4 * 14 * 8 * 3


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


def test_a_ghost_shares_what_the_network_shares() -> None:
    shadow = ghost(Tied())
    assert shadow.first.weight is shadow.second.weight
    assert count(shadow, torch.empty(2, 8, device="meta")).parameters == 64


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_a_ghost_of_weights_that_are_computed_can_be_made() -> None:
    assert count(ghost(nn.utils.weight_norm(nn.Conv1d(8, 4, 3))), torch.empty(2, 8, 16, device="meta")).macs == 2688


@dataclass
class Output:
    logits: Tensor


class Wrapped(nn.Linear):
    def forward(self, x: Tensor) -> Output:  # type: ignore[override]
        return Output(super().forward(x))


def test_gradients_of_a_dataclass_are_counted() -> None:
    inputs = torch.randn(5, 3)
    assert count(Wrapped(3, 4), inputs, backward=True).macs == count(nn.Linear(3, 4), inputs, backward=True).macs == 120


def test_a_backward_pass_without_gradients_is_refused() -> None:
    with pytest.raises(ValueError, match="no gradient to ask for: no tensor that needs one in Tensor"):
        count(nn.ReLU(), torch.zeros(3), backward=True)


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")
def test_a_compiled_network_costs_what_it_costs_without() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert count(torch.compile(network), torch.randn(5, 3)).macs == 5 * (12 + 8)
