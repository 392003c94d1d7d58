"""The trainings that train.mnist sets side by side: begun, described, resumed, driven.

Knows nothing of rows and claims: ``driven`` hands out epochs with the logits on the test images.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from experiments.foundation.networks.checkpoint import find_checkpoint, load_checkpoint, save_checkpoint
from experiments.foundation.networks.device import device_title, reset_peak_memory, resolve_device
from experiments.foundation.networks.distributed import ALONE, Group
from experiments.foundation.networks.flops import Cost, forward_cost
from experiments.foundation.networks.loop import Training, begin_training
from experiments.foundation.networks.metrics import evaluate
from experiments.foundation.networks.precision import Precision, fp16_problem, resolve_precision
from experiments.foundation.networks.recipe import Epoch, Recipe, Step
from experiments.foundation.networks.split import Split, whole_split
from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Heatmap, Progress, Trace

if TYPE_CHECKING:
    from experiments.foundation.datasets.images import ImageData
    from experiments.train.mnist import Params

IMAGES_OF_AN_MNIST_EPOCH = 60_000


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One training and what it is called."""

    name: str
    params: Params
    seed: int
    dataset: str
    classes: tuple[str, ...]
    precision: Precision
    task: Split
    training: Training
    cost: Cost


def prepare(name: str, params: Params, data: ImageData, seed: int, group: Group = ALONE) -> Arm:
    """A training about to begin, its network initialized, shared by the processes of ``group``.

    Raises:
        InputError: the device is not there, or the precision is not for it.
    """
    device = resolve_device(params.device)
    precision = resolve_precision(params.precision, device)
    reset_peak_memory(device)
    held_out = 0.0 if params.early_stop is None else params.validation
    task = whole_split(data, dtype=precision.parameters, device=device, seed=seed, validation=held_out)
    recipe = make_recipe(params, len(task.train))
    training = begin_training(task, params.model, recipe, precision=precision, seed=seed, group=group)
    cost = forward_cost(training.network, task.shape)
    problem = fp16_problem(precision, device, float(cost.macs) * recipe.epochs * len(task.train))
    if problem is not None:
        raise InputError(problem)
    return Arm(
        name=name,
        params=params,
        seed=seed,
        dataset=data.name,
        classes=data.classes,
        precision=precision,
        task=task,
        training=training,
        cost=cost,
    )


def make_recipe(params: Params, images: int) -> Recipe:
    """The recipe for ``images`` training images: of equal names in Params and Recipe, the Params'."""
    shared = {field.name for field in fields(Recipe)} & {field.name for field in fields(params)}
    chosen = {name: getattr(params, name) for name in shared}
    epochs = params.epochs or max(1, round(IMAGES_OF_AN_MNIST_EPOCH / images))
    return Recipe(**{**chosen, "epochs": epochs})


def describe(arm: Arm, data: ImageData) -> list[str]:
    """What is trained on what, at which precision, in how many steps and at which cost."""
    recipe, images = arm.training.recipe, len(arm.task.train)
    batches = math.ceil(images / recipe.batch_size)
    an_epoch = f"{images:,} training images / batch {recipe.batch_size} = {batches:,} iterations an epoch"
    if recipe.accumulate > 1:
        an_epoch += f", / {recipe.accumulate} accumulated = {arm.training.updates_per_epoch:,} updates an epoch"
    if arm.training.group.size > 1:
        an_epoch += f", each shared by {arm.training.group.size} processes"
    updates = recipe.epochs * arm.training.updates_per_epoch
    cost = f"{arm.cost.parameters:,} parameters, {arm.cost.macs:,} MAC = {arm.cost.flops:,} FLOPs an image"
    return [
        f"data: {data.description}",
        f"{arm.precision.sentence}; device {device_title(arm.training.device)}",
        f"{an_epoch}; {recipe.epochs} epoch{'s' if recipe.epochs > 1 else ''} = {updates:,} updates",
        f"{arm.params.model}: {cost}",
    ]


def begun(params: Params, data: ImageData, seed: int, group: Group) -> tuple[Arm, list[str]]:
    """The training that was asked for, where it is to go on from, and the sentences that describe it.

    Raises:
        InputError: as ``prepare`` and ``resume``.
    """
    arm = prepare("run", params, data, seed, group)
    notes = describe(arm, data)
    if params.resume is not None:
        notes.append(resume(arm, Path(params.resume)))
    return arm, notes


def resume(arm: Arm, path: Path) -> str:
    """Put ``arm`` where the checkpoint at ``path`` stands, and say so.

    Raises:
        InputError: no usable checkpoint of this very training, or nothing is left to train.
    """
    training = arm.training
    training.restore(load_checkpoint(find_checkpoint(path, arm.seed), identity(arm), training.device))
    if training.finished:
        done = f"{training.epoch} of {training.recipe.epochs} epochs behind it"
        raise InputError(f"resume={path} has {done}; set epochs to more")
    return f"resumed behind epoch {training.epoch}, on a learning-rate schedule of {training.recipe.epochs} epochs"


def identity(arm: Arm) -> dict[str, str | int | float | None]:
    """What a checkpoint has to agree on to be continued bit by bit."""
    names = ("model", "batch_size", "accumulate", "optimizer", "lr", "schedule", "warmup", "momentum", "weight_decay")
    more = ("clip", "label_smoothing", "shift", "average", "early_stop")
    chosen = {name: getattr(arm.params, name) for name in (*names, *more)}
    return {"dataset": arm.dataset, "precision": arm.precision.name, "seed": arm.seed, **chosen}


def reference_arms(arm: Arm) -> dict[str, Params]:
    """Arms to compare with: float32 on the same device, and the CPU at the same precision."""
    if not arm.params.reference:
        return {}
    here = replace(arm.params, resume=None)
    arms = {} if arm.precision.resolved == "32-true" else {"float32": replace(here, precision="32")}
    return arms if arm.training.device.type == "cpu" else {**arms, "cpu": replace(here, device="cpu")}


def shortened(arm: Arm) -> Arm:
    """``arm`` with as many images as its short training takes, and 1000 test images."""
    images = arm.params.repeat_updates * arm.params.batch_size * arm.params.accumulate
    few = replace(arm.task, train=arm.task.train.first(images), test=arm.task.test.first(1000))
    recipe = replace(arm.training.recipe, epochs=1)
    group = arm.training.group
    training = begin_training(few, arm.params.model, recipe, precision=arm.precision, seed=arm.seed, group=group)
    return replace(arm, task=few, training=training)


def driven(arm: Arm, steps: list[Step]) -> Iterator[Progress | tuple[Epoch, torch.Tensor]]:
    """Progress within an epoch, its steps put into ``steps``; behind each epoch, it and the logits (images, classes)
    on the test images."""
    for event in arm.training.events():
        if isinstance(event, Step):
            steps.append(event)
            stage = f"{arm.name}: epoch {event.epoch} of {arm.training.recipe.epochs}, loss {event.loss:.4f}"
            yield Progress(stage, event.done, event.total)
        else:
            yield event, arm.training.predict(arm.task.test.inputs)


def loss_trace(steps: Sequence[Step]) -> Trace:
    """The training loss over updates: steps tell the mean of the epoch so far, this is the mean since the last step."""
    updates, losses = [], []
    done, total = 0, 0.0
    for step in steps:
        if step.done <= done:
            done, total = 0, 0.0
        updates.append(float((step.epoch - 1) * step.total + step.done))
        losses.append((step.loss * step.done - total) / (step.done - done))
        done, total = step.done, step.loss * step.done
    return Trace(name="loss", x="updates", y="train_loss", lines=(("run", tuple(updates), tuple(losses)),))


def checkpoint(arm: Arm) -> Artifact:
    """The training as it stands now, to resume from."""
    return Artifact("checkpoint.pt", lambda path: save_checkpoint(path, arm.training.state(), identity(arm)))


def confusion_matrix(arm: Arm, logits: torch.Tensor) -> Heatmap:
    """Which class was taken for which."""
    confusion = evaluate(logits, arm.task.test.labels).confusion
    return Heatmap(
        name="confusion",
        title=f"Confusion matrix on {len(arm.task.test):,} test images of {arm.dataset}",
        row_axis="true class",
        column_axis="predicted class",
        row_labels=arm.classes,
        column_labels=arm.classes,
        values=tuple(tuple(float(count) for count in row) for row in confusion),
    )


def sklearn_difference(logits: torch.Tensor, targets: torch.Tensor, sklearn_targets: torch.Tensor) -> float:
    """Largest difference between our metrics against ``targets`` and scikit-learn's against ``sklearn_targets``."""
    import numpy as np
    from sklearn import metrics

    ours = evaluate(logits, targets)
    probabilities = logits.double().cpu().softmax(1).numpy()
    truth, predicted, labels = sklearn_targets.cpu().numpy(), probabilities.argmax(1), np.arange(probabilities.shape[1])
    return max(
        abs(ours.accuracy - metrics.accuracy_score(truth, predicted)),
        abs(ours.macro_f1 - metrics.f1_score(truth, predicted, average="macro")),
        abs(ours.nll - metrics.log_loss(truth, probabilities, labels=labels)),
        float(np.abs(ours.confusion.numpy() - metrics.confusion_matrix(truth, predicted, labels=labels)).max()),
    )
