"""MLflow: one run in the experiment that bears the study's name, at ``$MLFLOW_TRACKING_URI``."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.page.notebook import notebook_html
from cli.sinks.scalars import Scalar
from experiments.lab.errors import InputError
from experiments.lab.params import plain
from experiments.lab.plan import Plan
from experiments.lab.sinks import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 1000
"""Metrics that one request may carry."""
LONGEST = 250
"""Letters of a metric's name."""
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Lets the page open with runs and curves; otherwise it looks for traces of language models."""
STATUS = {"done": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "killed": "KILLED", "running": "RUNNING"}


class MLflow:
    """Metrics, parameters, figures, findings as a page, and a tag with the verdict of every claim."""

    def __init__(self) -> None:
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # MLflow's seven last for minutes
        import mlflow

        self._client = mlflow.MlflowClient()
        self._entities = mlflow.entities

    def begin(self, plan: Plan, record: Path) -> None:
        try:
            known = self._client.get_experiment_by_name(plan.study)
            experiment = known.experiment_id if known else self._client.create_experiment(plan.study, tags=KIND)
        except Exception as error:  # of a dozen kinds, by the store
            where = self._client.tracking_uri
            raise InputError(
                f"no MLflow at {where}: start one by `mlflow server`, or set MLFLOW_TRACKING_URI"
            ) from error
        run = self._client.create_run(experiment, run_name=record.name)
        self._run: str = run.info.run_id
        values = {**plain(plan.params), **plain(plan.settings)}
        self._client.log_batch(
            self._run, params=[self._entities.Param(key, str(value)) for key, value in values.items()]
        )

    def scalars(self, points: Sequence[Scalar]) -> None:
        now = int(1000 * time.time())
        metrics = [self._entities.Metric(_key(point), point.y, now, point.step) for point in points]
        for start in range(0, len(metrics), MOST):
            self._client.log_batch(self._run, metrics=metrics[start : start + MOST])

    def figure(self, name: str, picture: Figure) -> None:
        self._client.log_figure(self._run, picture, f"figures/{name}.png")

    def end(self, outcome: Outcome) -> None:
        self._client.log_text(self._run, notebook_html(outcome), "findings.html")
        for finding in outcome.findings:
            self._client.set_tag(self._run, finding.claim, finding.verdict)
        self._client.set_tag(self._run, "mlflow.note.content", outcome.answer)
        self._client.set_terminated(self._run, STATUS[outcome.status])


def _key(point: Scalar) -> str:
    """The metric's name in the letters that MLflow takes."""
    name = f"{point.chart}/{point.line}" if point.line else point.chart
    return re.sub(r"[^\w./ -]+", "", name, flags=re.ASCII)[:LONGEST]
