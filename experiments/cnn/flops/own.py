"""Find a module of the user's by its name: ``FILE.py:name`` or ``package.module:name``.

The name is a module, or a class or function that returns one; ``net.py:Net(width=8)`` calls it with literal arguments.
"""

from __future__ import annotations

import ast
import importlib
import runpy
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType, SimpleNamespace

from torch import nn

from experiments.lab.errors import InputError


def load_module(reference: str) -> nn.Module:
    """The module that ``reference`` names.

    Raises:
        InputError: there is no such file, package or name, its code fails, or it gives no torch.nn.Module.
    """
    with redirect_stdout(sys.stderr):  # what its code prints must not stand in a document of --json
        return _loaded(reference)


def _loaded(reference: str) -> nn.Module:
    source, name, arguments = _split(reference)
    code = _run_file(Path(source)) if source.endswith(".py") else _import_package(source)
    if not hasattr(code, name):
        raise InputError(f"expected {name!r} in {source}, it has none; name a torch.nn.Module or what returns one")
    named = getattr(code, name)
    if arguments is not None or (not isinstance(named, nn.Module) and callable(named)):
        by_place, by_name = arguments or ((), {})
        try:
            named = named(*by_place, **by_name)
        except (Exception, SystemExit) as error:
            advice = "" if arguments else f"; give its arguments, as in {name}(width=8)"
            raise InputError(f"{reference} cannot be made: {_described(error)}{advice}") from error
    if not isinstance(named, nn.Module):
        raise InputError(f"expected {reference} to give a torch.nn.Module, got {type(named).__name__}")
    return named


Arguments = tuple[tuple[object, ...], dict[str, object]]


def _split(reference: str) -> tuple[str, str, Arguments | None]:
    """File or package, name, and the arguments of a call; the arguments are None where nothing is called."""
    source, colon, called = reference.partition(".py:")
    source, called = (f"{source}.py", called) if colon else (reference.partition(":")[0], reference.partition(":")[2])
    try:
        tree = ast.parse(called, mode="eval").body
        match tree:
            case ast.Name(id=name) if source:
                return source, name, None
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if source:
                by_name = {str(word.arg): ast.literal_eval(word.value) for word in keywords if word.arg}
                return source, name, (tuple(map(ast.literal_eval, args)), by_name)
    except (SyntaxError, ValueError):
        pass
    raise InputError(
        f"expected FILE.py:NAME, package.module:NAME or NAME(width=8) with plain values, got {reference!r}"
    )


def _run_file(path: Path) -> SimpleNamespace:
    if not path.is_file():
        raise InputError(f"expected a Python file, there is no {path}; give its path from {Path.cwd()}")
    sys.path.insert(0, str(path.parent.resolve()))  # a file may import its neighbors
    try:
        return SimpleNamespace(**runpy.run_path(str(path), run_name=path.stem))
    except (Exception, SystemExit) as error:
        raise InputError(f"{path} cannot be run: {_described(error)}") from error
    finally:
        sys.path.pop(0)


def _import_package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise InputError(f"{name} cannot be imported: {_described(error)}; a file needs its .py") from error


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
