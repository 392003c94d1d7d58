"""The pieces of arch.gan beside torch, scipy and torchmetrics, and what its games and images must keep."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from experiments.arch.core.adversarial_game import frechet_distance
from experiments.arch.core.gan import GAN
from experiments.arch.core.image_gans import LATENT, SIDE, Opinion, adversarial_steps, small_images
from experiments.arch.core.planar_gans import BETAS, Arena, Player, Rules, modes, play, quality
from experiments.arch.gan import augmentation, laws, pictures, plane
from experiments.arch.gan.setup import EAGER, RULES, Params, prepare
from experiments.foundation.networks.side_by_side import MemberAdam
from experiments.foundation.statements.trials import TrialRow
from experiments.lab.judge.measured import Pairs


class Flat(nn.Module):
    """Images (n, 3, 1, 2) as their own six features."""

    num_features = 6

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


@pytest.mark.parametrize("constant", [False, True])
def test_the_distance_is_torchmetrics_on_the_same_features(constant: bool) -> None:
    """Also where a feature is constant, so that its covariance is singular."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(50, 6)), rng.normal(1, 2, (40, 6))
    if constant:
        first[:, 0] = second[:, 0] = 3.0
    metric = FrechetInceptionDistance(feature=Flat(), normalize=True, input_img_size=(3, 1, 2)).set_dtype(torch.float64)
    for sample, real in ((first, True), (second, False)):
        metric.update(torch.from_numpy(sample).reshape(-1, 3, 1, 2), real=real)
    assert frechet_distance(first, second) == pytest.approx(metric.compute().item(), rel=1e-6)


def test_the_closed_forms_hold_and_their_controls_do_not() -> None:
    rows = [row for row in laws.run(prepare(Params(), 3)) if isinstance(row, TrialRow)]
    assert {row.statement for row in rows} == {laws.BEST, laws.VALUE, laws.SATURATION, laws.DISTANCE}
    assert all(row.error < 1e-6 < 1e-3 < row.control_error for row in rows if row.statement != laws.SATURATION)


def test_adam_side_by_side_takes_its_betas() -> None:
    ours, torchs = torch.ones(2, 3), nn.Parameter(torch.ones(3))
    adam, reference = MemberAdam([ours], [0.1, 0.3], BETAS), torch.optim.Adam([torchs], lr=0.3, betas=BETAS)
    for gradient in torch.randn(5, 3, generator=torch.Generator().manual_seed(0)):
        adam.step([gradient.expand(2, 3)])
        torchs.grad = gradient
        reference.step()
    torch.testing.assert_close(ours[1], torchs.detach())


def test_a_discriminator_is_divided_by_its_largest_singular_values() -> None:
    player = Player(3, (2, 16, 16, 1), 1e-3, torch.Generator().manual_seed(0), spectral=True)
    points = torch.randn(3, 7, 2)
    for _ in range(1000):  # power iteration goes one step at a call
        found = player(points)
    matrices = [matrix / torch.linalg.matrix_norm(matrix, 2)[:, None, None] for matrix in player.weights[::2]]
    for matrix, bias in zip(matrices[:-1], player.weights[1:-2:2], strict=True):
        points = nn.functional.leaky_relu(points @ matrix + bias, 0.2)
    torch.testing.assert_close(found, points @ matrices[-1] + player.weights[-1], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("layout", "count"), [("ring", 8), ("grid", 25)])
def test_a_mode_needs_two_percent_of_the_samples(layout: str, count: int) -> None:
    centers = modes(layout)  # type: ignore[arg-type]
    perfect = centers.repeat(40, 1)
    single = centers[:1].repeat(40 * count, 1)
    few = torch.cat([single[: 99 * len(single) // 100], centers[1:2].repeat(len(single) // 100 + 1, 1)])[: len(single)]
    found = quality(torch.stack([perfect, single, few, perfect + 0.3]), centers)
    assert found.modes.tolist() == [count, 1, 1, 0]
    assert found.high_quality.tolist() == [1, 1, 1, 0]


def test_games_are_the_same_by_the_same_seed_and_learn() -> None:
    arena = Arena(games=2, width=16, lr=5e-3)
    first, again, other = ([s for _, s in play(arena, Rules(spectral=False), 60, 30, seed)] for seed in (1, 1, 2))
    assert torch.equal(first[-1], again[-1])
    assert not torch.equal(first[-1], other[-1])
    assert first[-1].norm(dim=2).mean() > 2 * first[0].norm(dim=2).mean() or first[-1].norm(dim=2).mean() > 0.5


def test_claims_read_the_games_as_they_ended() -> None:
    rows = [
        plane.GameRow(seed=seed, rules=rules, game=0, step=step, of=8, modes=found, high_quality=0.5)
        for seed in range(4)
        for rules in RULES
        for step, found in ((10, 1), (20, 3 if rules == EAGER else 8))
    ]
    assert plane.nearly_all(rows).successes == 4
    assert {name: trials.successes for name, trials in plane.collapsed(rows).items()}[EAGER] == 4
    assert set(plane.modes_of(RULES[0], EAGER)(rows).baseline.values()) == {3.0}


@pytest.mark.parametrize("d_steps", [1, 5])
def test_updates_of_both_players_are_counted(d_steps: int) -> None:
    gan = GAN(LATENT, 1, side=SIDE, width=2)
    before = [parameter.clone() for parameter in gan.parameters()]
    images = torch.rand(20, 1, SIDE, SIDE)
    steps = adversarial_steps(gan, images, Rules(d_steps=d_steps), lr=1e-3, batch_size=4, seed=0)
    assert [updates for updates, _ in islice(steps, 2)] == [d_steps + 1, 2 * (d_steps + 1)]
    assert not any(torch.equal(old, new) for old, new in zip(before, gan.parameters(), strict=True))


def test_images_keep_their_range_and_make_a_sheet(tmp_path: Path) -> None:
    images = small_images(torch.arange(64 * 25).reshape(25, 8, 8) % 17, 16)
    assert images.shape == (25, 1, 16, 16)
    assert (images.min(), images.max()) == (-1, 1)
    pictures.save_sheet(images, tmp_path / "sheet.part")
    with Image.open(tmp_path / "sheet.part") as sheet:
        assert (sheet.format, sheet.size) == ("PNG", (10 * 64, 2 * 64))
        assert sheet.getpixel((64, 0)) == round((float(images[1, 0, 0, 0]) + 1) * 127.5)


def test_a_class_needs_two_percent_of_the_images() -> None:
    probabilities = torch.eye(10)[torch.tensor([0] * 97 + [1] * 2 + [2])] * 0.95
    seen = Opinion(np.zeros((100, 64)), probabilities)
    assert (seen.classes, seen.confident) == (2, 1.0)


def test_generated_images_stand_beside_the_labelled_ones_at_one_of_their_rates() -> None:
    games = prepare(Params(labelled=20, lrs=(1e-3, 1e-2, 1e-1)), 0)
    rows = [row for row in augmentation.run(games) if isinstance(row, augmentation.LearnedRow)]
    assert {(row.arm, row.images) for row in rows} == {
        (augmentation.ALONE, 20), (augmentation.GENERATED, 220), (augmentation.SHIFTED, 220)
    }  # fmt: skip
    middle = [replace(row, validation_accuracy=float(row.lr == 1e-2)) for row in rows]
    pairs = augmentation.against(augmentation.SHIFTED)(middle)
    chosen = {row.arm: row.test_accuracy for row in middle if row.lr == 1e-2}
    assert isinstance(pairs, Pairs)
    assert (pairs.treatment, pairs.baseline) == (
        {0: chosen[augmentation.GENERATED]}, {0: chosen[augmentation.SHIFTED]}
    )  # fmt: skip
