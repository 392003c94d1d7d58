"""Does focal loss help rare positives?

Does focal loss help where positives are rare, and by which mechanism?

Its weights and gradients by formula; then five losses on rare clouds and on dense heat maps, all at the same learning
rates, chosen on validation data; how well calibrated they are, and what the first bias does.

Notes: focal loss.

Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017; Shrivastava et al.: Training Region-based Object
Detectors with Online Hard Example Mining, CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Observed
from experiments.lab.judge.rules import Fact, Theorem, Under
from experiments.loss.focal import laws, starts, training
from experiments.loss.focal.setup import Params, prepare

NAMES = {
    "ce": "cross-entropy",
    "wce": "weighted cross-entropy",
    "focal": "focal loss",
    "focal_plain": "focal loss without alpha",
    "ohem": "cross-entropy of hard examples",
}


def weight_of_hard_examples(rows: Rows) -> Mapping[str, Instances | Observed]:
    peak = next(row for row in rows.of(laws.PEAKS) if row.gamma == 2)
    return {
        "relative to easy ones": laws.without_chance("decay")(rows.of(laws.PART)),
        "loss larger than cross-entropy's": Observed(max(row.loss_weight for row in rows.of(laws.WEIGHTS)) > 1),
        "gradient at gamma 2 up to 1.2246 times, above 1 below p = 0.2976": Observed(
            f"{peak.largest_ratio:.4f} {peak.crossing:.4f}"
        ),
    }


def answer(findings: Findings, rows: Rows) -> str:
    tuned = training.at_tuned_rates(rows.of(training.PART))
    said = []
    for condition in dict.fromkeys(row.condition for row in tuned):
        losses = dict.fromkeys(row.loss for row in tuned if row.condition == condition)
        found = {loss: mean(tuned, "test_ap", condition=condition, loss=loss) for loss in losses}
        best = sorted(found, key=lambda loss: -found[loss])
        said.append(f"at {condition} {listing(f'{NAMES[loss]} {number(found[loss], 2)}' for loss in best)}")
    ranked = f"Average precision, best loss first: {'; '.join(said)}."
    if all(row.loss != "focal" for row in tuned):
        return ranked
    at = tuned[0].condition
    of = {kind: mean(tuned, f"easy_share_as_{kind}", loss="focal", condition=at) for kind in ("ce", "focal")}
    return (
        f"{ranked} Easy negatives make {percent(of['focal'], 2)} of focal loss at {at}, where they would make "
        f"{percent(of['ce'], 2)} of cross-entropy."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, laws.WEIGHTS, laws.PEAKS, training.PART, training.CEILING, starts.PART),
    claims=(
        Claim(
            "hard_examples_weigh_more",
            statement="Examples that are easily misclassified get a larger weight.",
            rule=Under(
                {
                    "relative to easy ones": Theorem(
                        "the weight never rises with p", control="p^gamma", tolerance=1e-15
                    ),
                    "loss larger than cross-entropy's": Fact(
                        "the statement that some loss weight exceeds 1", expected=True
                    ),
                    "gradient at gamma 2 up to 1.2246 times, above 1 below p = 0.2976": Fact(
                        "largest gradient over cross-entropy's, and the p above which it is smaller,",
                        expected="1.2246 0.2976",
                    ),
                }
            ),
            measure=weight_of_hard_examples,
            topic="A larger weight for hard examples",
            predicted={
                "relative to easy ones": "holds",
                "loss larger than cross-entropy's": "refuted",
                "gradient at gamma 2 up to 1.2246 times, above 1 below p = 0.2976": "holds",
            },
            source="Lin et al. 2017: (1 - p)^gamma is at most 1; the derivative of (1 - p)^2 log p",
        ),
    ),
    answer=answer,
    headline=Headline(
        training.PART,
        Table(
            "Each loss at the learning rate that validation chose",
            by=("condition", "loss", "lr"),
            columns=("test_ap", "calibration_error", "easy_share_as_focal"),
        ),
        pick=training.at_tuned_rates,
    ),
)
