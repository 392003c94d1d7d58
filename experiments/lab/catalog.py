"""Which studies exist and what they say, read from text alone.

A study is a yaml under ``conf/``; it names an experiment, a module under ``experiments/`` whose docstring is the
question and whose ``Claim(...)`` calls are the claims. Nothing is imported to list them, so that ``mlnotes list``
costs milliseconds; ``load`` imports the one experiment that is asked for.
"""

from __future__ import annotations

import ast
import importlib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab.errors import InputError

if TYPE_CHECKING:
    from experiments.lab.experiment import Experiment

EXPERIMENTS = Path(__file__).resolve().parent.parent
CONF = EXPERIMENTS.parent / "conf"


@dataclass(frozen=True)
class ClaimText:
    """A claim as it stands in the source."""

    name: str
    kind: str
    statement: str
    notes: str
    rule: str
    predicted: str


@dataclass(frozen=True)
class Study:
    """One yaml: an experiment at the size on which its verdicts stand."""

    name: str
    """Dotted path of the yaml, such as "ann.nsg"."""
    experiment: str
    """Dotted path of the module below ``experiments``."""
    summary: str
    """What this study measures: the comment at the top of the yaml."""
    config: Path
    module: Path

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]

    @property
    def question(self) -> str:
        """First line of the experiment's docstring."""
        return self.docstring.partition("\n")[0].strip()

    @property
    def docstring(self) -> str:
        return _read(self.module)[0]

    @property
    def claims(self) -> tuple[ClaimText, ...]:
        return _read(self.module)[1]


def studies(family: str | None = None) -> tuple[Study, ...]:
    """All studies in the order of their names, or those of one family.

    Raises:
        InputError: no such family.
    """
    found = tuple(_study(config) for config in sorted(CONF.glob("*/*.yaml")))
    if family is None:
        return found
    families = sorted({study.family for study in found})
    if family not in families:
        raise InputError(f"unknown family {family}: {_meant(family, families)}")
    return tuple(study for study in found if study.family == family)


def find(name: str) -> Study:
    """The study of that name.

    Raises:
        InputError: no such study, with the nearest name.
    """
    path = CONF / (name.replace(".", "/", 1) + ".yaml")
    if name.count(".") == 1 and path.is_file():
        return _study(path)
    raise InputError(f"unknown experiment {name}: {_meant(name, [study.name for study in studies()])}")


def load(experiment: str) -> Experiment[Any, Any]:
    """Import an experiment by its dotted name."""
    return importlib.import_module(f"experiments.{experiment}").EXPERIMENT


def _meant(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"


def _study(config: Path) -> Study:
    name = f"{config.parent.name}.{config.stem}"
    lines = config.read_text(encoding="utf-8").splitlines()
    comments = [line.lstrip("# ") for line in lines if line.startswith("#") and "@package" not in line]
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("experiment:")]
    experiment = named[0] if named else name
    module = EXPERIMENTS / (experiment.replace(".", "/") + ".py")
    return Study(name, experiment, comments[0] if comments else "", config, module)


@cache
def _read(module: Path) -> tuple[str, tuple[ClaimText, ...]]:
    """Docstring and claims of a module. Only the closing ``EXPERIMENT = ...`` is parsed: parsing is what costs."""
    text = module.read_text(encoding="utf-8")
    docstring = text.split('"""', 2)[1] if text.startswith('"""') else ""
    closing = text.partition("\nEXPERIMENT = ")[2]
    calls = [node for node in ast.walk(ast.parse(f"({closing.strip()})")) if isinstance(node, ast.Call)]
    return docstring, tuple(_claim(call) for call in calls if getattr(call.func, "id", "") == "Claim")


def _claim(call: ast.Call) -> ClaimText:
    words = {key.arg: key.value for key in call.keywords}
    literal = {name: str(ast.literal_eval(words[name])) for name in ("kind", "statement", "notes", "rule", "predicted")}
    return ClaimText(name=ast.unparse(words["judge"]), **literal)
