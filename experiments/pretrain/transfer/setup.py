"""What pretrain.transfer can be asked; the images of source and target, and the networks trained on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.foundation.networks.choices import DeviceName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters
from experiments.pretrain.kept import check_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from experiments.foundation.networks.split import Examples, Split
    from experiments.pretrain.core.fine_tuning import Outcome

Source = Literal["omniglot", "fashion", "other classes"]
Augmentation = Literal["shift", "strong"]
Steps = Annotated[int, Field(ge=1, le=1_000_000)]
SCRATCH, OWN = "scratch", "your encoder"


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """The upper half of its classes is the target; auto is MNIST where it is present or can be fetched, else digits."""
    sources: tuple[Source, ...] = ("other classes",)
    """What is learned before, with labels: characters, clothes, or the lower half of the target's classes."""
    model: Literal["lenet", "cnn", "quick", "mlp"] = "lenet"
    """The network."""
    images: Annotated[int, Field(ge=100, le=60_000)] = 600
    """Training images of all classes; those of the upper half are the target's, those of the lower a source."""
    validation: Annotated[int, Field(ge=20, le=10_000)] = 200
    """Other training images, by which learning rates are chosen."""
    test_images: Annotated[int, Field(ge=20, le=60_000)] = 300
    """Test images of all classes."""
    pretrain_steps: Steps = 20
    """Batches of 64 images of a source."""
    pretrain_lr: Annotated[float, Field(gt=0, le=1)] = 3e-3
    """AdamW's rate in pre-training, which falls linearly."""
    labels_per_class: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = (5, 20)
    """Labelled images of each class of the target."""
    finetune_steps: tuple[Steps, ...] = (10, 10)
    """Batches of at most 64 labelled images, one number for each of labels_per_class."""
    budgets: tuple[Steps, Steps] = (5, 10)
    """A short and a long training on all labels."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (3e-3, 1e-2)
    """AdamW's rates on the target; each arm gets the best on validation images in each setting."""
    taught: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Labels of each class from which self-training begins."""
    device: DeviceName = "auto"
    """Where to compute; auto is CUDA, else MPS, else the CPU."""
    encoder: str | None = None
    """A file to write, in safetensors: the encoder after pre-training on the first of the sources."""
    init: str | None = None
    """An encoder of yours, such a file, to start from: only the part labels is run, beside a training from scratch.
    One that pretrain.mim wrote is a Vision Transformer, which then takes the place of ``model``."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    """The target: images of the upper half of the classes, on the device."""
    lower: Examples
    """Images of the lower half."""

    def network(self) -> nn.Module:
        """The untrained network with as many logits as the data set has classes, the same for every arm of a seed."""
        import torch

        from experiments.foundation.architectures.vision_transformer import VisionTransformer
        from experiments.foundation.networks.networks import build_network
        from experiments.pretrain.core.encoder_files import vision_transformer_sizes

        shape, classes, init = self.split.shape, self.split.classes, self.params.init
        torch.manual_seed(self.seed)
        if init and (sizes := vision_transformer_sizes(Path(init))):
            network: nn.Module = VisionTransformer(shape, classes, sizes.dim, sizes.depth, patch=sizes.patch)
        else:
            network = build_network(self.params.model, shape, classes)
        return network.to(self.split.train.inputs.device)

    def source(self, name: str) -> tuple[Examples, int]:
        """Its images, standardized as the target's are, and the number of its classes."""
        from experiments.foundation.datasets.images import load_images
        from experiments.foundation.networks.split import image_split
        from experiments.pretrain.core.fine_tuning import on_device

        if name == "other classes":
            return self.lower, self.split.classes
        data = load_images(name, seed=self.seed)
        count = min(self.params.images, len(data.train_labels))
        split = image_split(data, train=count, validation=0, test=0, seed=self.seed)
        if split.shape != self.split.shape:
            sizes = [" x ".join(map(str, shape[1:])) for shape in (split.shape, self.split.shape)]
            raise InputError(f"sources: {name} has images of {sizes[0]}, {self.split.name} of {sizes[1]}; give others")
        return on_device(split.train, self.split.train.inputs.device), len(data.classes)

    @once
    def pretrained(self, source: str) -> tuple[nn.Module, str]:
        """The network after training on a source, and a sentence on where it comes from."""
        from torch import nn

        from experiments.foundation.networks.bases import trained_once
        from experiments.foundation.networks.timing import reproducible
        from experiments.pretrain.core.augmentation import AUGMENTATIONS
        from experiments.pretrain.core.encoder_files import head_of
        from experiments.pretrain.core.fine_tuning import fine_tune

        p = self.params
        examples, classes = self.source(source)
        with reproducible(self.seed):
            network = self.network()
            name, head = head_of(network)
            network.set_submodule(name, nn.Linear(head.in_features, classes).to(head.weight.device))

            def train() -> None:
                fine_tune(
                    network,
                    examples,
                    lr=p.pretrain_lr,
                    steps=p.pretrain_steps,
                    seed=self.seed,
                    change=AUGMENTATIONS["shift"],
                )

            sizes = {"images": len(examples), "steps": p.pretrain_steps, "lr": p.pretrain_lr, "model": p.model}
            return network, trained_once(
                network, train, {"source": source, "data": self.split.description, "seed": self.seed, **sizes}
            )

    def start(self, arm: str) -> nn.Module:
        """A network of an arm before it sees the target, with a new head."""
        from experiments.pretrain.core.encoder_files import encoder_weights, load_encoder

        network = self.network()
        if arm == OWN and self.params.init:
            try:
                load_encoder(Path(self.params.init), network)
            except ValueError as error:
                raise InputError(f"init={self.params.init}: {error}") from None
        elif arm != SCRATCH:
            network.load_state_dict({**network.state_dict(), **encoder_weights(self.pretrained(arm)[0])})
        return network

    def trained(
        self,
        arm: str,
        examples: Examples,
        lr: float,
        steps: int,
        augment: Augmentation,
        after: Callable[[nn.Module, int], None] | None = None,
    ) -> tuple[nn.Module, Outcome]:
        """An arm's network trained on labelled images of the target, and what it came to."""
        from experiments.foundation.networks.timing import reproducible
        from experiments.pretrain.core.augmentation import AUGMENTATIONS
        from experiments.pretrain.core.fine_tuning import fine_tune, outcome

        with reproducible(self.seed):
            network = self.start(arm)
        with reproducible(self.seed):
            fitted = fine_tune(
                network,
                examples,
                lr=lr,
                steps=steps,
                seed=self.seed,
                change=AUGMENTATIONS[augment],
                after=None if after is None else partial(after, network),
            )
            return network, outcome(network, fitted, self.split.validation, self.split.test)


def prepare(params: Params, seed: int) -> Images:
    """The images on the device, and whether the parameters fit each other."""
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.device import device_title, resolve_device
    from experiments.foundation.networks.split import image_split
    from experiments.pretrain.core.fine_tuning import of_classes, on_device

    if len(params.finetune_steps) != len(params.labels_per_class):
        counts, steps = len(params.labels_per_class), len(params.finetune_steps)
        raise InputError(f"finetune_steps: expected {counts} numbers, one for each of labels_per_class, got {steps}")
    check_folder("encoder", params.encoder)
    device = resolve_device(params.device)
    data = load_images(params.dataset, seed=seed)
    whole = image_split(data, train=params.images, validation=params.validation, test=params.test_images, seed=seed)
    if whole.name in params.sources:
        raise InputError(f"sources: {whole.name} is the target; give others")
    middle = whole.classes // 2
    train, validation, test, lower = (
        on_device(of_classes(part, classes), device)
        for part, classes in (
            (whole.train, range(middle, whole.classes)),
            (whole.validation, range(middle, whole.classes)),
            (whole.test, range(middle, whole.classes)),
            (whole.train, range(middle)),
        )
    )
    split = replace(whole, train=train, validation=validation, test=test)
    notes = (
        f"target: classes {middle} to {whole.classes - 1} of {split.description}",
        f"device: {device_title(device)}",
    )
    images = Images(params=params, seed=seed, notes=notes, split=split, lower=lower)
    if params.init:
        images.start(OWN)  # a file that does not fit is an error before anything is trained
    return images
