"""The short fit: update after update in one process, seen from outside after each of them.

``steps`` is the loop itself, for any loss and any source of batches; it is an iterator, so whoever goes through it can
report progress, measure the network, or stop:

    losses = batch_losses(network, split.train, shuffled_batches(len(split.train), 32, 500, rng))
    for number, loss in steps(torch.optim.Adam(network.parameters(), 1e-3), losses, clip=1.0):
        if number % 100 == 0: ...                       # the network has had ``number`` updates

    fresh = (cross_entropy(model(x), y) for x, y in islice(draw_forever(rng), 500))     # a new batch for every update
    for number, loss in steps(optimizer, fresh): ...

``fit`` goes through it to the end. A training whose loss is not finite ends with that update and says so. Precision,
resuming and several devices are ``loop.Training``'s; one budget for many arms is ``budget``'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.split import Examples

Loss = Callable[[Tensor, Tensor], Tensor]
"""(outputs (b, ...), labels (b, ...)) -> mean loss ()."""


def steps(
    optimizer: torch.optim.Optimizer,
    losses: Iterable[Tensor],
    *,
    rates: Sequence[float] | None = None,
    penalty: Callable[[], Tensor] | None = None,
    clip: float | None = None,
    inspect: Callable[[Tensor], object] | None = None,
) -> Iterator[tuple[int, float]]:
    """One update per loss; yields (updates so far, loss of that update's batch) after each.

    Gradients are set to none, the loss goes backward, the gradient is clipped, the optimizer steps. The next loss is
    taken from ``losses``, which computes it with the network as it then is, when the iterator goes on.

    Args:
        losses: scalars () with a graph, computed one by one: a generator, not a list.
        rates: learning rate of every update; that of the optimizer by default.
        penalty: added to the loss before it goes backward, but not to the loss that is yielded.
        clip: largest Euclidean norm of the whole gradient.
        inspect: called with the loss when gradients are there, before clipping and the update.

    An update whose loss is not finite is the last.

    >>> weight = nn.Parameter(torch.ones(1))
    >>> squares = (weight.square().sum() for _ in range(3))     # w <- w - 0.25 * 2 w, loss w^2
    >>> list(steps(torch.optim.SGD([weight], lr=0.25), squares))
    [(1, 1.0), (2, 0.25), (3, 0.0625)]
    """
    for number, loss in enumerate(losses, start=1):
        if rates is not None:
            for group in optimizer.param_groups:
                group["lr"] = rates[number - 1]
        optimizer.zero_grad()
        (loss if penalty is None else loss + penalty()).backward()
        if inspect is not None:
            inspect(loss)
        if clip is not None:
            nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], clip)
        optimizer.step()
        value = float(loss.detach())
        yield number, value
        if not math.isfinite(value):
            return


def batch_losses(
    network: nn.Module,
    examples: Examples,
    batches: Iterable[Tensor],
    *,
    loss: Loss = cross_entropy,
    change: Callable[[Tensor], Tensor] | None = None,
) -> Iterator[Tensor]:
    """The losses of ``network`` on ``examples`` at the indices (b,) of ``batches``, each computed when it is asked for.

    ``change`` is applied to the inputs (b, ...) of every batch: noise, a shift.
    """
    for chosen in batches:
        inputs = examples.inputs[chosen]
        yield loss(network(inputs if change is None else change(inputs)), examples.labels[chosen])


@dataclass(frozen=True)
class Fitted:
    """How a training went."""

    losses: tuple[float, ...]
    """Of the batch of every update, before it; as far as it went."""

    @property
    def diverged(self) -> bool:
        """Whether a loss was not finite, with which the training ended."""
        return bool(self.losses) and not math.isfinite(self.losses[-1])

    @property
    def last_loss(self) -> float:
        """Of the last batch; nan if it diverged or there was none."""
        return math.nan if self.diverged or not self.losses else self.losses[-1]


def fit(
    network: nn.Module,
    examples: Examples,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[Tensor],
    *,
    loss: Loss = cross_entropy,
    change: Callable[[Tensor], Tensor] | None = None,
    rates: Sequence[float] | None = None,
    penalty: Callable[[], Tensor] | None = None,
    clip: float | None = None,
    after: Callable[[int], object] | None = None,
) -> Fitted:
    """Train ``network`` in place on ``batches`` of ``examples`` to the end.

    The arguments are those of ``steps`` and ``batch_losses``.
    ``after`` is called with the number of updates so far after every update whose loss is finite.

    >>> line = nn.Linear(1, 1, bias=False)
    >>> points = Examples(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [6.0]]))
    >>> sgd = torch.optim.SGD(line.parameters(), lr=0.2)
    >>> fitted = fit(line, points, sgd, [torch.arange(2)] * 50, loss=nn.functional.mse_loss)
    >>> round(line.weight.item(), 4), fitted.diverged
    (3.0, False)
    """
    losses = []
    computed = batch_losses(network, examples, batches, loss=loss, change=change)
    for number, value in steps(optimizer, computed, rates=rates, penalty=penalty, clip=clip):
        losses.append(value)
        if after is not None and math.isfinite(value):
            after(number)
    return Fitted(tuple(losses))
