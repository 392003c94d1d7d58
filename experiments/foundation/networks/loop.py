"""The training loop: batches in, Step and Epoch values out, stopped and resumed anywhere without changing a bit.

One update: forward under autocast, backward of the scaled loss (several times where batches are accumulated),
unscale, clip, optimizer step, moving average. The loop never sees test data: between two epochs its generator is
paused, and its reader may evaluate anything. Small trainings without precision, resuming or devices have ``fit``.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from experiments.foundation.networks.batches import epoch_order, pick, shifted
from experiments.foundation.networks.choices import NetworkName
from experiments.foundation.networks.device import keep_freed_memory, synchronize
from experiments.foundation.networks.distributed import ALONE, Group
from experiments.foundation.networks.metrics import Evaluation, evaluate
from experiments.foundation.networks.networks import build_network
from experiments.foundation.networks.optimizers import build_optimizer
from experiments.foundation.networks.precision import Precision
from experiments.foundation.networks.recipe import Epoch, Recipe, Step
from experiments.foundation.networks.schedules import lr_factor
from experiments.foundation.networks.scores.evaluation import network_logits
from experiments.foundation.networks.split import Examples, Split


class Training:
    """A network in training. ``events`` drives it; ``state`` and ``restore`` stop and resume it between any two."""

    def __init__(
        self,
        network: nn.Module,
        examples: Examples,
        recipe: Recipe,
        *,
        precision: Precision,
        seed: int,
        validation: Examples | None = None,
        group: Group = ALONE,
    ) -> None:
        """Take over ``network``, which is moved to the device of ``examples`` and to the precision's parameter type.

        Dropout draws from torch's global generator, which the caller seeds before building the network.
        """
        keep_freed_memory()
        self.device = examples.inputs.device
        self.network = network.to(self.device, precision.parameters)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.examples, self.validation = examples, validation
        self.recipe, self.precision, self.seed = recipe, precision, seed
        self.updates_per_epoch = recipe.updates_per_epoch(len(examples))
        self.epoch, self.done, self.updates, self.skipped = 0, 0, 0, 0
        self.best: tuple[int, float] = (0, math.inf)
        """(epoch, loss) of the lowest validation loss so far."""
        self._best_weights: dict[str, Tensor] | None = None
        self._optimizer = build_optimizer(
            recipe.optimizer,
            self.network.parameters(),
            lr=recipe.lr,
            weight_decay=recipe.weight_decay,
            momentum=recipe.momentum,
        )
        self._scaler = precision.scaler(self.device)
        self._average = copy.deepcopy(self.network).requires_grad_(False) if recipe.average is not None else None
        compiled: Any = torch.compile(self.network) if recipe.compile else self.network
        self.group, self._forward = group, group.parallel(compiled)
        wide = torch.float32 if self.device.type == "mps" else torch.float64
        self._loss_sum = torch.zeros((), dtype=wide, device=self.device)

    @property
    def finished(self) -> bool:
        """Whether the last epoch is over or early stopping has struck."""
        patience = self.recipe.early_stop
        return self.epoch >= self.recipe.epochs or (patience is not None and self.epoch - self.best[0] >= patience)

    @property
    def evaluated(self) -> nn.Module:
        """The network whose predictions count: the moving average where there is one."""
        return self.network if self._average is None else self._average

    def predict(self, inputs: Tensor, batch_size: int = 1000) -> Tensor:
        """Logits (n, classes) in evaluation mode."""
        return predict(self.evaluated, inputs, self.precision, batch_size)

    def events(self) -> Iterator[Step | Epoch]:
        """Train to the end from wherever it stands. Steps come about fifty times an epoch."""
        while not self.finished:
            yield from self._one_epoch()
        if self._best_weights is not None:
            self.evaluated.load_state_dict(self._best_weights)

    def _one_epoch(self) -> Iterator[Step | Epoch]:
        order = epoch_order(len(self.examples), self.seed, self.epoch).to(self.device)
        updates = order.split(self.recipe.batch_size * self.recipe.accumulate)
        first, seconds, start = self.done, 0.0, time.perf_counter()
        self.network.train()
        while self.done < len(updates):
            self._update(updates[self.done])
            self.done += 1
            if self.done % max(1, len(updates) // 50) == 0:
                loss = self._mean_loss(updates)  # reading it waits for the device
                seconds += time.perf_counter() - start
                yield Step(epoch=self.epoch + 1, done=self.done, total=len(updates), loss=loss)
                start = time.perf_counter()
        synchronize(self.device)
        seconds += time.perf_counter() - start
        train_loss = self._mean_loss(updates)
        self.epoch, self.done = self.epoch + 1, 0
        self._loss_sum.zero_()
        validation = self._validate()
        yield Epoch(
            epoch=self.epoch,
            updates=self.updates,
            skipped_updates=self.skipped,
            train_loss=train_loss,
            train_seconds=seconds,
            images=sum(map(len, updates[first:])),
            validation=validation,
        )

    def _update(self, indices: Tensor) -> None:
        """One step of the optimizer on the images ``indices``, in several batches where they are accumulated."""
        progress = self.updates / (self.recipe.epochs * self.updates_per_epoch)
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.lr * lr_factor(self.recipe.schedule, progress, warmup=self.recipe.warmup)
        batches = indices.split(self.recipe.batch_size)
        for number, batch in enumerate(batches, start=1):
            with self.group.silent(self._forward, last=number == len(batches)):
                loss = self._loss(self.group.share(batch))
                # a mean over all images of the update: averaging over the processes divides by their number once more
                self._scaler.scale(loss * (self.group.size / len(indices))).backward()
            self._loss_sum += loss.detach()
        if self.recipe.clip is not None:
            self._scaler.unscale_(self._optimizer)  # or the limit would apply to the scaled gradient
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        scale = self._scaler.get_scale() if self.precision.scaled else 1.0
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.skipped += self.precision.scaled and self._scaler.get_scale() < scale
        self._optimizer.zero_grad()
        self.updates += 1
        self._move_average()

    def _loss(self, batch: Tensor) -> Tensor:
        """Sum of the losses of the images ``batch``."""
        inputs, targets = pick(self.examples.inputs, batch), self.examples.labels[batch]
        if self.recipe.shift > 0:
            inputs = shifted(inputs, self.recipe.shift)
        smoothing = self.recipe.label_smoothing
        with self.precision.autocast(self.device):
            return nn.functional.cross_entropy(
                self._forward(inputs), targets, label_smoothing=smoothing, reduction="sum"
            )

    def _move_average(self) -> None:
        """average <- decay average + (1 - decay) weights; buffers are copied."""
        if self._average is None or self.recipe.average is None:
            return
        averages: list[Tensor] = list(self._average.parameters())
        weights: list[Tensor] = list(self.network.parameters())
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, 1 - self.recipe.average)
        for average, buffer in zip(self._average.buffers(), self.network.buffers(), strict=True):
            average.copy_(buffer)

    def _mean_loss(self, updates: tuple[Tensor, ...]) -> float:
        return self.group.total(self._loss_sum).item() / sum(map(len, updates[: self.done]))

    def _validate(self) -> Evaluation | None:
        if self.validation is None:
            return None
        result = evaluate(self.predict(self.validation.inputs), self.validation.labels)
        if result.nll < self.best[1]:
            self.best = (self.epoch, result.nll)
            if self.recipe.early_stop is not None:
                self._best_weights = copy.deepcopy(self.evaluated.state_dict())
        return result

    def state(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on, as tensors and plain values (references, not copies)."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "average": None if self._average is None else self._average.state_dict(),
            "best_weights": self._best_weights,
            "best": self.best,
            "position": (self.epoch, self.done, self.updates, self.skipped),
            "loss_sum": self._loss_sum,
            "random": _random_state(self.device),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a ``state`` of a training of the same network, data, recipe and seed."""
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        self._best_weights, self.best = state["best_weights"], state["best"]
        self.epoch, self.done, self.updates, self.skipped = state["position"]
        self._loss_sum.copy_(state["loss_sum"])
        if self.group.rank == 0:
            _set_random_state(self.device, state["random"])
        else:
            torch.manual_seed(self.group.seed(self.seed) + self.updates)


def begin_training(
    split: Split, model: NetworkName, recipe: Recipe, *, precision: Precision, seed: int, group: Group = ALONE
) -> Training:
    """A new training of ``model`` on ``split``; ``seed`` decides first weights, dropout and the order of the images."""
    torch.manual_seed(seed)
    network = build_network(model, split.shape, split.classes)
    if group.rank > 0:
        torch.manual_seed(group.seed(seed))  # the same weights, but other dropout masks
    validation = split.validation if len(split.validation) else None
    return Training(network, split.train, recipe, precision=precision, seed=seed, validation=validation, group=group)


def predict(network: nn.Module, inputs: Tensor, precision: Precision, batch_size: int = 1000) -> Tensor:
    """Logits (n, classes) of ``network`` in evaluation mode, in the precision's arithmetic; its mode is put back."""
    with precision.autocast(inputs.device):
        return network_logits(network, inputs, batch_size)


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def _set_random_state(device: torch.device, state: dict[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"].cpu())
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
    elif device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"].cpu())
