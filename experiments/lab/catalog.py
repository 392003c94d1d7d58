"""Which studies exist and what they say, read from text alone.

A study is a yaml under ``conf/``; it names an experiment, a module or a folder under ``experiments/`` whose docstring
begins with the question and whose ``Claim(...)`` calls are the claims. Nothing is imported to list them, so that
``mlnotes list`` costs milliseconds; ``load`` imports the one experiment that is asked for.
"""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab.errors import InputError, meant

if TYPE_CHECKING:
    from experiments.lab.experiment import Experiment

EXPERIMENTS = Path(__file__).resolve().parent.parent
CONF = EXPERIMENTS.parent / "conf"
DECLARATION = re.compile(r"^[A-Z_]+(: [^=\n]+)? = (Part\(|Experiment\(|\(\s*Claim\()", re.MULTILINE)
KINDS = {"Ratio": "effect", "SlopeBelow": "slope", "Each": "conditional", "Under": "conditional"}
"""Kinds of claims by the class of their rule, where it is not that class in lower case."""


@dataclass(frozen=True)
class ClaimText:
    """A claim as it stands in the source."""

    name: str
    kind: str
    statement: str
    notes: str


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
    """The experiment's file, or its folder's ``__init__.py``."""

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]

    @property
    def question(self) -> str:
        """First line of the experiment's docstring."""
        return self.docstring.partition("\n")[0].strip()

    @property
    def docstring(self) -> str:
        text = self.module.read_text(encoding="utf-8")
        return text.split('"""', 2)[1] if text.startswith('"""') else ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The experiment's source: its file, or those of its folder."""
        return files_of(self.module)

    @property
    def claims(self) -> tuple[ClaimText, ...]:
        return tuple(claim for file in self.files for claim in _claims_of(file))


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
        raise InputError(f"unknown family {family}: {meant(family, families)}")
    return tuple(study for study in found if study.family == family)


def find(name: str) -> Study:
    """The study of that name.

    Raises:
        InputError: no such study, with the nearest name; a family, with its studies.
    """
    path = CONF / (name.replace(".", "/", 1) + ".yaml")
    if name.count(".") == 1 and path.is_file():
        return _study(path)
    known = studies()
    family = [f"{study.name}  {study.question}" for study in known if study.family == name]
    if family:
        raise InputError(f"{name} is a family: name one of its studies", *family)
    raise InputError(f"unknown experiment {name}: {meant(name, [study.name for study in known])}")


def load(experiment: str) -> Experiment[Any, Any]:
    """Import an experiment by its dotted name."""
    return importlib.import_module(f"experiments.{experiment}").EXPERIMENT


def module_of(experiment: str) -> Path:
    """The file of a module below ``experiments``, or its folder's ``__init__.py``."""
    folder = EXPERIMENTS / experiment.replace(".", "/")
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def files_of(module: Path) -> tuple[Path, ...]:
    """An experiment's source: its file, or those of its folder."""
    return tuple(sorted(module.parent.glob("*.py"))) if module.name == "__init__.py" else (module,)


def _study(config: Path) -> Study:
    name = f"{config.parent.name}.{config.stem}"
    lines = config.read_text(encoding="utf-8").splitlines()
    comments = [line.lstrip("# ") for line in lines if line.startswith("#") and "@package" not in line]
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("experiment:")]
    experiment = named[0] if named else name
    return Study(name, experiment, comments[0] if comments else "", config, module_of(experiment))


@cache
def _claims_of(file: Path) -> tuple[ClaimText, ...]:
    """The claims of a file. Only what follows the first that is declared is parsed, since parsing is what costs.

    Raises:
        InputError: a claim that cannot be read as text.
    """
    text = file.read_text(encoding="utf-8")
    declared = DECLARATION.search(text)
    if declared is None:
        return ()
    calls = [node for node in ast.walk(ast.parse(text[declared.start() :])) if isinstance(node, ast.Call)]
    found = [call for call in calls if getattr(call.func, "id", "") == "Claim"]
    claims = []
    for call in sorted(found, key=lambda call: call.lineno):
        try:
            claims.append(_claim(call, text))
        except (IndexError, KeyError, ValueError):
            line = text.count("\n", 0, declared.start()) + call.lineno
            expected = 'Claim("name", statement="...", rule=Rule(...), topic="...") with literal texts'
            raise InputError(f"{file}, line {line}: expected {expected}, which `list` can read") from None
    return tuple(claims)


def _claim(call: ast.Call, text: str) -> ClaimText:
    words = {key.arg: key.value for key in call.keywords}
    name, statement, topic = (
        str(ast.literal_eval(value)) for value in (call.args[0], words["statement"], words["topic"])
    )
    kind = KINDS.get(word := _rule(words["rule"], text), word.lower())
    return ClaimText(name=name, kind=kind, statement=statement, notes=topic)


def _rule(node: ast.expr, text: str) -> str:
    """The class of a rule, also of one that several claims share under a name."""
    if isinstance(node, ast.Name):
        named = re.search(rf"^{node.id} = (\w+)\(", text, re.MULTILINE)
        return named.group(1) if named else ""
    return getattr(getattr(node, "func", None), "id", "")
