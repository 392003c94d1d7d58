"""Well-known networks built of ours, and the parameters that others count in theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.arch.zoo.setup import Zoo
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Fact, Under


@observation
class PublishedRow(Row):
    """One well-known network."""

    network: str
    parameters: int


def run(_: Zoo) -> Iterator[PublishedRow]:
    from experiments.arch.core.published import NETWORKS, build

    for name in NETWORKS:
        yield PublishedRow(network=name, parameters=sum(p.numel() for p in build(name).parameters()))


def by_network(rows: Sequence[PublishedRow]) -> Mapping[str, Observed]:
    return {row.network: Observed(row.parameters) for row in rows}


PART = Part(
    name="published",
    row=PublishedRow,
    run=run,
    claims=(
        Claim(
            "parameters_are_the_published_ones",
            statement="ViT, GPT-2, U-Net and DCGAN, built of our modules, have the parameters that others publish.",
            rule=Under(
                {
                    "ViT-Ti/16": Fact("the number of parameters", expected=5_717_416),
                    "ViT-B/16": Fact("the number of parameters", expected=86_567_656),
                    "ViT-B/32": Fact("the number of parameters", expected=88_224_232),
                    "ViT-L/16": Fact("the number of parameters", expected=304_326_632),
                    "GPT-2": Fact("the number of parameters", expected=124_439_808),
                    "U-Net": Fact("the number of parameters", expected=31_030_593),
                    "DCGAN, generator": Fact("the number of parameters", expected=3_576_704),
                    "DCGAN, discriminator": Fact("the number of parameters", expected=2_765_568),
                }
            ),
            measure=by_network,
            topic="GPT, Vision Transformer, U-Net, GAN: parameters",
            predicted="holds",
            source="torchvision (ViT-B, ViT-L), timm (ViT-Ti), Hugging Face's gpt2, torchsummary (U-Net, DCGAN)",
        ),
    ),
    tables=(Table("Well-known networks", by=("network",), columns=("parameters",)),),
)
