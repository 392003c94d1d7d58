"""mlnotes as a library: the parts worth having in your own code, and ``run`` and ``load`` for its studies.

    from mlnotes import NSG, count_flops, evaluate_coco, run

    index = NSG.build(vectors)
    found = run("grad.vanishing", smoke=True)
    found.answer, found.findings, found.frame("layers"), found.plot("gradient_by_layer")

Every name is imported when it is first used, so ``import mlnotes`` takes a few milliseconds. Examples: docs/library.md.
"""

from __future__ import annotations

import importlib
import os.path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from pandas import DataFrame

    from cli.pictures.figures import Picture
    from experiments.ann.core.exact.exact import exact_neighbors as exact_neighbors
    from experiments.ann.core.exact.exact import recall_by_distance as recall_by_distance
    from experiments.ann.core.nsg.code_scan import CodeScan as CodeScan
    from experiments.ann.core.nsg.coded_index import CodedNSG as CodedNSG
    from experiments.ann.core.nsg.index import NSG as NSG
    from experiments.ann.core.nsg.live.index import LiveNSG as LiveNSG
    from experiments.ann.core.nsg.transformer import NSGTransformer as NSGTransformer
    from experiments.detect.annotations import evaluate_coco as evaluate_coco
    from experiments.detect.core.evaluation import coco_numbers as coco_numbers
    from experiments.detect.core.evaluation import evaluate_detections as evaluate_detections
    from experiments.detect.core.ground_truth import Detections as Detections
    from experiments.detect.core.ground_truth import GroundTruth as GroundTruth
    from experiments.detect.core.shapes.boxes import complete_iou as complete_iou
    from experiments.detect.core.shapes.boxes import generalized_iou as generalized_iou
    from experiments.detect.core.shapes.boxes import iou as iou
    from experiments.detect.core.streaming import CocoEvaluator as CocoEvaluator
    from experiments.detect.core.suppression import non_maximum_suppression as non_maximum_suppression
    from experiments.detect.voc_numbers import evaluate_voc as evaluate_voc
    from experiments.foundation.costs.flops_counter import count
    from experiments.foundation.networks.metrics import evaluate
    from experiments.foundation.networks.scores.binary_losses import focal as focal
    from experiments.foundation.networks.scores.mask_scores import dice_score as dice_score
    from experiments.foundation.networks.scores.mask_scores import iou_score as iou_score
    from experiments.lab.errors import InputError as InputError
    from experiments.lab.experiment import Row
    from experiments.lab.judge.judge import Finding
    from experiments.lab.sinks import Outcome
    from experiments.lab.sinks import Sink as Sink
    from experiments.loss.core.overlap import soft_dice as soft_dice
    from experiments.loss.core.overlap import soft_iou as soft_iou
    from experiments.loss.core.overlap import tversky as tversky
    from experiments.train.core.nan_locator import NanWatch as NanWatch

    count_flops, evaluate_classifier = count, evaluate

HOME = os.path.dirname(os.path.realpath(__file__))
PLACES = {
    "experiments.ann.core.exact.exact": ("exact_neighbors", "recall_by_distance"),
    "experiments.ann.core.nsg.code_scan": ("CodeScan",),
    "experiments.ann.core.nsg.coded_index": ("CodedNSG",),
    "experiments.ann.core.nsg.index": ("NSG",),
    "experiments.ann.core.nsg.live.index": ("LiveNSG",),
    "experiments.ann.core.nsg.transformer": ("NSGTransformer",),
    "experiments.foundation.costs.flops_counter": ("count_flops",),
    "experiments.detect.annotations": ("evaluate_coco",),
    "experiments.detect.core.shapes.boxes": ("complete_iou", "generalized_iou", "iou"),
    "experiments.detect.core.evaluation": ("coco_numbers", "evaluate_detections"),
    "experiments.detect.core.ground_truth": ("Detections", "GroundTruth"),
    "experiments.detect.core.streaming": ("CocoEvaluator",),
    "experiments.detect.core.suppression": ("non_maximum_suppression",),
    "experiments.detect.voc_numbers": ("evaluate_voc",),
    "experiments.foundation.networks.metrics": ("evaluate_classifier",),
    "experiments.lab.errors": ("InputError",),
    "experiments.lab.sinks": ("Sink",),
    "experiments.foundation.networks.scores.binary_losses": ("focal",),
    "experiments.foundation.networks.scores.mask_scores": ("dice_score", "iou_score"),
    "experiments.loss.core.overlap": ("soft_dice", "soft_iou", "tversky"),
    "experiments.train.core.nan_locator": ("NanWatch",),
}
"""Module -> what it gives."""
CALLED = {"count_flops": "count", "evaluate_classifier": "evaluate"}
"""Names that say more here than in their module."""
MODULES = {name: module for module, names in PLACES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"module 'mlnotes' has no attribute {name!r}; it has {', '.join(__dir__())}")
        _check_packages()
        value = globals()[name] = getattr(importlib.import_module(MODULES[name]), CALLED.get(name, name))
        return value


def __dir__() -> list[str]:
    return sorted({"Run", "load", "run", *MODULES})


def run(name: str, *, smoke: bool = False, sinks: Sequence[Sink] = (), **params: object) -> Run:
    """Run a study as ``mlnotes run NAME KEY=VALUE...`` does, record it, and return what came out.

    Args:
        name: the study, such as "grad.vanishing".
        smoke: the smallest honest size instead of the study's.
        sinks: objects that hear every event of the run while it lasts.
        params: the study's parameters, and ``seed``, ``seeds``, ``workers``, ``parts`` and ``sink``.

    Raises:
        InputError: no such study, or one line per parameter that cannot be.
    """
    _check_packages()
    from cli.running.plans import command_of, composition, plan_of
    from cli.sinks.tracking import trackers
    from cli.value_text import value_text
    from experiments.lab.catalog import find
    from experiments.lab.params import plain
    from experiments.lab.recording import Recording
    from experiments.lab.runner import execute

    study, given = find(name), {key: plain(value) for key, value in params.items()}
    values = {**composition(study, smoke=smoke).values(), **given}
    command = command_of(name, tuple(f"{key}={value_text(value)}" for key, value in given.items()), smoke=smoke)
    plan, recording = plan_of(study, values, smoke=smoke, command=command), Recording()
    outcome = execute(plan, (recording, *trackers(plan.settings.sink, recording), *sinks))
    record = recording.record
    assert outcome is not None, "an experiment yields something"
    assert record is not None, "a run that came to its end has a record"
    return Run(outcome, record.path)


def load(record: str | Path) -> Run:
    """A stored run as it ended; ``record`` is a path, an id, the beginning of one, or "last".

    Raises:
        InputError: there is no such record, or another version made it.
    """
    _check_packages()
    from cli.past.stored import stored_outcome
    from experiments.lab.record import Record

    found = Record.open(record)
    return Run(stored_outcome(found), found.path)


class Run:
    """What a study observed, what the judge found in it, and where it is recorded."""

    def __init__(self, outcome: Outcome, path: Path) -> None:
        self.outcome = outcome
        """Everything, in the lab's own types."""
        self.path = path
        """The record's directory."""

    @property
    def question(self) -> str:
        return self.outcome.plan.experiment.question

    @property
    def answer(self) -> str:
        """One or two sentences; empty where the run did not come to its end."""
        return self.outcome.answer

    @property
    def params(self) -> Any:
        """The study's checked parameters."""
        return self.outcome.plan.params

    @property
    def rows(self) -> Mapping[str, Sequence[Row]]:
        """Observations by part, in the part's own type."""
        return self.outcome.rows.by_part

    @property
    def findings(self) -> dict[str, Finding]:
        """Claim -> its finding, with verdict, evidence and conditions."""
        return {finding.claim: finding for finding in self.outcome.findings}

    @property
    def plots(self) -> tuple[str, ...]:
        """What ``plot`` can draw."""
        return tuple(picture.name for picture in self._pictures())

    def frame(self, part: str | None = None) -> DataFrame:
        """The rows of a part as a pandas DataFrame, or those of all parts with a column that names theirs.

        Raises:
            InputError: no such part, or no pandas.
        """
        from cli.past.frames import frame_of

        return frame_of(self.rows, part)

    def plot(self, name: str | None = None) -> Figure:
        """A figure of the run, for ``savefig`` or a notebook; the first by default, ``plots`` has the names.

        Raises:
            InputError: no such figure.
        """
        from cli.pictures.figures import style
        from experiments.lab.errors import InputError, meant

        pictures = {picture.name: picture for picture in self._pictures()}
        chosen = pictures.get(next(iter(pictures), "") if name is None else name)
        if chosen is None:
            known = meant(name or "", pictures) if pictures else "this run has none"
            raise InputError(f"no figure {name or ''}: {known}")
        with style():
            return chosen.draw()

    def __repr__(self) -> str:
        from cli.display.findings import counts_line

        verdicts = counts_line(self.outcome.findings).plain if self.outcome.findings else "no findings"
        return f"<Run of {self.outcome.plan.study}, {self.outcome.status}: {verdicts}; {self.path}>"

    def _repr_html_(self) -> str:
        """Question, answer, headline and findings, for a notebook."""
        from cli.page.notebook import notebook_html

        return notebook_html(self.outcome)

    def _pictures(self) -> list[Picture]:
        from cli.pictures.figures import pictures_of

        return list(pictures_of(self.outcome.plan.experiment, self.outcome.rows, self.outcome.figures))


def _check_packages() -> None:
    """Refuse a package of someone else's under the name of one of ours, whose own error would be a riddle.

    Raises:
        ImportError: which one it is, and what to do.
    """
    import importlib.util

    for package in ("experiments", "cli"):
        spec = importlib.util.find_spec(package)
        places = [] if spec is None else [*(spec.submodule_search_locations or ()), spec.origin or ""]
        if not any(os.path.realpath(place) == os.path.join(HOME, package) for place in places):
            found = spec.origin if spec is not None and spec.origin else ", ".join(places) or "nowhere"
            raise ImportError(f"mlnotes needs its own package {package}, but Python finds {found}: rename that one")
