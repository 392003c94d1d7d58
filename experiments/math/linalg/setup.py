"""What math.linalg can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, parameters

Vectors = Literal["gauss", "lognormal_norm", "digits", "digits_centered", "digits_unit"]
SETS: dict[str, str] = {
    "gauss": "Gaussian vectors",
    "lognormal_norm": "vectors of lognormal length",
    "digits": "images of digits",
    "digits_centered": "images less their mean",
    "digits_unit": "images of length 1",
}
"""The sets of vectors in words."""


@parameters
class Params:
    vectors: tuple[Vectors, ...] = ("gauss", "lognormal_norm", "digits", "digits_centered", "digits_unit")
    """Sets of vectors for similarity: Gaussian; Gaussian with lognormal lengths; images of digits raw, centered,
    of length 1.
    """
    n: Annotated[int, Field(ge=2, le=20_000)] = 200
    """Vectors in a set; of the digits at most the 1797 that there are."""
    dim: Annotated[int, Field(ge=2, le=4096)] = 64
    """Entries of a generated vector; the digits have 64."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Random instances of every law."""
    largest_shape: Annotated[int, Field(ge=2, le=12)] = 4
    """Shape rules are tried on all pairs of matrices up to this size."""


LinalgSetup = Setup[Params]
