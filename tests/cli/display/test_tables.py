"""Tables as whole text at fixed widths; means and intervals against pandas and scipy."""

from __future__ import annotations

import math
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pandas as pd
import pytest
import scipy.stats
from rich.console import Console, RenderableType

from cli.display.console import THEME, console_for
from cli.display.formats import better, number_format, one_value, words
from cli.display.legible import ascii_text
from cli.display.means import over_seeds
from cli.display.tables import tables, value_column
from experiments.lab.experiment import Row, Rows, Table, observation
from tests.cli.display.shown import rows_of, shown


@observation
class SearchRow(Row):
    method: str
    dataset: str = "digits"
    recall_at_10: float = 0.5
    queries_per_second: float = 1000.0
    query_seconds: float = 0.001
    index_bytes: int = 2048
    connected: bool = True


VIEW = Table(title="Search", by=("method",), columns=("recall_at_10", "queries_per_second", "query_seconds"))
EXPERIMENT = shown(SearchRow, VIEW)
ROWS = [
    SearchRow(seed=0, method="nsg", recall_at_10=0.90, queries_per_second=50_000.0, query_seconds=2e-5),
    SearchRow(seed=1, method="nsg", recall_at_10=0.92, queries_per_second=52_000.0, query_seconds=1.9e-5),
    SearchRow(seed=0, method="flat", recall_at_10=1.0, queries_per_second=900.0, query_seconds=1.1e-3),
    SearchRow(seed=1, method="flat", recall_at_10=1.0, queries_per_second=900.0, query_seconds=math.nan),
]


def rendered(renderable: RenderableType, width: int = 80, ascii_only: bool = False) -> str:
    """What a console without colors prints; trailing spaces cut."""
    stream = TextIOWrapper(BytesIO(), encoding="ascii") if ascii_only else StringIO()
    console = console_for(stream, width=width)
    console.print(renderable)
    stream.seek(0)
    return "\n".join(line.rstrip() for line in stream.read().splitlines())


def test_table_is_one_line_per_setting_with_means_intervals_and_caption() -> None:
    assert rendered(tables(EXPERIMENT, rows_of(ROWS))[0]) == WIDE


def test_narrow_table_continues_below_with_its_keys_repeated() -> None:
    assert rendered(tables(EXPERIMENT, rows_of(ROWS))[0], width=48) == NARROW


def test_ascii_table_has_no_other_signs() -> None:
    text = rendered(tables(EXPERIMENT, rows_of(ROWS))[0], ascii_only=True)
    assert text.isascii()
    assert "0.9100 +/- 0.1271" in text


@pytest.mark.parametrize("width", [30, 48, 80, 160])
def test_no_width_cuts_a_number_or_overflows(width: int) -> None:
    text = rendered(tables(EXPERIMENT, rows_of(ROWS))[0], width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "0.9100 ± 0.1271" in text
    assert "51,000 ± 12,706" in text


def test_means_agree_with_pandas_and_intervals_with_scipy() -> None:
    values = [0.3, 1.7, 0.2, 0.9]
    rows = [SearchRow(seed=seed, method="nsg", recall_at_10=value) for seed, value in enumerate(values)]
    mean = over_seeds([*rows, rows[0]], "recall_at_10")
    frame = pd.DataFrame({"seed": [*range(4), 0], "value": [*values, values[0]]}).groupby("seed").value.mean()
    low, high = scipy.stats.t.interval(0.95, 3, frame.mean(), scipy.stats.sem(frame))
    assert mean.value == pytest.approx(frame.mean(), rel=1e-12)
    assert (mean.value - mean.half_width, mean.value + mean.half_width) == pytest.approx((low, high), rel=1e-12)


def test_best_value_is_marked_only_where_the_name_says_which_way() -> None:
    groups = [[ROWS[0]], [ROWS[2]]]
    assert [cell.style for cell in value_column("recall_at_10", groups).cells] == ["", "best"]
    assert [cell.style for cell in value_column("query_seconds", groups).cells] == ["best", ""]
    assert [cell.style for cell in value_column("seed", groups).cells] == ["", ""]


def test_missing_numbers_are_dashes_and_are_counted_where_some_seeds_have_one() -> None:
    text = [cell.text for cell in value_column("query_seconds", [ROWS[2:], [ROWS[3]]]).cells]
    assert text == ["1.10 (1 of 2)", "   –" + " " * 9]


def test_half_width_never_rounds_to_zero() -> None:
    rows = [SearchRow(seed=seed, method="a", queries_per_second=1000 + 0.01 * seed) for seed in (0, 1)]
    assert value_column("queries_per_second", [rows]).cells[0].text == "1,000 ± 0.06"


@pytest.mark.parametrize("values", [(0.9941,) * 5, (0.1 + 0.2, 0.3, 0.3), (1e-12,) * 3, (0.0, 0.0), (1e15 + 0.1,) * 4])
def test_a_constant_column_has_no_interval_and_rounding_errors_are_none(values: tuple[float, ...]) -> None:
    rows = [SearchRow(seed=seed, method="a", recall_at_10=value) for seed, value in enumerate(values)]
    assert over_seeds(rows, "recall_at_10").half_width == 0.0
    assert "±" not in value_column("recall_at_10", [rows]).cells[0].text
    assert "±" not in rendered(tables(EXPERIMENT, rows_of(rows))[0])


def test_means_of_the_rows_of_a_seed_that_differ_by_rounding_only_have_no_interval() -> None:
    parts = [0.1, 0.7, 0.3, 0.9941]
    rows = [
        SearchRow(seed=seed, method="a", recall_at_10=value)
        for seed, order in enumerate((parts, parts[::-1], sorted(parts)))
        for value in order
    ]
    assert "±" not in value_column("recall_at_10", [rows]).cells[0].text


def test_a_table_shows_the_rows_that_it_is_for() -> None:
    view = replace(VIEW, only={"method": ("nsg", "hnsw"), "seed": 1})
    (grid,) = tables(shown(SearchRow, view), rows_of(ROWS))
    assert [cell.text for cell in grid.keys[0].cells] == ["nsg"]
    assert grid.columns[0].cells[0].text.strip() == "0.9200"


def test_booleans_and_text_are_said_in_words() -> None:
    mixed = [SearchRow(method="a", connected=True), SearchRow(method="b", connected=False, seed=1)]
    assert [cell.text for cell in value_column("connected", [mixed, mixed[:1]]).cells] == ["1 of 2", "yes"]
    assert [cell.text for cell in value_column("method", [mixed]).cells] == ["a, b"]


def test_table_without_rows_is_left_out() -> None:
    assert tables(EXPERIMENT, rows_of([])) == []
    assert tables(EXPERIMENT, Rows({})) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("query_seconds", 2.5e-6, "2.50 µs"),
        ("build_seconds", 754.0, "12.6 min"),
        ("index_bytes", 3 * 2**20, "3 MiB"),
        ("queries_per_second", 51234.5, "51,234"),
        ("zeros_percent", 12.0, "12.0 %"),
        ("fused", False, "no"),
        ("n", 1_000_000, "1,000,000"),
        ("lr", 1e-5, "1e-05"),
        ("loss", math.nan, "–"),
        ("peer", None, "–"),
    ],
)
def test_units_follow_from_the_name(name: str, value: Any, text: str) -> None:
    assert one_value(name, value) == text


def test_headers_are_words_and_directions_follow_the_naming_rule() -> None:
    assert [words(name) for name in ("ef_search", "knn_build_seconds", "map_50")] == [
        "ef search",
        "kNN build time",
        "mAP 50",
    ]
    names = ("f1_score", "test_accuracy", "train_loss", "distance_computations", "hops")
    assert [better(name) for name in names] == ["higher", "higher", "lower", "lower", None]


def test_wide_ranges_carry_a_unit_in_every_cell() -> None:
    style = number_format("seconds", [1e-6, 100.0])
    assert [style.unit, style(1e-6), style(100.0), style(0.0)] == ["", "1 µs", "100 s", "0 s"]


def test_theme_is_readable_on_white_and_on_black() -> None:
    for name, style in THEME.styles.items():
        color = style.color
        if color is None or color.number is None or color.number < 16:
            continue
        red, green, blue = (_linear(part / 255) for part in color.get_truecolor())
        luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        assert min(1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05) >= 3.5, name


def test_ascii_console_writes_only_what_its_stream_can_encode() -> None:
    stream = TextIOWrapper(BytesIO(), encoding="latin-1")
    console: Console = console_for(stream)
    console.print("recall ≥ 0.95 [n=3] → ok")
    stream.seek(0)
    assert stream.read() == "recall >= 0.95 [n=3] -> ok\n"
    assert ascii_text("plain") == "plain"


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


WIDE = """\
Search
                                              Query time
Method     Recall at 10        Queries/s            (ms)
────────────────────────────────────────────────────────
nsg     0.9100 ± 0.1271  51,000 ± 12,706  0.019 ± 0.006
flat    1.0000              900           1.100 (1 of 2)
mean over 2 seeds; ± half width of the 95 % interval (Student t); data: digits"""
NARROW = """\
Search (1 of 2)
Method     Recall at 10        Queries/s
────────────────────────────────────────
nsg     0.9100 ± 0.1271  51,000 ± 12,706
flat    1.0000              900

Search (2 of 2)
            Query time
Method            (ms)
──────────────────────
nsg     0.019 ± 0.006
flat    1.100 (1 of 2)
mean over 2 seeds; ± half width of the 95 %
interval (Student t); data: digits"""
