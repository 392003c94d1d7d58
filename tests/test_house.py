"""The import contracts hold a family that nobody named: every rule is broken once in a copy, and is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts import refusal, room

ROOT = Path(__file__).parents[1]

LEGAL = {
    "experiments/zoo/__init__.py": "",
    "experiments/zoo/core/__init__.py": "",
    "experiments/zoo/core/cages.py": "from experiments.foundation.networks.fit import reproducible",
    "experiments/zoo/core/doors.py": "from experiments.zoo.core import cages\nimport numpy",
    "experiments/zoo/visitors.py": "from experiments.lab.answers import number",
    "experiments/zoo/feeding/__init__.py": "from experiments.zoo.feeding import laws\nimport pydantic",
    "experiments/zoo/feeding/laws.py": (
        "from experiments.foundation.datasets.storage.store import locate\n"
        "from experiments.foundation.statements.trials import TrialRow\n"
        "from experiments.lab.errors import InputError\n"
        "from experiments.lab.experiment import Part\n"
        "from experiments.lab.judge.rules import Theorem\n"
        "from experiments.zoo import visitors\n"
        "from experiments.zoo.core.cages import reproducible"
    ),
    "experiments/zoo/tigers.py": "from experiments.zoo.core import doors",
    "cli/posters.py": "import matplotlib\nimport rich\nfrom experiments.lab.runner import execute",
}
"""A family as it should be, and a module of the terminal."""

ILLEGAL = {
    "an experiment of another family": ("experiments/zoo/a1.py", "experiments.grad.vanishing.setup"),
    "another experiment of its family": ("experiments/zoo/a2.py", "experiments.zoo.feeding.laws"),
    "the core of another family": ("experiments/zoo/a3.py", "experiments.grad.core.chains"),
    "the machine": ("experiments/zoo/a4.py", "experiments.lab.runner"),
    "the record": ("experiments/zoo/a5.py", "experiments.lab.record"),
    "the terminal": ("experiments/zoo/a6.py", "cli.document"),
    "pictures": ("experiments/zoo/a7.py", "matplotlib"),
    "Hydra": ("experiments/zoo/a8.py", "hydra"),
    "the lab in a core": ("experiments/zoo/core/b1.py", "experiments.lab.experiment"),
    "errors in a core": ("experiments/zoo/core/b2.py", "experiments.lab.errors"),
    "data sets in a core": ("experiments/zoo/core/b3.py", "experiments.foundation.datasets.storage.store"),
    "another core in a core": ("experiments/zoo/core/b4.py", "experiments.grad.core.chains"),
    "an experiment in a core": ("experiments/zoo/core/b5.py", "experiments.zoo.tigers"),
    "pydantic in a core": ("experiments/zoo/core/b6.py", "pydantic"),
    "a family in foundation": ("experiments/foundation/statements/c1.py", "experiments.zoo.core.cages"),
    "an experiment in foundation": ("experiments/foundation/networks/c2.py", "experiments.zoo.tigers"),
    "the machine in foundation": ("experiments/foundation/datasets/c3.py", "experiments.lab.params"),
    "foundation in the lab": ("experiments/lab/judge/d1.py", "experiments.foundation.networks.fit"),
    "a family in the lab": ("experiments/lab/judge/d2.py", "experiments.zoo.tigers"),
    "the machine in the lab's words": ("experiments/lab/judge/d3.py", "experiments.lab.params"),
    "the terminal in the lab": ("experiments/lab/judge/d4.py", "cli.document"),
    "Hydra in the terminal": ("cli/e1.py", "hydra"),
    "OmegaConf in the terminal": ("cli/e2.py", "omegaconf"),
}
"""What is imported, (by which file, the module)."""

FOR_TYPES = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import {}\n"


def lint(copy: Path) -> str:
    """What ``lint-imports`` prints there, on lines that are not wrapped."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, env={**os.environ, "COLUMNS": "500", "PYTHONPATH": str(copy)}
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return done.stdout


def write(copy: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(text + "\n")


def dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tree with a family called zoo, as it should be."""
    home = tmp_path_factory.mktemp("house")
    only_source = shutil.ignore_patterns("__pycache__", "*.nb?", "*.cpp", "*.hpp")
    for name in ("cli", "experiments", "conf"):
        shutil.copytree(ROOT / name, home / name, ignore=only_source)
    (home / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "contracts.py", home / "tests")
    shutil.copy(ROOT / "pyproject.toml", home)
    write(home, LEGAL | {f"conf/zoo/{name}.yaml": "# @package _global_" for name in ("feeding", "tigers")})
    return home


@pytest.fixture(scope="module")
def broken(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is printed of the copy once every rule is broken, by imports for types alone where the number is even."""
    home = tmp_path_factory.mktemp("broken") / "house"
    shutil.copytree(copy, home)
    for number, (file, module) in enumerate(ILLEGAL.values()):
        write(home, {file: f"import {module}" if number % 2 else FOR_TYPES.format(module)})
    write(
        home,
        {
            "experiments/zoo/core/north.py": "import experiments.zoo.core.south",
            "experiments/zoo/core/south.py": FOR_TYPES.format("experiments.zoo.core.north"),
        },
    )
    return lint(home)


def test_a_family_as_it_should_be_is_held_without_being_named(copy: Path) -> None:
    said = lint(copy)
    assert "zoo" not in said
    assert "posters" not in said


@pytest.mark.parametrize("what", ILLEGAL)
def test_an_import_that_is_not_allowed_is_refused(what: str, broken: str) -> None:
    file, module = ILLEGAL[what]
    assert f"{dotted(file)} -> {module}" in broken


def test_a_cycle_is_refused_also_where_half_of_it_is_for_types(broken: str) -> None:
    said = broken[broken.index("No cycles are allowed in experiments.zoo.core.") :]
    assert ".north -> .south" in said or ".south -> .north" in said


def test_nothing_is_waived_but_hydra_in_its_one_module() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert "exclude_type_checking_imports" not in text
    waived = [line for line in text.splitlines() if line.startswith("ignore_imports")]
    assert waived == ['ignore_imports = ["cli.compose -> hydra", "cli.compose -> omegaconf"]']


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("cli.display.tables", ("terminal", "")),
        ("experiments.lab.judge.rules", ("words", "")),
        ("experiments.lab.runner", ("machine", "")),
        ("experiments.foundation.datasets.storage.store", ("data sets", "")),
        ("experiments.foundation.statements.trials", ("foundation", "")),
        ("experiments.zoo.core.cages", ("core", "zoo")),
        ("experiments.zoo.feeding.laws", ("experiment", "zoo")),
        ("numpy", ("outside", "")),
    ],
)
def test_a_room_is_told_from_the_name(module: str, expected: tuple[str, str]) -> None:
    assert room(module) == expected


def test_a_refusal_says_the_rule() -> None:
    assert refusal("experiments.zoo.core.a", "experiments.zoo.core.b") is None
    assert refusal("experiments.zoo.core.a", "numpy") is None
    assert refusal("experiments.zoo.a", "experiments.ann.core.b") == "families do not know each other"
    assert refusal("experiments.lab.plan", "experiments.zoo.a") == (
        "the lab loads experiments by name and stands on nothing but itself"
    )
