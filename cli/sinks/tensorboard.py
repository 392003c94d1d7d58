"""TensorBoard: event files in the record, for ``tensorboard --logdir runs``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.markdown import cell, findings_table
from cli.sinks.scalars import Scalar
from experiments.lab.params import plain
from experiments.lab.plan import Plan
from experiments.lab.sinks import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TensorBoard:
    """Scalars, figures and texts of one run; charts with all lines of a column are under Custom Scalars."""

    def __init__(self) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._make_writer = SummaryWriter

    def begin(self, plan: Plan, record: Path) -> None:
        self._writer = self._make_writer(str(record / "tensorboard"))
        values = {**plain(plan.params), **plain(plan.settings)}
        lines = [f"|{cell(str(key))}|{cell(str(value))}|" for key, value in values.items()]
        self._writer.add_text("parameters", "\n".join(["|parameter|value|", "|--|--|", *lines]))
        self._charts: dict[str, None] = {}

    def scalars(self, points: Sequence[Scalar]) -> None:
        for point in points:
            self._charts[point.chart] = None
            self._writer.add_scalar(
                _tag(f"{point.chart}/{point.line}" if point.line else point.chart), point.y, point.step
            )
        self._writer.flush()

    def figure(self, name: str, picture: Figure) -> None:
        self._writer.add_figure(_tag(name), picture)

    def end(self, outcome: Outcome) -> None:
        layout: dict[str, dict[str, list[object]]] = {}
        for chart in self._charts:
            part, _, column = chart.partition("/")
            layout.setdefault(part, {})[column] = ["Multiline", [f"^{re.escape(_tag(chart))}(/|$)"]]
        self._writer.add_custom_scalars(layout)
        self._writer.add_text("findings", f"{cell(outcome.answer)}\n\n{findings_table(outcome.findings)}")
        self._writer.close()


def _tag(text: str) -> str:
    """A name in the letters that TensorBoard takes.

    >>> _tag("ends/first_over_last/sigmoid, xavier")
    'ends/first_over_last/sigmoid_xavier'
    """
    return re.sub(r"[^\w./-]+", "_", text, flags=re.ASCII)
