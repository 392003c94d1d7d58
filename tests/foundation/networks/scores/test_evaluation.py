"""What a network says in evaluation mode, and its mode and gradients afterwards."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.foundation.networks.metrics import accuracy, expected_calibration_error
from experiments.foundation.networks.scores.evaluation import evaluating, mean_loss, network_accuracy, network_logits
from experiments.foundation.networks.split import Split


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(16, 3))


def test_accuracy_does_not_depend_on_the_batches_or_on_dropout(blobs: Split) -> None:
    model = network()
    right = model[2](blobs.test.inputs.flatten(1)).argmax(1) == blobs.test.labels
    assert network_accuracy(model, blobs.test, batch_size=7) == float(right.double().mean())
    assert network_accuracy(model, blobs.test, batch_size=None) == float(right.double().mean())
    assert network_accuracy(model, blobs.test, dtype=torch.float32) == float(right.float().mean())
    assert model.training


def test_the_mode_is_put_back_after_an_error() -> None:
    model = network()
    with pytest.raises(RuntimeError, match="shapes"), evaluating(model):
        model(torch.zeros(2, 5))
    assert model.training
    assert torch.is_grad_enabled()


def test_the_mean_loss_is_that_of_the_logits(blobs: Split) -> None:
    model = network()
    logits = network_logits(model, blobs.test.inputs)
    assert not logits.requires_grad
    assert mean_loss(model, blobs.test) == float(nn.functional.cross_entropy(logits, blobs.test.labels))
    assert mean_loss(model, blobs.test, nn.functional.multi_margin_loss) >= 0


def test_no_examples_have_no_accuracy(blobs: Split) -> None:
    assert network_accuracy(network(), blobs.test.first(0)) != network_accuracy(network(), blobs.test.first(0))


def test_logits_that_are_not_numbers_name_the_first_class() -> None:
    assert accuracy(torch.full((4, 3), torch.nan), torch.tensor([0, 0, 1, 2])) == 0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_calibration_error_of_a_sure_coin_is_a_half(dtype: torch.dtype) -> None:
    sure = torch.tensor([[1.0, 0.0]] * 4, dtype=dtype)
    assert expected_calibration_error(sure, torch.tensor([0, 1, 0, 1])) == 0.5
