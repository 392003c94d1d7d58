"""The training that was asked for, after those that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Curve, Event, Heatmap, Part, Progress, Table, Trace
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Equivalence, Proportion, Under
from experiments.train.mnist.epochs import EpochRow, row_of
from experiments.train.mnist.setup import Images

if TYPE_CHECKING:
    import torch

    from experiments.foundation.networks.recipe import Step
    from experiments.train.mnist.arms import Arm


def run(images: Images) -> Iterator[Event]:
    """Alone, or with the other processes that torchrun started, of which the first alone reports."""
    from experiments.foundation.networks.device import deterministic

    with deterministic(images.split.train.inputs.device):
        yield from (event for event in trainings(images) if images.group.rank == 0)


def trainings(images: Images) -> Iterator[Event]:
    """The reference arms, and last what was asked for, with its checkpoints and figures."""
    from experiments.train.mnist import arms

    for name, params in arms.references(images.params).items():
        split = arms.split_of(params, images.data, images.seed)
        arm = arms.begin(name, params, split, images.seed, images.group)
        for event in arms.events(arm, []):
            yield event if isinstance(event, Progress) else row_of(arm, *event)
    arm, _ = arms.asked(images.params, images.split, images.seed, images.group)
    steps: list[Step] = []
    validated: list[tuple[float, float]] = []
    for event in arms.events(arm, steps):
        if isinstance(event, Progress):
            yield event
            continue
        epoch, logits = event
        yield row_of(arm, epoch, logits)
        yield arms.checkpoint(arm)
        if epoch.validation is not None:
            validated.append((float(epoch.epoch), epoch.validation.nll))
    yield loss_trace(steps)
    if validated:
        epochs, losses = zip(*validated, strict=True)
        yield Trace(name="validation", x="epoch", y="validation_loss", lines=(("run", epochs, losses),))
    yield confusion_matrix(arm, images.data.classes, logits)


def loss_trace(steps: Sequence[Step]) -> Trace:
    """The training loss over updates: a step has the mean of the epoch so far, this is the mean since the last step."""
    updates, losses = [], []
    done, total = 0, 0.0
    for step in steps:
        if step.done <= done:
            done, total = 0, 0.0
        updates.append(float((step.epoch - 1) * step.total + step.done))
        losses.append((step.loss * step.done - total) / (step.done - done))
        done, total = step.done, step.loss * step.done
    title = f"The training loss falls from {number(losses[0], 2)} to {number(losses[-1], 2)}" if losses else ""
    return Trace(name="loss", x="updates", y="train_loss", lines=(("run", tuple(updates), tuple(losses)),), title=title)


def confusion_matrix(arm: Arm, classes: tuple[str, ...], logits: torch.Tensor) -> Heatmap:
    """Which class was taken for which."""
    from experiments.foundation.networks.metrics import evaluate

    confusion = evaluate(logits, arm.split.test.labels).confusion
    return Heatmap(
        name="confusion",
        title=f"Confusion matrix on {len(arm.split.test):,} test images of {arm.split.name}",
        row_axis="true class",
        column_axis="predicted class",
        row_labels=classes,
        column_labels=classes,
        values=tuple(tuple(float(count) for count in row) for row in confusion),
    )


BANDS = {"mnist": "MNIST", "digits": "digits"}
"""Data set -> condition of the claim on accuracy."""


def correct_images(rows: Sequence[EpochRow]) -> Mapping[str, Trials] | NotMeasured:
    """Correct test images after the last epoch, seed by seed, of the data set that was trained on."""
    last = [row for row in last_epochs(rows) if row.arm == "run"]
    if last[0].model not in ("cnn", "quick") or last[0].dataset not in BANDS:
        what = f"{last[0].model} on {last[0].dataset}"
        return NotMeasured(f"no reference band for {what}; there is one for cnn and quick, mnist and digits")
    counted = {row.seed: (round(row.test_accuracy * row.test_images), row.test_images) for row in last}
    return {BANDS[last[0].dataset]: Trials(counted)}


def at_the_end(rows: Sequence[EpochRow]) -> str:
    """What the curve of the accuracy shows."""
    last = last_epochs(rows)
    shares = {arm: percent(mean(last, "test_accuracy", arm=arm), 4) for arm in dict.fromkeys(row.arm for row in last)}
    said = listing(shares.values() if len(shares) == 1 else (f"{share} ({arm})" for arm, share in shares.items()))
    return f"Right test images after epoch {max(row.epoch for row in last)}: {said}"


def loss_at_the_end(rows: Sequence[EpochRow]) -> str:
    """What the curve of the loss shows."""
    last = last_epochs(rows)
    return f"The training loss ends at {number(mean(last, 'train_loss', arm='run'))} after {last[-1].updates:,} updates"


def beside_float32(rows: Sequence[EpochRow]) -> Pairs | NotMeasured:
    way = "give precision=16 and reference=true, as study mnist_precision does"
    return beside(rows, "float32", f"no float32 arm to compare with; {way}")


def beside_cpu(rows: Sequence[EpochRow]) -> Pairs | NotMeasured:
    return beside(rows, "cpu", "no GPU arm and CPU arm: it needs a CUDA device or MPS, and reference=true")


def beside(rows: Sequence[EpochRow], arm: str, missing: str) -> Pairs | NotMeasured:
    """Test accuracy after the last epoch, of the run and of another arm."""
    last = last_epochs(rows)
    other = by_seed(last, "test_accuracy", arm=arm)
    return Pairs(by_seed(last, "test_accuracy", arm="run"), other) if other else NotMeasured(missing)


def last_epochs(rows: Sequence[EpochRow]) -> list[EpochRow]:
    """The last row of each arm and seed."""
    return list({(row.arm, row.seed): row for row in rows}.values())


PART = Part(
    name="training",
    row=EpochRow,
    run=run,
    claims=(
        Claim(
            "accuracy_reaches_its_reference_band",
            statement="A convolutional network errs no more than LeNet-1 on MNIST, and than support vectors on digits.",
            rule=Under(
                {
                    "MNIST": Proportion("share of correct test images", at_least=0.983),
                    "digits": Proportion("share of correct test images", at_least=0.97),
                }
            ),
            measure=correct_images,
            topic="accuracy of a training",
            predicted="holds",
            source="LeCun et al. 1998: LeNet-1 errs on 1.7 %; scikit-learn, Recognizing hand-written digits: 3 %",
        ),
        Claim(
            "sixteen_bits_cost_no_accuracy",
            statement="Sixteen-bit mixed precision is as accurate as float32 within 0.3 percentage points.",
            rule=Equivalence("test accuracy, 16 bits - float32", margin=0.003),
            measure=beside_float32,
            topic="accuracy in mixed precision",
            predicted="holds",
            source="Micikevicius et al., Mixed Precision Training, 2018",
        ),
        Claim(
            "a_gpu_is_as_accurate_as_the_cpu",
            statement="A GPU is as accurate as the CPU within 0.3 percentage points.",
            rule=Equivalence("test accuracy, GPU - CPU", margin=0.003),
            measure=beside_cpu,
            topic="accuracy on a GPU",
            predicted="holds",
            source="PyTorch, Reproducibility, documentation of version 2.13",
        ),
    ),
    tables=(
        Table(
            "Training",
            by=("arm", "resolved", "epoch"),
            columns=("train_loss", "test_accuracy", "test_macro_f1", "test_nll", "test_ece", "images_per_second"),
        ),
        Table(
            "Cost",
            by=("arm", "device", "epoch"),
            columns=("updates", "train_seconds", "peak_memory_bytes", "parameters", "flops_per_image"),
        ),
    ),
    curves=(
        Curve("loss_per_epoch", "epoch", "train_loss", "arm", title=loss_at_the_end),
        Curve("accuracy_per_epoch", "epoch", "test_accuracy", "arm", title=at_the_end),
    ),
)
