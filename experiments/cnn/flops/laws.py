"""Counts tried against formulas written out by hand, against torch's own counter and fvcore's, and against arithmetic.

Each trial holds a second number that must be off: a formula without its groups, multiply-adds taken for FLOPs, or the
peer that misses an operation.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.cnn.flops.setup import Networks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case, trials_of, tried
from experiments.lab.experiment import Event, Note, Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem

if TYPE_CHECKING:
    import torch

MISCOUNTED = (
    *("attention", "attention, causal", "attention, backward", "attention module, no_grad"),
    *("LSTM", "LSTM, two layers, both ways", "encoder layer, no_grad", "encoder layer", "conv, groups, backward"),
)
"""Cases of which torch's counter misses products, or counts too many."""


def run(networks: Networks) -> Iterator[Event]:
    import torch

    yield from peer_trials()
    yield from hand_trials()
    yield from convolution_trials(networks.params.trials, torch.Generator().manual_seed(networks.seed))
    yield rate_trial(networks.params.repeats)
    if not has_fvcore():
        yield Note("fvcore is not installed, so the counter was compared with torch's alone")


def has_fvcore() -> bool:
    """Whether the peer that is no dependency is installed."""
    return importlib.util.find_spec("fvcore") is not None


def peer_trials() -> Iterator[TrialRow]:
    """Own FLOPs against torch's and against twice fvcore's; multiply-adds taken for FLOPs must be off."""
    from experiments.cnn.core.flops_cases import fvcore_macs, supported_cases, torch_flops

    for case in supported_cases():
        macs = case.macs()
        yield _against("torch's counter", case.name, 2 * macs, torch_flops(case), wrong=macs)
        if has_fvcore() and case.fvcore and not case.backward:
            yield _against("twice fvcore", case.name, 2 * macs, 2 * fvcore_macs(case), wrong=macs)


def hand_trials() -> Iterator[TrialRow]:
    """Own count against the formula written for the case; and torch's counter against the same formula."""
    from experiments.cnn.core.flops_cases import fused_cases, torch_flops

    for case in fused_cases():
        theirs = torch_flops(case)
        yield _against("by hand", case.name, 2 * case.macs(), 2 * case.by_hand, wrong=case.by_hand)
        said = f"{theirs:,} FLOPs, by hand {2 * case.by_hand:,}"
        yield _against("torch by hand", case.name, theirs, 2 * case.by_hand, wrong=case.by_hand, said=said)


def convolution_trials(trials: int, generator: torch.Generator) -> Iterator[TrialRow]:
    """Random convolutions against 2 Cin k^2 Cout H W / groups, and, unpadded, against the sum that ones give.

    With all inputs and weights 1 every multiply-add adds 1 to some output, so the outputs sum up to their number. The
    control forgets the groups; groups are at least 2.
    """
    import torch
    from torch import nn

    from experiments.foundation.costs.flops_counter import count

    for _ in range(trials):
        groups, per_group, out_group, kernel, size, stride = (
            int(torch.randint(low, high, (1,), generator=generator))
            for low, high in ((2, 5), (1, 4), (1, 4), (1, 5), (8, 15), (1, 4))
        )
        inputs, outputs = groups * per_group, groups * out_group
        conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, groups=groups, bias=False)
        nn.init.ones_(conv.weight)
        image = torch.ones(1, inputs, size, size)
        side = (size - kernel) // stride + 1
        without_groups = 2 * inputs * kernel**2 * outputs * side**2
        flops = 2 * count(conv, image).macs
        name = f"Conv2d({inputs}, {outputs}, {kernel}, stride={stride}, groups={groups}) on {size} x {size}"
        yield _against("closed form", "formula", flops, without_groups // groups, wrong=without_groups, said=name)
        summed = 2 * int(conv(image).sum(dtype=torch.float64))
        yield _against("closed form", "sum over ones", flops, summed, wrong=without_groups, said=name)


def rate_trial(repeats: int) -> TrialRow:
    """Whether FLOPs differ between runs of one layer on one input, and whether FLOPs per second do."""
    import torch

    from experiments.foundation.costs.flops_counter import count

    layer, x = torch.nn.Linear(64, 64), torch.randn(16, 64)
    counts, rates = set(), set()
    for _ in range(repeats):
        begin = time.perf_counter()
        layer(x)
        seconds = time.perf_counter() - begin
        counts.add(count(layer, x).flops)
        rates.add(max(counts) / seconds)
    return TrialRow(
        statement="rate",
        case="repeated runs",
        error=float(len(counts) > 1),
        control_error=float(len(rates) > 1),
        counterexample=f"{sorted(counts)} FLOPs in {repeats} runs",
    )


def _against(statement: str, case: str, own: int, expected: int, *, wrong: int, said: str = "") -> TrialRow:
    return TrialRow(
        statement=statement,
        case=case,
        error=float(abs(own - expected)),
        control_error=float(abs(wrong - expected)),
        counterexample=said or f"{case}: {own:,} FLOPs, expected {expected:,}",
    )


def by_peer(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    peers = ("torch's counter", "twice fvcore")
    return {peer: tried(trials_of(rows, peer)) for peer in peers if trials_of(rows, peer)}


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "counter_agrees_with_torch_and_fvcore",
            statement="The counter equals torch's FlopCounterMode and twice fvcore's on every operation they support.",
            rule=Each(Theorem("its FLOPs are the peer's", control="multiply-adds in place of FLOPs"), per="peer"),
            measure=by_peer,
            topic="FLOPs",
            predicted="holds",
            source="formulas per operation in torch.utils.flop_counter and fvcore's FlopCountAnalysis",
        ),
        Claim(
            "counter_agrees_with_formulas_for_fused_kernels",
            statement="The counter equals formulas written by hand for fused attention, LSTM, encoder layers and "
            "gradients of grouped convolutions.",
            rule=Theorem("its FLOPs are those by hand", control="multiply-adds in place of FLOPs"),
            measure=instances("by hand"),
            topic="FLOPs",
            predicted="holds",
            source="the matrix products of each layer, written out",
        ),
        Claim(
            "torch_counts_every_product",
            statement="torch's FlopCounterMode counts every multiply-add on a CPU.",
            rule=Each(Theorem("its FLOPs are those by hand", control="half of those by hand"), per="case"),
            measure=instances_by_case("torch by hand"),
            topic="FLOPs",
            predicted={**dict.fromkeys(MISCOUNTED, "refuted"), "conv, groups": "holds"},
            source="torch.utils.flop_counter has no formula for the fused kernels of a CPU",
        ),
        Claim(
            "convolution_has_its_closed_form",
            statement="A convolution has 2 Cin k^2 Cout H W / groups FLOPs, H W being its output.",
            rule=Theorem("the count is the formula, and the sum over ones", control="the formula without groups"),
            measure=instances("closed form"),
            topic="FLOPs",
            predicted="holds",
            source="every output sums Cin k^2 / groups products",
        ),
        Claim(
            "flops_are_a_count_and_no_rate",
            statement="FLOPs are a count, the same in every run; FLOPS are a rate and are not.",
            rule=Theorem("FLOPs do not differ between runs", control="FLOPs per second"),
            measure=instances("rate"),
            topic="FLOPs",
            predicted="holds",
            source="the definitions of the two",
        ),
    ),
    tables=(TRIALS,),
)
