"""What does each architecture cost?

What does each architecture cost, what must it wait for, and which order of its input does it not notice?

MLP, CNN, RNN, LSTM, GRU, Transformer, ViT, U-Net, autoencoder and GAN on one sheet, untrained: parameters beside their
closed form, FLOPs, the longest chain of matrix products, layers between the ends of the input, memory, and the moves of
the input that a network keeps, each beside one that breaks it.

Notes: MLP, CNN, RNN, LSTM, GRU, Transformer, ViT, U-Net, autoencoder, GAN.

Source: Vaswani et al.: Attention Is All You Need, https://arxiv.org/abs/1706.03762, 2017, table 1; Bronstein et al.:
Geometric Deep Learning, https://arxiv.org/abs/2104.13478, 2021; Ronneberger et al.: U-Net,
https://arxiv.org/abs/1505.04597, 2015; Dosovitskiy et al.: An Image is Worth 16x16 Words,
https://arxiv.org/abs/2010.11929, 2021; Radford et al.: DCGAN, https://arxiv.org/abs/1511.06434, 2016.
"""

from __future__ import annotations

from experiments.arch.zoo import costs, forms, paths, published, sheet, sizes, steps, symmetries
from experiments.arch.zoo.setup import Params, prepare
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    of_sheet, of_steps = rows.of(sheet.PART), rows.of(steps.PART)
    most, least = (choose(of_sheet, key=lambda row: row.flops / row.parameters) for choose in (max, min))
    longest = max(row.length for row in of_steps)
    reading, writing, lstm = (
        number(mean(of_steps, "sequential_steps", case=case, length=longest))
        for case in ("Transformer, reading", "Transformer, writing", "LSTM")
    )
    return (
        f"A parameter of the {most.architecture} takes part in {number(most.flops / most.parameters)} FLOPs, of the "
        f"{least.architecture} in {number(least.flops / least.parameters)}. Over {longest} elements the LSTM waits for "
        f"{lstm} products one after the other, the Transformer for {reading} when it reads, {writing} when it writes."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(sheet.PART, forms.PART, published.PART, symmetries.PART, sizes.PART, steps.PART, paths.PART, costs.PART),
    answer=answer,
    headline=Headline(
        sheet.PART,
        Table(
            "Ten architectures, and what they keep without borders, positions, biases",
            by=("architecture", "keeps"),
            columns=("parameters", "flops", "sequential_steps", "path_length"),
        ),
    ),
)
