"""Cross-entropy or soft Dice for masks?

Cross-entropy or soft Dice for masks: which gradients are better, and which masks?

Gradients of one pixel by formula; then small U-Nets that mark a disc among squares, every loss at the same learning
rates, read at probability one half and at the threshold that validation images choose.

Notes: cross-entropy instead of Dice or IoU, U-Net.

Source: Milletari et al.: V-Net, 3DV 2016; Sudre et al.: Generalised Dice overlap, 2017; Ronneberger et al.: U-Net,
2015; Jadon: A survey of loss functions for semantic segmentation, CIBCB 2020.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.loss.dice import laws, steadiness, training
from experiments.loss.dice.setup import Params, prepare

NAMES = {
    "ce": "cross-entropy",
    "wce": "weighted cross-entropy",
    "dice": "Dice loss",
    "iou": "IoU loss",
    "ce_dice": "cross-entropy plus Dice loss",
}


def answer(findings: Findings, rows: Rows) -> str:
    steady = steadiness.tuned(rows.of(steadiness.PART))
    rare = [row for row in training.on_test(rows.of(training.PART)) if row.condition == "rare"]
    network = rare[0].network
    said = []
    for loss in dict.fromkeys(row.loss for row in rare if row.network == network):
        arm = {"loss": loss, "network": network}
        validated, half = (number(mean(rare, f"dice_at_{at}", **arm), 2) for at in ("validated", "half"))
        said.append(f"{NAMES[loss]} {validated} ({half} at one half)")
    ratios = [
        f"{number(mean(choice.rows, 'gradient_snr'), 2)} times its variance with {NAMES[loss]}"
        for loss, choice in steady.items()
    ]
    gradients = f" At the end of training the squared mean gradient is {listing(ratios)}." if ratios else ""
    return f"Dice of masks of rare discs, at the threshold that validation chose: {listing(said)}.{gradients}"


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, training.PART, steadiness.PART),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Each loss at the learning rate that validation chose, at the end of training",
            by=("condition", "network", "loss", "lr"),
            columns=("dice_at_half", "dice_at_validated", "boundary_iou", "nll"),
        ),
        pick=training.on_test,
    ),
)
