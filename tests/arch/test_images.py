"""Equal sizes, orders of pixels and patches, the law of blindness, and claims on rows with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.arch.core.image_networks import network, parameters, patch_order, pixel_order, reordered
from experiments.arch.images import laws, training
from experiments.arch.images.setup import Images, Params, prepare
from experiments.arch.images.training import PATCHES, PIXELS, PLAIN, ImageRow
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Points, Undecided
from experiments.lab.judge.rules import compare

NAMES = ("MLP", "CNN", "ViT", "RNN", "GRU", "LSTM")


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8)])
def test_all_networks_have_the_vits_size_within_5_percent(shape: tuple[int, int, int]) -> None:
    sizes = [parameters(network(name, shape, 10, dim=32, depth=2)) for name in NAMES]
    wanted = sizes[NAMES.index("ViT")]
    assert all(abs(size / wanted - 1) < 0.05 for size in sizes)


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_row_reader_is_torchs_recurrent_network_over_the_rows(cell: str) -> None:
    ours = network(cell, (1, 8, 8), 10, dim=16, depth=1)
    torchs = getattr(torch.nn, cell)(8, ours.head.in_features, batch_first=True)
    names = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
    torchs.load_state_dict(dict(zip(names, ours.body.parameters(), strict=True)))
    images = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(ours(images), ours.head(torchs(images[:, 0])[0][:, -1]))


def test_patches_move_whole_and_every_pixel_stays_once() -> None:
    images = torch.arange(64.0).view(1, 1, 8, 8)
    patches, places = patch_order((1, 8, 8), torch.Generator().manual_seed(1))
    moved = reordered(images, places)[0, 0].numpy()
    cut = images[0, 0].numpy().reshape(4, 2, 4, 2).swapaxes(1, 2).reshape(16, 2, 2)  # patches of 2 x 2
    expected = cut[patches.numpy()].reshape(4, 4, 2, 2).swapaxes(1, 2).reshape(8, 8)
    np.testing.assert_array_equal(moved, expected)
    assert sorted(pixel_order((1, 8, 8), torch.Generator().manual_seed(1)).tolist()) == list(range(64))


def images(**params: object) -> Images:
    return prepare(Params(labels=(100, 200), device="cpu", **params), 0)  # type: ignore[arg-type]


def test_training_is_blind_where_the_start_is_permuted_along_and_only_there() -> None:
    trials = list(laws.run(images()))
    assert [trial.case for trial in trials] == [laws.MLP, laws.VIT]
    assert all(trial.error < 1e-9 < 1e-2 < trial.control_error for trial in trials)


def test_fewer_labels_are_the_first_of_the_images_and_one_order_serves_all_parts() -> None:
    setup = images()
    few, many = (setup.pictures(PIXELS, labels) for labels in (100, 200))
    assert torch.equal(few.train.inputs, many.train.inputs[:100])
    order = setup.orders()[PIXELS]
    assert order is not None
    assert torch.equal(few.test.inputs, reordered(setup.split.test.inputs, order))


def test_side_by_side_a_network_trains_as_torchs_adam_trains_it_alone() -> None:
    setup = images(steps=4, lrs=(1e-3, 1e-2))
    fits = setup.fits("CNN", PLAIN, 200)
    torch.manual_seed(0)
    alone, split = setup.network("CNN"), setup.pictures(PLAIN, 200)
    adam, order = torch.optim.Adam(alone.parameters(), 1e-2), torch.Generator().manual_seed(0)
    for expected in fits[1].losses:
        chosen = torch.randint(200, (32,), generator=order)
        loss = torch.nn.functional.cross_entropy(alone(split.train.inputs[chosen]), split.train.labels[chosen])
        adam.zero_grad()
        loss.backward()
        adam.step()
        assert loss.item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_trains_to_what_a_cpu_trains_to() -> None:
    losses = []
    for device in ("cpu", "cuda"):
        setup = prepare(Params(steps=20, device=device), 0)
        assert next(iter(setup.pictures(PLAIN, 200).train.inputs)).device.type == device
        losses.append([setup.fits(name, PLAIN, 200)[0].train_loss for name in ("MLP", "CNN", "ViT")])
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def rows(accuracies: dict[tuple[str, str, int], float], lrs: tuple[float, ...] = (0.1, 0.2, 0.3)) -> list[ImageRow]:
    """The best rate is 0.2; the others are worse by 0.1."""
    return [
        ImageRow(
            seed=seed,
            dataset="digits",
            network=name,
            order=order,
            labels=labels,
            lr=lr,
            validation_accuracy=accuracy - 0.1 * (lr != 0.2),
            test_accuracy=accuracy - 0.1 * (lr != 0.2) + 1e-3 * ((seed + len(name)) % 3),
            train_accuracy=1.0,
            parameters=100,
            flops=200 if name == "MLP" else 4000,
        )
        for (name, order, labels), accuracy in accuracies.items()
        for lr in lrs
        for seed in range(6)
    ]


def claim(name: str) -> Claim:  # type: ignore[type-arg]
    return next(one for one in training.PART.claims if one.name == name)


def test_the_cnns_lead_is_judged_per_order() -> None:
    plain = {("CNN", order, 1000): 0.9 for order in (PLAIN, PIXELS, PATCHES)}
    found = rows({**plain, ("MLP", PLAIN, 1000): 0.8, ("MLP", PIXELS, 1000): 0.95, ("MLP", PATCHES, 1000): 0.85})
    measured = claim("a_cnn_beats_an_mlp").measure(found)
    assert isinstance(measured, dict)
    verdicts = {
        order: compare(training.PART.claims[1].rule.rule, pairs).at(0.05).verdict  # type: ignore[attr-defined]
        for order, pairs in measured.items()
    }
    assert verdicts == {PLAIN: "holds", PIXELS: "refuted", PATCHES: "holds"}


def test_a_rate_at_the_edge_and_an_arm_that_is_missing_decide_nothing() -> None:
    found = rows({("CNN", PLAIN, 1000): 0.9, ("MLP", PLAIN, 1000): 0.8, ("ViT", PLAIN, 1000): 0.7})
    assert isinstance(claim("a_vit_gains_by_permuted_pixels").measure(found), NotMeasured)
    edge = [row for row in found if row.lr <= 0.2]
    assert isinstance(claim("a_vit_is_below_an_mlp_with_few_labels").measure(edge), Undecided)


def test_leads_over_labels_are_points_seed_by_seed() -> None:
    arms = {("CNN", PLAIN, n): 0.9 for n in (100, 1000, 10000)}
    found = rows({**arms, **{("ViT", PLAIN, n): 0.1 * at for at, n in zip((5, 7, 8), (100, 1000, 10000), strict=True)}})
    leads = claim("the_cnns_lead_over_the_vit_shrinks").measure(found)
    assert isinstance(leads, Points)
    np.testing.assert_allclose(leads.y[0], [0.4, 0.2, 0.1], atol=1e-9)


def test_flops_are_per_parameter_and_without_chance() -> None:
    measured = claim("equal_parameters_are_not_equal_flops").measure(
        rows({("CNN", PLAIN, 1000): 0.9, ("MLP", PLAIN, 1000): 0.8})
    )
    assert isinstance(measured, dict)
    assert measured["CNN"].treatment[0] / measured["CNN"].baseline[0] == 20
    assert measured["CNN"].exact
