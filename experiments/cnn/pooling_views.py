"""The tables and curves of cnn.pooling."""

from __future__ import annotations

from experiments.cnn.pooling_rows import Row
from experiments.lab.experiment import Curve, Table


def _is_stability(row: Row, weights: str) -> bool:
    return row.part == "stability" and row.weights == weights


TABLES = (
    Table(
        title="Poolings at a glance; predictions that stay at the mildest shift, and at all mild moves",
        by=("pool",),
        columns=("test_accuracy", "flops", "parameters", "shift_agreement", "moved_agreement"),
        where=lambda row: row.part == "trained",
    ),
    Table(
        title="Tuned networks, their learning rate and the gap between training and test accuracy",
        by=("pool",),
        columns=("validation_accuracy", "train_loss", "gap", "lr"),
        where=lambda row: row.part == "trained",
    ),
    Table(
        title="What stays in moved images, trained, mean over the amounts",
        by=("transform", "pool"),
        columns=("invariance", "agreement", "agreement_when_correct"),
        where=lambda row: _is_stability(row, "trained"),
    ),
    Table(
        title="What stays in the features of random networks, mean over the amounts",
        by=("transform", "pool"),
        columns=("invariance", "feature_cosine"),
        where=lambda row: _is_stability(row, "random"),
    ),
    Table(
        title="Validation accuracy by learning rate",
        by=("pool", "lr"),
        columns=("validation_accuracy", "train_loss", "diverged"),
        where=lambda row: row.part == "sweep",
    ),
    Table(
        title="Laws and their controls",
        by=("part", "case"),
        columns=("error", "control_error"),
        where=lambda row: row.part in ("commutes", "sampling", "cost", "head", "size", "global average"),
    ),
)
CURVES = (
    Curve(
        name="invariance_to_shift",
        x="shift_pixels",
        y="invariance",
        group="pool",
        where=lambda row: _is_stability(row, "random") and row.transform == "shift",
    ),
    Curve(
        name="invariance_to_rotation",
        x="rotation_degrees",
        y="invariance",
        group="pool",
        where=lambda row: _is_stability(row, "random") and row.transform == "rotate",
    ),
    Curve(
        name="invariance_to_scale",
        x="scale_factor",
        y="invariance",
        group="pool",
        where=lambda row: _is_stability(row, "random") and row.transform == "scale",
    ),
    Curve(
        name="agreement_under_shift",
        x="shift_pixels",
        y="agreement",
        group="pool",
        where=lambda row: _is_stability(row, "trained") and row.transform == "shift",
    ),
    Curve(
        name="accuracy_by_learning_rate",
        x="lr",
        y="validation_accuracy",
        group="pool",
        x_scale="log",
        where=lambda row: row.part == "sweep",
    ),
)
