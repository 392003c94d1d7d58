"""How much faster than PyTorch's own MNIST example is the loop, in images a second and in time to an accuracy?

    python benchmarks/train.py speed [ROUNDS]       images a second: the example, our float32, our 16 bits
    python benchmarks/train.py accuracy [SEEDS]     test accuracy of the same network after three epochs
    python benchmarks/train.py choose [SEEDS]       the quick network's recipes on 5000 held-out training images
    python benchmarks/train.py target [SEEDS]       its test accuracy and seconds, beside the example's images a second
    python benchmarks/train.py anchor [SEEDS]       test accuracy of the example after each of its 14 epochs

The anchor is written from its description (https://github.com/pytorch/examples/tree/main/mnist): the same network,
batches of 64 in file order (the example shuffles on GPUs only), Adadelta with rate 1 falling by 0.7 an epoch, float32.
Its images are handed out one by one through a DataLoader, as there, but need no decoding here, which is in its favor.
Where only its accuracy is asked for (``anchor``), our kernels compute the same function of the same batches.

Times are taken in short rounds that alternate between the contestants in one process. A round in which other
processes took more than a tenth of the CPUs that this process may use does not count; medians are over the others.
Under ``taskset`` of one CPU that is a comparison on one thread. CPU time is told beside, which others hardly change;
with several threads it counts waiting for one another too. Imports and reading files are not timed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from rounds import Contestant
from torch import nn
from train_anchors import Anchor, endless_anchor, endless_plain

from experiments.foundation.datasets.images import ImageData, load_images
from experiments.foundation.networks.choices import NetworkName
from experiments.foundation.networks.loop import Training, begin_training
from experiments.foundation.networks.networks import build_network
from experiments.foundation.networks.precision import resolve_precision
from experiments.foundation.networks.recipe import Epoch, Recipe
from experiments.foundation.networks.split import Split, whole_split

CPU = torch.device("cpu")
FOREIGN_LIMIT = 0.1
"""Share of our CPUs that others may take in a round that counts."""
HELD_OUT = 5000
"""Training images, the last ones, that ``choose`` does not train on."""
TO_99_0 = Recipe(
    epochs=1,
    batch_size=128,
    optimizer="sgd",
    lr=0.5,
    momentum=0.85,
    weight_decay=5e-4,
    schedule="linear",
    warmup=0.25,
    label_smoothing=0.1,
    shift=1,
)
"""The quick network's recipe for 99.0 %; conf/train/mnist_fast.yaml, sealed before, has lr 0.3."""
TO_99_4 = replace(TO_99_0, epochs=5, batch_size=256)
EXAMPLE_EPOCHS = {TO_99_0: 4, TO_99_4: 14}
"""Epochs of the example (``anchor``) that the recipes are set against: the earliest with 99.0 % of any seed, and all
14, for it never reaches 99.4 %."""
SAME_NETWORK = Recipe(
    epochs=3, batch_size=256, optimizer="sgd", lr=0.1, weight_decay=5e-4, schedule="linear", warmup=0.25
)


def endless(task: Split, recipe: Recipe, precision: str, model: NetworkName = "cnn") -> Iterator[int]:
    """Images of each stretch between two events of our loop."""
    training = begin_training(task, model, recipe, precision=resolve_precision(precision, CPU), seed=0)
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
    task = whole_split(data, dtype=torch.float32, device=CPU, seed=0)
    wide = replace(SAME_NETWORK, epochs=10_000, schedule="constant", warmup=0.0, lr=0.02)
    narrow = replace(wide, batch_size=64)
    contestants = [
        Contestant("PyTorch's example, float32, batch 64", endless_anchor(data)),
        Contestant("ours, float32, batch 64", endless(task, narrow, "32")),
        Contestant("ours, float32, batch 256", endless(task, wide, "32")),
        Contestant("ours, precision 16, batch 64", endless(task, narrow, "16")),
        Contestant("ours, precision 16, batch 256", endless(task, wide, "16")),
        Contestant("quick in plain torch, batch 128", endless_plain(task.train, 128)),
        Contestant("quick, ours, batch 128", endless(task, replace(wide, batch_size=128, shift=1), "16", "quick")),
    ]
    for contestant in contestants:
        contestant.round(1.0)  # warm-up
    measured = [[contestant.round(2.0) for contestant in contestants] for _ in range(rounds)]
    clean = [found for found in measured if all(one.foreign <= FOREIGN_LIMIT for one in found)]
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}; {len(clean)} of {rounds} rounds clean")
    if not clean:
        worst = max(one.foreign for found in measured for one in found)
        print(f"so these are medians of polluted rounds: other processes took up to {worst:.0%} of our CPUs")
    for number, contestant in enumerate(contestants):
        pairs = [(found[number], found[0]) for found in clean or measured]
        rate = statistics.median(mine.rate for mine, _ in pairs)
        ratios = [mine.rate / example.rate for mine, example in pairs]
        cpu = statistics.median(mine.cpu_rate / example.cpu_rate for mine, example in pairs)
        print(
            f"{contestant.name:<38} {rate:8,.0f} images/s   {statistics.median(ratios):5.2f} x "
            f"({min(ratios):.2f} to {max(ratios):.2f}), by CPU time {cpu:.2f} x"
        )


def accuracy(seeds: int) -> None:
    """Test accuracy of the example's network after three epochs of our recipe, in both precisions."""
    for name in ("32", "16"):
        reached = []
        for seed in range(seeds):
            data = load_images("mnist", seed=seed)
            task = whole_split(data, dtype=torch.float32, device=CPU, seed=seed)
            training = begin_training(task, "cnn", SAME_NETWORK, precision=resolve_precision(name, CPU), seed=seed)
            seconds = sum(event.train_seconds for event in training.events() if isinstance(event, Epoch))
            reached.append(test_accuracy(training, task))
            print(f"precision {name}, seed {seed}: {reached[-1]:.2%} after 3 epochs in {seconds:.1f} s", flush=True)
        print(f"precision {name}: median {statistics.median(reached):.2%} of {seeds} seeds")


def choose(seeds: int) -> None:
    """Accuracy of the quick network's recipes on the last 5000 training images, which they do not train on."""
    data = load_images("mnist", seed=0)
    kept = slice(None, -HELD_OUT)
    held = replace(
        data,
        train_images=data.train_images[kept],
        train_labels=data.train_labels[kept],
        test_images=data.train_images[-HELD_OUT:],
        test_labels=data.train_labels[-HELD_OUT:],
    )
    for recipe in (TO_99_0, *(replace(TO_99_4, epochs=epochs) for epochs in (2, 3, 4, 5, 6, 8))):
        found = [quick(held, recipe, seed) for seed in range(seeds)]
        reached, seconds = [trained.accuracy for trained in found], min(trained.seconds for trained in found)
        spread = f"{min(reached):.2%} to {max(reached):.2%}"
        print(f"{recipe.epochs} epochs: mean {statistics.mean(reached):.3%} ({spread}), {seconds:.1f} s", flush=True)


@dataclass(frozen=True)
class Trained:
    """What one training came to; the test is not in its seconds, normalization is."""

    accuracy: float
    seconds: float
    cpu_seconds: float


def quick(data: ImageData, recipe: Recipe, seed: int) -> Trained:
    """The quick network trained and tested on ``data``."""
    start, own = time.perf_counter(), time.process_time()
    task = whole_split(data, dtype=torch.float32, device=CPU, seed=seed)
    training = begin_training(task, "quick", recipe, precision=resolve_precision("16", CPU), seed=seed)
    for _ in training.events():
        pass
    seconds, used = time.perf_counter() - start, time.process_time() - own
    return Trained(test_accuracy(training, task), seconds, used)


def target(seeds: int) -> None:
    """The quick network by both recipes, each training between two rounds of the example."""
    data = load_images("mnist", seed=0)
    example = Contestant("example", endless_anchor(data))
    example.round(1.0)  # warm-up
    for recipe, epochs in EXAMPLE_EPOCHS.items():
        found = []
        for seed in range(seeds):
            before, trained, after = example.round(4.0), quick(data, recipe, seed), example.round(4.0)
            images = epochs * len(data.train_labels)
            longer = images / (before.rate + after.rate) * 2 / trained.seconds
            more = images / (before.cpu_rate + after.cpu_rate) * 2 / trained.cpu_seconds
            found.append((trained.accuracy, trained.seconds, longer, more))
            print(
                f"{recipe.epochs} epochs, seed {seed}: {trained.accuracy:.2%} in {trained.seconds:.2f} s, "
                f"CPU {trained.cpu_seconds:.2f} s; example {before.rate:,.0f} and {after.rate:,.0f} images/s; "
                f"{longer:.1f} x, by CPU time {more:.1f} x; others took {max(before.foreign, after.foreign):.0%}",
                flush=True,
            )
        accuracy, seconds, longer, more = (statistics.median(numbers) for numbers in zip(*found, strict=True))
        print(
            f"{recipe.epochs} epochs: median {accuracy:.2%} in {seconds:.2f} s; {epochs} epochs of the example take "
            f"{longer:.0f} x longer, {more:.0f} x the CPU time",
            flush=True,
        )


def test_accuracy(training: Training, task: Split) -> float:
    return (training.predict(task.test.inputs).argmax(1) == task.test.labels).float().mean().item()


def same_function() -> nn.Module:
    """The example's network on our kernels."""
    return nn.Sequential(build_network("cnn", (1, 28, 28), 10), nn.LogSoftmax(dim=1))


def anchor(seeds: int) -> None:
    """Test accuracy of the example after each epoch, its function computed by our float32 kernels."""
    data = load_images("mnist", seed=0)
    for seed in range(seeds):
        example = Anchor(data, seed, same_function)
        for epoch in range(1, 15):
            for _ in example.epoch():
                pass
            print(f"seed {seed}, epoch {epoch}: {example.accuracy(data):.2%}", flush=True)


COMMANDS: dict[str, tuple[Callable[[int], None], int]] = {
    "speed": (speed, 9),
    "accuracy": (accuracy, 3),
    "choose": (choose, 3),
    "target": (target, 5),
    "anchor": (anchor, 3),
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
