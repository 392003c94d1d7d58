"""Does a GAN's game end at the data?

Does the game of a generative adversarial network end at the data, and which rules make it collapse?

The game in closed form; many small games in the plane, on eight or 25 modes whose places are known, by several rules;
and small images, measured by the features of a judge network that has never seen a generated one.

Notes: GAN.

Source: Goodfellow et al.: Generative Adversarial Nets, https://arxiv.org/abs/1406.2661, 2014; Srivastava et al.:
VEEGAN, https://arxiv.org/abs/1705.07761, 2017; Heusel et al.: GANs Trained by a Two Time-Scale Update Rule,
https://arxiv.org/abs/1706.08500, 2017; Miyato et al.: Spectral Normalization for Generative Adversarial Networks,
https://arxiv.org/abs/1802.05957, 2018.
"""

from __future__ import annotations

from experiments.arch.gan import augmentation, laws, pictures, plane
from experiments.arch.gan.setup import BALANCED, EAGER, Params, prepare
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    said = []
    if games := plane.last(rows.if_run(plane.PART)):
        found = {rules: number(mean(games, "modes", rules=rules)) for rules in (BALANCED, EAGER)}
        said.append(
            f"Of {games[0].of} modes a balanced game finds {found[BALANCED]}, minimax against an eager discriminator "
            f"{found[EAGER]}."
        )
    if images := rows.if_run(pictures.PART):
        noise, ended = (
            mean(part, "frechet", rules=BALANCED) for part in (pictures.first(images), pictures.last(images))
        )
        stopped = mean(pictures.last(images), "frechet", rules=EAGER)
        said.append(
            f"Images go from a Fréchet distance of {number(noise)} down to {number(ended)}, {number(stopped)} against "
            f"an eager discriminator; real ones have {number(mean(images, 'floor'))}."
        )
    if not said:
        said.append(f"The game's closed forms were tried on {len(rows)} instances.")
    return " ".join(said)


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, plane.PART, pictures.PART, augmentation.PART),
    answer=answer,
    headline=Headline(
        plane.PART,
        Table("Modes that a game ends with", by=("rules",), columns=("modes", "high_quality")),
        pick=plane.last,
    ),
)
