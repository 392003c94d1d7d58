"""The tasks: digits turned by 90 degrees or clothes for a network of digits, questions for one that has read a text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from experiments.adapt.core.demonstrations import examples_of
from experiments.adapt.core.text_base import last_bytes, parts_of, questions, trained_base, untrained
from experiments.adapt.lora.params import Params
from experiments.foundation.architectures.llama import tokens
from experiments.foundation.datasets.images import ImageData
from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.next_token import random_windows
from experiments.foundation.networks.split import Examples, image_split
from experiments.foundation.networks.timing import reproducible
from experiments.lab.errors import InputError

BASE_LR = 1e-3
REPLAYED_WINDOWS = 2000


@dataclass(frozen=True)
class Task:
    """A base, what it knew, and what it is to learn."""

    dataset: str
    base: nn.Module
    fresh: nn.Module
    """The same network, untrained."""
    head: str
    """Name of its last layer."""
    without_adapter: tuple[str, ...]
    """Names of linear layers that get none."""
    train: Examples
    replayed: Examples
    """Old examples, a third of the new ones, which is a quarter of both."""
    validation: Examples
    test: Examples
    old_test: Examples
    note: str = ""


def image_task(params: Params, images: ImageData, seed: int, other: ImageData | None = None) -> Task:
    """A perceptron trained on upright images; new are others of the same set, turned to the left, or another set's."""
    new, old = params.new_examples, params.old_examples
    sizes = {"validation": params.validation_examples, "test": params.test_examples}
    split = image_split(images, train=old + new, **sizes, seed=seed)
    upright = Examples(split.train.inputs[:old], split.train.labels[:old])
    if other is None:
        others = Examples(split.train.inputs[old:], split.train.labels[old:])
        to_learn = [_turned(part) for part in (others, split.validation, split.test)]
    else:
        own = image_split(other, train=new, **sizes, seed=seed)
        to_learn = [_flat(part) for part in (own.train, own.validation, own.test)]
    train, validation, test = to_learn
    with reproducible(seed):
        fresh, base = (perceptron(split.features, params.dim, split.classes) for _ in range(2))
        batches = drawn_batches(old, params.batch_size, params.base_steps, None)
        fit(base, _flat(upright), torch.optim.Adam(base.parameters(), BASE_LR, fused=True), batches)
    return Task(
        dataset=split.name if other is None else f"{split.name} to {other.name}",
        base=base,
        fresh=fresh,
        head="4",
        without_adapter=(),
        train=train,
        replayed=_flat(upright),
        validation=validation,
        test=test,
        old_test=_flat(split.test),
    )


def perceptron(features: int, width: int, classes: int) -> nn.Sequential:
    """Two hidden layers."""
    hidden = (nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(width, classes))


def _flat(part: Examples) -> Examples:
    return Examples(part.inputs.flatten(1), part.labels)


def _turned(part: Examples) -> Examples:
    """By 90 degrees: images (n, c, h, w) to (n, c w h)."""
    return _flat(replace(part, inputs=part.inputs.rot90(dims=(2, 3))))


def text_task(params: Params, text: str, dataset: str, seed: int) -> Task:
    """A small Llama that has read the first nine tenths of a text; new are questions of words, each in one part."""
    read, held = parts_of(text)
    sizes = (params.new_examples, params.validation_examples, params.test_examples)
    try:
        asked = questions(read, sum(sizes), seed)
    except ValueError as error:
        raise InputError(f"text={dataset}: {error}; ask for fewer examples") from None
    base, note = trained_base(text, dim=params.dim, layers=params.layers, steps=params.base_steps)
    length = max(len(one.prompt) + len(one.answer) for one in asked) - 1
    train, validation, test = (
        examples_of(part, length=length)
        for part in (asked[: sizes[0]], asked[sizes[0] : -sizes[2]], asked[-sizes[2] :])
    )
    with reproducible(seed):
        windows = random_windows(tokens(read), REPLAYED_WINDOWS, length)
        old_test = last_bytes(tokens(held), sizes[2], length)
        fresh = untrained(params.dim, params.layers)
    return Task(
        dataset=dataset,
        base=base,
        fresh=fresh,
        head="lm_head",
        without_adapter=("lm_head",),  # as in peft's all-linear
        train=train,
        replayed=Examples(windows[:, :-1], windows[:, 1:]),
        validation=validation,
        test=test,
        old_test=old_test,
        note=note,
    )
