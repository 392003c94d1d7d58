"""How this family compiles its inner loops: numba, cached on disk, floating point exactly as written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a module-level function; no sum is reordered, since thresholds are compared for equality."""
    return cast(F, numba.njit(function, cache=True, nogil=True, error_model="numpy"))
