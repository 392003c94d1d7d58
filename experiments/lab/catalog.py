"""Which studies exist and what they say, read from text alone.

A study is a yaml under ``conf/``; it names an experiment, a module or a folder under ``experiments/`` whose docstring
begins with the question and whose ``Claim(...)`` calls are the claims. Nothing is imported to list them, so that
``mlnotes list`` costs milliseconds; ``load`` imports the one experiment that is asked for.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab.errors import InputError, meant

if TYPE_CHECKING:
    from experiments.lab.experiment import Experiment

EXPERIMENTS = Path(__file__).resolve().parent.parent
CONF = EXPERIMENTS.parent / "conf"
DECLARATION = re.compile(r"^[A-Z_]+(: [^=\n]+)? = (Part\(|Experiment\(|\(\s*Claim\()", re.MULTILINE)
STRING = r'"(?:[^"\\]|\\.)*"'
CLAIM = re.compile(r"Claim\(")
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
    """The claims that a file declares, found without parsing it, which would cost ten times as much.

    Raises:
        InputError: a claim that cannot be read as text.
    """
    text = file.read_text(encoding="utf-8")
    declared = DECLARATION.search(text)
    starts = [] if declared is None else [found.start() for found in CLAIM.finditer(text, declared.start())]
    claims = []
    for start, end in pairwise((*starts, len(text))):
        try:
            claims.append(_claim(text[start:end], text))
        except ValueError:
            line = text.count("\n", 0, start) + 1
            expected = 'Claim("name", statement="...", rule=Rule(...), topic="...") with literal texts'
            raise InputError(f"{file}, line {line}: expected {expected}, which `list` can read") from None
    return tuple(claims)


def _claim(call: str, text: str) -> ClaimText:
    rule = re.search(r"rule=(\w+)(\(?)", call)
    if rule is None:
        raise ValueError("no rule")
    named = None if rule[2] else re.search(rf"^{rule[1]} = (\w+)\(", text, re.MULTILINE)  # one that claims share
    word = named[1] if named else rule[1]
    name, statement, topic = (_literal(call, before) for before in (r"Claim\(\s*", "statement=", "topic="))
    return ClaimText(name=name, kind=KINDS.get(word, word.lower()), statement=statement, notes=topic)


def _literal(call: str, before: str) -> str:
    """The text after a word of a call, in one string or in several in a row."""
    found = re.search(rf"{before}\(?\s*((?:{STRING}\s*)+)", call)
    if found is None:
        raise ValueError(f"no literal text after {before}")
    joined = "".join(one[1:-1] for one in re.findall(STRING, found[1]))
    return joined.encode("raw_unicode_escape").decode("unicode_escape") if "\\" in joined else joined
