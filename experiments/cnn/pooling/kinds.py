"""Which kinds of pooling there are, and what they learn."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.cnn.pooling.setup import Networks
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Each, Fact


@observation
class ParameterRow(Row):
    """One pooling of 8 channels with a window of 2 x 2."""

    pool: str
    parameters: int


def run_parameters(networks: Networks) -> Iterator[ParameterRow]:
    from experiments.cnn.core.pooling import POOLS, Pool, Window

    for name in POOLS[:-1]:
        parameters = sum(parameter.numel() for parameter in Pool(name, 8, Window()).parameters())
        yield ParameterRow(pool=name, parameters=parameters)


@observation
class KindRow(Row):
    """One kind of pooling in torch.nn, whatever its number of dimensions."""

    kind: str


def run_kinds(networks: Networks) -> Iterator[KindRow]:
    from torch import nn

    classes = (name for name in dir(nn) if name.endswith(("Pool1d", "Pool2d", "Pool3d")))
    for kind in sorted({name.removesuffix(name[-6:]) for name in classes}):
        yield KindRow(kind=kind)


PARAMETERS = Part(
    name="parameters",
    row=ParameterRow,
    run=run_parameters,
    claims=(
        Claim(
            "pooling_has_no_parameters",
            statement="Pooling has no parameters.",
            rule=Each(Fact("number of learned parameters", expected=0), per="kind"),
            measure=lambda rows: {row.pool: Observed(row.parameters) for row in rows},
            topic="Pooling layers have no parameters",
            predicted={
                **dict.fromkeys(("max", "avg", "lp", "blur"), "holds"),
                **dict.fromkeys(("gem", "stride_conv", "attention"), "refuted"),
            },
            source="Radenovic et al. 2018 (gem) and Gao et al. 2019 (attention) learn their weights",
        ),
    ),
    tables=(Table("Learned parameters of a pooling of 8 channels", by=("pool",), columns=("parameters",)),),
)
KINDS = Part(
    name="kinds",
    row=KindRow,
    run=run_kinds,
    claims=(
        Claim(
            "there_are_two_kinds_of_pooling",
            statement="There are two kinds of pooling.",
            rule=Fact("number of kinds among the pooling classes of torch.nn, dimensions left out,", expected=2),
            measure=lambda rows: Observed(len({row.kind for row in rows})),
            topic="Pooling is of two kinds",
            predicted="refuted",
            source="the documentation of torch.nn",
        ),
    ),
)
