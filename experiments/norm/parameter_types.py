"""Types of parameters that norm.placement and norm.gradients share.

A single value is a list of one, so that a sweep may give one at a time.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field


def listed(value: Any) -> Any:
    """``value`` as it is if it is a list, else a list of it alone."""
    return value if isinstance(value, list | tuple) else (value,)


def divisible(width: int) -> int:
    """``width`` if it is a multiple of the largest number of heads, 4."""
    if width % 4:
        raise ValueError(f"expected a multiple of 4, the largest number of heads, got {width}")
    return width


Placement = Literal["none", "post", "pre", "sandwich", "deep"]
Placements = Annotated[tuple[Placement, ...], BeforeValidator(listed), Field(min_length=1)]
Normalization = Literal["layer", "rms"]
Normalizations = Annotated[tuple[Normalization, ...], BeforeValidator(listed), Field(min_length=1)]
Depths = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], BeforeValidator(listed), Field(min_length=1)]
Width = Annotated[int, Field(ge=4, le=512), AfterValidator(divisible)]
