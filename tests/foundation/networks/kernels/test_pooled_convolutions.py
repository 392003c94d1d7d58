"""The compiled block against torch's operators: values, gradients, dropout, NaN, and when it steps aside."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from experiments.foundation.networks.checkpoint import weights_digest
from experiments.foundation.networks.kernels import native
from experiments.foundation.networks.kernels import pooled_convolutions as module
from experiments.foundation.networks.kernels.pooled_convolutions import convolve_and_pool, fits_kernels
from experiments.foundation.networks.loop import Training
from experiments.foundation.networks.networks import build_network
from experiments.foundation.networks.precision import resolve_precision
from experiments.foundation.networks.recipe import Recipe
from experiments.foundation.networks.split import Examples

needs_kernels = pytest.mark.skipif(native.kernels() is None, reason="no compiler, or a CPU without AVX-512")
needs_tiles = pytest.mark.skipif(not native.amx_usable(), reason="no compiler, or a CPU or system without AMX")
with_and_without_tiles = pytest.mark.parametrize("tiles", [False, pytest.param(True, marks=needs_tiles)])


def block(channels: int = 1, p: float = 0.0) -> tuple[nn.Conv2d, nn.Conv2d, nn.Dropout]:
    torch.manual_seed(0)
    return nn.Conv2d(channels, 32, 3), nn.Conv2d(32, 64, 3), nn.Dropout(p)


def images(channels: int = 1, height: int = 17, width: int = 20) -> Tensor:
    return torch.randn(3, channels, height, width, generator=torch.Generator().manual_seed(1))


def values_and_gradients(inputs: Tensor, layers: tuple[nn.Conv2d, nn.Conv2d, nn.Dropout]) -> list[Tensor]:
    pooled = convolve_and_pool(inputs, *layers)
    weights = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(2))
    parameters = [*layers[0].parameters(), *layers[1].parameters()]
    return [pooled.detach(), *torch.autograd.grad((pooled * weights).sum(), parameters)]


def integer_gradients(
    inputs: Tensor, layers: tuple[nn.Conv2d, nn.Conv2d, nn.Dropout], rounding: torch.dtype = torch.float32
) -> list[Tensor]:
    """The block, its output rounded, and its parameters' gradients for a random gradient of -1, 0 and 1."""
    pooled = convolve_and_pool(inputs, *layers)
    weights = torch.randint(-1, 2, pooled.shape, generator=torch.Generator().manual_seed(2)).to(pooled.dtype)
    gradients = torch.autograd.grad(pooled, [*layers[0].parameters(), *layers[1].parameters()], weights)
    return [pooled.detach().to(rounding), *gradients]


@needs_kernels
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 132), (28, 28)])
def test_kernels_equal_torch_in_value_and_gradient(
    monkeypatch: pytest.MonkeyPatch, channels: int, threads: int, height: int, width: int
) -> None:
    torch.set_num_threads(threads)
    layers, inputs = block(channels), images(channels, height, width)
    assert fits_kernels(inputs, layers[0], layers[1], torch.float32)
    ours = values_and_gradients(inputs, layers)
    monkeypatch.setattr(module, "kernels", lambda: None)
    for mine, torchs in zip(ours, values_and_gradients(inputs, layers), strict=True):
        torch.testing.assert_close(mine, torchs, rtol=1e-4, atol=1e-5 * float(torchs.abs().max()))


@needs_kernels
@with_and_without_tiles
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 132), (21, 37), (28, 28)])
def test_sixteen_bits_are_exact_on_small_integers(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, channels: int, threads: int, height: int, width: int
) -> None:
    """Integers up to 256 are bfloat16 numbers and sums are float32, so that no rounding hides an error."""
    torch.set_num_threads(threads)
    monkeypatch.setattr(module, "amx_usable", lambda: tiles)
    layers, inputs = block(channels), images(channels, height, width).sign()
    with torch.no_grad():
        for parameter in (*layers[0].parameters(), *layers[1].parameters()):
            parameter.copy_((parameter * 1e4).round() % 3 - 1)
        layers[1].bias.zero_()  # type: ignore[union-attr]  # torch's 16-bit convolution adds it after rounding
    with torch.autocast("cpu", torch.bfloat16):
        ours = integer_gradients(inputs, layers)
    monkeypatch.setattr(module, "kernels", lambda: None)
    exact = integer_gradients(inputs, layers, torch.bfloat16)
    assert all(float(values.abs().max()) > 10 for values in exact)
    for mine, torchs in zip(ours, exact, strict=True):
        assert torch.equal(mine.float(), torchs.float())


@needs_tiles
def test_tiles_draw_the_same_masks_as_the_other_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    layers, inputs, kept = block(p=0.5), images(height=28, width=28), []
    for tiles in (True, False):
        monkeypatch.setattr(module, "amx_usable", lambda chosen=tiles: chosen)
        torch.manual_seed(3)
        with torch.autocast("cpu", torch.bfloat16):
            kept.append(convolve_and_pool(inputs, *layers) != 0)
    assert 0.2 < float(kept[0].float().mean()) < 0.5
    assert float((kept[0] != kept[1]).float().mean()) < 1e-3  # rounding closes and opens a few units


@needs_kernels
@with_and_without_tiles
def test_bfloat16_is_as_close_to_float32_as_torchs(monkeypatch: pytest.MonkeyPatch, tiles: bool) -> None:
    """Rounding moves some maxima, and with them gradients, here as there."""
    monkeypatch.setattr(module, "amx_usable", lambda: tiles)
    layers, inputs = block(), images(height=28, width=28).repeat(8, 1, 1, 1)
    exact = values_and_gradients(inputs, layers)
    with torch.autocast("cpu", torch.bfloat16):
        ours = values_and_gradients(inputs, layers)
        monkeypatch.setattr(module, "kernels", lambda: None)
        torchs = values_and_gradients(inputs, layers)
    assert ours[0].dtype == torchs[0].dtype == torch.bfloat16
    for mine, other, reference in zip(ours, torchs, exact, strict=True):
        assert 0 < (mine - reference).norm() < 1.2 * (other - reference).norm() < 0.1 * reference.norm()


@needs_kernels
def test_dropout_keeps_its_share_scaled_and_passes_gradients_only_there() -> None:
    first, second, dropout = block(p=0.25)
    inputs = images().repeat(20, 1, 1, 1)
    full = convolve_and_pool(inputs, first, second, dropout.eval())
    thinned = convolve_and_pool(inputs, first, second, dropout.train())
    kept = thinned != 0
    torch.testing.assert_close(thinned[kept], full[kept] / 0.75)
    open_units = int((full != 0).sum())
    share = int(kept.sum()) / open_units
    assert abs(share - 0.75) < 4 * (0.75 * 0.25 / open_units) ** 0.5  # four standard deviations
    second.bias.grad = None  # type: ignore[union-attr]
    thinned.sum().backward()
    assert second.bias is not None
    assert second.bias.grad is not None
    torch.testing.assert_close(second.bias.grad.sum().item(), int(kept.sum()) / 0.75, rtol=1e-5, atol=0)


@needs_kernels
def test_masks_follow_torchs_seed_and_change_from_call_to_call() -> None:
    layers, inputs = block(p=0.5), images()
    torch.manual_seed(3)
    first, other = convolve_and_pool(inputs, *layers), convolve_and_pool(inputs, *layers)
    torch.manual_seed(3)
    assert torch.equal(first, convolve_and_pool(inputs, *layers))
    assert not torch.equal(first, other)


@needs_kernels
@pytest.mark.parametrize("precision", ["32", "16"])
def test_same_seed_gives_same_bits_on_two_threads(precision: str) -> None:
    torch.set_num_threads(2)
    digests = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        network = build_network("cnn", (1, 16, 16), 10)
        data = Examples(torch.randn(60, 1, 16, 16, generator=torch.Generator().manual_seed(4)), torch.arange(60) % 10)
        recipe = Recipe(epochs=2, batch_size=20)
        training = Training(
            network, data, recipe, precision=resolve_precision(precision, torch.device("cpu")), seed=seed
        )
        list(training.events())
        digests.append(weights_digest(network))
    assert digests[0] == digests[1] != digests[2]


@needs_kernels
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nan_is_not_swallowed_by_relu(dtype: torch.dtype) -> None:
    layers, inputs = block(), images()
    inputs[0, 0, 5, 5] = float("nan")
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        pooled = convolve_and_pool(inputs, *layers)
    assert pooled[0].isnan().any()
    assert not pooled[1:].isnan().any()


def test_kernels_step_aside_where_they_do_not_fit() -> None:
    first, second, _ = block()
    assert not fits_kernels(images(height=12), first, second, torch.float32)
    assert not fits_kernels(images(width=133), first, second, torch.float32)
    assert not fits_kernels(images(), nn.Conv2d(1, 32, 5), second, torch.float32)
    assert not fits_kernels(images(), first, second, torch.float16)
    assert not fits_kernels(images().requires_grad_(), first, second, torch.float32)
    assert not fits_kernels(images().double(), first.double(), second, torch.float64)
    assert not fits_kernels(images(), nn.Conv2d(1, 16, 3), second, torch.float32)


def test_kernels_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLNOTES_NATIVE", "0")
    assert native.kernels.__wrapped__() is None


def test_a_broken_compiler_means_no_kernels_and_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("CXX", "false")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert native.kernels.__wrapped__() is None
