"""Arms that are tuned on images, for experiments whose networks differ in one thing: parameters, rows, comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import Field

from experiments.foundation.datasets.choices import ImageSetName
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import percent
from experiments.lab.experiment import Curve, Part, Row, Rows, Setup, observation, parameters
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed

if TYPE_CHECKING:
    from torch import nn

    from experiments.foundation.networks.budget import Fit
    from experiments.foundation.networks.split import Split
    from experiments.foundation.networks.tuned_networks import Members, TunedNetworks

    N = TypeVar("N", bound=nn.Module)


# The meaning of a field stands in its annotation, since pydantic does not hand on the text under a field to a subclass.
@parameters
class TrainingParams:
    """Base of a Params whose networks are tuned and trained on images."""

    dataset: Annotated[
        ImageSetName, Field(description="Images; auto is MNIST where it is present or can be fetched, else digits.")
    ] = "digits"
    train_images: Annotated[
        int, Field(ge=10, le=60_000, description="Training images, at most three quarters of those there are.")
    ] = 100
    validation_images: Annotated[
        int,
        Field(
            ge=10,
            le=60_000,
            description="Images by which the learning rate is chosen, at most a quarter of those for training.",
        ),
    ] = 50
    test_images: Annotated[int, Field(ge=10, le=60_000, description="Test images, at most all there are.")] = 50
    steps: Annotated[int, Field(ge=10, le=100_000, description="Updates of Adam.")] = 12
    batch_size: Annotated[int, Field(ge=1, le=4096, description="Images per update.")] = 16
    lrs: Annotated[
        tuple[Annotated[float, Field(gt=0, le=10)], ...],
        Field(min_length=3, description="Learning rates of the sweep, the same for every arm."),
    ] = (1e-3, 5e-3, 2e-2)


P = TypeVar("P", bound=TrainingParams)


@dataclass(frozen=True, kw_only=True)
class Images(Setup[P]):
    """The images that every network of one repetition is trained and measured on."""

    split: Split
    falls: ClassVar[bool] = False
    """Whether learning rates fall linearly to 0."""

    def trained(self, build: Callable[[], N], side_by_side: Callable[[Sequence[N]], Members[N]]) -> TunedNetworks[N]:
        """What ``build`` makes, trained at every learning rate; the test images see the one that validation chose."""
        from experiments.foundation.networks.budget import Budget
        from experiments.foundation.networks.device import keep_freed_memory
        from experiments.foundation.networks.tuned_networks import tuned_networks

        params = self.params
        keep_freed_memory()
        budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam", falls=self.falls)
        return tuned_networks(build, side_by_side, self.split, budget, params.lrs, seed=self.seed)


def split_of(params: TrainingParams, seed: int) -> tuple[Split, str]:
    """The images that ``params`` asks for, as many as there are, and what they are in words."""
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split

    data = load_images(params.dataset, seed=seed)
    there = len(data.train_labels)
    sizes = {
        "train": min(params.train_images, 3 * there // 4),
        "validation": min(params.validation_images, there // 4),
        "test": min(params.test_images, len(data.test_labels)),
    }
    said = ", ".join(f"{size} for {part}" for part, size in sizes.items())
    return image_split(data, **sizes, seed=seed), f"{data.description}; taken: {said}"


@observation
class FitRow(Row):
    """One training."""

    arm: str
    lr: float
    diverged: bool
    train_loss: float
    validation_accuracy: float
    dataset: str


def fitted(arm: str, fit: Fit, images: Images[Any]) -> dict[str, Any]:
    """The columns of a FitRow."""
    columns = ("lr", "diverged", "train_loss", "validation_accuracy")
    return {"arm": arm, "dataset": images.split.name} | {name: getattr(fit, name) for name in columns}


Difference = Pairs | NotMeasured | Undecided
Measure = Callable[[Rows], Difference]


@dataclass(frozen=True)
class Arms:
    """The arms of an experiment as its claims compare them."""

    sweep: Part[Any, Any]
    tuned: Part[Any, Any]
    among: str
    """What an arm that was not trained is missing from."""
    has_best: Callable[[Choice[Any]], bool] = lambda best: True
    """Whether some learning rate of an arm is good at all; else none is at an edge."""

    def why_not(self, rows: Rows, *names: str) -> NotMeasured | Undecided | None:
        """Why these arms are not compared: one was not trained, or its best learning rate is an edge of the grid."""
        sweep = [row for row in rows.of(self.sweep) if row.arm in names]
        missing = [name for name in names if name not in {row.arm for row in sweep}]
        if missing:
            return NotMeasured(f"needs {missing[0].split(',')[0]} among the {self.among}")
        chosen: dict[str, Choice[Any]] = choose(sweep, score=lambda row: row.validation_accuracy)
        reason = untuned(*filter(self.has_best, chosen.values()))
        return Undecided(reason) if reason else None

    def compare(self, column: str, first: str, second: str) -> Measure:
        """The measure of a column of two tuned arms."""

        def measure(rows: Rows) -> Difference:
            of_arms = (by_seed(rows.of(self.tuned), column, arm=arm) for arm in (first, second))
            return self.why_not(rows, first, second) or Pairs(*of_arms)

        return measure


def best_and_worst(rows: Sequence[FitRow]) -> str:
    """The arms of highest and lowest validation accuracy at the rates that suit them best."""
    ranked = sorted(choose(rows, score=lambda row: row.validation_accuracy).values(), key=lambda choice: -choice.score)
    said = [f"{choice.arm} {percent(choice.score)}" for choice in (ranked[0], ranked[-1])]
    return f"Validation accuracy at the best rate: most with {said[0]}, least with {said[1]}"


SWEEP_CURVE = Curve(
    "accuracy_by_learning_rate", "lr", "validation_accuracy", "arm", x_scale="log", title=best_and_worst
)
