"""The two usual ways to find a NaN, and networks that must not alarm anybody.

Hooks look at what modules return and so see neither functions nor gradients. torch's anomaly detection looks at what
autograd nodes return and so blames the backward pass; it knows NaN but no infinity.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from experiments.train.core.nan_origin import Origin

Loss = Callable[[], Tensor]


def find_by_hooks(network: nn.Module, compute_loss: Loss) -> Origin | None:
    """The first module without children that returns a NaN or an infinity; its type stands for the operation."""
    found: list[Origin] = []

    def look(path: str) -> Callable[[nn.Module, object, Tensor], None]:
        def after(module: nn.Module, _: object, output: Tensor) -> None:
            if not found and not bool(output.isfinite().all()):
                kind = "nan" if bool(output.isnan().any()) else "inf"
                found.append(
                    Origin(operation=type(module).__name__, module=path, direction="forward", kind=kind)  # type: ignore[arg-type]
                )

        return after

    handles = [
        module.register_forward_hook(look(path))
        for path, module in network.named_modules()
        if not any(True for _ in module.children())
    ]
    try:
        compute_loss().backward()
    finally:
        for handle in handles:
            handle.remove()
        network.zero_grad()
    return found[0] if found else None


def find_by_anomaly(network: nn.Module, compute_loss: Loss) -> str | None:
    """The autograd node that torch's anomaly detection blames, such as "SqrtBackward0"; None if it sees nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces itself and prints the traceback of the forward call
        try:
            with torch.autograd.detect_anomaly(check_nan=True):
                compute_loss().backward()
        except RuntimeError as error:
            named = re.search(r"Function '(\w+)' returned nan", str(error))
            if named is None:
                raise
            return named.group(1)
        finally:
            network.zero_grad()
    return None


class MaskedAttention(nn.Module):
    """Causal self-attention over the rows of an image; what lies ahead is masked with -inf, written in three ways."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)
        self.register_buffer("mask", torch.full((dim, dim), -torch.inf).triu(1))

    def forward(self, images: Tensor) -> Tensor:
        rows = images.unflatten(1, (-1, self.head.in_features))
        q, k, v = self.qkv(rows).chunk(3, dim=-1)
        scores = q @ k.transpose(1, 2)
        n = scores.shape[1]
        ahead = torch.ones(n, n, dtype=torch.bool).triu(1)
        written = torch.full((n, n), -torch.inf).triu(1)
        scores = torch.where(ahead, -torch.inf, scores.masked_fill(ahead, -torch.inf)) + written
        scores = scores + self.get_buffer("mask")[:n, :n]
        return self.head(self.norm(scores.softmax(-1) @ v).mean(1))


class NormalizedConvolution(nn.Module):
    """Convolution, batch normalization, dropout and pooling in place: random numbers, buffers, views."""

    def __init__(self, side: int, classes: int) -> None:
        super().__init__()
        self.side = side
        self.convolution = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(8 * (side // 2) ** 2, classes)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.norm(self.convolution(images.unflatten(1, (1, self.side, self.side)))).relu_()
        return self.head(self.dropout(nn.functional.max_pool2d(hidden, 2).flatten(1)))


class SafeSqrt(nn.Module):
    """A square root at zero inside two ``where``: the gradient is finite (see ``double_where``)."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, features)
        self.head = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(double_where(self.linear(x).relu()))


def single_where(x: Tensor) -> Tensor:
    """sqrt(x) where x > 0, else 0. Its gradient at 0 is 0 * inf = NaN: where only chooses between finished branches."""
    return torch.where(x > 0, x.sqrt(), 0)


def double_where(x: Tensor) -> Tensor:
    """The same function; the branch not taken computes sqrt(1), whose gradient is finite, and 0 times it is 0."""
    safe = torch.where(x > 0, x, 1)
    return torch.where(x > 0, safe.sqrt(), 0)


def healthy_networks(features: int, classes: int) -> dict[str, nn.Module]:
    """Networks on flat square images (n, features) that are finite, though -inf and zeros pass through them."""
    side = round(features**0.5)
    return {
        "masked attention": MaskedAttention(side, classes),
        "batch norm and dropout": NormalizedConvolution(side, classes),
        "double where": SafeSqrt(features, classes),
    }
