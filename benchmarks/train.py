"""How much faster than PyTorch's own MNIST example is the loop, in images a second and in time to an accuracy?

    python benchmarks/train.py speed [ROUNDS]       images a second: the example, our float32, our 16 bits
    python benchmarks/train.py accuracy [SEEDS]     test accuracy of the same network after three epochs
    python benchmarks/train.py target [SEEDS]       a small network after one epoch and four
    python benchmarks/train.py anchor [EPOCHS]      test accuracy of the example after each epoch, and its seconds

The anchor is written from its description (https://github.com/pytorch/examples/tree/main/mnist): the same network,
batches of 64 in file order (the example shuffles on GPUs only), Adadelta with rate 1 falling by 0.7 an epoch, float32.
Its images are handed out one by one through a DataLoader, as there, but need no decoding here, which is in its favor.

Times are taken in short rounds that alternate between the contestants in one process. A round in which other
processes took more than a tenth of the machine is thrown away; medians are over the others. Imports and reading files
are not timed.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from experiments.datasets.images import ImageData, load_images
from experiments.training.loop import Training
from experiments.training.precision import resolve_precision
from experiments.training.recipe import Epoch, Recipe
from experiments.training.task import ImageTask, begin, image_task

CPU = torch.device("cpu")
FOREIGN_LIMIT = 0.1
"""Share of the machine that others may take in a round that counts."""
CROP = 2
"""Pixels that the quick network leaves out at each border, where digits have nothing."""
QUICK = Recipe(
    epochs=1,
    batch_size=128,
    optimizer="sgd",
    lr=0.3,
    momentum=0.85,
    weight_decay=5e-4,
    schedule="linear",
    warmup=0.25,
    label_smoothing=0.1,
    shift=1,
)
"""For time to an accuracy; widths and batch were chosen on 5000 held-out training images."""
SAME_NETWORK = Recipe(
    epochs=3, batch_size=256, optimizer="sgd", lr=0.1, weight_decay=5e-4, schedule="linear", warmup=0.25
)


class Example(nn.Module):
    """The network of PyTorch's example, layer by layer as described there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, 1), nn.Conv2d(32, 64, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.conv1(x))
        x = functional.relu(self.conv2(x))
        x = self.dropout1(functional.max_pool2d(x, 2))
        x = functional.relu(self.fc1(torch.flatten(x, 1)))
        return functional.log_softmax(self.fc2(self.dropout2(x)), dim=1)


class OneByOne(Dataset[tuple[Tensor, int]]):
    """Images converted and normalized one at a time."""

    def __init__(self, data: ImageData) -> None:
        self.images, self.labels = torch.tensor(data.train_images), data.train_labels.tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index].unsqueeze(0).float().div(255).sub(0.1307).div(0.3081), self.labels[index]


class Anchor:
    """The example in training; each item of ``batches`` is the number of images of one update."""

    def __init__(self, data: ImageData, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = Example()
        self.loader = DataLoader(OneByOne(data), batch_size=64)
        self.optimizer = torch.optim.Adadelta(self.network.parameters(), lr=1.0)

    def epoch(self) -> Iterator[int]:
        self.network.train()
        for images, targets in self.loader:
            self.optimizer.zero_grad()
            functional.nll_loss(self.network(images), targets).backward()
            self.optimizer.step()
            yield len(targets)
        for group in self.optimizer.param_groups:
            group["lr"] *= 0.7

    @torch.no_grad()
    def accuracy(self, data: ImageData) -> float:
        self.network.eval()
        images = torch.tensor(data.test_images).unsqueeze(1).float().div(255).sub(0.1307).div(0.3081)
        guesses = torch.cat([self.network(batch).argmax(1) for batch in images.split(1000)])
        return (guesses == torch.tensor(data.test_labels)).float().mean().item()


@dataclass
class Contestant:
    """Something that trains; ``work`` yields the number of images of each update, without end."""

    name: str
    work: Iterator[int]
    rates: list[float] = field(default_factory=list)

    def round(self, seconds: float) -> tuple[float, float]:
        """(images a second, share of the machine that others took) over at least ``seconds``."""
        busy, own = machine_seconds(), time.process_time()
        begun, images = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            images += next(self.work)
        elapsed = time.perf_counter() - begun
        foreign = (machine_seconds() - busy) - (time.process_time() - own)
        return images / elapsed, max(0.0, foreign) / (elapsed * (os.cpu_count() or 1))


def machine_seconds() -> float:
    """CPU seconds that all processes together have used (Linux)."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def endless_anchor(data: ImageData) -> Iterator[int]:
    anchor = Anchor(data, seed=0)
    while True:
        yield from anchor.epoch()


def endless(task: ImageTask, recipe: Recipe, precision: str) -> Iterator[int]:
    """Images of each stretch between two events of our loop."""
    training = begin(task, "cnn", recipe, precision=resolve_precision(precision, CPU), seed=0)
    seen = 0
    for event in training.events():
        if isinstance(event, Epoch):
            seen = 0
        else:
            yield event.done * recipe.batch_size - seen
            seen = event.done * recipe.batch_size


def speed(rounds: int) -> None:
    """Images a second in alternating rounds."""
    data = load_images("mnist", seed=0)
    task = image_task(data, dtype=torch.float32, device=CPU, seed=0)
    wide = Recipe(epochs=10_000, batch_size=256, optimizer="sgd", lr=0.02)
    contestants = [
        Contestant("PyTorch's example, float32, batch 64", endless_anchor(data)),
        Contestant("ours, float32, batch 64", endless(task, Recipe(epochs=10_000, batch_size=64), "32")),
        Contestant("ours, float32, batch 256", endless(task, wide, "32")),
        Contestant("ours, precision 16, batch 64", endless(task, Recipe(epochs=10_000, batch_size=64), "16")),
        Contestant("ours, precision 16, batch 256", endless(task, wide, "16")),
    ]
    for contestant in contestants:
        contestant.round(1.0)  # warm-up
    dropped = 0
    for _ in range(rounds):
        measured = [contestant.round(2.0) for contestant in contestants]
        if max(foreign for _, foreign in measured) > FOREIGN_LIMIT:
            dropped += 1
            continue
        for contestant, (rate, _) in zip(contestants, measured, strict=True):
            contestant.rates.append(rate)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}; {rounds - dropped} of {rounds} rounds kept")
    if dropped == rounds:
        sys.exit("every round was polluted by other processes: try again on a quiet machine")
    for contestant in contestants:
        pairs = [mine / anchor for mine, anchor in zip(contestant.rates, contestants[0].rates, strict=True)]
        rate, ratio = statistics.median(contestant.rates), statistics.median(pairs)
        print(f"{contestant.name:<38} {rate:8,.0f} images/s   {ratio:5.2f} x")


def accuracy(seeds: int) -> None:
    """Test accuracy of the example's network after three epochs of our recipe, in both precisions."""
    for name in ("32", "16"):
        reached = []
        for seed in range(seeds):
            data = load_images("mnist", seed=seed)
            task = image_task(data, dtype=torch.float32, device=CPU, seed=seed)
            training = begin(task, "cnn", SAME_NETWORK, precision=resolve_precision(name, CPU), seed=seed)
            seconds = sum(event.train_seconds for event in training.events() if isinstance(event, Epoch))
            reached.append(test_accuracy(training, task))
            print(f"precision {name}, seed {seed}: {reached[-1]:.2%} after 3 epochs in {seconds:.1f} s", flush=True)
        print(f"precision {name}: median {statistics.median(reached):.2%} of {seeds} seeds")


class Quick(nn.Module):
    """A small network for time to an accuracy: 5 x 5 with stride 2, twice 3 x 3, batch normalization behind each."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False), normalized(16)),
            *(nn.Conv2d(16, 48, 3, padding=1, bias=False), nn.MaxPool2d(2), normalized(48)),
            *(nn.Conv2d(48, 96, 3, padding=1, bias=False), nn.AdaptiveMaxPool2d(1), normalized(96)),
            *(nn.Flatten(), nn.Linear(96, 10)),
        )

    def forward(self, images: Tensor) -> Tensor:
        return 0.2 * self.layers(images)


def normalized(channels: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(channels, momentum=0.3), nn.ReLU())


def target(seeds: int) -> None:
    """Test accuracy, wall and CPU seconds of the quick network after one epoch and four, normalization included."""
    data = load_images("mnist", seed=0)
    inner = slice(CROP, -CROP)
    data = replace(data, train_images=data.train_images[:, inner, inner], test_images=data.test_images[:, inner, inner])
    for epochs in (1, 4):
        reached, taken = [], []
        for seed in range(seeds):
            begun, own = time.perf_counter(), time.process_time()
            task = image_task(data, dtype=torch.float32, device=CPU, seed=seed)
            torch.manual_seed(seed)
            recipe = replace(QUICK, epochs=epochs)
            training = Training(Quick(), task.train, recipe, precision=resolve_precision("16", CPU), seed=seed)
            for _ in training.events():
                pass
            taken.append(time.perf_counter() - begun)
            used = time.process_time() - own
            reached.append(test_accuracy(training, task))
            print(f"{epochs} epochs, seed {seed}: {reached[-1]:.2%}, {taken[-1]:.1f} s, CPU {used:.1f} s", flush=True)
        print(f"{epochs} epochs: median {statistics.median(reached):.2%} in {statistics.median(taken):.1f} s")


def test_accuracy(training: Training, task: ImageTask) -> float:
    return (training.predict(task.test.inputs).argmax(1) == task.test.targets).float().mean().item()


def anchor(epochs: int) -> None:
    """Test accuracy of the example after each epoch, with its CPU and wall seconds."""
    data = load_images("mnist", seed=0)
    example, total = Anchor(data, seed=1), 0.0
    for epoch in range(1, epochs + 1):
        begun = time.perf_counter()
        for _ in example.epoch():
            pass
        total += time.perf_counter() - begun
        print(f"epoch {epoch}: {example.accuracy(data):.2%} after {total:.0f} s", flush=True)


COMMANDS: dict[str, tuple[Callable[[int], None], int]] = {
    "speed": (speed, 9),
    "accuracy": (accuracy, 3),
    "target": (target, 5),
    "anchor": (anchor, 14),
}


def main() -> None:
    """Run the command named first, with the number given second."""
    name, count = [*sys.argv[1:3], "", ""][:2]
    if name not in COMMANDS:
        sys.exit(f"expected one of {', '.join(COMMANDS)}, got {name!r}")
    command, default = COMMANDS[name]
    command(int(count or default))


if __name__ == "__main__":
    main()
