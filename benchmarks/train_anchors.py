"""What the loop is set against: PyTorch's MNIST example, and network ``quick`` in a plain loop of torch's operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from experiments.foundation.datasets.images import ImageData
from experiments.foundation.networks.batches import pick, shifted
from experiments.foundation.networks.networks import QuickNetwork
from experiments.foundation.networks.split import Examples


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
    """The example in training; each item of ``epoch`` is the number of images of one update."""

    def __init__(self, data: ImageData, seed: int, build: Callable[[], nn.Module] = Example) -> None:
        torch.manual_seed(seed)
        self.network = build()
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


def endless_anchor(data: ImageData) -> Iterator[int]:
    """Images of each update of the example."""
    anchor = Anchor(data, seed=0)
    while True:
        yield from anchor.epoch()


def endless_plain(examples: Examples, batch_size: int) -> Iterator[int]:
    """Images of each update of ``quick`` in torch alone: bfloat16, channels last, images in memory, fused SGD."""
    torch.manual_seed(0)
    layers = QuickNetwork((1, 28, 28), 10).layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(layers.parameters(), 0.02, momentum=0.85, nesterov=True, fused=True)
    while True:
        for chosen in torch.randperm(len(examples)).split(batch_size):
            inputs = shifted(pick(examples.inputs, chosen), 1)
            with torch.autocast("cpu", torch.bfloat16):
                loss = functional.cross_entropy(0.2 * layers(inputs), examples.labels[chosen], label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            yield len(chosen)
