"""The front door: every name is there for Python and for type checkers, and runs are the command line's."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mlnotes

SOURCE = Path(mlnotes.__file__)


def test_type_checkers_see_the_names_that_python_finds() -> None:
    (guarded,) = [node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If)]
    imported = [
        (node.module, alias)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname is not None or alias.name in mlnotes.CALLED.values()
    ]
    called = {name: own for own, name in mlnotes.CALLED.items()}
    seen = {called.get(alias.name, alias.name): module for module, alias in imported}
    assert seen == mlnotes.MODULES


@pytest.mark.parametrize("name", sorted(mlnotes.MODULES))
def test_every_name_is_there(name: str) -> None:
    assert getattr(mlnotes, name).__name__ == mlnotes.CALLED.get(name, name)
    assert name in dir(mlnotes)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Nsg'; it has .*, NSG, "):
        getattr(mlnotes, "Nsg")  # noqa: B009  # type checkers know that it is not there


def test_importing_loads_nothing_large() -> None:
    heavy = "{'torch', 'numba', 'numpy', 'hydra', 'pydantic', 'rich', 'experiments', 'cli'}"
    code = f"import sys, mlnotes; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_foreign_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import mlnotes; mlnotes.NSG"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    foreign = tmp_path / "experiments" / "__init__.py"
    said = f"mlnotes needs its own package experiments, but Python finds {foreign}: rename that one"
    assert done.stderr.splitlines()[-1] == f"ImportError: {said}"
