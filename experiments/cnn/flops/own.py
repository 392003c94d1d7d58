"""Find a module of the user's by its name: ``FILE.py:name`` or ``package.module:name``.

The name is a module, or a class or function that returns one without arguments.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

from torch import nn

from experiments.lab.errors import InputError


def load_module(reference: str) -> nn.Module:
    """The module that ``reference`` names.

    Raises:
        InputError: there is no such file, package or name, its code fails, or it gives no torch.nn.Module.
    """
    source, _, name = reference.rpartition(":")
    if not source or not name:
        raise InputError(f"expected FILE.py:NAME or package.module:NAME, got {reference!r}")
    code = _run_file(Path(source)) if source.endswith(".py") else _import_package(source)
    if not hasattr(code, name):
        raise InputError(f"expected {name!r} in {source}, it has none; name a torch.nn.Module or what returns one")
    found = getattr(code, name)
    if not isinstance(found, nn.Module) and callable(found):
        try:
            found = found()
        except Exception as error:
            raise InputError(f"{reference} has to work without arguments, got {_described(error)}") from error
    if not isinstance(found, nn.Module):
        raise InputError(f"expected {reference} to give a torch.nn.Module, got {type(found).__name__}")
    return found


def _run_file(path: Path) -> SimpleNamespace:
    if not path.is_file():
        raise InputError(f"expected a Python file, there is no {path}; give its path from {Path.cwd()}")
    sys.path.insert(0, str(path.parent.resolve()))  # a file may import its neighbors
    try:
        return SimpleNamespace(**runpy.run_path(str(path), run_name=path.stem))
    except Exception as error:
        raise InputError(f"{path} cannot be run: {_described(error)}") from error
    finally:
        sys.path.pop(0)


def _import_package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise InputError(f"{name} cannot be imported: {_described(error)}; a file needs its .py") from error


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
