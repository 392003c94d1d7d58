"""How far a pixel of a U-Net's answer looks, by its gradient."""

from __future__ import annotations

import pytest
import torch

from experiments.arch.core.tiling import reach
from experiments.foundation.architectures.unet import UNet


@pytest.mark.parametrize("depth", [1, 2])
def test_no_pixel_outside_the_reach_changes_an_answer_and_one_inside_does(depth: int) -> None:
    torch.manual_seed(0)
    network, side = UNet(1, 1, width=4, depth=depth).double(), 4 * reach(depth) // 8 * 8
    image = torch.rand(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    seen = 0
    for place in range(side // 2, side // 2 + 2**depth):
        (slope,) = torch.autograd.grad(network(image)[0, 0, place, place], image)
        rows, columns = slope[0, 0].nonzero(as_tuple=True)
        seen = max(seen, int((rows - place).abs().max()), int((columns - place).abs().max()))
    assert seen == reach(depth)
