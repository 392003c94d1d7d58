"""The names of data sets that a Params may list, derived from the catalogue: a new entry is a new choice.

Imports no numpy, so that a module of Params can name them. A study that needs a trait says it by the name of the
choice, such as ``FlatSetName`` for gray images that are flattened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from experiments.foundation.datasets.catalog import entries
from experiments.foundation.datasets.entries import (
    DetectionSet,
    GeneratedVectors,
    ImageSet,
    PhotoSet,
    TableSet,
    TextSet,
    VectorSet,
)

AUTO = "auto"
"""Real data where they are there, else what comes with the program: MNIST or digits, Shakespeare or Python's help."""
IMAGE_SETS = tuple(entries(ImageSet))
GRAY_IMAGE_SETS = tuple(name for name, entry in entries(ImageSet).items() if entry.gray)
PHOTO_SETS = tuple(entries(PhotoSet))
GENERATED = tuple(entries(GeneratedVectors))
"""Vectors that are drawn, in the number and the dimension that are asked for."""
PIXEL_VECTORS = tuple(name for name, entry in entries(ImageSet).items() if entry.as_vectors is not None)
VECTOR_SETS = (*GENERATED, *PIXEL_VECTORS, *entries(VectorSet))
"""Every name that ``load_vectors`` knows."""
TABLE_SETS = tuple(entries(TableSet))
DETECTION_SETS = tuple(entries(DetectionSet))
TEXT_SETS = tuple(entries(TextSet))

# A type checker cannot follow names that are computed, so it sees text; pydantic, completion and the help of a
# parameter read the Literal and know every name.
if TYPE_CHECKING:
    ImageSetName = str
    GrayImageSetName = str
    FlatSetName = str
    PhotoName = str
    VectorSetName = str
    TableName = str
    DetectionSetName = str
    TextName = str
else:
    ImageSetName = Literal[(AUTO, *IMAGE_SETS)]
    GrayImageSetName = Literal[(AUTO, *GRAY_IMAGE_SETS)]
    FlatSetName = Literal[GRAY_IMAGE_SETS]  # gray, and none is replaced by another
    PhotoName = Literal[PHOTO_SETS]
    VectorSetName = Literal[VECTOR_SETS]
    TableName = Literal[TABLE_SETS]
    DetectionSetName = Literal[DETECTION_SETS]
    TextName = Literal[(AUTO, *TEXT_SETS)]
