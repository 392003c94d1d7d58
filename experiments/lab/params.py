"""Params checked and explained: values in, a Params or one line per problem out.

A Params is a pydantic dataclass, so types, ranges and choices stand in its annotations and nowhere else. This module
turns them into words for people: what is legal, what arrived, which key was meant.
"""

from __future__ import annotations

import dataclasses
import reprlib
import types
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from experiments.lab.errors import InputError, meant

P = TypeVar("P")
SMALLEST, LARGEST = 1e-100, 1e100
"""Sizes of numbers whose squares and products are numbers; a parameter may go beyond where its default does."""

NOUNS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    type(None): "null",
}


@dataclass(frozen=True)
class ParameterField:
    """One parameter as a person reads it."""

    name: str
    default: object
    legal: str
    """Type and range in words, such as "an integer from 1 to 256"."""
    choices: tuple[str, ...]
    """The legal words where they can be listed, for completion."""
    meaning: str


def parameter_fields(params_type: type) -> tuple[ParameterField, ...]:
    """The parameters of a Params in the order of their definition."""
    return tuple(
        ParameterField(
            name=name,
            default=plain(info.get_default(call_default_factory=True)),
            legal=legal_values(info.annotation, info.metadata),
            choices=choices(info.annotation),
            meaning=" ".join((info.description or "").split()),
        )
        for name, info in _fields(params_type).items()
    )


def defaults(fields: Iterable[ParameterField]) -> dict[str, object]:
    """The defaults as plain values, by key."""
    return {field.name: field.default for field in fields}


def plain(value: Any) -> Any:
    """``value`` as what YAML and JSON hold: tuples become lists, paths and enums become their text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def validate(params_type: type[P], values: Mapping[str, object]) -> P:
    """A checked Params; one value where a list is wanted is a list of one.

    Raises:
        InputError: one line per unknown key, wrong type and value out of range.
    """
    fields = _fields(params_type)
    alone = {key for key, value in values.items() if key in fields and _is_alone(value, fields[key])}
    try:
        checked = params_type(**{key: [value] if key in alone else value for key, value in values.items()})
    except ValidationError as error:
        raise InputError(*_problems(params_type, error, alone)) from None
    if faults := [f"{key}: {fault}" for key, value in values.items() if (fault := _fault(value, fields[key]))]:
        raise InputError(*faults)
    return checked


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The line for a key that does not exist, with the nearest that does."""
    return f"unknown parameter {key}: {meant(key, known)}"


def legal_values(annotation: Any, constraints: Iterable[object] = ()) -> str:
    """Type and range in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return legal_values(arguments[0], [*_constraints(arguments[1:]), *constraints])
    if origin is Literal:
        return "one of " + ", ".join(_word(value) for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(legal_values(part, () if part is type(None) else constraints) for part in arguments)
    if origin in (tuple, list):
        items = [item for item in arguments if item is not Ellipsis]
        return "a list of: " + "; ".join(dict.fromkeys(legal_values(item) for item in items)) + _range(constraints)
    return NOUNS.get(annotation, getattr(annotation, "__name__", str(annotation))) + _range(constraints)


def choices(annotation: Any) -> tuple[str, ...]:
    """The words that a parameter may be, where its type lists them."""
    if annotation is bool:
        return ("true", "false")
    if get_origin(annotation) is Literal:
        return tuple(_word(value) for value in get_args(annotation))
    return tuple(dict.fromkeys(word for part in get_args(annotation) if part is not Ellipsis for word in choices(part)))


def _fields(params_type: type) -> dict[str, FieldInfo]:
    return params_type.__pydantic_fields__  # type: ignore[attr-defined]


def _fault(value: object, field: FieldInfo) -> str | None:
    """What is wrong with a value that its type lets pass: nothing to run, or a number to compute nothing with."""
    default = plain(field.get_default(call_default_factory=True))
    usual, given = list(_leaves(default)), list(_leaves(value))
    if value == [] and default and not any(getattr(item, "min_length", None) == 0 for item in field.metadata):
        return f"expected {legal_values(field.annotation, field.metadata)}, got an empty list"
    if any(isinstance(one, bool) for one in given) and "true" not in choices(field.annotation):
        return f"expected {legal_values(field.annotation, field.metadata)}, got {str(value).lower()}"
    if any(map(_is_extreme, given)) and not any(map(_is_extreme, usual)):
        return f"expected numbers from {SMALLEST:g} to {LARGEST:g} in size, got {reprlib.repr(value)}"
    return None


def _leaves(value: object) -> Iterable[object]:
    return (leaf for item in value for leaf in _leaves(item)) if isinstance(value, list | tuple) else (value,)


def _is_extreme(value: object) -> bool:
    if isinstance(value, int):
        return not -(2**63) <= value < 2**63
    return isinstance(value, float) and not (value == 0 or SMALLEST <= abs(value) <= LARGEST)


def _is_alone(value: object, field: FieldInfo) -> bool:
    """Whether a value is one where only a list of any length, or null, would do; some fields read it themselves."""
    if any(isinstance(one, BeforeValidator) for one in field.metadata):
        return False
    annotation = field.annotation
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    kinds = [part for part in parts if part is not type(None)]
    lists = all(get_origin(kind) in (tuple, list) and get_args(kind)[1:] in ((Ellipsis,), ()) for kind in kinds)
    return lists and isinstance(value, str | int | float)


def _problems(params_type: type, error: ValidationError, alone: Collection[str]) -> list[str]:
    """One line per problem; ``alone`` are the keys whose one value was made a list."""
    fields = _fields(params_type)
    lines: dict[str, None] = {}
    for problem in error.errors():
        if not problem["loc"]:
            lines[problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")] = None
            continue
        key = str(problem["loc"][0])
        if key not in fields:
            lines[unknown_key(key, fields)] = None
            continue
        places = () if key in alone else problem["loc"][1:]
        where = key + "".join(f"[{part}]" for part in places if isinstance(part, int))
        if problem["type"] == "value_error":
            lines[f"{where}: {problem['msg'].removeprefix('Value error, ')}"] = None
        else:
            legal = legal_values(fields[key].annotation, fields[key].metadata)
            example = plain(fields[key].get_default(call_default_factory=True))
            typed = f", such as {key}={_word(example)}" if isinstance(example, list) and example else ""
            lines[f"{where}: expected {legal}{typed}, got {reprlib.repr(problem['input'])}"] = None
    return list(lines)


def _constraints(metadata: Iterable[object]) -> list[object]:
    return [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else (item,))]


def _range(constraints: Iterable[object]) -> str:
    bound = {
        name: getattr(item, name)
        for item in constraints
        for name in ("ge", "gt", "le", "lt", "min_length")
        if getattr(item, name, None) is not None
    }
    if at_least := bound.pop("min_length", 0):
        return f", {at_least} or more"
    if "ge" in bound and "le" in bound:
        return f" from {bound['ge']:,} to {bound['le']:,}"
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    return "".join(f" and {signs[name]} {value:,}" for name, value in bound.items()).removeprefix(" and")


def _word(value: object) -> str:
    """``value`` as it is typed on the command line."""
    if isinstance(value, list):
        return f"[{','.join(map(_word, value))}]"
    return {True: "true", False: "false", None: "null"}[value] if isinstance(value, bool | None) else str(value)
