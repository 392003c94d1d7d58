"""data.nested: lines of a file, one thing per part, and who is faster by rows made by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import torch

from experiments.data.nested import answer, results, times
from experiments.data.nested.setup import Params, line_lengths, prepare, sample_lengths
from experiments.lab.errors import InputError
from experiments.lab.experiment import Row, Rows
from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.measured import Undecided
from experiments.lab.judge.rules import compare

SMALL = Params(lengths=("equal", "heavy"), n=4, mean_length=3, dim=4, heads=2, layout=("strided", "jagged"))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_heads_have_to_divide_dim() -> None:
    with pytest.raises(ValueError, match="heads: expected a divisor of dim = 8, got 3"):
        Params(dim=8, heads=3)


def test_every_kind_operation_and_layout_is_tried_beside_careless_padding() -> None:
    tried = list(results.run_laws(prepare(SMALL, 0)))
    assert len({row.case for row in tried}) == 2 * 2 * 2
    assert max(row.error for row in tried) < 1e-5
    assert max(row.control_error for row in tried) > 0.01


def test_only_the_padded_tensor_stores_more_than_the_elements() -> None:
    rows = list(results.run_storage(prepare(SMALL, 0)))
    found = results.beyond_the_elements(rows)
    assert max(found.errors) < 1e-12
    assert max(found.control) == pytest.approx(max(row.waste for row in rows))


def test_padding_is_timed_first_then_the_layouts() -> None:
    found = list(times.time_rows(prepare(SMALL, 0), "linear", "heavy"))
    assert [row.layout for row in found] == ["padded", "strided", "jagged"]
    assert found[0].speedup == 1
    assert all(row.operation_milliseconds > 0 and row.building_milliseconds > 0 for row in found)


def test_lines_of_a_file_give_lengths_in_bytes_gzip_too(tmp_path: Path) -> None:
    content = "ab\n\nécole\n \nabcd".encode()
    (tmp_path / "a.txt").write_bytes(content)
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    assert line_lengths(tmp_path / "a.txt") == line_lengths(tmp_path / "a.gz") == [2, 6, 4]
    assert sorted(sample_lengths([2, 6, 4], 9, rng())) == [2, 4, 6]
    assert len(sample_lengths([2, 6, 4], 2, rng())) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"one line\n", "1 lines that are not empty, expected at least 2."),
        (b"a\n" + b"x" * 5000, "a line of 5000 bytes, expected at most 4096. Break long lines into sentences."),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_fault(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        line_lengths(path)
    assert caught.value.problems == (f"{path}: {said}",)


def test_the_lengths_of_a_file_are_a_case_of_their_own_and_the_answer_is_about_them(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("a\nbb\nccc\n")
    setup = prepare(Params(lengths=("heavy",), n=3, op=("sdpa",), text=str(path)), 0)
    assert sorted(map(len, setup.batches["lines.txt"])) == [1, 2, 3]
    rows: dict[str, list[Row]] = {
        "laws": [*results.run_laws(setup)],
        "storage": [*results.run_storage(setup)],
        "time": [*times.time_rows(setup, "sdpa", "heavy"), *times.time_rows(setup, "sdpa", "lines.txt")],
    }
    said = answer({}, Rows(rows))
    assert (
        "With the lengths of lines.txt a NestedTensor stores 66.7 % of what padding stores on average; attention"
        in said
    )
    assert "linear" not in said


def time_rows_of(milliseconds: dict[str, float]) -> list[times.TimeRow]:
    """Five seeds of padded and jagged linear layers over three kinds of lengths; padding takes about 8 ms."""
    wastes = {"equal": 0.0, "uniform": 0.45, "heavy": 0.8}
    rows = []
    for seed in range(5):
        for case, share in wastes.items():
            for layout, taken in (("padded", 8.0), ("jagged", milliseconds[case])):
                slow = taken * (1 + 0.01 * seed * (layout == "padded"))
                rows.append(
                    times.TimeRow(
                        seed=seed,
                        case=case,
                        layout=layout,
                        operation="linear",
                        waste=share,
                        operation_milliseconds=slow,
                        building_milliseconds=0.1,
                        speedup=8.0 * (1 + 0.01 * seed) / slow,
                    )
                )
    return rows


def judged(name: str, milliseconds: dict[str, float]) -> Comparison:
    claim = next(claim for claim in times.PART.claims if claim.name == name)
    return compare(claim.rule, claim.measure(time_rows_of(milliseconds)))


@pytest.mark.parametrize(("heavy", "verdict"), [(2.0, "holds"), (20.0, "refuted")])
def test_only_lengths_that_waste_half_decide_who_is_faster(heavy: float, verdict: str) -> None:
    comparison = judged("nested_linear_layers_are_faster", {"equal": 99.0, "uniform": 99.0, "heavy": heavy})
    found = comparison.at(0.05)
    assert (found.verdict, found.evidence["conditions"]) == (verdict, 1)


def test_without_the_operation_nothing_is_decided() -> None:
    rows = time_rows_of({"equal": 9.0, "uniform": 6.0, "heavy": 2.0})
    assert isinstance(times.padded_over_nested("sdpa")(rows), Undecided)
    assert isinstance(times.gains_by_waste([row for row in rows if row.case != "equal"]), Undecided)


def test_a_gain_that_does_not_rise_with_waste_is_refuted() -> None:
    rising = judged("gain_grows_with_waste", {"equal": 9.0, "uniform": 6.0, "heavy": 2.0})
    falling = judged("gain_grows_with_waste", {"equal": 2.0, "uniform": 6.0, "heavy": 9.0})
    assert (rising.at(0.05).verdict, falling.at(0.05).verdict) == ("holds", "refuted")
