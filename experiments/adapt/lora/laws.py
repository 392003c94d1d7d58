"""What holds of every adapter, tried on random layers: a new one, its size, merging it and taking it out again."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.adapt.lora.setup import Tasks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, trials_of, tried
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from experiments.adapt.core.low_rank import LowRank

SIZES = ((64, 32), (32, 64), (96, 96), (128, 10))
"""Of layers, in and out."""
TYPES = ("float32", "bfloat16", "4-bit weights")
MERGED, UNMERGED = "merged", "taken out"


def run(tasks: Tasks) -> Iterator[TrialRow]:
    import torch

    from experiments.foundation.networks.timing import reproducible

    with reproducible(tasks.seed):
        for features, outputs in SIZES:
            for rank in tasks.params.rank:
                layer, x = torch.nn.Linear(features, outputs), torch.randn(128, features)
                name = f"{features} to {outputs}, rank {rank}"
                yield from beginning_trials(layer, x, rank, name)
                for kind in TYPES:
                    yield from merging_trials(layer, x, rank, kind, name)


def beginning_trials(layer: torch.nn.Linear, x: Tensor, rank: int, name: str) -> Iterator[TrialRow]:
    """A new adapter and, as the control, one whose B was drawn; its trained parameters, and those of the matrix."""
    from experiments.adapt.core.low_rank import trained_parameters

    adapter = with_adapter(layer, rank, drawn=False)
    new, drawn = (largest(one(x) - layer(x)) for one in (adapter, with_adapter(layer, rank)))
    yield TrialRow(statement="new", case="B = 0", error=new, control_error=drawn, counterexample=name)
    counted, expected = trained_parameters(adapter), rank * (layer.in_features + layer.out_features)
    whole = layer.in_features * layer.out_features
    yield TrialRow(
        statement="size",
        case="r (in + out)",
        error=abs(counted - expected),
        control_error=abs(whole - expected),
        counterexample=name,
    )


def merging_trials(layer: torch.nn.Linear, x: Tensor, rank: int, kind: str, name: str) -> Iterator[TrialRow]:
    """Largest change of an output by merging, and of a weight by taking it out, over the largest output and weight.

    The control merges one and a half times the update, then takes the update out.
    """
    import torch

    dtype = torch.bfloat16 if kind == "bfloat16" else torch.float32
    plain, x = copy.deepcopy(layer).to(dtype), x.to(dtype)
    adapter, control = with_adapter(plain, rank), with_adapter(plain, rank)
    before = adapter(x)
    control.scale *= 1.5
    for one in (adapter, control):
        one.merge()
        if kind == TYPES[2]:
            one.layer.weight.data = in_four_bits(one.layer.weight)
    off = [relative(one(x), before) for one in (adapter, control)]
    yield TrialRow(statement=MERGED, case=kind, error=off[0], control_error=off[1], counterexample=f"{kind}, {name}")
    control.scale /= 1.5
    for one in (adapter, control):
        one.unmerge()
    off = [relative(one.layer.weight, plain.weight) for one in (adapter, control)]
    yield TrialRow(statement=UNMERGED, case=kind, error=off[0], control_error=off[1], counterexample=f"{kind}, {name}")


def with_adapter(layer: torch.nn.Linear, rank: int, *, drawn: bool = True) -> LowRank:
    """A copy of the layer with an adapter, with B drawn so that the update is about as large as the weights."""
    import torch

    from experiments.adapt.core.low_rank import LowRank

    adapter = LowRank(copy.deepcopy(layer), rank=rank, alpha=2 * rank)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rank)
        for part in (adapter.A, adapter.B) if drawn else ():
            torch.nn.init.normal_(part, std=layer.in_features**-0.25 * rank**-0.25 / 2)
    return adapter


def relative(found: Tensor, expected: Tensor) -> float:
    """The largest difference over the largest number."""
    return largest(found - expected) / largest(expected)


def largest(numbers: Tensor) -> float:
    return float(numbers.detach().abs().max())


def in_four_bits(weight: Tensor) -> Tensor:
    """Rounded to 16 levels per channel, as a merged model is that goes back into a quantized file."""
    import torch

    from experiments.adapt.core.rounding import quantized

    return torch.from_numpy(quantized(weight.detach().numpy(), 4, "channel")[0])


def merged_by_type(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    return {kind: tried(trials_of(rows, MERGED, kind)) for kind in TYPES}


def restored(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    """The weights by type, and those in float32 bit for bit as well."""
    by_type = {kind: tried(trials_of(rows, UNMERGED, kind)) for kind in TYPES}
    return {**by_type, "float32, bit for bit": by_type["float32"]}


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "a_new_adapter_changes_nothing",
            statement="A network with a new adapter answers exactly as it did without.",
            rule=Theorem("the largest change of an output is 0", control="an adapter whose B was drawn"),
            measure=instances("new"),
            topic="LoRA",
            predicted="holds",
            source="Hu et al. 2021: B starts at 0",
        ),
        Claim(
            "an_adapter_has_r_times_in_plus_out",
            statement="An adapter of rank r has r (in + out) trained parameters.",
            rule=Theorem("trained parameters are r (in + out)", control="the parameters of the matrix"),
            measure=instances("size"),
            topic="LoRA: trained parameters",
            predicted="holds",
            source="Hu et al. 2021: A is (r, in), B is (out, r)",
        ),
        Claim(
            "merging_changes_no_output",
            statement="Merged into the weights, the adapter gives the outputs that it gave beside them, within 1e-5.",
            rule=Under(
                {
                    "float32": Theorem("outputs stay", control="one and a half times the update", tolerance=1e-5),
                    "bfloat16": Counterexample("outputs stay", tolerance=1e-5),
                    "4-bit weights": Counterexample("outputs stay", tolerance=1e-5),
                }
            ),
            measure=merged_by_type,
            topic="LoRA: merging",
            predicted={"float32": "holds", "bfloat16": "refuted", "4-bit weights": "refuted"},
            source="a sum in float32 is off by 6e-8, in bfloat16 by 4e-3; a grid of 16 levels holds neither",
        ),
        Claim(
            "unmerging_returns_the_weights",
            statement="Subtracting the update again gives the weights back.",
            rule=Under(
                {
                    "float32": Theorem(
                        "weights are back up to rounding", control="more merged than is taken out", tolerance=1e-6
                    ),
                    "float32, bit for bit": Counterexample("weights are back, every bit"),
                    "bfloat16": Counterexample("weights are back up to float32's rounding", tolerance=1e-6),
                    "4-bit weights": Counterexample("weights are back up to float32's rounding", tolerance=1e-6),
                }
            ),
            measure=restored,
            topic="LoRA: merging",
            predicted={
                "float32": "holds",
                "float32, bit for bit": "refuted",
                "bfloat16": "refuted",
                "4-bit weights": "refuted",
            },
            source="(w + d) - d differs from w where the sum was rounded",
        ),
    ),
    tables=(TRIALS,),
)
