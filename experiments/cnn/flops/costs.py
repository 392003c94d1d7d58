"""What networks cost: layer by layer, as a whole, and beside what their documentation says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.cnn.core.published import PUBLISHED
from experiments.cnn.flops.setup import Networks
from experiments.lab.experiment import Event, Note, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Observed
from experiments.lab.judge.rules import Fact, Under

COSTS = ("parameters", "macs", "flops", "elementwise", "traffic_bytes")


@observation
class CostRow(Row):
    """What something costs in one forward pass."""

    model: str
    macs: float
    """Multiply-adds."""
    flops: float
    """Twice the multiply-adds."""
    elementwise: float
    """Operations on single numbers; not in flops."""
    traffic_bytes: float
    """Memory that is read and written at least: arguments and results of every operation."""
    parameters: float


@observation
class LayerRow(CostRow):
    """One module within a model, without its children."""

    path: str
    """Of the module within the model."""
    kind: str
    """Class of the module."""
    operations: str
    flops_percent: float
    """Share of the model's FLOPs."""
    shown: bool
    """Whether it is one of the costliest, which the table shows."""


@observation
class ModelRow(CostRow):
    """One model; macs and flops are NaN where products went uncounted."""

    uncounted: str
    """Operations without a formula."""


@observation
class PublishedRow(Row):
    """One number of an architecture, at the input for which it is published, rounded alike."""

    model: str
    quantity: str
    """giga_macs or parameters."""
    counted: float
    published: float


def run_layers(networks: Networks) -> Iterator[LayerRow]:
    for name in networks.params.models:
        counted = networks.counted(name)
        layers, whole = counted.layers, max(1, counted.counted_macs)
        costliest = sorted(layers, key=lambda layer: (-layer.macs, -layer.elementwise))[: networks.params.show]
        for layer in layers:
            words = {"path": layer.path or "(itself)", "operations": ", ".join(layer.operations)}
            costs = asdict(layer) | words
            share = 100 * layer.macs / whole
            shown = layer in costliest
            yield LayerRow(model=name, flops=2 * layer.macs, flops_percent=share, shown=shown, **costs)


def run_models(networks: Networks) -> Iterator[Event]:
    """A note instead of a total where products went uncounted."""
    from experiments.foundation.costs.flops_counter import UncountedProductsError

    for name in networks.params.models:
        counted = networks.counted(name)
        try:
            macs = float(counted.macs)
        except UncountedProductsError as error:
            macs = math.nan
            yield Note(f"{name}: {error}")
        yield ModelRow(
            model=name,
            macs=macs,
            flops=2 * macs,
            elementwise=counted.elementwise,
            traffic_bytes=counted.traffic_bytes,
            parameters=counted.parameters,
            uncounted=", ".join(counted.uncounted) or "none",
        )


def run_published(networks: Networks) -> Iterator[PublishedRow]:
    for name in networks.params.models:
        if name in PUBLISHED and networks.params.input is None:
            counted, known = networks.counted(name), PUBLISHED[name]
            macs, parameters = round(counted.macs / 1e9, known.digits), known.rounded(counted.parameters)
            yield PublishedRow(model=name, quantity="giga_macs", counted=macs, published=known.giga_macs)
            yield PublishedRow(model=name, quantity="parameters", counted=parameters, published=known.parameters)


def per_architecture(quantity: str) -> Callable[[Sequence[PublishedRow]], Mapping[str, Observed] | NotMeasured]:
    def measure(rows: Sequence[PublishedRow]) -> Mapping[str, Observed] | NotMeasured:
        if not rows:
            return NotMeasured("no architecture with published numbers at its own input was counted")
        return {row.model: Observed(row.counted) for row in rows if row.quantity == quantity}

    return measure


LAYERS = Part(
    name="layers",
    row=LayerRow,
    run=run_layers,
    tables=(
        Table(
            "Costliest layers", by=("model", "path", "kind"), columns=("flops_percent", *COSTS), only={"shown": True}
        ),
    ),
)
MODELS = Part(
    name="models", row=ModelRow, run=run_models, tables=(Table("Models", by=("model",), columns=(*COSTS, "uncounted")),)
)
PUBLICATIONS = Part(
    name="published",
    row=PublishedRow,
    run=run_published,
    claims=(
        Claim(
            "published_costs_are_multiply_adds",
            statement="The published GFLOPS or GMACs of architectures are their multiply-adds, attention included.",
            rule=Under(
                {name: Fact("rounded giga multiply-adds", known.giga_macs) for name, known in PUBLISHED.items()}
            ),
            measure=per_architecture("giga_macs"),
            topic="FLOPs",
            predicted={**dict.fromkeys(PUBLISHED, "holds"), "vit_tiny": "refuted"},
            source="the model pages of torchvision and timm; the number of vit_tiny is that without its attention",
        ),
        Claim(
            "published_parameters_are_these",
            statement="The architectures have the published number of parameters.",
            rule=Under({name: Fact("rounded parameters", known.parameters) for name, known in PUBLISHED.items()}),
            measure=per_architecture("parameters"),
            topic="FLOPs",
            predicted="holds",
            source="the model pages of torchvision and timm",
        ),
    ),
    tables=(Table("Counted and published", by=("quantity", "model"), columns=("counted", "published")),),
)
