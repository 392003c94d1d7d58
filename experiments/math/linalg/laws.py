"""Dot, elementwise and matrix product, and convolution as one: their laws, tried on random vectors and matrices.

Whole numbers are compared exactly: int64, with entries small enough that nothing overflows. Others are compared
relative to |a| |b|.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem
from experiments.math.core.convolution import convolution_matrix, patches
from experiments.math.core.similarity import cosine_from_sides, exact_dot
from experiments.math.linalg.setup import LinalgSetup

SIZE = 6
"""Rows and columns of the matrices."""


def run(setup: LinalgSetup) -> Iterator[TrialRow]:
    rng = np.random.default_rng(setup.seed)
    for _ in range(setup.params.trials):
        yield from dot_trials(rng, setup.params.dim)
        yield from elementwise_trials(rng, SIZE)
        yield from matrix_trials(rng, SIZE)
        yield from convolution_trials(rng, SIZE)


def dot_trials(rng: np.random.Generator, dim: int) -> Iterator[TrialRow]:
    """a.b as |a| |b| cos, bilinear and bounded by |a| |b|; in multiples of 1/8, exactly the sum of products."""
    a, b, c = rng.standard_normal((3, dim))
    s, t = rng.standard_normal(2)
    x, y = rng.integers(-64, 65, (2, dim)) / 8
    dot = float(a @ b)
    sides, scale = float(np.linalg.norm(a) * np.linalg.norm(b)), float(np.abs(a) @ np.abs(b))
    manhattan = float(np.abs(a).sum() * np.abs(b).sum())
    mixed = float((s * a + t * c) @ b) - float(s * (a @ b) + t * (c @ b))
    errors = {
        "sum of products": (float(abs(exact_dot(x, y) - exact_dot([float(x @ y)], [1.0]))), scale - abs(dot)),
        "|a| |b| cos": (abs(dot - sides * cosine_from_sides(a, b)) / sides, abs(dot - manhattan) / sides),
        "bilinear": (abs(mixed) / scale, abs(float((a + c) @ (b + c)) - dot) / scale),
        "Cauchy-Schwarz": (max(0.0, abs(dot) / sides - 1), scale / abs(dot) - 1),
    }
    for case, (error, control) in errors.items():
        yield TrialRow(statement="dot", case=case, error=error, control_error=control)


def elementwise_trials(rng: np.random.Generator, size: int) -> Iterator[TrialRow]:
    """A * B = B * A, and a 0/1 mask keeps the pixels that indexing selects; A @ B, the control, does neither."""
    a, b = rng.integers(1, 10, (2, size, size))
    mask = rng.integers(0, 2, (size, size))
    kept = np.where(mask == 1, a, 0)
    yield whole("elementwise", "commutes", a * b - b * a, a @ b - b @ a)
    yield whole("elementwise", "mask selects", a * mask - kept, a @ mask - kept)


def matrix_trials(rng: np.random.Generator, size: int) -> Iterator[TrialRow]:
    """(AB)x = A(Bx), and A(sx + ty) = sAx + tAy; the control is AB = BA."""
    a, b = rng.integers(-9, 10, (2, size, size))
    x, y = rng.integers(-9, 10, (2, size))
    s, t = rng.integers(-9, 10, 2)
    swapped = a @ b - b @ a
    yield whole("matrix", "composition", (a @ b) @ x - a @ (b @ x), swapped)
    yield whole("matrix", "linear", a @ (s * x + t * y) - (s * (a @ x) + t * (a @ y)), swapped)


def convolution_trials(rng: np.random.Generator, size: int) -> Iterator[TrialRow]:
    """torch's convolution as a matrix of one kernel times the pixels, and as kernels times patches.

    The control turns the kernels over, as convolution does outside of deep learning.
    """
    import torch

    image, kernels = rng.integers(-9, 10, (2, size, size)), rng.integers(-9, 10, (3, 2, 3, 3))
    images, given = torch.from_numpy(image)[None], torch.from_numpy(kernels)
    expected, turned = (
        torch.nn.functional.conv2d(images, k)[0].numpy().reshape(3, -1) for k in (given, given.flip(2, 3))
    )
    each = [
        convolution_matrix(kernel, size, size) @ pixels.ravel()
        for kernel, pixels in zip(kernels[0], image, strict=True)
    ]
    product = kernels.reshape(3, -1) @ patches(image, 3, 3)
    yield whole("convolution", "matrix times pixels", sum(each) - expected[0], sum(each) - turned[0])
    yield whole("convolution", "kernels times patches", product - expected, product - turned)


def whole(statement: str, case: str, off: np.ndarray, control: np.ndarray) -> TrialRow:
    """A trial in whole numbers: the largest entry of what ought to be 0, and of the control."""
    errors = (float(np.abs(entries).max()) for entries in (off, control))
    return TrialRow(statement=statement, case=case, error=next(errors), control_error=next(errors))


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "dot_product_measures_length_and_angle",
            statement="The dot product is the sum of products and |a| |b| cos, is bilinear, and never exceeds |a| |b|.",
            rule=Theorem(
                "the dot product obeys each law, relative to |a| |b|",
                control="lengths by sums of magnitudes",
                tolerance=1e-12,
            ),
            measure=instances("dot"),
            topic="Dot product, laws",
            predicted="holds",
            source="Strang 2016",
        ),
        Claim(
            "elementwise_product_commutes_and_masks",
            statement="The elementwise product commutes, and a 0/1 mask keeps exactly the selected pixels.",
            rule=Theorem("both hold exactly in whole numbers", control="the matrix product"),
            measure=instances("elementwise"),
            topic="Elementwise product",
            predicted="holds",
            source="Horn and Johnson 2013: the Hadamard product",
        ),
        Claim(
            "matrix_product_is_composition",
            statement="Multiplying matrices composes linear maps: (AB)x = A(Bx); the order matters.",
            rule=Theorem("(AB)x = A(Bx) and A is linear, exactly in whole numbers", control="AB = BA"),
            measure=instances("matrix"),
            topic="Matrix product as composition",
            predicted="holds",
            source="Strang 2016",
        ),
        Claim(
            "convolution_is_a_matrix_product",
            statement="A convolution is a product of matrices: of one made of the kernel, or of kernels and patches.",
            rule=Theorem("it equals torch's convolution, exactly in whole numbers", control="kernels turned over"),
            measure=instances("convolution"),
            topic="Convolution as a matrix product",
            predicted="holds",
            source="Goodfellow, Bengio and Courville 2016, section 9.1",
        ),
    ),
    tables=(Table(title="Laws and their controls", by=("statement", "case"), columns=("error", "control_error")),),
)
