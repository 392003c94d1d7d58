"""What others say of the parameters of well-known networks, and the same networks of ours, on the meta device.

Sources: torchvision's pages of vit_b_16, vit_b_32 and vit_l_16, https://pytorch.org/vision/stable/models.html; timm's
deit_tiny_patch16_224; Hugging Face's checkpoint gpt2; a U-Net with one channel in and one out, and the two players of
PyTorch's tutorial on DCGAN, as torchsummary counts them in public notebooks.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from experiments.arch.core.gan import Discriminator, Generator
from experiments.foundation.architectures.token_transformer import TokenTransformer
from experiments.foundation.architectures.unet import UNet
from experiments.foundation.architectures.vision_transformer import VisionTransformer


def vit(patch: int, dim: int, depth: int, heads: int) -> nn.Module:
    return VisionTransformer((3, 224, 224), 1000, dim, depth, heads, patch=patch, class_token=True)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "ViT-Ti/16": lambda: vit(16, 192, 12, 3),
    "ViT-B/16": lambda: vit(16, 768, 12, 12),
    "ViT-B/32": lambda: vit(32, 768, 12, 12),
    "ViT-L/16": lambda: vit(16, 1024, 24, 16),
    "GPT-2": lambda: TokenTransformer(50_257, context=1024, dim=768, depth=12, heads=12),
    "U-Net": lambda: UNet(1, 1, width=64, depth=4),
    "DCGAN, generator": lambda: Generator(100, 3, side=64, width=64),
    "DCGAN, discriminator": lambda: Discriminator(3, side=64, width=64),
}


def build(name: str) -> nn.Module:
    """The network of that name, without numbers.

    >>> sum(parameter.numel() for parameter in build("ViT-B/16").parameters())
    86567656
    """
    with torch.device("meta"):
        return NETWORKS[name]()
