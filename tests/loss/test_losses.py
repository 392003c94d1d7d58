"""Losses per example against torch's and scikit-learn's, their gradients, and their ends."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score
from torch import Tensor
from torch.nn import functional

from experiments.loss.core import classification, dice_laws, focal_laws, overlap, properties, regression

LOGITS = torch.randn(30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TARGETS = torch.randint(5, (30,), generator=torch.Generator().manual_seed(1))
BINARY = (TARGETS > 2).double()


def test_cross_entropy_is_torchs() -> None:
    expected = functional.cross_entropy(LOGITS, TARGETS, reduction="none")
    torch.testing.assert_close(classification.cross_entropy(LOGITS, TARGETS), expected)


def test_squares_are_torchs_sums_over_classes() -> None:
    hot = functional.one_hot(TARGETS, 5).double()
    for loss, outputs in (
        (classification.squared_logits, LOGITS),
        (classification.squared_softmax, LOGITS.softmax(1)),
        (classification.squared_sigmoid, LOGITS.sigmoid()),
    ):
        expected = functional.mse_loss(outputs, hot, reduction="none").sum(1)
        torch.testing.assert_close(loss(LOGITS, TARGETS), expected)


def test_hinge_of_two_classes_is_torchs_multi_margin() -> None:
    targets = TARGETS % 2
    expected = 2 * functional.multi_margin_loss(LOGITS[:, :2], targets, reduction="none")  # torch divides by classes
    torch.testing.assert_close(classification.hinge(LOGITS[:, :2], targets), expected)
    assert classification.binary_hinge(torch.tensor([2.0, 0.5, -1.0]), torch.ones(3)).tolist() == [0, 0.5, 2]


def test_binary_cross_entropy_is_torchs_with_weights_too() -> None:
    weight = torch.tensor(7.0, dtype=torch.float64)
    expected = functional.binary_cross_entropy_with_logits(LOGITS[:, 0], BINARY, pos_weight=weight, reduction="none")
    found = classification.binary_cross_entropy(LOGITS[:, 0], BINARY, positive_weight=7.0)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_focal_is_its_formula_and_its_gradient_is_right(gamma: float, alpha: float | None) -> None:
    z = LOGITS[:, 0].clone().requires_grad_()
    true = torch.where(BINARY > 0, z.sigmoid(), 1 - z.sigmoid())
    weight = 1.0 if alpha is None else torch.where(BINARY > 0, alpha, 1 - alpha)
    expected = -weight * (1 - true) ** gamma * true.log()
    torch.testing.assert_close(classification.focal(z, BINARY, gamma=gamma, alpha=alpha), expected)
    assert torch.autograd.gradcheck(lambda x: classification.focal(x, BINARY, gamma=gamma, alpha=alpha), z)


def test_focal_gradient_ratio_is_that_of_the_losses() -> None:
    z = torch.linspace(-4, 4, 20, dtype=torch.float64, requires_grad=True)
    ones = torch.ones_like(z)
    (focal,) = torch.autograd.grad(classification.focal(z, ones, gamma=2.0).sum(), z)
    (plain,) = torch.autograd.grad(classification.binary_cross_entropy(z, ones).sum(), z)
    torch.testing.assert_close(classification.focal_gradient_ratio(z.detach().sigmoid(), 2.0), focal / plain)


def test_the_gradient_of_focal_loss_peaks_where_it_was_computed() -> None:
    peak, where, crossing = focal_laws.gradient_peak(2.0)
    assert (round(peak, 4), round(where, 3), round(crossing, 4)) == (1.2246, 0.104, 0.2976)


def test_focal_refuses_what_has_no_meaning() -> None:
    with pytest.raises(ValueError, match="gamma >= 0"):
        classification.focal(LOGITS[:, 0], BINARY, gamma=-1)
    with pytest.raises(ValueError, match=r"alpha in \(0, 1\)"):
        classification.focal(LOGITS[:, 0], BINARY, alpha=1.0)


def test_losses_of_no_example_have_no_entry() -> None:
    for loss in (classification.cross_entropy, classification.hinge, classification.squared_softmax):
        assert loss(torch.empty(0, 3), torch.empty(0, dtype=torch.int64)).shape == (0,)


def test_huber_and_gaussian_likelihood_are_torchs() -> None:
    y, t = LOGITS[:, 0], LOGITS[:, 1]
    for delta in (0.5, 1.0):
        expected = functional.huber_loss(y, t, delta=delta, reduction="none")
        torch.testing.assert_close(regression.huber(y, t, delta=delta), expected)
    variances = LOGITS[:, 2].exp()
    for full in (False, True):
        expected = functional.gaussian_nll_loss(y, t, variances, full=full, reduction="none")
        torch.testing.assert_close(regression.gaussian_nll(y, t, variances, full=full), expected)
    torch.testing.assert_close(regression.squared(y, t), regression.absolute(y, t) ** 2)


def test_a_small_variance_that_is_right_makes_the_likelihood_negative() -> None:
    zero = torch.zeros(1, dtype=torch.float64)
    assert regression.gaussian_nll(zero, zero, zero + 1e-3).item() == pytest.approx(math.log(1e-3) / 2)
    with pytest.raises(ValueError, match="positive variances"):
        regression.gaussian_nll(zero, zero, zero)
    with pytest.raises(ValueError, match="positive delta"):
        regression.huber(zero, zero, delta=0)


def random_masks() -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(2)
    return torch.rand(4, 1, 6, 6, generator=rng) < 0.4, torch.rand(4, 1, 6, 6, generator=rng) < 0.3


def test_dice_is_f1_and_iou_is_jaccard_of_the_pixels() -> None:
    predicted, truth = random_masks()
    for i in range(4):
        pair = truth[i].flatten(), predicted[i].flatten()
        assert overlap.dice_score(predicted, truth)[i].item() == pytest.approx(f1_score(*pair))
        assert overlap.iou_score(predicted, truth)[i].item() == pytest.approx(jaccard_score(*pair))


def test_soft_losses_of_hard_masks_are_one_minus_the_scores() -> None:
    predicted, truth = random_masks()
    p, t = predicted.double(), truth.double()
    hard = {overlap.soft_dice: overlap.dice_score, overlap.soft_iou: overlap.iou_score}
    for loss, score in hard.items():
        torch.testing.assert_close(loss(p, t, smooth=1e-12), 1 - score(predicted, truth).double())
    torch.testing.assert_close(overlap.soft_dice(p, t, smooth=2.0), overlap.tversky(p, t, smooth=1.0))
    torch.testing.assert_close(overlap.soft_dice(p, t), overlap.soft_dice(p, t, squares=True))


def test_two_empty_masks_agree_fully() -> None:
    nothing = torch.zeros(1, 1, 2, 2)
    assert overlap.soft_dice(nothing, nothing).item() == 0
    assert overlap.dice_score(nothing.bool(), nothing.bool()).item() == 1
    assert overlap.iou_score(nothing.bool(), nothing.bool()).item() == 1


def test_gradients_of_soft_overlap_are_right() -> None:
    z = torch.randn(2, 1, 3, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    t = (torch.rand(2, 1, 3, 3, generator=torch.Generator().manual_seed(4)) < 0.5).double()
    assert torch.autograd.gradcheck(lambda x: overlap.soft_dice(x.sigmoid(), t, squares=True), z)
    assert torch.autograd.gradcheck(lambda x: overlap.tversky(x.sigmoid(), t, alpha=0.3, beta=0.7), z)


def test_one_pixel_of_dice_explodes_and_saturates_as_computed() -> None:
    p, t = torch.tensor(1e-3, dtype=torch.float64), torch.tensor(2e-3, dtype=torch.float64)
    assert dice_laws.pixel_dice_slope(p, t).item() == pytest.approx(480)
    found = {instance.arm: instance for instance in dice_laws.saturation_instances()}
    assert found["z = -10"].value == pytest.approx(9.08e-5, rel=1e-3)


def test_every_law_holds_and_its_control_fails() -> None:
    rng = torch.Generator().manual_seed(0)
    laws = [
        (list(focal_laws.weight_instances()), 1e-12),
        (list(focal_laws.decay_instances()), 1e-15),
        (list(focal_laws.stability_instances()), 1e-6),
        (list(dice_laws.formula_instances(rng, 10)), 1.0),
        (list(dice_laws.bound_instances()), 0.0),
        (list(dice_laws.saturation_instances()), 1e-3),
    ]
    for instances, tolerance in laws:
        assert max(instance.error for instance in instances) <= tolerance
        assert max(instance.control_error for instance in instances) > tolerance


def test_softmax_regression_is_convex_and_a_hidden_layer_is_not() -> None:
    rng = torch.Generator().manual_seed(0)
    assert properties.smallest_curvature("ce", rng) > -1e-12
    assert properties.smallest_curvature("ce", rng, hidden=5) < -1e-6
    assert properties.smallest_curvature("mse_sigmoid", rng) < -1e-6


def test_accuracy_is_flat_and_ranks_a_pair_against_the_loss() -> None:
    flat, steep = properties.flatness(torch.Generator().manual_seed(0))
    assert flat == 0
    assert steep > 1e-3
    cautious, bold = properties.wrongly_ranked_pair().values()
    assert cautious[0] > bold[0]
    assert cautious[1] > bold[1]
    assert properties.misranked(cautious, bold) == 1
