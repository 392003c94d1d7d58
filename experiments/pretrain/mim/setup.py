"""What pretrain.mim can be asked; its images, its encoders, and the networks fine-tuned from them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.foundation.networks.choices import DeviceName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters
from experiments.pretrain.kept import check_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn

    from experiments.foundation.architectures.vision_transformer import VisionTransformer
    from experiments.foundation.networks.fit import Fitted
    from experiments.foundation.networks.split import Examples, Split
    from experiments.pretrain.core.masked_autoencoder import MaskedAutoencoder
    from experiments.pretrain.core.objectives import Objective

Arm = Literal["scratch", "pixels", "codes", "blocks", "denoising", "cnn"]
Grid = Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1000)]
Steps = Annotated[int, Field(ge=1, le=100_000)]
HEADS = 4
MASK = "mask "
"""Opens the name of an arm that fills in pixels of another share of patches, such as ``mask 0.9``."""


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    unlabelled: Annotated[int, Field(ge=100, le=60_000)] = 600
    """Training images that are seen without their labels; the first of each class also with them."""
    validation: Annotated[int, Field(ge=10, le=10_000)] = 200
    """Other training images, by which learning rates are chosen."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Test images."""
    patch: Annotated[int, Field(ge=1, le=16)] | None = None
    """Side of a patch; null: the largest that leaves four a side."""
    dim: Annotated[int, Field(ge=8, le=512, multiple_of=4)] = 16
    """Numbers per token."""
    layers: Annotated[int, Field(ge=1, le=12)] = 1
    """Blocks of the encoder; the decoder has one."""
    mask: Share = 0.6
    """Share of the patches that is masked."""
    masks: tuple[Share, ...] | None = (0.15, 0.9)
    """Other shares, tried with the most labels; null: none."""
    codes: Annotated[int, Field(ge=2, le=8192)] = 16
    """Entries of the codebook of the arm codes, made by k-means of patches."""
    pretrain_steps: Steps = 20
    """Batches of 128 unlabelled images."""
    pretrain_lr: Annotated[float, Field(gt=0, le=1)] = 2e-3
    """AdamW's rate in pre-training, which falls linearly."""
    arms: tuple[Arm, ...] = ("scratch", "pixels", "codes", "blocks", "denoising", "cnn")
    """Where fine-tuning starts: nowhere; pixels or codes of random patches, or pixels of a block of them, filled in;
    noise removed; a convolutional network."""
    labels_per_class: tuple[Count, ...] = (5, 20)
    """Labelled images of each class."""
    finetune_steps: tuple[Steps, ...] = (10, 10)
    """Batches of at most 64 labelled images, one number for each of labels_per_class, so that all arms converge."""
    lrs: Grid = (3e-3, 1e-2)
    """AdamW's rates in fine-tuning; each arm and number of labels gets the best on validation images."""
    shift: Annotated[int, Field(ge=0, le=4)] = 1
    """Pixels by which quarters of a batch are moved at random, up to, in all trainings."""
    trials: Annotated[int, Field(ge=1, le=1000)] = 5
    """Random networks and images on which the laws are tried."""
    device: DeviceName = "auto"
    """Where to compute; auto is CUDA, else MPS, else the CPU."""
    encoder: str | None = None
    """A file to write, in safetensors: the encoder after filling in masked pixels, for pretrain.transfer init=FILE."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    side: int
    """Of a patch."""

    @property
    def device(self) -> torch.device:
        return self.split.train.inputs.device

    @property
    def tokens(self) -> int:
        return self.split.features // self.side**2

    def labelled(self, count: int) -> Examples:
        """The first ``count`` training images of each class."""
        from experiments.pretrain.core.fine_tuning import first_of_each_class

        return first_of_each_class(self.split.train, count)

    def moved(self, images: Tensor) -> Tensor:
        """The augmentation of all trainings."""
        from experiments.foundation.networks.batches import shifted

        return shifted(images, self.params.shift)

    def encoder(self) -> VisionTransformer:
        """The untrained encoder, the same for every arm of a seed."""
        import torch

        from experiments.foundation.architectures.vision_transformer import VisionTransformer

        torch.manual_seed(self.seed)  # inside the callers' reproducible blocks
        p = self.params
        network = VisionTransformer(self.split.shape, self.split.classes, p.dim, p.layers, HEADS, patch=self.side)
        return network.to(self.device)

    def model(self, arm: str) -> MaskedAutoencoder:
        """The untrained encoder with the decoder of an arm."""
        from experiments.pretrain.core.masked_autoencoder import MaskedAutoencoder

        outputs = self.params.codes if arm == "codes" else self.side**2
        return MaskedAutoencoder(self.encoder(), outputs, HEADS).to(self.device)

    def objective(self, arm: str) -> Objective:
        from experiments.pretrain.core import objectives
        from experiments.pretrain.core.masked_autoencoder import block_masks, masked_patches, random_masks

        if arm == "denoising":
            return objectives.remove_noise(self.side)
        share = float(arm.removeprefix(MASK)) if arm.startswith(MASK) else self.params.mask
        count = masked_patches(share, self.tokens)
        masks = partial(random_masks, tokens=self.tokens, count=count)
        if arm == "blocks":
            height, width = (size // self.side for size in self.split.shape[1:])
            masks = partial(block_masks, height=height, width=width, count=count)
        if arm != "codes":
            return objectives.fill_in_pixels(self.side, masks)
        some = self.split.train.inputs[:1250]
        codebook = objectives.codebook_of(some, self.side, self.params.codes, self.seed)
        return objectives.fill_in_codes(codebook, self.side, masks)

    @once
    def pretrained(self, arm: str) -> tuple[MaskedAutoencoder, str]:
        """The model of an arm after pre-training, and a sentence on where it comes from."""
        from experiments.foundation.networks.timing import reproducible
        from experiments.pretrain.core.objectives import pretrain

        p = self.params
        with reproducible(self.seed):
            model = self.model(arm)

            def train() -> None:
                images, objective = self.split.train.inputs, self.objective(arm)
                pretrain(model, images, objective, p.pretrain_steps, p.pretrain_lr, self.seed, self.moved)

            return model, self.train_once(model, train, arm=arm, mask=p.mask, codes=p.codes)

    @once
    def of_other_classes(self) -> VisionTransformer:
        """The encoder after training on the labels of the lower half of the classes, as long as on masks."""
        from experiments.foundation.networks.timing import reproducible
        from experiments.pretrain.core.fine_tuning import fine_tune, of_classes

        p = self.params
        with reproducible(self.seed):
            encoder = self.encoder()

            def train() -> None:
                lower = of_classes(self.split.train, range(self.split.classes // 2))
                fine_tune(encoder, lower, lr=p.pretrain_lr, steps=p.pretrain_steps, seed=self.seed, change=self.moved)

            self.train_once(encoder, train, arm="other classes")
        return encoder

    def train_once(self, network: nn.Module, train: Callable[[], None], **what: str | float) -> str:
        """``network`` trained, now or in an earlier run; which of them, in a sentence."""
        from experiments.foundation.networks.bases import trained_once

        p = self.params
        sizes = {"steps": p.pretrain_steps, "lr": p.pretrain_lr, "shift": p.shift, "images": p.unlabelled}
        return trained_once(network, train, {"data": self.split.description, "seed": self.seed, **sizes, **what})

    def start(self, arm: str) -> nn.Module:
        """A network of an arm before fine-tuning."""
        import torch

        from experiments.foundation.networks.networks import QuickNetwork

        torch.manual_seed(self.seed)
        if arm == "cnn":
            return QuickNetwork(self.split.shape, self.split.classes).to(self.device)
        return self.encoder() if arm == "scratch" else copy.deepcopy(self.pretrained(arm)[0].encoder)

    @once
    def fine_tuned(self, arm: str, count: int, lr: float, times: int = 1) -> tuple[nn.Module, Fitted]:
        """The network of an arm after fine-tuning on ``count`` labels per class, ``times`` as long as elsewhere."""
        from experiments.foundation.networks.timing import reproducible
        from experiments.pretrain.core.fine_tuning import fine_tune

        p = self.params
        steps = times * dict(zip(p.labels_per_class, p.finetune_steps, strict=True))[count]
        with reproducible(self.seed):
            network = self.start(arm)
        with reproducible(self.seed):
            fitted = fine_tune(network, self.labelled(count), lr=lr, steps=steps, seed=self.seed, change=self.moved)
        return network, fitted


def prepare(params: Params, seed: int) -> Images:
    """The images, and whether the parameters fit them and each other."""
    from experiments.foundation.architectures.vision_transformer import patch_size
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.device import device_title, resolve_device
    from experiments.foundation.networks.split import image_split
    from experiments.pretrain.core.fine_tuning import on_device

    if len(params.finetune_steps) != len(params.labels_per_class):
        counts, steps = len(params.labels_per_class), len(params.finetune_steps)
        raise InputError(f"finetune_steps: expected {counts} numbers, one for each of labels_per_class, got {steps}")
    check_folder("encoder", params.encoder)
    data = load_images(params.dataset, seed=seed)
    split = image_split(data, train=params.unlabelled, validation=params.validation, test=params.test_images, seed=seed)
    side = params.patch or patch_size(*split.shape[1:])
    if any(size % side for size in split.shape[1:]):
        raise InputError(f"patch={side}: expected a divisor of {split.shape[1]} x {split.shape[2]} pixels")
    device = resolve_device(params.device)
    train, validation, test = (on_device(part, device) for part in (split.train, split.validation, split.test))
    split = replace(split, train=train, validation=validation, test=test)
    notes = (split.description, f"device: {device_title(device)}")
    return Images(params=params, seed=seed, notes=notes, split=split, side=side)
