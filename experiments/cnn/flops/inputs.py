"""The inputs of a network as one types them: a shape, a type and a shape, or several by the names of its arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator

if TYPE_CHECKING:
    import torch

FLOATING = ("float16", "bfloat16", "float32", "float64", "complex64")
DTYPES = (*FLOATING, "int8", "int16", "int32", "int64", "uint8", "bool")
ONE = r"(?P<dtype>[a-z]\w*)?\s*\[(?P<shape>\s*\d+(?:\s*,\s*\d+)*\s*,?\s*)?\]"
NAMED = re.compile(rf"(?P<name>[A-Za-z_]\w*)\s*:\s*{ONE}")
FORMS = "[1,3,224,224], int64[1,20] or {ids: int64[1,20], mask: bool[1,20]}"


@dataclass(frozen=True)
class Input:
    """One argument of a network's forward pass."""

    name: str
    """Of the argument; empty for the only one."""
    dtype: str
    """Empty for that of the network's parameters."""
    shape: tuple[int, ...]

    def tensor(self, default: torch.dtype, device: str) -> torch.Tensor:
        """Standard normal numbers; zeros where whole numbers are wanted: they are legal indices."""
        import torch

        kind = getattr(torch, self.dtype) if self.dtype else default
        make = torch.zeros if self.dtype and self.dtype not in FLOATING else torch.randn
        return make(self.shape, dtype=kind, device=device)


def parse_inputs(text: str) -> tuple[Input, ...]:
    """The inputs that ``text`` describes.

    Raises:
        ValueError: it is none of the three forms, or names an unknown type.

    >>> parse_inputs("int64[1,20]")
    (Input(name='', dtype='int64', shape=(1, 20)),)
    >>> [(one.name, one.shape) for one in parse_inputs("{ids: int64[1,20], mask: [1, 20]}")]
    [('ids', (1, 20)), ('mask', (1, 20))]
    """
    inside = text.strip()
    if inside.startswith("{") and inside.endswith("}"):
        found = list(NAMED.finditer(inside))
        left = NAMED.sub("", inside[1:-1]).replace(",", "").strip()
    else:
        whole = re.fullmatch(ONE, inside)
        found, left = [whole] if whole else [], ""
    if not found or left:
        raise ValueError(f"expected {FORMS}, got {text}")
    return tuple(map(_input, found))


def _input(match: re.Match[str]) -> Input:
    parts = match.groupdict()
    if parts["dtype"] and parts["dtype"] not in DTYPES:
        raise ValueError(f"expected a type among {', '.join(DTYPES)}, got {parts['dtype']}")
    shape = tuple(int(size) for size in re.findall(r"\d+", parts["shape"] or ""))
    return Input(parts.get("name", ""), parts["dtype"] or "", shape)


def _text(value: Any) -> Any:
    """What Hydra made of the words on the command line, as they were typed."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(str, value)) + "]"
    return value


def _checked(text: str) -> str:
    parse_inputs(text)
    return text


InputText = Annotated[str, BeforeValidator(_text), AfterValidator(_checked)]
"""Text that ``parse_inputs`` reads; a list of sizes and a mapping of lists are taken too."""
