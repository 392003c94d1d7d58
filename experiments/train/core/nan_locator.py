"""Where does the first NaN or infinity of a training step come from? For any module and any loss.

A check that is cheap enough to stay on looks at the loss and at the largest entry of the gradient. Only where one of
them is not finite is the step replayed, with the same random numbers, under a dispatch mode that sees every tensor
operation of the forward and of the backward pass. Knows nothing of optimizers, data or files:

    watch = NanWatch(network)
    for inputs, targets in batches:
        watch.begin()
        loss = loss_of(network(inputs), targets)
        loss.backward()
        if origin := watch.check(loss, lambda: loss_of(network(inputs), targets)):
            raise FloatingPointError(origin.sentence)
        optimizer.step()

Legal infinities: one that the program writes down (``masked_fill(mask, -inf)``, ``full(-inf)``, ``where(..., -inf)``)
and -inf in a tensor that comes from outside, as in attention masks; what is born of them, such as the NaN in the
softmax of a fully masked row, is found. Not seen: a NaN made inside one fused operation that also removes it.
Source: PyTorch, torch.utils._python_dispatch; Micikevicius et al., Mixed Precision Training, 2018 (loss scaling).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from experiments.train.core.nan_origin import Origin, Tracer, kind_of, only_negative_infinity


class NanWatch:
    """Looks after every training step of ``network`` and, when one is not finite, names the operation to blame.

    With ``scaled`` the loss passes through a loss scaler, whose overflowing gradients are its business: then only the
    loss is checked.
    """

    def __init__(self, network: nn.Module, *, scaled: bool = False) -> None:
        self._network, self._scaled = network, scaled
        self._random = _random_state()

    def begin(self) -> None:
        """Remember the state of torch's random generators: call it before the forward pass."""
        self._random = _random_state()

    def check(self, loss: Tensor, compute_loss: Callable[[], Tensor]) -> Origin | None:
        """None for a finite step, else the origin; call it between ``backward`` and the optimizer's step.

        Args:
            loss: () as computed.
            compute_loss: the forward pass and the loss again, on the same batch; called only to replay.

        Raises:
            RuntimeError: the replay was finite, so the step does not depend on its batch, weights and seeds alone.
        """
        if self._finite(loss):
            return None
        with _untouched(self._network):
            _set_random_state(self._random)
            origin = find_origin(self._network, compute_loss)
        if origin is None:
            raise RuntimeError("the step was not finite, but its replay was: does it depend on hidden state?")
        return origin

    def _finite(self, loss: Tensor) -> bool:
        gradients = [p.grad for p in self._network.parameters() if p.grad is not None and not self._scaled]
        # the largest entry, which is nan if one is; the Euclidean norm would overflow before its entries do
        largest = torch._foreach_norm(gradients, math.inf) if gradients else []
        return bool(torch.stack([loss.detach().float().abs(), *(g.float() for g in largest)]).isfinite().all())


def find_origin(network: nn.Module, compute_loss: Callable[[], Tensor]) -> Origin | None:
    """Run ``compute_loss`` and its backward pass under watch; None if everything stays finite or legal.

    Gradients accumulate in the parameters as in any backward pass.
    """
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        kind = kind_of(tensor)
        if kind is not None and not only_negative_infinity(tensor):
            module, _, own = name.rpartition(".")
            return Origin(operation="update", module=module, direction="state", kind=kind, inputs=(own,))
    tracer = Tracer()
    with tracer.following(network), tracer:
        loss = compute_loss()
        tracer.tag(loss)
        tracer.direction = "backward"
        if tracer.origin is None and loss.requires_grad:
            loss.backward()
    return tracer.origin


def _random_state() -> tuple[Tensor, list[Tensor]]:
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []


def _set_random_state(state: tuple[Tensor, list[Tensor]]) -> None:
    torch.set_rng_state(state[0])
    if state[1]:
        torch.cuda.set_rng_state_all(state[1])


@contextmanager
def _untouched(network: nn.Module) -> Iterator[None]:
    """Put back the gradients, buffers and random generators that the block changes."""
    random = _random_state()
    gradients = [None if p.grad is None else p.grad.clone() for p in network.parameters()]
    buffers = [buffer.clone() for buffer in network.buffers()]
    try:
        network.zero_grad(set_to_none=True)
        yield
    finally:
        _set_random_state(random)
        for p, gradient in zip(network.parameters(), gradients, strict=True):
            p.grad = gradient
        for buffer, kept in zip(network.buffers(), buffers, strict=True):
            buffer.copy_(kept)
