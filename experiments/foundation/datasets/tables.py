"""Tables of features by name."""

from __future__ import annotations

from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.entries import TableSet
from experiments.foundation.datasets.formats.sklearn_sets import TableData as TableData


def load_table(name: str) -> TableData:
    """The table ``name``: features float64 (n, d) in the units of the source, targets (n,).

    Targets are int64 labels of classes, or float64 for a regression. Raises InputError for an unknown name.

    >>> load_table("iris").features.shape
    (150, 4)
    """
    return entry(name, TableSet).read(name)
