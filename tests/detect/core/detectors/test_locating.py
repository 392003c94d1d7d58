"""Cells, places and marks of detect.stride, and a detector that learns."""

from __future__ import annotations

import pytest
import torch

from experiments.detect.core.detectors.locating import (
    MEAN_DISTANCE,
    Locator,
    Locators,
    cell_centers,
    cells,
    marks,
    mean_distance_to_center,
    measure,
    train_locators,
)


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
def test_cell_and_place_give_the_position_back(stride: int) -> None:
    centers = 32 * torch.rand(50, 2, generator=torch.Generator().manual_seed(0))
    index, place = cells(centers, stride, 32)
    assert place.abs().max() <= 0.5
    torch.testing.assert_close(cell_centers(index, stride, 32) + place * stride, centers)
    assert Locator(stride, 4)(torch.zeros(2, 1, 32, 32))[0].shape == (2, (32 // stride) ** 2)


def test_cells_count_row_by_row() -> None:
    index, _ = cells(torch.tensor([[9.0, 1.0], [1.0, 9.0]]), 8, 32)
    assert index.tolist() == [1, 4]


def test_the_mean_distance_is_the_closed_form() -> None:
    assert pytest.approx(0.3826, abs=1e-4) == MEAN_DISTANCE
    assert mean_distance_to_center(4.0) == pytest.approx(4 * MEAN_DISTANCE, rel=1e-5)


def test_a_dilated_network_sees_as_far_as_the_stride_of_sixteen_and_keeps_its_cells() -> None:
    def reach(stride: int, dilated: bool) -> int:
        network = Locator(stride, 2, dilated=dilated)
        for parameter in network.parameters():
            parameter.data.fill_(1.0)  # no cancellation: every pixel within reach has a slope
        pictures = torch.zeros(1, 1, 64, 64, requires_grad=True)
        cells_found = network(pictures)[0]
        (slope,) = torch.autograd.grad(cells_found[0, cells_found.shape[1] // 2 + 32 // stride], pictures)
        return int((slope[0, 0].abs().sum(0) > 0).sum())

    assert reach(4, True) == reach(16, False) == 31
    assert reach(4, False) < 31


@pytest.mark.parametrize(("stride", "dilated"), [(2, False), (8, False), (4, True)])
def test_networks_side_by_side_give_what_each_gives_alone(stride: int, dilated: bool) -> None:
    torch.manual_seed(0)
    networks = [Locator(stride, 4, dilated=dilated) for _ in range(3)]
    pictures = torch.randn(5, 1, 32, 32)
    together = Locators(networks)(pictures)
    for found, alone in zip(together, zip(*(network(pictures) for network in networks), strict=True), strict=True):
        torch.testing.assert_close(found, torch.stack(alone))


def test_a_small_detector_learns_the_cell_and_the_place_in_it_at_the_better_rate() -> None:
    tested = marks(200, 32, torch.Generator().manual_seed(1))
    same = {"size": 32, "steps": 150, "batch": 16, "channels": 8, "seed": 0}
    *_, (step, networks) = train_locators(8, [1e-2, 1e-6], dilated=False, **same)
    assert step == 150
    learned, idle = measure(networks, tested, 8)
    assert learned.cell_error < idle.cell_error / 2
    assert learned.offset_error < learned.cell_error
    assert learned.ideal_error == idle.ideal_error == pytest.approx(8 * MEAN_DISTANCE, rel=0.15)
