"""Surfaces in space with the distances along them in closed form, and a curve of images: one digit, turned.

A rolled-up sheet has the distances of the sheet: sqrt(ds^2 + dh^2), with s the length along the rolled curve and h the
height. The angle t of the Swiss roll is not that length: s(t) = (t sqrt(1 + t^2) + asinh t) / 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SurfaceName = Literal["swiss roll", "S curve", "sphere cap", "flat sheet"]
SURFACES: tuple[SurfaceName, ...] = get_args(SurfaceName)


@dataclass(frozen=True)
class Surface:
    """Points (n, d) and their distances (n, n) along the surface."""

    points: Floats
    distances: Floats


def draw_surface(name: SurfaceName, n: int, rng: np.random.Generator) -> Surface:
    """``n`` points, uniform on the sheet that was rolled up; on the cap, uniform in area."""
    if name == "sphere cap":
        return sphere_cap(n, rng)
    if name == "swiss roll":
        start, end = (roll_length(t) for t in (1.5 * np.pi, 4.5 * np.pi))
        sheet = np.column_stack([rng.uniform(start, end, n), rng.uniform(0, 21, n)])
        return rolled(sheet, swiss_roll(sheet))
    sheet = np.column_stack([rng.uniform(-1.5 * np.pi, 1.5 * np.pi, n), rng.uniform(0, 4, n)])
    if name == "flat sheet":
        turned = np.linalg.qr(rng.standard_normal((10, 2)))[0]
        return rolled(sheet, sheet @ turned.T)
    s = sheet[:, 0]  # the S is made of two arcs of radius 1, so its angle is its length
    return rolled(sheet, np.column_stack([np.sin(s), sheet[:, 1], np.sign(s) * (np.cos(s) - 1)]))


def rolled(sheet: Floats, points: Floats) -> Surface:
    """Points that are the sheet (n, 2) bent without stretching."""
    return Surface(points, scipy.spatial.distance.cdist(sheet, sheet))


def roll_length(t: float | Floats) -> Floats:
    """Length of the spiral (t cos t, t sin t) from 0 to t.

    >>> round(float(roll_length(1.0)), 4)
    1.1478
    """
    t = np.asarray(t)
    return (t * np.sqrt(1 + t**2) + np.arcsinh(t)) / 2


def swiss_roll(sheet: Floats) -> Floats:
    """(n, 3): lengths along the spiral and heights (n, 2), rolled up."""
    grid = np.linspace(1.4 * np.pi, 4.6 * np.pi, 20_000)
    t = np.interp(sheet[:, 0], roll_length(grid), grid)
    return np.column_stack([t * np.cos(t), sheet[:, 1], t * np.sin(t)])


def sphere_cap(n: int, rng: np.random.Generator) -> Surface:
    """The upper half of the unit sphere less its rim: any shortest way between two points lies on it."""
    height, turn = rng.uniform(0.1, 1, n), rng.uniform(0, 2 * np.pi, n)
    radius = np.sqrt(1 - height**2)
    points = np.column_stack([radius * np.cos(turn), radius * np.sin(turn), height])
    return Surface(points, np.arccos(np.clip(points @ points.T, -1, 1)))


def turned_images(image: Floats, degrees: Floats) -> Floats:
    """(n, pixels): an image (height, width) turned by each of ``degrees`` (n,); between pixels it is linear."""
    turned = [scipy.ndimage.rotate(image, angle, reshape=False, order=1) for angle in degrees]
    return np.stack(turned).reshape(len(turned), -1)
