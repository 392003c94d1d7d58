"""What arch.zoo's parts say of their sizes, and their controls."""

from __future__ import annotations

from typing import cast

import pytest

from experiments.arch.zoo import costs, forms, paths, published, sheet, sizes, steps, symmetries
from experiments.arch.zoo.setup import ORDER, Params, Zoo, prepare
from experiments.foundation.architectures.unet import UNet
from experiments.lab.experiment import Row
from experiments.lab.judge.rules import Under


@pytest.fixture(scope="module")
def zoo() -> Zoo:
    return prepare(Params(), 3)


def test_the_sheet_has_all_ten_and_every_move_it_names_is_tried(zoo: Zoo) -> None:
    rows = list(sheet.run(zoo))
    assert tuple(row.architecture for row in rows) == ORDER
    tried = {row.case for row in symmetries.run(zoo)}
    named = {f"{row.architecture}: {row.keeps}" for row in rows if row.keeps != "nothing"}
    assert named <= tried
    assert all(row.parameters == row.closed_form for row in rows)


def test_every_form_with_one_thing_wrong_is_wrong(zoo: Zoo) -> None:
    rows = list(forms.run(zoo))
    assert {row.case for row in rows} == set(ORDER)
    assert all(row.error == 0 < row.control_error for row in rows)


def test_every_move_is_kept_by_one_and_noticed_by_another(zoo: Zoo) -> None:
    assert all(row.error < 1e-12 < 1e-3 < row.control_error for row in symmetries.run(zoo))


def test_published_networks_are_judged_one_by_one(zoo: Zoo) -> None:
    claim = published.PART.claims[0]
    assert isinstance(claim.rule, Under)
    assert list(claim.measure(list(published.run(zoo)))) == list(claim.rule.rules)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_unet_of_some_depth_takes_some_sides(depth: int) -> None:
    network = UNet(1, 2, width=1, depth=depth).to("meta")
    taken = [side for side in range(1, 13) if sizes.answers(network, side)]
    assert taken == list(range(2**depth, 13, 2**depth))
    assert [side for side in range(1, 13) if sizes.refuses(network, side)] == sorted(set(range(1, 13)) - set(taken))


def test_writing_takes_a_pass_per_token(zoo: Zoo) -> None:
    rows = list(steps.run(zoo))
    chain = {(row.case, row.length): row.sequential_steps for row in rows}
    assert chain["LSTM", 17] == 17
    assert chain[steps.READING, 5] == chain[steps.READING, 17] == 13
    assert chain[steps.WRITING, 17] - chain[steps.WRITING, 9] == 8 * 14


def test_paths_are_those_of_the_forms(zoo: Zoo) -> None:
    rows = list(paths.run(zoo))
    assert {(row.case, row.path_length) for row in rows if row.length == 9} == {
        ("RNN", 9),
        ("LSTM", 9),
        ("GRU", 9),
        ("convolutions", 4),
        ("Transformer", 1),
    }
    assert all(row.control_error > 0 for row in rows)


def test_flops_are_the_formulas() -> None:
    width, length = 8, 6
    counted = costs.costs(width, length)
    assert counted["LSTM"] == 2 * length * 4 * width * (width + width)
    assert counted["convolutions"] == 2 * 2 * length * width * 3 * width
    assert counted[costs.ATTENTION] == 2 * 2 * 2 * length**2 * width
    assert counted[costs.REST] == 2 * length * (2 * 12 * width**2 + 16 * width)


@pytest.mark.parametrize("part", [steps.PART, paths.PART, costs.PART], ids=lambda part: part.name)
def test_titles_of_figures_carry_numbers(zoo: Zoo, part: object) -> None:
    known = {steps.PART.name: steps, paths.PART.name: paths, costs.PART.name: costs}[part.name]  # type: ignore[attr-defined]
    rows = [row for row in known.run(zoo) if isinstance(row, Row)]
    title = known.PART.curves[0].title
    assert callable(title)
    assert any(character.isdigit() for character in cast(str, title(rows)))
