"""What waits for what in a network, and what sees what: read off the network itself, not off its name.

*Sequential steps* are the matrix products on the longest chain in which each needs the result of the one before: no
number of processors makes a pass shorter. The *path length* between two inputs is the number of weight layers after
which some unit depends on both.

Source: Vaswani et al.: Attention Is All You Need, 2017, table 1 ("sequential operations", "maximum path length").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node, saved_tensors_hooks

from experiments.arch.core.recurrent import RecurrentCell
from experiments.foundation.architectures.transformer_block import TransformerBlock

PRODUCTS = ("Addmm", "Mm", "Bmm", "Baddbmm", "Mv", "Convolution")
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, TransformerBlock, RecurrentCell)
"""What counts as one layer; a block and a cell count once, whatever is inside."""


def longest_chain(output: Tensor) -> int:
    """Matrix products and convolutions on the longest path of the graph that autograd kept of ``output``.

    >>> a, b = torch.ones(2, 2, requires_grad=True), torch.ones(2, 2)
    >>> longest_chain(a @ b @ b + a @ b)
    2
    """
    if output.grad_fn is None:
        return 0
    lengths: dict[Node, int] = {}
    waiting = [output.grad_fn]
    while waiting:
        node = waiting[-1]
        before = [other for other, _ in node.next_functions if other is not None]
        unknown = [other for other in before if other not in lengths]
        if unknown:
            waiting += unknown
            continue
        product = node.name().removesuffix("Backward0") in PRODUCTS
        lengths[node] = product + max((lengths[other] for other in before), default=0)
        waiting.pop()
    return lengths[output.grad_fn]


@torch.no_grad()
def path_length(network: nn.Module, inputs: Tensor, first: int = 0, last: int = -1) -> int:
    """Weight layers after which some unit depends on both the ``first`` and the ``last`` number of one input.

    Layers count in the order in which they run, a cell once per element of the sequence.

    Raises:
        ValueError: no unit of any layer depends on both.

    >>> chain = nn.Sequential(nn.Conv1d(1, 4, 3, padding=1), nn.Tanh(), nn.Conv1d(4, 4, 3, padding=1))
    >>> path_length(chain, torch.zeros(1, 1, 5))
    2
    """
    plain = layer_outputs(network, inputs)
    one, other = (layer_outputs(network, changed(inputs, place)) for place in (first, last))
    for number, (a, b, c) in enumerate(zip(plain, one, other, strict=True), start=1):
        if bool(((a != b) & (a != c)).any()):
            return number
    raise ValueError("expected a unit that depends on both inputs, got none")


def changed(inputs: Tensor, place: int) -> Tensor:
    """``inputs`` with another number at one place of the flattened tensor; token 0 becomes 1, any other 0."""
    other = inputs.clone().flatten()
    other[place] = (other[place] == 0) if not inputs.is_floating_point() else other[place] + 1
    return other.view_as(inputs)


def layer_outputs(network: nn.Module, inputs: Tensor) -> list[Tensor]:
    """What every weight layer gives, in the order in which they run."""
    outputs: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        outputs.append(output)

    handles = [layer.register_forward_hook(keep) for layer in outermost(network)]
    try:
        network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def outermost(network: nn.Module) -> Iterator[nn.Module]:
    """The layers of a network, not those within a block or a cell."""
    if isinstance(network, LAYERS):
        yield network
        return
    for child in network.children():
        yield from outermost(child)


def activation_bytes(run: Callable[[], Tensor], network: nn.Module) -> int:
    """Memory that a forward pass ``run`` keeps for the backward pass, weights of ``network`` left out."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        output = run()
    del output
    return sum(tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in weights)
