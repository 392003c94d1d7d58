"""Rows as tables of typed columns, one per part, for pandas, CSV and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.lab.errors import InputError, meant
from experiments.lab.experiment import Row, columns_of

if TYPE_CHECKING:
    from pandas import DataFrame

PART, RUN = "part", "run"
"""Columns that say where a row comes from."""


def frame_of(rows: Mapping[str, Sequence[Row]], part: str | None = None) -> DataFrame:
    """The rows of one part, or of all parts below each other with a column that names theirs.

    Raises:
        InputError: no such part, or no pandas.
    """
    try:
        import pandas as pd
    except ImportError:
        raise InputError("a frame needs pandas: pip install 'mlnotes[tables]'") from None
    if part is not None and part not in rows:
        raise InputError(f"no part {part} in this run: {meant(part, rows)}")
    chosen = rows if part is None else {part: rows[part]}
    frames = [pd.DataFrame(columns_by_name(of_part)) for of_part in chosen.values()]
    if part is None:
        for frame, name in zip(frames, chosen, strict=True):
            frame.insert(0, PART, name)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def columns_by_name(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The columns of the rows of one part, the seed first."""
    if not rows:
        return {}
    names = sorted(columns_of(type(rows[0])), key=lambda name: name != "seed")
    return {name: [getattr(row, name) for row in rows] for name in names}


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows of one part as CSV, with a header; NaN is an empty cell."""
    out = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row if key != PART))
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
