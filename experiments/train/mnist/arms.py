"""The trainings that train.mnist sets side by side: how each begins, resumes, and is described."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from experiments.foundation.costs.forward import Cost, forward_cost
from experiments.foundation.networks.checkpoint import Description, find_checkpoint, resume_from, save_checkpoint
from experiments.foundation.networks.device import device_title, reset_peak_memory, resolve_device
from experiments.foundation.networks.distributed import ALONE, Group
from experiments.foundation.networks.loop import Training, begin_training
from experiments.foundation.networks.precision import Precision, fp16_problem, resolve_precision
from experiments.foundation.networks.recipe import Epoch, Recipe, Step
from experiments.foundation.networks.split import Split, whole_split
from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Progress
from experiments.train.mnist.params import Params

if TYPE_CHECKING:
    from experiments.foundation.datasets.images import ImageData

IMAGES_OF_AN_MNIST_EPOCH = 60_000

NO_IDENTITY = {
    "device": "a training may move to another device",
    "epochs": "a finished training goes on where there are more",
    "compile": "the same network, translated",
    "reference": "other trainings beside this one",
    "repeat_updates": "other trainings beside this one",
    "resume": "where the checkpoint lies",
}
"""Parameters in which a resumed run may differ from the one that it continues, and why."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One training and what it is called."""

    name: str
    params: Params
    seed: int
    split: Split
    precision: Precision
    training: Training
    cost: Cost


def split_of(params: Params, data: ImageData, seed: int) -> Split:
    """All images, at the device and in the precision of ``params``."""
    device = resolve_device(params.device)
    dtype = resolve_precision(params.precision, device).parameters
    held_out = 0.0 if params.early_stop is None else params.validation
    return whole_split(data, dtype=dtype, device=device, seed=seed, validation=held_out)


def begin(name: str, params: Params, split: Split, seed: int, group: Group = ALONE) -> Arm:
    """A training about to begin, its network initialized, shared by the processes of ``group``.

    Raises:
        InputError: the device is not there, or the precision is not for it.
    """
    device = resolve_device(params.device)
    precision = resolve_precision(params.precision, device)
    reset_peak_memory(device)
    recipe = make_recipe(params, len(split.train))
    training = begin_training(split, params.model, recipe, precision=precision, seed=seed, group=group)
    cost = forward_cost(training.network, split.shape)
    problem = fp16_problem(precision, device, float(cost.macs) * recipe.epochs * len(split.train))
    if problem is not None:
        raise InputError(problem)
    return Arm(name=name, params=params, seed=seed, split=split, precision=precision, training=training, cost=cost)


def make_recipe(params: Params, images: int) -> Recipe:
    """The recipe for ``images`` training images: every field is the parameter of its name, and there must be one."""
    chosen = {field.name: getattr(params, field.name) for field in fields(Recipe)}
    epochs = params.epochs or max(1, round(IMAGES_OF_AN_MNIST_EPOCH / images))
    return Recipe(**{**chosen, "epochs": epochs})


def asked(params: Params, split: Split, seed: int, group: Group) -> tuple[Arm, tuple[str, ...]]:
    """The training that was asked for, where it is to go on from, and the sentences that describe it.

    Raises:
        InputError: as ``begin`` and ``resume``.
    """
    arm = begin("run", params, split, seed, group)
    resumed = () if params.resume is None else (resume(arm, Path(params.resume)),)
    return arm, (*describe(arm), *resumed)


def describe(arm: Arm) -> list[str]:
    """What is trained on what, at which precision, in how many steps and at which cost."""
    recipe, images = arm.training.recipe, len(arm.split.train)
    batches = math.ceil(images / recipe.batch_size)
    an_epoch = f"{images:,} training images / batch {recipe.batch_size} = {batches:,} iterations an epoch"
    if recipe.accumulate > 1:
        an_epoch += f", / {recipe.accumulate} accumulated = {arm.training.updates_per_epoch:,} updates an epoch"
    if arm.training.group.size > 1:
        an_epoch += f", each shared by {arm.training.group.size} processes"
    updates = recipe.epochs * arm.training.updates_per_epoch
    cost = f"{arm.cost.parameters:,} parameters, {arm.cost.macs:,} MAC = {arm.cost.flops:,} FLOPs an image"
    return [
        f"data: {arm.split.description}",
        f"{arm.precision.sentence}; device {device_title(arm.training.device)}",
        f"{an_epoch}; {recipe.epochs} epoch{'s' if recipe.epochs > 1 else ''} = {updates:,} updates",
        f"{arm.params.model}: {cost}",
    ]


def resume(arm: Arm, path: Path) -> str:
    """Put ``arm`` where the checkpoint at ``path`` stands, and say so.

    Raises:
        InputError: no usable checkpoint of this very training, or nothing is left to train.
    """
    training = arm.training
    resume_from(find_checkpoint(path, arm.seed), identity(arm), training.device, training.restore)
    if training.finished:
        raise InputError(
            f"resume={path} has done {training.epoch} of {training.recipe.epochs} epochs; set epochs to more"
        )
    return f"resumed after epoch {training.epoch}, on a learning-rate schedule of {training.recipe.epochs} epochs"


def identity(arm: Arm) -> Description:
    """What a checkpoint has to agree on to be continued bit by bit: the seed and all parameters but ``NO_IDENTITY``."""
    chosen = {field.name: getattr(arm.params, field.name) for field in fields(Params) if field.name not in NO_IDENTITY}
    if arm.params.early_stop is None:
        del chosen["validation"]  # no images are held out
    return {**chosen, "dataset": arm.split.name, "precision": arm.precision.name, "seed": arm.seed}


def references(params: Params) -> dict[str, Params]:
    """Arms to compare with: float32 on the same device, and the CPU at the same precision."""
    if not params.reference:
        return {}
    here = replace(params, resume=None)
    device = resolve_device(params.device)
    in_float32 = resolve_precision(params.precision, device).resolved == "32-true"
    arms = {} if in_float32 else {"float32": replace(here, precision="32")}
    return arms if device.type == "cpu" else {**arms, "cpu": replace(here, device="cpu")}


def events(arm: Arm, steps: list[Step]) -> Iterator[Progress | tuple[Epoch, torch.Tensor]]:
    """Progress within an epoch, its steps put into ``steps``; after each epoch, it and the logits (images, classes)
    on the test images."""
    for event in arm.training.events():
        if isinstance(event, Step):
            steps.append(event)
            stage = f"{arm.name}: epoch {event.epoch} of {arm.training.recipe.epochs}, loss {event.loss:.4f}"
            yield Progress(stage, event.done, event.total)
        else:
            yield event, arm.training.predict(arm.split.test.inputs)


def checkpoint(arm: Arm) -> Artifact:
    """The training as it stands now, to resume from."""
    return Artifact("checkpoint.pt", lambda path: save_checkpoint(path, arm.training.state(), identity(arm)))
