"""Trainings of arch.unet against torch's Adam, tiles, the user's own pictures, and claims on known rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import binary_cross_entropy_with_logits

from experiments.arch.unet import EXPERIMENT, comparisons, networks, simple, tiling
from experiments.arch.unet.networks import NetworkRow, RateRow
from experiments.arch.unet.setup import FLAT, NO_SKIPS, UNET, Params, Scenes, prepare
from experiments.arch.unet.simple import SimpleRow
from experiments.foundation.architectures.unet import he_weights
from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.judge.measured import Undecided
from experiments.lab.judge.rules import compare


def test_tiles_on_the_grid_agree_and_tiles_off_it_do_not() -> None:
    trials = list(tiling.run(scenes()))
    assert {trial.case for trial in trials} == {"1 level", "2 levels"}
    assert all(trial.error < 1e-9 < 1e-4 < trial.control_error for trial in trials)


def scenes(**params: object) -> Scenes:
    return prepare(Params(**params), 0)  # type: ignore[arg-type]


def test_the_best_rate_goes_on_as_torchs_adam_would_train_it() -> None:
    setup = scenes(steps=8, lrs=(1e-3, 1e-2))
    trained = setup.trained(UNET)
    assert trained.lr == max(trained.tried, key=trained.tried.__getitem__)
    torch.manual_seed(0)
    alone, order, (images, masks) = (
        he_weights(setup.architectures[UNET]()),
        torch.Generator().manual_seed(0),
        setup.data.train,
    )
    passes = torch.cat([torch.randperm(len(images), generator=order) for _ in range(2)]).split(8)
    for first, shares in ((0, [1.0] * 2), (2, [1.0] * 2), (4, [1.0, 0.75, 0.5, 0.25])):
        adam = torch.optim.Adam(alone.parameters())
        for chosen, share in zip(passes[first:], shares, strict=False):
            adam.param_groups[0]["lr"] = share * trained.lr
            adam.zero_grad()
            binary_cross_entropy_with_logits(alone(images[chosen]), masks[chosen].float()).backward()
            adam.step()
    torch.testing.assert_close(trained.logits["full"][0], alone(setup.data.validation[0]), rtol=1e-3, atol=1e-4)


def test_the_linear_classifier_scores_patches() -> None:
    images = torch.rand(2, 1, 9, 9)
    convolved = torch.nn.functional.conv2d(images, torch.arange(25.0).view(1, 1, 5, 5), padding=2) + 3
    torch.testing.assert_close(simple.linear_scores(images, torch.tensor([*range(25), 3.0])), convolved)


def folders(tmp_path: Path, pictures: dict[str, np.ndarray], masks: dict[str, np.ndarray]) -> dict[str, Path]:
    for name, found in (("images", pictures), ("masks", masks)):
        (tmp_path / name).mkdir()
        for file, pixels in found.items():
            Image.fromarray(pixels).save(tmp_path / name / file)
    return {name: tmp_path / name for name in ("images", "masks")}


def squares(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A noisy picture with light squares, and their mask."""
    mask = np.kron(rng.random((4, 16)) < 0.2, np.ones((8, 8))).astype(np.uint8)
    return (40 * rng.random(mask.shape) + 160 * mask).astype(np.uint8), 255 * mask


def test_pictures_of_the_users_are_measured_on_their_last_quarters(tmp_path: Path) -> None:
    picture, mask = squares(np.random.default_rng(0))
    deep = picture.astype(np.uint16) * 257
    own = scenes(**folders(tmp_path, {"a.png": picture, "b.png": deep}, {"a.png": mask, "b.png": mask}), steps=60)
    ((test, truth),) = own.data.tests.values()
    expected = torch.from_numpy(picture[:, 96:] / 255).float().unfold(0, 16, 16).unfold(1, 16, 16).reshape(4, 16, 16)
    torch.testing.assert_close(test[:, 0], expected.repeat(2, 1, 1))
    assert truth.float().mean().item() == pytest.approx((mask[:, 96:] > 0).mean())
    by_part = {part.name: list(part.run(own)) for part in (networks.RATES, networks.PART, simple.PART)}
    assert EXPERIMENT.own is not None
    assert set(EXPERIMENT.own.parts) == set(by_part)
    assert min(row.dice for row in by_part["simple"] if row.method == simple.OTSU) > 0.95


def test_what_does_not_fit_together_is_said_line_by_line(tmp_path: Path) -> None:
    picture, mask = squares(np.random.default_rng(0))
    given = folders(tmp_path, {"a.png": picture, "b.png": picture}, {"a.png": mask, "c.png": mask})
    with pytest.raises(InputError, match=r"b\.png has no mask .*\n.*c\.png has no picture"):
        scenes(**given)
    (given["images"] / "b.png").unlink()
    (given["masks"] / "c.png").unlink()
    with pytest.raises(InputError, match="128 x 32 pixels, expected at least 256 x 64; take a smaller size than 64"):
        scenes(**given, size=64)
    Image.fromarray(mask[:, :64]).save(given["masks"] / "a.png")
    with pytest.raises(InputError, match="128 x 32 pixels, its mask has 64 x 32; expected one size"):
        scenes(**given)
    (given["images"] / "a.png").write_bytes(b"GIF89a")
    with pytest.raises(InputError, match="expected a PNG file"):
        scenes(**given)
    with pytest.raises(InputError, match="masks=DIR is missing"):
        scenes(images=given["images"])


def known(dice: dict[str, float], otsu: float, best: float = 0.2) -> Rows:
    rates = [
        RateRow(seed=seed, network=name, lr=lr, validation_dice=0.5 - abs(lr - best))
        for name in dice
        for lr in (0.1, 0.2, 0.3)
        for seed in range(6)
    ]
    common = {"dataset": "digits", "threshold": 0.5, "lr": 0.2, "parameters": 1, "flops": 1, "updates": 4}
    trained = [
        NetworkRow(
            seed=seed,
            network=name,
            budget=budget,
            contrast=contrast,
            dice=value + 1e-3 * ((seed + len(name)) % 3),
            boundary_iou=value,
            **common,  # type: ignore[arg-type]
        )
        for name, value in dice.items()
        for budget in ("half", "full")
        for contrast in ("faint", "strong")
        for seed in range(6)
    ]
    flat = [
        SimpleRow(seed=seed, dataset="digits", method=simple.OTSU, contrast=contrast, dice=otsu, boundary_iou=otsu)
        for contrast in ("faint", "strong")
        for seed in range(6)
    ]
    return Rows({"rates": rates, "networks": trained, "simple": flat})


def test_networks_are_judged_against_each_other_and_against_otsu() -> None:
    rows = known({UNET: 0.7, NO_SKIPS: 0.5, FLAT: 0.3}, otsu=0.4)
    verdicts = {claim.name: compare(claim.rule, claim.measure(rows)).at(0.05).verdict for claim in comparisons.CLAIMS}
    assert verdicts == {
        "skips_raise_dice": "holds",
        "skips_sharpen_edges": "holds",
        "descent_raises_dice": "holds",
        "unet_beats_otsu": "holds",
        "every_network_beats_otsu": "conditional",
    }


def test_a_rate_at_the_edge_decides_nothing() -> None:
    rows = known({UNET: 0.7, NO_SKIPS: 0.5, FLAT: 0.3}, otsu=0.4, best=0.3)
    assert isinstance(comparisons.over_otsu(rows, UNET), Undecided)
