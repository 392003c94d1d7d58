"""The code that an experiment stands on, by its imports, read without importing it; and a hash of it.

A seal keeps the hash of cores and foundation beside the claim, so that one sees when a core has changed since; a record
keeps that of everything, so that what is unchanged need not be run again. Comments and docstrings do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from experiments.lab import catalog
from experiments.lab.source import form

PACKAGE = "experiments."
LETTERS = 16
"""Of a hash; enough to tell versions apart."""


def code_of(experiment: str) -> str:
    """Hash of the experiment's files and of every module of the house that they lead to."""
    return _hash(_reached(experiment))


def core_of(experiment: str) -> str:
    """Hash of the cores and of the foundation that the experiment leads to; its own files and the lab are left out."""
    return _hash({name: path for name, path in _reached(experiment).items() if _is_core(name)})


def _is_core(name: str) -> bool:
    words = name.split(".")
    return words[0] == "foundation" or "core" in words[1:2]


def _reached(experiment: str) -> dict[str, Path]:
    """Module, named below ``experiments`` -> file."""
    found: dict[str, Path] = {}
    waiting = [(str(path), path) for path in catalog.files_of(catalog.module_of(experiment))]
    while waiting:
        name, path = waiting.pop()
        if name not in found and path.is_file():
            found[name] = path
            waiting += ((one, catalog.module_of(one)) for one in _read(path)[1])
    return found


def _hash(modules: dict[str, Path]) -> str:
    """Of forms and not of names, so that it says nothing of where the house stands."""
    forms = sorted(_read(path)[0] for path in modules.values())
    return hashlib.sha256("\n".join(forms).encode()).hexdigest()[:LETTERS]


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    return _parsed(path, path.stat().st_mtime_ns)


@cache
def _parsed(path: Path, changed: int) -> tuple[str, tuple[str, ...]]:
    """(hash of the form, modules that it imports) of a file as it was at the time ``changed``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return hashlib.sha256(form(tree).encode()).hexdigest(), tuple(_imported(tree))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Modules of the house, also those inside functions; of ``from a import b`` both a and a.b may be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(PACKAGE):
            inside = node.module.removeprefix("experiments").removeprefix(".")
            yield from ([inside] if inside else [])
            yield from (f"{inside}.{one.name}".removeprefix(".") for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name.removeprefix(PACKAGE) for one in node.names if one.name.startswith(PACKAGE))
