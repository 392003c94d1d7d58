"""visdom: curves in a browser while the run lasts, at ``$MLNOTES_VISDOM`` or http://localhost:8097."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from cli.page.notebook import notebook_html
from cli.sinks.scalars import Scalar
from experiments.lab.errors import InputError
from experiments.lab.params import plain
from experiments.lab.plan import Plan
from experiments.lab.sinks import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ADDRESS = "http://localhost:8097"
WINDOW = {"showlegend": True, "markers": True, "markersize": 5, "width": 480, "height": 320, "margintop": 45}
"""Of a chart: a line of one point is seen, and the buttons do not cover the title."""


class Visdom:
    """An environment per run, with a window per column, the figures, the parameters and the findings."""

    def __init__(self) -> None:
        import visdom

        self._connect = visdom.Visdom

    def begin(self, plan: Plan, record: Path) -> None:
        address = os.environ.get("MLNOTES_VISDOM") or ADDRESS
        parts = urlsplit(address)
        try:
            self._viz = self._connect(
                server=f"{parts.scheme}://{parts.hostname}",
                port=parts.port or 8097,
                env=record.name,
                use_incoming_socket=False,
                raise_exceptions=True,
            )
        except Exception as error:  # visdom passes on what its transport raises
            raise InputError(f"no visdom at {address}: start one by `visdom`, or set MLNOTES_VISDOM") from error
        values = {**plain(plan.params), **plain(plan.settings)}
        lines = "".join(
            f'<tr><td style="padding: 2px 8px">{escape(key)}</td><td>{escape(str(value))}</td></tr>'
            for key, value in values.items()
        )
        self._viz.text(f"<table>{lines}</table>", win="parameters", opts={"title": "parameters"})

    def scalars(self, points: Sequence[Scalar]) -> None:
        by_line: dict[tuple[str, str], list[Scalar]] = {}
        for point in points:
            by_line.setdefault((point.chart, point.line), []).append(point)
        for (chart, line), of_line in by_line.items():
            self._viz.line(
                X=np.array([point.x for point in of_line]),
                Y=np.array([point.y for point in of_line]),
                win=chart,
                name=line or chart.partition("/")[2],
                update="append",
                opts={**WINDOW, "title": chart, "xlabel": of_line[0].x_name},
            )

    def figure(self, name: str, picture: Figure) -> None:
        self._viz.matplot(picture, win=f"figure {name}", opts={"title": name})

    def end(self, outcome: Outcome) -> None:
        self._viz.text(notebook_html(outcome), win="findings", opts={"title": "findings", "width": 700, "height": 500})
        self._viz.save([self._viz.env])  # else it is gone when the server stops
