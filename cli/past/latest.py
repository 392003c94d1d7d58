"""The newest result of every study, read from the files of records alone and quickly: no row and no module is read.

The name of a record's directory begins with its time and names its study, so only the newest are opened.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.lab.judge.predicted import as_predicted

DIRECTORY = re.compile(r"\d{8}-\d{6}-(.+)-[0-9a-f]{4}")
FORMAT = 2
"""Of records whose findings are those of today's claims."""


@dataclass(frozen=True)
class Latest:
    """What the newest run of a study that came to its end found; a run at the study's size before one at smoke size."""

    seconds: float
    smoke: bool
    verdicts: dict[str, str]
    """By claim."""
    surprises: tuple[str, ...]
    """Claims that did not come out as predicted."""


def latest_results(home: Path) -> dict[str, Latest]:
    """The newest result by study."""
    by_study: dict[str, list[Path]] = {}
    for path in sorted(home.glob("[0-9]*"), reverse=True):
        if named := DIRECTORY.fullmatch(path.name):
            by_study.setdefault(named.group(1), []).append(path)
    found = {study: _newest(paths) for study, paths in by_study.items()}
    return {study: result for study, result in found.items() if result is not None}


def _newest(paths: list[Path]) -> Latest | None:
    smoke = None
    for path in paths:
        result = _read(path)
        if result is not None and not result.smoke:
            return result
        smoke = smoke or result
    return smoke


def _read(path: Path) -> Latest | None:
    """The result of a record; None where it did not come to its end or cannot be read."""
    try:
        meta: dict[str, Any] = json.loads((path / "record.json").read_text(encoding="utf-8"))
        if meta["status"] != "done" or meta.get("format", 1) < FORMAT:
            return None
        findings = json.loads((path / "findings.json").read_text(encoding="utf-8"))
        verdicts = {one["claim"]: one["verdict"] for one in findings}
        surprises = tuple(one["claim"] for one in findings if not _as_predicted(one))
        return Latest(float(meta["seconds"]), meta["smoke"], verdicts, surprises)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # damaged: an older one stands for the study
        return None


def _as_predicted(finding: dict[str, Any]) -> bool:
    conditions = {one["condition"]: one["verdict"] for one in finding["conditions"]}
    return as_predicted(finding["verdict"], finding["predicted"], conditions)
