"""NestedTensors against each sequence alone and torch's own padding; lengths, storage, timing, lines of a file."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from experiments.data.core.nested import (
    Layout,
    Lengths,
    Model,
    Operation,
    careless_error,
    draw_lengths,
    draw_sequences,
    nest,
    nested_error,
    pad,
    stored_elements,
    waste,
)
from experiments.data.core.nested_timing import median_seconds, time_layouts
from experiments.data.line_lengths import line_lengths, sample_lengths
from experiments.data.nested import Params, gain_grows_with_waste, nested_linear_layers_are_faster
from experiments.data.nested_rows import Row
from experiments.lab.errors import InputError

LENGTHS = [3, 1, 7]


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_waste_by_hand() -> None:
    assert waste([4, 4]) == 0
    assert waste([1, 3]) == pytest.approx(1 - 4 / 6)
    with pytest.raises(ValueError, match=r"expected lengths of at least 1, got \[0, 3\]"):
        waste([0, 3])


@pytest.mark.parametrize("kind", ["equal", "uniform", "heavy"])
def test_lengths_have_their_mean_and_the_tail_that_was_asked_for(kind: Lengths) -> None:
    drawn = draw_lengths(kind, 4000, 30, rng())
    assert sum(drawn) / 4000 == pytest.approx(30, rel=0.1)
    assert min(drawn) >= 1
    largest = {"equal": (30, 30), "uniform": (55, 59), "heavy": (300, 10_000)}[kind]
    assert largest[0] <= max(drawn) <= largest[1]


@pytest.mark.parametrize("layout", ["jagged", "strided"])
def test_a_nested_tensor_stores_only_elements_and_torch_pads_it_back(layout: Layout) -> None:
    sequences = draw_sequences(LENGTHS, 4, rng())
    nested, (padded, mask) = nest(sequences, layout), pad(sequences)
    assert stored_elements(nested) == 4 * sum(LENGTHS)
    assert stored_elements(padded) == 4 * 3 * 7
    assert mask.sum(1).tolist() == LENGTHS
    torch.testing.assert_close(torch.nested.to_padded_tensor(nested, 0.0), padded)


@pytest.mark.parametrize("layout", ["jagged", "strided"])
@pytest.mark.parametrize("operation", ["linear", "sdpa"])
def test_nested_results_are_those_of_each_sequence_and_careless_padding_is_not(
    layout: Layout, operation: Operation
) -> None:
    model, sequences = Model.draw(8, 2, rng()), draw_sequences(LENGTHS, 8, rng())
    assert nested_error(model, operation, sequences, layout) < 1e-5
    assert careless_error(model, operation, sequences) > 0.01
    assert careless_error(model, operation, sequences[:1] * 2) < 1e-5  # nothing is padded


def test_attention_is_torchs_multihead_attention_without_projections() -> None:
    model, (sequence,) = Model.draw(8, 2, rng()), draw_sequences([5], 8, rng())
    torchs = nn.MultiheadAttention(8, 2, bias=False, batch_first=True)
    with torch.no_grad():
        torchs.in_proj_weight.copy_(torch.eye(8).repeat(3, 1))
        torchs.out_proj.weight.copy_(torch.eye(8))
        expected = torchs(sequence[None], sequence[None], sequence[None])[0][0]
    torch.testing.assert_close(model.alone("sdpa", sequence).transpose(0, 1).flatten(1), expected)


def test_padded_attention_with_its_mask_is_each_sequences_own() -> None:
    model, sequences = Model.draw(8, 2, rng()), draw_sequences(LENGTHS, 8, rng())
    for found, sequence in zip(model.padded("sdpa", *pad(sequences)), sequences, strict=True):
        torch.testing.assert_close(found[:, : len(sequence)], model.alone("sdpa", sequence))


def test_every_way_runs_once_to_warm_up_and_once_per_round_in_turns() -> None:
    calls: list[str] = []
    found = median_seconds({name: partial(calls.append, name) for name in "ab"}, rounds=3)
    assert calls == ["a", "b"] * 4
    assert min(found.values()) >= 0
    with pytest.raises(ValueError, match="expected at least one round, got 0"):
        median_seconds({}, rounds=0)


def test_padding_is_timed_first_then_the_layouts() -> None:
    model, sequences = Model.draw(8, 2, rng()), draw_sequences(LENGTHS, 8, rng())
    found = time_layouts(model, "linear", sequences, ("strided", "jagged"), 1)
    assert [timed.layout for timed in found] == ["padded", "strided", "jagged"]
    assert all(timed.operation_seconds > 0 and timed.building_seconds > 0 for timed in found)


def test_heads_have_to_divide_dim() -> None:
    with pytest.raises(ValueError, match="expected heads that divide dim = 8, got 3"):
        Model.draw(8, 3, rng())
    with pytest.raises(ValueError, match="heads: expected a divisor of dim = 8, got 3"):
        Params(dim=8, heads=3)


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


def time_rows_of(milliseconds: dict[str, float]) -> list[Row]:
    """Five seeds of padded and jagged linear layers over three kinds of lengths; padding takes about 8 ms."""
    wastes = {"equal": 0.0, "uniform": 0.45, "heavy": 0.8}
    rows = []
    for seed in range(5):
        for case, share in wastes.items():
            for layout, taken in (("padded", 8.0), ("jagged", milliseconds[case])):
                slow = taken * (1 + 0.01 * seed * (layout == "padded"))
                rows.append(
                    Row(
                        seed=seed,
                        part="time",
                        case=case,
                        layout=layout,
                        operation="linear",
                        waste=share,
                        operation_milliseconds=slow,
                        speedup=8.0 * (1 + 0.01 * seed) / slow,
                    )
                )
    return rows


@pytest.mark.parametrize(("heavy", "verdict"), [(2.0, "holds"), (20.0, "refuted")])
def test_only_lengths_that_waste_half_decide_who_is_faster(heavy: float, verdict: str) -> None:
    found = nested_linear_layers_are_faster(time_rows_of({"equal": 99.0, "uniform": 99.0, "heavy": heavy})).at(0.05)
    assert (found.verdict, found.evidence["conditions"]) == (verdict, 1)


def test_a_gain_that_does_not_rise_with_waste_is_refuted() -> None:
    rising = gain_grows_with_waste(time_rows_of({"equal": 9.0, "uniform": 6.0, "heavy": 2.0}))
    falling = gain_grows_with_waste(time_rows_of({"equal": 2.0, "uniform": 6.0, "heavy": 9.0}))
    assert (rising.at(0.05).verdict, falling.at(0.05).verdict) == ("holds", "refuted")
