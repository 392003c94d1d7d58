"""Where does the first NaN or infinity of a training step come from? For any module and any loss.

A check that is cheap enough to stay on looks at the loss and at the norms of the gradients. Only where one of them
is not finite is the step replayed, with the same random numbers, under a dispatch mode that sees every tensor
operation of the forward and of the backward pass. Knows nothing of optimizers, data or files:

    watch = NanWatch(network)
    for inputs, targets in batches:
        watch.begin()
        loss = loss_of(network(inputs), targets)
        loss.backward()
        if origin := watch.check(loss, lambda: loss_of(network(inputs), targets)):
            raise FloatingPointError(origin.sentence)
        optimizer.step()

Legal infinities: those that the program writes down (``masked_fill(mask, -inf)``, ``torch.tensor(inf)``, ``where``), in
buffers, and -inf in a tensor that comes from outside, as in attention masks; what is born of them, such as the NaN in
the softmax of a fully masked row, is found. Not seen: a NaN made inside one fused operation that also removes it.
Source: PyTorch, torch.utils._python_dispatch; Micikevicius et al., Mixed Precision Training, 2018 (loss scaling).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn

from experiments.train.core.nan_drift import Drift
from experiments.train.core.nan_origin import Origin, kind_of, values_of
from experiments.train.core.nan_tracer import Tracer


class NanWatch:
    """Looks after every training step of ``network`` and, when one is not finite, names the operation to blame.

    Args:
        network: compiled and distributed ones too; the replay runs uncompiled, and without the other processes.
        scaled: the loss passes through a loss scaler, whose overflowing gradients are its business: only the loss is
            checked.
        history: looks at gradients and activations that are kept, to say which ones had been growing.
    """

    def __init__(self, network: nn.Module, *, scaled: bool = False, history: int = 10) -> None:
        self._network, self._scaled = network, scaled
        self._random = _random_state()
        self._named = list(network.named_parameters())
        self.drift = Drift(network, history)

    def begin(self) -> None:
        """Remember the state of torch's random generators: call it before the forward pass."""
        self._random = _random_state()
        self.drift.begin()

    def check(self, loss: Tensor, compute_loss: Callable[[], Tensor]) -> Origin | None:
        """None for a finite step, else the origin; call it between ``backward`` and the optimizer's step.

        Args:
            loss: () as computed.
            compute_loss: the forward pass and the loss again, on the same batch; called only to replay.

        Raises:
            RuntimeError: the replay was finite, so the step does not depend on its batch, weights and seeds alone.
        """
        if self._is_finite(loss):
            return None
        with _untouched(self._network), _alone(self._network):
            _set_random_state(self._random)
            with self.drift.replay():
                origin = find_origin(self._network, compute_loss)
        if origin is None:
            raise RuntimeError("the step was not finite, but its replay was: does it depend on hidden state?")
        return replace(origin, drift=self.drift.sentence())

    def guard(self, loss: Tensor, compute_loss: Callable[[], Tensor]) -> bool:
        """Whether the optimizer may take the step; else what is to blame is warned of, and training can go on."""
        origin = self.check(loss, compute_loss)
        if origin is not None:
            warnings.warn(f"step left out: {origin.sentence}", RuntimeWarning, stacklevel=2)
        return origin is None

    def _is_finite(self, loss: Tensor) -> bool:
        gradients = {} if self._scaled else self._gradients()
        norms = torch._foreach_norm(list(gradients.values())) if gradients else []
        found = [loss.detach(), *norms]
        if len({(one.dtype, one.device) for one in found}) > 1:
            found = [one.to(loss.device, torch.float64) for one in found]
        # a norm may overflow where no entry does
        finite = bool(torch.stack(found).isfinite().all()) or not any(map(kind_of, (loss, *gradients.values())))
        if finite:
            self.drift.end(dict(zip(gradients, norms, strict=True)))
        return finite

    def _gradients(self) -> dict[str, Tensor]:
        if self.drift.is_looking:  # now and then, for parameters that came since
            self._named = list(self._network.named_parameters())
        found = {}
        for name, parameter in self._named:
            if (gradient := parameter.grad) is not None:
                values = gradient if gradient.layout is torch.strided else values_of(gradient)
                if values.numel():
                    found[name] = values
        return found


def find_origin(network: nn.Module, compute_loss: Callable[[], Tensor]) -> Origin | None:
    """Run ``compute_loss`` and its backward pass under watch; None if everything stays finite or legal.

    Gradients accumulate in the parameters as in any backward pass.
    """
    for name, parameter in network.named_parameters():
        kind = kind_of(parameter)
        if kind is not None:
            module, _, own = name.rpartition(".")
            return Origin(operation="update", module=module, direction="state", kind=kind, inputs=(own,))
    buffers = {
        buffer.untyped_storage()._cdata: (name.rpartition(".")[0], name.rpartition(".")[2])
        for name, buffer in network.named_buffers()
        if kind_of(buffer) is not None
    }
    tracer = Tracer(buffers)
    with tracer.following(network), tracer:
        loss = compute_loss()
        tracer.tag(loss)
        if tracer.origin is None and loss.requires_grad:
            tracer.direction = "backward"
            loss.backward()
    origin = tracer.origin or (tracer.suspect if kind_of(loss) else None)
    return origin and replace(origin, path=tuple(tracer.path))


@contextmanager
def _alone(network: nn.Module) -> Iterator[None]:
    """A distributed network talks to no other process: those have had a finite step and do not replay."""
    distributed = [one for one in network.modules() if isinstance(one, nn.parallel.DistributedDataParallel)]
    try:
        for module in distributed:
            module.forward = module.module.__call__  # type: ignore[method-assign]  # not through the reducer
        yield
    finally:
        for module in distributed:
            del module.forward


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
