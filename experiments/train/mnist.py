"""How well and how fast does one network learn to read digits, in any precision?

Notes: training in one line, metrics, epochs and iterations (000:18, 002:88-153, 004:2-8).
Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits, 1998; Micikevicius et al., Mixed Precision
Training, 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.networks.choices import (
    DeviceName,
    ImageSetName,
    NetworkName,
    OptimizerName,
    PrecisionParameter,
    ScheduleName,
)
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, equivalence, proportion, theorem, unavailable

if TYPE_CHECKING:
    import torch

    from experiments.foundation.networks.distributed import Group
    from experiments.foundation.networks.recipe import Epoch, Step
    from experiments.train.arms import Arm

REFERENCE_BAND = 0.97
"""Test accuracy of the convolutional network on MNIST and on digits with 60,000 images seen."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: ImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    model: NetworkName = "cnn"
    """Network; cnn is that of PyTorch's MNIST example, quick a small one for 99 % in seconds, vit a tiny one."""
    precision: PrecisionParameter = "32"
    """Number format; 16 is 16-bit mixed in the type that the device does well, -true keeps the weights in it too."""
    device: DeviceName = "auto"
    """Where to compute; auto is CUDA, else MPS, else the CPU."""
    epochs: Annotated[int, Field(ge=1, le=1000)] | None = 5
    """Passes over the training images; null: as many as see 60,000 images, which is one of MNIST."""
    batch_size: Annotated[int, Field(ge=1, le=60_000)] = 32
    """Images per forward pass."""
    accumulate: Annotated[int, Field(ge=1, le=1000)] = 1
    """Forward passes per update."""
    optimizer: OptimizerName = "adam"
    """Update rule; sgd is with Nesterov momentum."""
    lr: Annotated[float, Field(gt=0, le=10)] = 3e-3
    """Learning rate at its peak."""
    schedule: ScheduleName = "linear"
    """How the learning rate falls."""
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of all updates in which the learning rate rises from 0."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Of sgd."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Decoupled in adamw, an L2 penalty elsewhere."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of a target that is spread over all classes."""
    shift: Annotated[int, Field(ge=0, le=4)] = 0
    """Pixels by which quarters of a batch are moved at random, up to."""
    average: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Decay per update of a moving average of the weights, which is then what is tested; null: none."""
    clip: Annotated[float, Field(gt=0)] | None = None
    """Largest norm of the gradient; null: no clipping."""
    early_stop: Annotated[int, Field(ge=1)] | None = None
    """Epochs without a lower validation loss after which to stop; null: never, and no images are held out."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the training images held out for early_stop."""
    compile: bool = False
    """Whether torch.compile translates the network first."""
    reference: bool = False
    """Whether the same seed is also trained in float32 and, on a GPU, on the CPU, which the equivalence claims need."""
    repeat_updates: Annotated[int, Field(ge=1, le=1000)] = 20
    """Updates of each of the three short trainings that test reproducibility."""
    resume: str | None = None
    """A checkpoint.pt, or the record directory of a run, to continue from bit by bit."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    arm: str
    """run; float32 and cpu (with reference); first, again and other seed (short trainings)."""
    epoch: int
    dataset: str
    model: str
    precision: str
    resolved: str
    device: str
    train_loss: float
    validation_loss: float | None
    """None without early_stop."""
    test_accuracy: float
    test_macro_f1: float
    test_nll: float
    test_brier: float
    test_ece: float
    images_per_second: float
    updates: int
    skipped_updates: int
    train_seconds: float
    peak_memory_bytes: int
    test_images: int
    parameters: int
    flops_per_image: int
    weights_digest: str
    """First 16 digits of the SHA-256 of all weights: equal digests, equal bits."""
    sklearn_difference: float
    """Largest difference of accuracy, macro-F1, NLL and confusion matrix from scikit-learn's."""
    sklearn_control: float
    """The same against the labels moved by one image."""


def run(params: Params, seed: int) -> Iterator[Event]:
    """Train alone, or with the other processes that torchrun started, of which the first alone reports."""
    from experiments.foundation.networks.device import resolve_device
    from experiments.foundation.networks.distributed import joined

    with joined(resolve_device(params.device)) as group:
        yield from (event for event in compare(params, seed, group) if group.rank == 0)


def compare(params: Params, seed: int, group: Group) -> Iterator[Event]:
    """Train thrice a little to compare the bits, then the reference arms, and last what was asked for."""
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.device import deterministic
    from experiments.train import arms

    data = load_images(params.dataset, seed=seed)
    arm, notes = arms.begun(params, data, seed, group)
    yield from map(Note, notes)
    with deterministic(arm.training.device):
        for name, its_seed in (("first", seed), ("again", seed), ("other seed", seed + 1)):
            yield from train(arms.shortened(arms.prepare(name, params, data, its_seed, group)))
        for name, other in arms.reference_arms(arm).items():
            yield from train(arms.prepare(name, other, data, seed, group))
        arm, _ = arms.begun(params, data, seed, group)  # anew: the others have moved the random generators
        yield from train(arm, keep=True)


def train(arm: Arm, *, keep: bool = False) -> Iterator[Event]:
    """Progress within an epoch and a row behind it; with ``keep`` also checkpoints and the confusion matrix."""
    from experiments.train import arms

    logits = None
    steps: list[Step] = []
    for event in arms.driven(arm, steps):
        if isinstance(event, Progress):
            yield event
            continue
        epoch, logits = event
        yield make_row(arm, epoch, logits)
        if keep:
            yield arms.checkpoint(arm)
    if keep and logits is not None:
        yield arms.loss_trace(steps)
        yield arms.confusion_matrix(arm, logits)


def make_row(arm: Arm, epoch: Epoch, logits: torch.Tensor) -> Row:
    """The row of an epoch, with ``logits`` on the test images."""
    from experiments.foundation.networks.checkpoint import weights_digest
    from experiments.foundation.networks.device import peak_memory_bytes
    from experiments.foundation.networks.metrics import evaluate
    from experiments.train.arms import sklearn_difference

    targets = arm.task.test.labels
    test = evaluate(logits, targets)
    return Row(
        arm=arm.name,
        epoch=epoch.epoch,
        dataset=arm.dataset,
        model=arm.params.model,
        precision=arm.params.precision,
        resolved=arm.precision.resolved,
        device=arm.training.device.type,
        train_loss=epoch.train_loss,
        validation_loss=None if epoch.validation is None else epoch.validation.nll,
        test_accuracy=test.accuracy,
        test_macro_f1=test.macro_f1,
        test_nll=test.nll,
        test_brier=test.brier,
        test_ece=test.ece,
        images_per_second=epoch.images / epoch.train_seconds,
        updates=epoch.updates,
        skipped_updates=epoch.skipped_updates,
        train_seconds=epoch.train_seconds,
        peak_memory_bytes=peak_memory_bytes(arm.training.device),
        test_images=len(targets),
        parameters=arm.cost.parameters,
        flops_per_image=arm.cost.flops,
        weights_digest=weights_digest(arm.training.network),
        sklearn_difference=sklearn_difference(logits, targets, targets),
        sklearn_control=sklearn_difference(logits, targets, targets.roll(1)),
    )


def accuracy_reaches_its_reference_band(rows: Sequence[Row]) -> Comparison:
    """Correct test images of the last epoch, averaged over seeds, so that one image counts once."""
    last = last_epochs(rows, "run")
    if last[0].model not in ("cnn", "quick") or last[0].dataset not in ("mnist", "digits"):
        what = f"{last[0].model} on {last[0].dataset}"
        return unavailable(
            "proportion", f"no reference band for {what}; there is one for cnn and quick, mnist and digits"
        )
    images = last[0].test_images
    return proportion(
        round(sum(row.test_accuracy for row in last) / len(last) * images), images, at_least=REFERENCE_BAND
    )


def same_seed_gives_the_same_bits(rows: Sequence[Row]) -> Comparison:
    """Short trainings with the same seed, against one with another seed."""
    arms = {name: {row.seed: row for row in rows if row.arm == name} for name in ("first", "again", "other seed")}
    seeds = sorted(arms["first"])

    def changes(name: str) -> list[float]:
        return [float(measured(arms["first"][seed]) != measured(arms[name][seed])) for seed in seeds]

    return theorem(changes("again"), control=changes("other seed"))


def sixteen_bits_cost_no_accuracy(rows: Sequence[Row]) -> Comparison:
    """Last epochs of the run and of its float32 arm."""
    if not any(row.arm == "float32" for row in rows):
        way = "give precision=16 and reference=true, as study mnist_precision does"
        return unavailable("equivalence", f"no float32 arm to compare with; {way}")
    return equivalence(last_accuracy(rows, "run"), last_accuracy(rows, "float32"), margin=0.003)


def metrics_equal_sklearns(rows: Sequence[Row]) -> Comparison:
    """Every epoch of every arm, on the real predictions."""
    return theorem([r.sklearn_difference for r in rows], tolerance=1e-10, control=[r.sklearn_control for r in rows])


def a_gpu_is_as_accurate_as_the_cpu(rows: Sequence[Row]) -> Comparison:
    """Last epochs of the run on a GPU and of its CPU arm."""
    if not any(row.arm == "cpu" for row in rows):
        return unavailable("equivalence", "no GPU arm and CPU arm: it needs a CUDA device or MPS, and reference=true")
    return equivalence(last_accuracy(rows, "run"), last_accuracy(rows, "cpu"), margin=0.003)


def is_told(row: Row) -> bool:
    """Whether a row is of a full training."""
    return row.arm in ("run", "float32", "cpu")


def measured(row: Row) -> tuple[object, ...]:
    """What has to repeat bit by bit."""
    return row.train_loss, row.test_accuracy, row.test_macro_f1, row.test_nll, row.test_ece, row.weights_digest


def last_epochs(rows: Sequence[Row], arm: str) -> list[Row]:
    """The last row of each seed."""
    return list({row.seed: row for row in rows if row.arm == arm}.values())


def last_accuracy(rows: Sequence[Row], arm: str) -> dict[int, float]:
    """Test accuracy of each seed behind its last epoch."""
    return by_seed(last_epochs(rows, arm), lambda row: row.test_accuracy)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The convolutional network reaches 97 % test accuracy on MNIST and on digits.",
            notes="training and metrics (002:88-153)",
            kind="proportion",
            rule="holds iff the exact interval of the share of correct test images lies above it, refuted iff below",
            predicted="holds",
            judge=accuracy_reaches_its_reference_band,
        ),
        Claim(
            statement="Training twice with the same seed gives the same weights and metrics bit by bit.",
            notes="training in one line (000:18)",
            kind="theorem",
            rule="holds iff no weight, loss or metric differs, and with another seed one does; refuted by one",
            predicted="holds",
            judge=same_seed_gives_the_same_bits,
        ),
        Claim(
            statement="Sixteen-bit mixed precision is as accurate as float32 within 0.3 percentage points.",
            notes="mixed precision (000:31-33)",
            kind="equivalence",
            rule="paired by seed: holds iff the 95 % interval of the difference lies within 0.003, refuted iff outside",
            predicted="holds",
            judge=sixteen_bits_cost_no_accuracy,
        ),
        Claim(
            statement="Accuracy, macro-F1, log-likelihood and confusion matrix equal scikit-learn's within 1e-10.",
            notes="metrics (002:88-153)",
            kind="theorem",
            rule="holds iff no epoch differs by more than 1e-10 and labels moved by one image do; refuted by one",
            predicted="holds",
            judge=metrics_equal_sklearns,
        ),
        Claim(
            statement="A GPU is as accurate as the CPU within 0.3 percentage points.",
            notes="devices (002:88-153)",
            kind="equivalence",
            rule="paired by seed: holds iff the 95 % interval of the difference lies within 0.003, refuted iff outside",
            predicted="holds",
            judge=a_gpu_is_as_accurate_as_the_cpu,
        ),
    ),
    tables=(
        Table(
            title="Training",
            by=("arm", "resolved", "epoch"),
            columns=("train_loss", "test_accuracy", "test_macro_f1", "test_nll", "test_ece", "images_per_second"),
            where=is_told,
        ),
        Table(
            title="Cost",
            by=("arm", "device", "epoch"),
            columns=("updates", "train_seconds", "peak_memory_bytes", "parameters", "flops_per_image"),
            where=is_told,
        ),
    ),
    curves=(
        Curve(name="loss_per_epoch", x="epoch", y="train_loss", group="arm", where=is_told),
        Curve(name="accuracy_per_epoch", x="epoch", y="test_accuracy", group="arm", where=is_told),
    ),
)
