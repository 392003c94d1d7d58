"""How often the parameters change in one epoch, in four kinds of training loop.

A line is fitted to points; after every batch it is asked whether the parameters are other than before. An inner
iteration of L-BFGS changes them too, and is counted by the optimizer itself.
Source: PyTorch documentation of torch.amp.GradScaler and torch.optim.LBFGS.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

Loop = Literal["plain loop", "gradient accumulation", "mixed precision with one overflow", "L-BFGS"]
LOOPS: tuple[Loop, ...] = get_args(Loop)


def count_updates(loop: Loop, *, batches: int, accumulate: int, seed: int) -> int:
    """Updates of the parameters in one epoch of ``batches`` batches of 4 points.

    ``accumulate`` batches share one update in the accumulating loop, the last ones maybe fewer. In the loop with
    mixed precision the gradient of the second batch, times the loss scale 2^16, exceeds float32; the scaler then
    skips that step.

    >>> count_updates("gradient accumulation", batches=12, accumulate=5, seed=0)
    3
    """
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4 * batches, 1, generator=generator)
    model = torch.nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(0.1)
        model.bias.fill_(0.0)
    loader = DataLoader(TensorDataset(x, 3 * x + 1), batch_size=4)
    match loop:
        case "plain loop":
            return _accumulating(model, loader, 1)
        case "gradient accumulation":
            return _accumulating(model, loader, accumulate)
        case "mixed precision with one overflow":
            return _scaled(model, loader)
        case "L-BFGS":
            return _closures(model, loader)


def _loss(model: torch.nn.Module, batch: list[Tensor]) -> Tensor:
    return torch.nn.functional.mse_loss(model(batch[0]), batch[1])


def _accumulating(model: torch.nn.Module, loader: DataLoader[tuple[Tensor, ...]], every: int) -> int:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    changed = 0
    for number, batch in enumerate(loader, start=1):
        _loss(model, batch).backward()
        before = _flat(model)
        if number % every == 0 or number == len(loader):
            optimizer.step()
            optimizer.zero_grad()
        changed += int(not torch.equal(before, _flat(model)))
    return changed


def _scaled(model: torch.nn.Module, loader: DataLoader[tuple[Tensor, ...]]) -> int:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
    changed = 0
    for number, batch in enumerate(loader):
        steepness = 1e35 if number == 1 else 1.0  # 1e35 * 2^16 is beyond float32's 3.4e38
        optimizer.zero_grad()
        scaler.scale(_loss(model, batch) * steepness).backward()
        before = _flat(model)
        scaler.step(optimizer)
        scaler.update()
        changed += int(not torch.equal(before, _flat(model)))
    return changed


def _closures(model: torch.nn.Module, loader: DataLoader[tuple[Tensor, ...]]) -> int:
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=5)
    for batch in loader:

        def closure(points: list[Tensor] = batch) -> Tensor:
            optimizer.zero_grad()
            loss = _loss(model, points)
            loss.backward()
            return loss

        optimizer.step(closure)
    return sum(int(state["n_iter"]) for state in optimizer.state.values())


def _flat(model: torch.nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.parameters()])
