"""What a claim's measure is made of, read from the source of its experiment without importing it.

The expression after ``measure=`` in the claim's call is followed to the functions, classes and constants that it names
in the files of its family, and from there on; the family's core, the foundation and the lab are left out, they are
tested on their own. Comments, docstrings, annotations, spacing and the place of a definition do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from experiments.lab import catalog

NOT_FOLLOWED = ("Part", "Experiment", "Claim")
"""What holds claims and runs: a measure may name a part to get its rows."""
UNSEEN = ("ctx", "annotation", "returns", "type_comment", "type_params", "kind")
"""Fields of the syntax tree that change no value."""


@dataclass(frozen=True)
class Module:
    """A file of a family, by the names that stand in it."""

    name: str
    definitions: Mapping[str, ast.stmt]
    imports: Mapping[str, tuple[str, str]]
    """Name -> (module, name there); the latter is empty for a module."""
    methods: Mapping[str, ast.stmt]
    """Of the classes of the file: a measure may read a property of a row."""
    measures: Mapping[str, ast.expr] = field(default_factory=dict)
    """Claim -> the expression that gives its measure."""


def measures(experiment: str) -> dict[str, str]:
    """Claim -> sha256 of what its measure is made of, for the claims that stand in the experiment's files."""
    modules = [_module(name, path) for name, path in _own(experiment)]
    methods = {name: (module, node) for module in modules for name, node in module.methods.items()}
    return {
        claim: _digest(_forms(expression, module, methods))
        for module in modules
        for claim, expression in module.measures.items()
    }


Methods = Mapping[str, tuple[Module, ast.stmt]]


def _digest(forms: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(sorted(forms)).encode()).hexdigest()


def _forms(expression: ast.expr, module: Module, methods: Methods) -> Iterator[str]:
    """The plain form of the expression and of every definition that it leads to, each once."""
    found: list[tuple[Module, ast.AST]] = [(module, expression)]
    seen = {id(expression)}
    while found:
        where, node = found.pop()
        yield form(node)
        yield from _renamed(node, where)
        for there, named in _named(node, where, methods):
            if id(named) not in seen:
                seen.add(id(named))
                found.append((there, named))


def _renamed(node: ast.AST, module: Module) -> Iterator[str]:
    """What imported names are called where they come from: ``median`` imported as ``mean`` is not ``mean``."""
    names = {one.id for one in _significant(node) if isinstance(one, ast.Name)} & set(module.imports)
    origins = {name: module.imports[name][1] for name in names}
    return (f"{name} is {origin}" for name, origin in origins.items() if origin not in ("", name))


def _named(node: ast.AST, module: Module, methods: Methods) -> Iterator[tuple[Module, ast.AST]]:
    """The definitions of the family that a piece of source names."""
    for one in _significant(node):
        if isinstance(one, ast.Name):
            yield from _defined(one.id, module)
        elif isinstance(one, ast.Attribute):
            if one.attr in methods:
                yield methods[one.attr]
            if isinstance(one.value, ast.Name) and one.value.id in module.imports:
                origin, name = module.imports[one.value.id]
                there = _of_family(f"{origin}.{name}" if name else origin, module.name)
                yield from _defined(one.attr, there) if there else ()


def _defined(name: str, module: Module, depth: int = 8) -> Iterator[tuple[Module, ast.AST]]:
    if name in module.definitions:
        yield module, module.definitions[name]
    elif name in module.imports and depth:
        origin, original = module.imports[name]
        there = _of_family(origin, module.name)
        yield from _defined(original, there, depth - 1) if there else ()


def _of_family(name: str, asking: str) -> Module | None:
    """The module of that name if it is of the same family and not of its core."""
    words, family = name.split("."), asking.split(".")[:2]
    if words[:2] != family or words[2:3] in ([], ["core"]):
        return None
    path = catalog.module_of(".".join(words[1:]))
    return _module(name, path) if path.is_file() else None


def _own(experiment: str) -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of the experiment's own files."""
    path = catalog.module_of(experiment)
    for file in catalog.files_of(path):
        if file.is_file():
            inside = "" if file == path else f".{file.stem}"
            yield f"experiments.{experiment}{inside}", file


def _module(name: str, path: Path) -> Module:
    return _parsed(name, path, path.stat().st_mtime_ns)


@cache
def _parsed(name: str, path: Path, changed: int) -> Module:
    """The module as it was at the time ``changed``, so that a run keeps the source that it began with."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    functions = [one for node in classes for one in node.body if isinstance(one, ast.FunctionDef)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) == "Claim"]
    return Module(
        name=name,
        definitions=dict(_definitions(tree)),
        imports=dict(_imports(tree)),
        methods={function.name: function for function in functions},
        measures=dict(filter(None, map(_measure, calls))),
    )


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.Assign(targets=targets) if _called(node.value) not in NOT_FOLLOWED:
                named = (one for target in targets for one in ast.walk(target))
                yield from ((one.id, node) for one in named if isinstance(one, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)) if _called(node.value) not in NOT_FOLLOWED:
                yield name, node


def _imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                yield one.asname or one.name, (node.module, one.name)
        elif isinstance(node, ast.Import):
            for one in node.names:
                yield one.asname or one.name, (one.name, "")


def _called(node: ast.expr | None) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _measure(call: ast.Call) -> tuple[str, ast.expr] | None:
    measure = next((word.value for word in call.keywords if word.arg == "measure"), None)
    name = call.args[0] if call.args else None
    return (str(name.value), measure) if isinstance(name, ast.Constant) and measure is not None else None


def _significant(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is below it, without what ``form`` leaves out."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in UNSEEN:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST) and not _is_text(one):
                    yield from _significant(one)


def form(node: object) -> str:
    """A piece of source in a form that spacing, comments, docstrings and the version of Python do not change.

    >>> form(ast.parse("def f(x: int) -> int:\\n  'Text.'\\n  return x")) == form(ast.parse("def f(x): return (x)"))
    True
    """
    if isinstance(node, ast.JoinedStr):  # some versions of Python leave empty texts in it
        return f"JoinedStr({[form(one) for one in node.values if getattr(one, 'value', None) != '']})"
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if name not in UNSEEN]
        kept = [f"{name}={form(value)}" for name, value in fields if value is not None and value != []]
        return f"{type(node).__name__}({', '.join(kept)})"
    if isinstance(node, list):
        return f"[{', '.join(form(one) for one in node if not _is_text(one))}]"
    return repr(node)


def _is_text(node: object) -> bool:
    """Whether it is a text that stands alone: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
