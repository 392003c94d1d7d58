"""What the documentation of well-known image classifiers says of their parameters and costs.

Sources: the pages of torchvision's models, https://pytorch.org/vision/stable/models.html, and the card of timm's
vit_tiny_patch16_224.augreg_in21k_ft_in1k.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """What the documentation of an implementation says of it."""

    parameters: int
    """Rounded to ``parameter_unit``."""
    giga_macs: float
    """Multiply-adds of one image in thousands of millions, rounded to ``digits``; called GFLOPS or GMACs there."""
    digits: int
    parameter_unit: int = 1

    def rounded(self, parameters: int) -> int:
        """A number of parameters as coarse as the published one.

        >>> PUBLISHED["vit_tiny"].rounded(5_717_416)
        5700000
        """
        return round(parameters / self.parameter_unit) * self.parameter_unit


PUBLISHED: dict[str, Published] = {
    "alexnet": Published(61_100_840, 0.71, 2),
    "vgg16": Published(138_357_544, 15.47, 2),
    "resnet18": Published(11_689_512, 1.81, 2),
    "resnet50": Published(25_557_032, 4.09, 2),
    "vit_tiny": Published(5_700_000, 1.1, 1, parameter_unit=100_000),
}
