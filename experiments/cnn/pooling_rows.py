"""What cnn.pooling writes down: its rows, and what stays in moved images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.foundation.statements.instances import NAN, InstanceRow

if TYPE_CHECKING:
    from experiments.cnn.core.invariance import Transformation

EQUAL_FLOPS = "none, equal FLOPs"
EQUAL_PARAMETERS = "none, equal parameters"
SCORES = ("invariance", "feature_cosine", "agreement", "agreement_when_correct")


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    """A law's instance, a learning rate of the sweep, a tuned network, or what stays in moved images."""

    pool: str = ""
    dataset: str | None = None
    weights: str = ""
    """random or trained."""
    transform: str = ""
    shift_pixels: float = NAN
    rotation_degrees: float = NAN
    scale_factor: float = NAN
    lr: float = NAN
    diverged: bool = False
    train_loss: float = NAN
    validation_accuracy: float = NAN
    test_accuracy: float = NAN
    gap: float = NAN
    """Accuracy on training images minus accuracy on test images."""
    parameters: int = 0
    flops: int = 0
    """Of one image forward, in convolutions and matrix products; sums and comparisons of a pooling are not counted."""
    invariance: float = NAN
    """Cosine of centered features before and after: 1 where nothing changed, 0 for another image."""
    feature_cosine: float = NAN
    """The same without centering."""
    agreement: float = NAN
    """Share of test images whose predicted class stays."""
    agreement_when_correct: float = NAN
    """Among those that were classified correctly."""
    shift_agreement: float = NAN
    """At the mildest shift, on the row of the tuned network."""
    moved_agreement: float = NAN
    """Mean over the mildest shift, rotation and scale."""

    @property
    def amount(self) -> float:
        """Pixels, degrees or factor of the transformation; nan without one."""
        amounts = {"shift": self.shift_pixels, "rotate": self.rotation_degrees, "scale": self.scale_factor}
        return amounts.get(self.transform, NAN)


@dataclass(frozen=True)
class Stays:
    """What stays in one kind of moved images; named as the columns of Row."""

    transform: Transformation
    amount: float
    invariance: float
    feature_cosine: float
    agreement: float
    agreement_when_correct: float


def move_columns(one: Stays) -> dict[str, Any]:
    """The columns of Row that say how the images were moved."""
    names = {"shift": "shift_pixels", "rotate": "rotation_degrees", "scale": "scale_factor"}
    return {"transform": one.transform, names[one.transform]: one.amount}


def score_columns(one: Stays) -> dict[str, float]:
    return {name: getattr(one, name) for name in SCORES}
