"""Trainings against torch's Adam, the law of blindness, and claims of arch.images on rows with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.arch.core.image_networks import reordered
from experiments.arch.images import laws, training
from experiments.arch.images.setup import Images, Params, prepare
from experiments.arch.images.training import PATCHES, PIXELS, PLAIN, ImageRow
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Points, Undecided
from experiments.lab.judge.rules import compare


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
