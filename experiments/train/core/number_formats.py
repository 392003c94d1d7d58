"""Binary floating-point formats: what follows from their bits, and what is lost in them.

A format with e exponent and m fraction bits has eps = 2^-m, the largest number (2 - eps) 2^(2^(e-1) - 1), the smallest
normal one 2^(2 - 2^(e-1)) and below it steps of 2^(2 - 2^(e-1) - m). Rounding is to nearest, ties to even.
Source: IEEE 754-2019; Micikevicius et al., Mixed Precision Training, https://arxiv.org/abs/1710.03740, 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    name: str
    dtype: torch.dtype
    exponent_bits: int
    fraction_bits: int

    @property
    def eps(self) -> float:
        """Distance from 1 to the next number."""
        return 2.0**-self.fraction_bits

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2 - self.eps) * 2.0 ** (2 ** (self.exponent_bits - 1) - 1)

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with all its fraction bits."""
        return 2.0 ** (2 - 2 ** (self.exponent_bits - 1))

    @property
    def smallest(self) -> float:
        """The smallest positive number, a subnormal one."""
        return self.smallest_normal * self.eps


FLOAT32 = NumberFormat(name="fp32", dtype=torch.float32, exponent_bits=8, fraction_bits=23)
FLOAT16 = NumberFormat(name="fp16", dtype=torch.float16, exponent_bits=5, fraction_bits=10)
BFLOAT16 = NumberFormat(name="bf16", dtype=torch.bfloat16, exponent_bits=8, fraction_bits=7)
FORMATS = (FLOAT32, FLOAT16, BFLOAT16)


def limits_by_torch(number_format: NumberFormat) -> tuple[float, float, float, float]:
    """(eps, largest, smallest normal, smallest) as ``torch.finfo`` says."""
    info = torch.finfo(number_format.dtype)
    return info.eps, info.max, info.tiny, info.smallest_normal * info.eps


def limits_by_bits(number_format: NumberFormat) -> tuple[float, float, float, float]:
    """The same from the number of bits."""
    f = number_format
    return f.eps, f.largest, f.smallest_normal, f.smallest


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How far a weight went in equal small updates, as a share of the exact way."""

    in_format: float
    """Weight and update both in the format."""
    with_master: float
    """The update added to a float32 copy, the weight rounded from that."""


def repeated_update(number_format: NumberFormat, weight: float, relative_update: float, times: int) -> Moved:
    """w <- w + u, ``times`` times, with u = ``relative_update`` * w.

    u is lost if it is below half the distance to the next number, hence always for u < eps w / 4 and never for
    u > eps w / 2; in between it depends on the fraction of w.
    """
    w = torch.tensor(weight, dtype=number_format.dtype)
    update = float(w) * relative_update
    u = torch.tensor(update, dtype=number_format.dtype)
    master = w.float()
    start = float(w)
    for _ in range(times):
        w = w + u
        master = master + update
    exact = times * update
    return Moved(in_format=(float(w) - start) / exact, with_master=(float(master) - start) / exact)


def share_lost(values: Tensor, number_format: NumberFormat, scale: float = 1.0) -> float:
    """Share of the non-zero ``values`` that become 0 when multiplied by ``scale`` and rounded to the format."""
    there = values[values != 0].double() * scale
    return float((there.to(number_format.dtype) == 0).double().mean()) if len(there) else math.nan
