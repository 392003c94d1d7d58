"""How many multiply-adds, FLOPs and parameters does a network have, and do they tell how long it takes?

Well-known architectures and modules of your own are counted layer by layer, from shapes alone; the counter is tried
against formulas written by hand, torch's counter and fvcore, and with time=true against the clock.

Notes: FLOPs as a measure of complexity (004:14-15); operations saved by pooling (000:39).
Source: PyTorch's torch.utils.flop_counter; fvcore's FlopCountAnalysis, github.com/facebookresearch/fvcore; the model
pages of torchvision and timm for published numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.datasets.names import unknown_name
from experiments.foundation.statements.instances import NAN, InstanceRow, judge_instances, select
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.judge.claims import Claim, Comparison, conditional, fact, order, unavailable

if TYPE_CHECKING:
    from torch import nn

    from experiments.cnn.core.flops_counter import Count

NamedModel = Literal["lenet", "alexnet", "vgg16", "resnet18", "resnet50", "vit_tiny"]
TIMED_GROUPS = ("dense 3x3 convolutions", "layers of all kinds")


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    model: tuple[str, ...] | str = ("lenet", "alexnet", "vgg16", "resnet18", "resnet50", "vit_tiny")
    """lenet, alexnet, vgg16, resnet18, resnet50, vit_tiny, or a module of yours: FILE.py:NAME or package.module:NAME, a
    module or what returns one without arguments."""
    input: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    """Shape of the input with its batch axis; null takes 1, 1, 28, 28 for lenet and 1, 3, 224, 224 for all others."""
    device: Literal["meta", "cpu"] = "meta"
    """meta counts shapes and computes nothing; cpu runs the network, for modules that look at their numbers."""
    show: Annotated[int, Field(ge=1, le=10_000)] = 4
    """Layers of each model in the table, the costliest; the record has all of them."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random convolutions on which the closed form is tried."""
    time: bool = False
    """Measure seconds too, on one thread."""
    repeats: Annotated[int, Field(ge=3, le=1000)] = 7
    """Runs over which a time is the median."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    model: str = ""
    layer: str = ""
    """Path of the module within the model."""
    operations: str = ""
    macs: float = NAN
    """Multiply-adds."""
    flops: float = NAN
    """Twice the multiply-adds."""
    elementwise: float = NAN
    """Operations on single numbers; not in flops."""
    parameters: float = NAN
    uncounted: str = ""
    """Operations without a formula."""
    shown: bool = False
    published_giga_macs: float = NAN
    rounded_giga_macs: float = NAN
    published_parameters: float = NAN
    rounded_parameters: float = NAN
    seconds: float | None = None
    """Median over repeats on one thread; None where no time was measured."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.cnn.core import flops_trials

    names = (params.model,) if isinstance(params.model, str) else params.model
    networks = [(name, *_network(name, params)) for name in dict.fromkeys(names)]
    generator = torch.Generator().manual_seed(seed)
    for name, network, shape in networks:
        yield from _count_rows(name, network, shape, params)
    for tried in (
        flops_trials.peer_trials(),
        flops_trials.hand_trials(),
        flops_trials.convolution_trials(params.trials, generator),
        [flops_trials.rate_trial(params.repeats)],
    ):
        yield from (Row(**asdict(trial)) for trial in tried)
    if not flops_trials.has_fvcore():
        yield Note("fvcore is not installed, so the counter was compared with torch's alone")
    if params.time:
        yield from _time_rows(networks, params)


def _network(name: str, params: Params) -> tuple[nn.Module, tuple[int, ...]]:
    """A named architecture or the user's own module in evaluation mode, and the shape of its input."""
    from experiments.cnn.core import architectures, flops_counter, flops_custom
    from experiments.foundation.networks.networks import lenet

    if ":" in name:
        network = flops_custom.load_module(name)
    elif name == "lenet":
        network = lenet((1, 28, 28), 10)
    elif name in get_args(architectures.ArchitectureName):
        network = architectures.build_architecture(name)  # type: ignore[arg-type]
    else:
        raise unknown_name("model", name, (*get_args(NamedModel), "FILE.py:NAME"))
    network = flops_counter.ghost(network) if params.device == "meta" else architectures.materialized(network)
    default = (1, 1, 28, 28) if name == "lenet" else architectures.IMAGE
    return network.eval(), params.input or default


def _count_rows(name: str, network: nn.Module, shape: tuple[int, ...], params: Params) -> Iterator[Event]:
    """One row per layer and one of the whole; a note instead of a total where products went uncounted."""
    from experiments.cnn.core.architectures import PUBLISHED
    from experiments.cnn.core.flops_counter import UncountedProductsError

    counted = _counted(name, network, shape, params)
    costliest = sorted(counted.layers, key=lambda layer: (-layer.macs, -layer.elementwise))[: params.show]
    for layer in counted.layers:
        yield Row(
            part="layer",
            case=layer.kind,
            model=name,
            layer=layer.path or "(itself)",
            operations=", ".join(layer.operations),
            macs=layer.macs,
            flops=layer.flops,
            elementwise=layer.elementwise,
            parameters=layer.parameters,
            shown=layer in costliest,
        )
    try:
        macs = float(counted.macs)
    except UncountedProductsError as error:
        macs = NAN
        yield Note(f"{name}: {error}")
    known = PUBLISHED.get(name) if params.input is None else None
    yield Row(
        part="model",
        case=name,
        model=name,
        macs=macs,
        flops=2 * macs,
        elementwise=counted.elementwise,
        parameters=counted.parameters,
        uncounted=", ".join(counted.uncounted) or "none",
        published_giga_macs=known.giga_macs if known else NAN,
        rounded_giga_macs=round(macs / 1e9, known.digits) if known else NAN,
        published_parameters=known.parameters if known else NAN,
        rounded_parameters=known.rounded(counted.parameters) if known else NAN,
    )


def _counted(name: str, network: nn.Module, shape: tuple[int, ...], params: Params) -> Count:
    import torch

    from experiments.cnn.core.flops_counter import count

    dtype = next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)
    try:
        return count(network, torch.zeros(shape, dtype=dtype, device=params.device))
    except Exception as error:
        advice = "give its input=[...]" if params.device == "cpu" else "give its input=[...], or try device=cpu"
        shown = " ".join(str(error).split())[:200]
        raise InputError(f"model={name} does not run on an input of shape {list(shape)}: {shown}; {advice}") from error


def _time_rows(networks: list[tuple[str, nn.Module, tuple[int, ...]]], params: Params) -> Iterator[Event]:
    """Seconds of dense convolutions, of layers of all kinds, and of the layers of every model."""
    import torch

    from experiments.cnn.core import architectures, flops_timing

    groups = (flops_timing.dense_convolutions(), flops_timing.kinds_of_layers())
    for case, layers in zip(TIMED_GROUPS, groups, strict=True):
        for timed in flops_timing.time_alone(layers, params.repeats):
            yield _timed_row(case, timed.name, timed.macs, timed.seconds)
    for done, (name, network, shape) in enumerate(networks):
        yield Progress("time", done, len(networks))
        real = architectures.materialized(network)
        for timed in flops_timing.time_within(real, torch.randn(shape), params.repeats):
            yield _timed_row(f"layers of {name}", timed.name, timed.macs, timed.seconds)


def _timed_row(case: str, layer: str, macs: int, seconds: float) -> Row:
    return Row(part="time", case=case, layer=layer, macs=macs, flops=2 * macs, seconds=seconds)


def counter_agrees_with_torch_and_fvcore(rows: Sequence[Row]) -> Comparison:
    parts = {case: judge_instances(select(rows, case)) for case in ("torch's counter", "twice fvcore")}
    if not select(rows, "twice fvcore"):
        parts.pop("twice fvcore")
    return conditional(parts)


def counter_agrees_with_formulas_for_fused_kernels(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "by hand"))


def torch_counts_every_product(rows: Sequence[Row]) -> Comparison:
    cases = dict.fromkeys(row.case for row in select(rows, "torch by hand"))
    return conditional({case: judge_instances(select(rows, "torch by hand", case)) for case in cases})


def convolution_has_its_closed_form(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "closed form"))


def flops_are_a_count_and_no_rate(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "rate"))


def _published(rows: Sequence[Row]) -> list[Row]:
    """The whole of each architecture that has published numbers, once."""
    found = [row for row in select(rows, "model") if row.published_giga_macs == row.published_giga_macs]
    return list({row.model: row for row in found}.values())


def published_costs_are_multiply_adds(rows: Sequence[Row]) -> Comparison:
    models = _published(rows)
    if not models:
        return unavailable("conditional", "no architecture with published numbers at its own input was counted")
    return conditional({row.model: fact(row.rounded_giga_macs, row.published_giga_macs) for row in models})


def published_parameters_are_these(rows: Sequence[Row]) -> Comparison:
    models = _published(rows)
    if not models:
        return unavailable("conditional", "no architecture with published numbers at its own input was counted")
    return conditional({row.model: fact(row.rounded_parameters, row.published_parameters) for row in models})


def flops_order_layers_by_time(rows: Sequence[Row]) -> Comparison:
    timed = select(rows, "time")
    if not timed:
        return unavailable("conditional", "no times were measured; give time=true")
    return conditional({case: _rank(select(timed, "time", case)) for case in dict.fromkeys(r.case for r in timed)})


def _rank(rows: Sequence[Row]) -> Comparison:
    """Seconds over FLOPs; layers of equal FLOPs are one point with their mean."""
    grid = sorted({row.flops for row in rows})
    seconds = {
        seed: [_mean([r.seconds or NAN for r in rows if r.seed == seed and r.flops == flops]) for flops in grid]
        for seed in sorted({row.seed for row in rows})
    }
    return order(grid, seconds, direction="rising")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else NAN


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The counter equals torch's FlopCounterMode and twice fvcore's on every operation they support.",
            notes="FLOPs (004:14-15)",
            kind="conditional",
            rule="Per peer: equal FLOPs in every case; multiply-adds in place of FLOPs must differ.",
            predicted="holds",
            judge=counter_agrees_with_torch_and_fvcore,
        ),
        Claim(
            statement="The counter equals formulas written by hand for fused attention, LSTM, encoder layers and "
            "gradients of grouped convolutions.",
            notes="FLOPs (004:14-15)",
            kind="theorem",
            rule="Equal FLOPs in every case; multiply-adds in place of FLOPs must differ.",
            predicted="holds",
            judge=counter_agrees_with_formulas_for_fused_kernels,
        ),
        Claim(
            statement="torch's FlopCounterMode counts every multiply-add on a CPU.",
            notes="FLOPs (004:14-15)",
            kind="conditional",
            rule="Per case: its FLOPs equal twice the multiply-adds by hand; half of them must differ.",
            predicted="conditional",
            judge=torch_counts_every_product,
        ),
        Claim(
            statement="A convolution has 2 Cin k^2 Cout H W / groups FLOPs, H W being its output.",
            notes="FLOPs (004:14-15)",
            kind="theorem",
            rule="Equal on random convolutions, to the formula and to the sum that inputs and weights of 1 give; the "
            "formula without groups must differ.",
            predicted="holds",
            judge=convolution_has_its_closed_form,
        ),
        Claim(
            statement="FLOPs are a count, the same in every run; FLOPS are a rate and are not.",
            notes="FLOPs (004:14-15)",
            kind="theorem",
            rule="No difference in FLOPs over repeated runs; FLOPs per second must differ.",
            predicted="holds",
            judge=flops_are_a_count_and_no_rate,
        ),
        Claim(
            statement="The published GFLOPS or GMACs of architectures are their multiply-adds, attention included.",
            notes="FLOPs (004:14-15)",
            kind="conditional",
            rule="Per architecture: multiply-adds, rounded like the published number, equal it.",
            predicted="conditional",
            judge=published_costs_are_multiply_adds,
        ),
        Claim(
            statement="The architectures have the published number of parameters.",
            notes="FLOPs (004:14-15)",
            kind="conditional",
            rule="Per architecture: parameters, rounded like the published number, equal it.",
            predicted="holds",
            judge=published_parameters_are_these,
        ),
        Claim(
            statement="FLOPs measure complexity: the more a layer has, the longer it takes.",
            notes="FLOPs measure complexity (004:15)",
            kind="conditional",
            rule="Per group of layers, on one thread: Spearman's rho of FLOPs and time at least 0.9 with Page's test.",
            predicted="conditional",
            judge=flops_order_layers_by_time,
        ),
    ),
    tables=(
        Table(
            title="Models",
            by=("model",),
            columns=("parameters", "macs", "flops", "elementwise", "published_giga_macs", "uncounted"),
            where=lambda row: row.part == "model",
        ),
        Table(
            title="Costliest layers",
            by=("model", "layer", "case"),
            columns=("parameters", "macs", "flops", "elementwise"),
            where=lambda row: row.part == "layer" and row.shown,
        ),
        Table(
            title="Time on one thread",
            by=("case", "layer"),
            columns=("flops", "seconds"),
            where=lambda row: row.part == "time" and row.case in TIMED_GROUPS,
        ),
    ),
    curves=(
        Curve(
            name="seconds_over_flops",
            x="flops",
            y="seconds",
            group="case",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "time" and row.case in TIMED_GROUPS,
        ),
    ),
)
