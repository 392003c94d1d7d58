"""Modules on which counters of FLOPs are compared, some with a formula by hand, and what torch and fvcore count."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

from experiments.foundation.costs.flops_counter import count


class Lambda(nn.Module):
    """A function as a module without parameters."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


@dataclass(frozen=True)
class Case:
    """A module, its inputs and how to run it."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]
    backward: bool = False
    gradients: bool = True
    """Whether autograd is on; without it torch may take fused inference paths."""
    by_hand: int = 0
    """Multiply-adds by a formula written for this case; 0 where there is none."""
    fvcore: bool = True
    """Whether fvcore has it; it counts no backward pass and says 0 for recurrent layers and baddbmm."""

    def macs(self) -> int:
        with torch.set_grad_enabled(self.gradients):
            return count(self.module, *self.inputs, backward=self.backward).macs


def torch_flops(case: Case) -> int:
    """What torch.utils.flop_counter.FlopCounterMode says, in FLOPs."""
    with torch.set_grad_enabled(case.gradients), FlopCounterMode(display=False) as counter:
        out = case.module(*case.inputs)
        if case.backward:
            (out[0] if isinstance(out, tuple) else out).sum().backward()
    return int(counter.get_total_flops())


def fvcore_macs(case: Case) -> int:
    """What fvcore's FlopCountAnalysis says; its "flops" are multiply-adds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of every operation that it leaves out, and uses a deprecated tracer
        analysis = importlib.import_module("fvcore.nn").FlopCountAnalysis(case.module, case.inputs)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        return int(analysis.total())


def supported_cases() -> list[Case]:
    """Operations that torch's counter knows: convolutions of every form, matrix products, attention without fusion."""
    image, tokens = torch.randn(2, 8, 9, 9), torch.randn(2, 6, 16)
    vectors = torch.randn(5, 16, requires_grad=True)
    modules: dict[str, nn.Module] = {
        "conv": nn.Conv2d(8, 12, 3),
        "conv, stride, padding": nn.Conv2d(8, 12, 3, stride=2, padding=1),
        "conv, groups": nn.Conv2d(8, 12, 3, groups=4),
        "conv, depth-wise": nn.Conv2d(8, 8, 3, groups=8),
        "conv, dilation": nn.Conv2d(8, 12, 3, dilation=2),
        "conv, transposed": nn.ConvTranspose2d(8, 12, 3, stride=2, groups=2),
    }
    cases = [Case(name, module, (image,)) for name, module in modules.items()]
    plain = ("conv", "conv, stride, padding", "conv, dilation")
    cases += [Case(f"{name}, backward", modules[name], (image,), backward=True) for name in plain]
    linear, added = nn.Linear(16, 24), Lambda(lambda a: torch.baddbmm(a[:, :, :6], a, a.mT))
    return [
        *cases,
        Case("linear", linear, (vectors,)),
        Case("linear, backward", linear, (vectors,), backward=True),
        Case("linear, tokens", nn.Linear(16, 24, bias=False), (tokens,)),
        Case("bmm", Lambda(lambda a: a @ a.transpose(1, 2)), (tokens,)),
        Case("baddbmm", added, (tokens,), fvcore=False),
        Case("einsum", Lambda(lambda a: torch.einsum("bij,bkj->bik", a, a)), (tokens,)),
        Case("attention module", _Attention(16, 2), (tokens,)),
        Case("GRU", nn.GRU(16, 7), (tokens,), fvcore=False),
        Case("RNN", nn.RNN(16, 7), (tokens,), fvcore=False),
    ]


class _Attention(nn.Module):
    """nn.MultiheadAttention that returns its weights, which takes it past the fused kernel."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.attention(tokens, tokens, tokens, need_weights=True)[0]


def fused_cases() -> list[Case]:
    """What torch runs as one kernel on a CPU, with the products written out: attention, LSTM, encoder layer."""
    n, heads, tokens, size, dim, wide = 2, 4, 10, 8, 32, 64
    q = torch.randn(n, heads, tokens, size, requires_grad=True)
    x = torch.randn(n, tokens, dim)
    attention = n * heads * tokens * tokens * 2 * size
    projections = n * tokens * 4 * dim * dim
    lstm = nn.LSTM(dim, wide, batch_first=True)
    stacked = nn.LSTM(dim, wide, num_layers=2, bidirectional=True, batch_first=True)
    steps = n * tokens * 4 * wide * (dim + wide)
    second = n * tokens * 4 * wide * (2 * wide + wide)
    encoder = nn.TransformerEncoderLayer(dim, heads, wide, batch_first=True).eval()
    layer = projections + attention + n * tokens * 2 * dim * wide
    mha = nn.MultiheadAttention(dim, heads, batch_first=True).eval()
    alone = Lambda(lambda a: mha(a, a, a)[0])
    fused = Lambda(lambda a: scaled_dot_product_attention(a, a, a))
    causal = Lambda(lambda a: scaled_dot_product_attention(a, a, a, is_causal=True))
    image, grouped = torch.randn(n, 8, 9, 9), nn.Conv2d(8, 12, 3, groups=4)
    forward = 12 * 2 * 9 * n * 49
    return [
        Case("attention", fused, (q,), by_hand=attention),
        Case("attention, causal", causal, (q,), by_hand=attention),
        # scores once more, then the gradients by V, weights, Q and K: five products after two
        Case("attention, backward", fused, (q,), backward=True, by_hand=attention * 7 // 2),
        Case("LSTM", lstm, (x,), by_hand=steps),
        Case("LSTM, two layers, both ways", stacked, (x,), by_hand=2 * (steps + second)),
        Case("encoder layer, no_grad", encoder, (x,), gradients=False, by_hand=layer),
        Case("encoder layer", encoder, (x,), by_hand=layer),
        Case("attention module, no_grad", alone, (x,), gradients=False, by_hand=projections + attention),
        # of the backward pass only the gradient by the weight, since the image asks for none
        Case("conv, groups, backward", grouped, (image,), backward=True, by_hand=2 * forward),
        Case("conv, groups", grouped, (image,), by_hand=forward),
    ]
