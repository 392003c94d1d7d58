"""Tables out of csv files: what becomes of numbers, words and gaps, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.foundation.datasets.formats.table_files import load_table_file
from experiments.lab.errors import InputError


def write(path: Path, lines: list[str]) -> Path:
    file = path / "given.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def rows(cells: str = "{0}.5,red,{1}", count: int = 40) -> list[str]:
    return [cells.format(number, "yes" if number % 2 else "no") for number in range(count)]


def test_words_become_columns_and_gaps_the_median(tmp_path: Path) -> None:
    lines = ["size,color,bought", *rows(), ",blue,yes"]
    table = load_table_file(write(tmp_path, lines), "bought")
    assert table.feature_names == ("size", "size missing", "color=blue", "color=red")
    assert table.classes == ("no", "yes")
    np.testing.assert_array_equal(table.features[-1], [20.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(table.targets[:3], [0, 1, 0])
    assert table.description == (
        "given.csv: 41 rows, 4 columns, 2 classes, 1 empty cells filled with their column's median"
    )


@pytest.mark.parametrize(("cells", "classes"), [("{0},{0}.5", 0), ("{0},{0}", 0), ("{0},3", -1)])
def test_numbers_are_predicted_as_numbers(tmp_path: Path, cells: str, classes: int) -> None:
    file = write(tmp_path, ["x,y", *rows(cells)])
    if classes < 0:
        with pytest.raises(InputError, match="nothing to predict"):
            load_table_file(file, "y")
    else:
        table = load_table_file(file, "y")
        assert (table.classes, table.targets.dtype) == ((), np.float64)


@pytest.mark.parametrize(
    ("lines", "target", "said"),
    [
        (["x,y", *rows("{0},{1}")], "z", "target=z: expected one of x, y"),
        (["x,y", *rows("{0},{1}", 20)], "y", "20 rows, expected at least 30."),
        (["x,y", "1,2,3", *rows("{0},{1}")], "y", "line 2: 3 cells, expected 2."),
        (["x,y", "1,", *rows("{0},{1}")], "y", "line 2: y is missing."),
        (["x,x,y", *rows("{0},{0},{1}")], "y", "the column 'x' stands twice in the first line."),
        (["x,y", *rows("name {0},{1}")], "y", "column x has 40 different words, such as 'name 0'; leave it out."),
        (["x,y", "1,maybe", *rows("{0},{1}")], "y", "y: 'maybe' has 1 rows, expected 5."),
        (["y", *rows("{1}")], "y", "no column beside y, expected at least one to predict it from."),
        (["x,y"], "y", "no rows below the first line."),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, lines: list[str], target: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        load_table_file(write(tmp_path, lines), target)
    assert said in "\n".join(error.value.problems)
