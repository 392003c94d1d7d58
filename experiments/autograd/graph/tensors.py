"""Which tensors keep .grad after backward: torch is asked, case by case, with a loss that depends on the tensor.

All cases run on the CPU; a copy to another device is a copy like the one to another type.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from experiments.autograd.graph.setup import Expressions
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Each, Fact

if TYPE_CHECKING:
    from torch import Tensor

Origin = Literal["created", "computed"]


@observation
class TensorRow(Row):
    """One tensor after backward."""

    origin: Origin
    """Whether a user would call it directly created, or the result of an operation."""
    tensor: str
    is_leaf: bool
    requires_grad: bool
    keeps_grad: bool


def run(expressions: Expressions) -> Iterator[TensorRow]:
    for name, tensor in created().items():
        yield after_backward("created", name, tensor)
    for name, tensor in computed().items():
        yield after_backward("computed", name, tensor)


def created() -> dict[str, Tensor]:
    import torch

    return {
        "torch.tensor([1.])": torch.tensor([1.0]),
        "requires_grad=True": _source(),
        "nn.Parameter": torch.nn.Parameter(torch.tensor([1.0])),
        "requires_grad=True, then .to(float32), its own type": _source().to(torch.float32),
        "requires_grad=True, then .to(float64)": _source().to(torch.float64),
        "requires_grad=True, then * 2": _source() * 2,
    }


def computed() -> dict[str, Tensor]:
    import torch

    retained = _source() * 2
    retained.retain_grad()
    with torch.no_grad():
        without_grad = _source() * 2
    return {
        "x * 2": _source() * 2,
        "x * 2 and retain_grad()": retained,
        "x * 2 of an x without requires_grad": torch.tensor([1.0]) * 2,
        "x * 2 under no_grad": without_grad,
        "(x * 2).detach()": (_source() * 2).detach(),
    }


def _source() -> Tensor:
    import torch

    return torch.tensor([1.0], requires_grad=True)


def after_backward(origin: Origin, name: str, tensor: Tensor) -> TensorRow:
    """Backward from sum(tensor * w), where w requires a gradient so that backward always runs."""
    (tensor * _source()).sum().backward()
    with warnings.catch_warnings():  # reading .grad of a non-leaf warns; the warning is what the claim is about
        warnings.filterwarnings("ignore", message="The .grad attribute of a Tensor that is not a leaf")
        keeps_grad = tensor.grad is not None
    return TensorRow(
        origin=origin,
        tensor=name,
        is_leaf=tensor.is_leaf,
        requires_grad=tensor.requires_grad,
        keeps_grad=keeps_grad,
    )


def each_tensor(origin: Origin, column: str) -> Callable[[Sequence[TensorRow]], Mapping[str, Observed]]:
    """A column of every tensor of that origin."""
    return lambda rows: {row.tensor: Observed(getattr(row, column)) for row in rows if row.origin == origin}


PART = Part(
    name="tensors",
    row=TensorRow,
    run=run,
    claims=(
        Claim(
            "created_tensors_keep_grad",
            statement="A tensor that the user creates keeps its .grad after backward.",
            rule=Each(Fact("whether .grad is set after backward", expected=True), per="way to create it"),
            measure=each_tensor("created", "keeps_grad"),
            topic="Leaf tensors",
            predicted={
                "torch.tensor([1.])": "refuted",
                "requires_grad=True": "holds",
                "nn.Parameter": "holds",
                "requires_grad=True, then .to(float32), its own type": "holds",
                "requires_grad=True, then .to(float64)": "refuted",
                "requires_grad=True, then * 2": "refuted",
            },
            source="PyTorch documentation, torch.Tensor.is_leaf",
        ),
        Claim(
            "computed_tensors_keep_no_grad",
            statement="The result of an operation keeps no .grad after backward.",
            rule=Each(Fact("whether .grad is set after backward", expected=False), per="way to compute it"),
            measure=each_tensor("computed", "keeps_grad"),
            topic="Non-leaf tensors",
            predicted={
                "x * 2": "holds",
                "x * 2 and retain_grad()": "refuted",
                "x * 2 of an x without requires_grad": "holds",
                "x * 2 under no_grad": "holds",
                "(x * 2).detach()": "holds",
            },
            source="PyTorch documentation, torch.Tensor.retain_grad",
        ),
        Claim(
            "computed_tensors_are_no_leaves",
            statement="The result of an operation is not a leaf.",
            rule=Each(Fact("is_leaf", expected=False), per="way to compute it"),
            measure=each_tensor("computed", "is_leaf"),
            topic="Leaf and non-leaf tensors",
            predicted={
                "x * 2": "holds",
                "x * 2 and retain_grad()": "holds",
                "x * 2 of an x without requires_grad": "refuted",
                "x * 2 under no_grad": "refuted",
                "(x * 2).detach()": "refuted",
            },
            source="PyTorch documentation, torch.Tensor.is_leaf: what requires no gradient is a leaf",
        ),
    ),
    tables=(Table(title="Which tensors keep .grad", by=("origin", "tensor", "is_leaf", "keeps_grad"), columns=()),),
)
