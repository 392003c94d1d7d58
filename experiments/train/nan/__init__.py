"""Which operation made the first NaN?

Can the operation that makes the first NaN or infinity of a training be named, and at what price?

Faults with a known origin are put into networks in training; a cheap check on every step and a replay of the bad one
have to name step, module, operation, direction and kind, beside forward hooks and torch's anomaly detection.

Notes: NaN and Inf, locating NaN with PyTorch.

Source: PyTorch: torch.autograd.detect_anomaly and torch.utils._python_dispatch, documentation of version 2.13.
"""

from __future__ import annotations

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.train.nan import faults, watching
from experiments.train.nan.setup import Params, prepare


def alarms(rows: Rows) -> Instances:
    """Alarms of healthy networks; the faults are the control."""
    tried = rows.of(faults.PART)
    return Instances(
        [row.alarms for row in rows.of(watching.HEALTHY)],
        control=[row.step_right for row in tried if row.method == faults.WATCH],
    )


def answer(findings: Findings, rows: Rows) -> str:
    tried, priced = rows.of(faults.PART), rows.of(watching.PRICE)
    deepest = max(row.layers for row in priced)

    def named(method: str) -> str:
        return percent(mean(tried, "named", method=method))

    def longer(method: str) -> str:
        with_it, without = (
            mean(priced, "step_milliseconds", method=way, layers=deepest) for way in (method, "nothing")
        )
        return number(with_it / without, 2)

    return (
        f"A check of every step and a replay of the bad one name {named(faults.WATCH)} of "
        f"{sum(row.method == faults.WATCH for row in tried)} faults in full, forward hooks {named(faults.HOOKS)}, "
        f"detect_anomaly {named(faults.ANOMALY)}. With {deepest} hidden layer{'s' * (deepest > 1)} a step takes "
        f"{longer('watch')} times as long under the check as without it, and {longer('detect_anomaly')} times under "
        "detect_anomaly."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(watching.HEALTHY, watching.WHERE, faults.PART, watching.PRICE),
    claims=(
        Claim(
            "healthy_trainings_raise_no_alarm",
            statement="Healthy training raises no alarm, though masked attention is full of -inf.",
            rule=Theorem("no alarm at any step, every operation traced", control="the step of a fault"),
            measure=alarms,
            topic="Locating NaN",
            predicted="holds",
            source="PyTorch, torch.utils._python_dispatch",
        ),
    ),
    answer=answer,
    headline=Headline(
        faults.PART,
        Table(
            "Who names the fault?",
            by=("method",),
            columns=("named", "module_right", "operation_right", "direction_and_kind_right"),
        ),
    ),
)
