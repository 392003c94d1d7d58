"""Labelled images by name, and two photographs.

A named data set is never replaced; only ``auto`` may choose, and what it chose is in the name and the description.
"""

from __future__ import annotations

from dataclasses import replace

from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.choices import AUTO
from experiments.foundation.datasets.entries import ImageSet, PhotoSet
from experiments.foundation.datasets.formats.image_files import ImageData as ImageData
from experiments.foundation.datasets.formats.image_files import Images as Images
from experiments.foundation.datasets.formats.image_files import Labels as Labels
from experiments.foundation.datasets.storage import store

WANTED, EMBEDDED = "mnist", "digits"
"""What ``auto`` takes where it can, and where it cannot."""


def load_images(name: str, *, seed: int, allow_fetch: bool = True) -> ImageData:
    """The image data set ``name``: one of the catalogue, or auto.

    Images are uint8, (n, h, w) gray or (n, h, w, 3) color, labels int64 (n,); the caller may write to both. ``seed``
    splits digits, which have no test set of their own; the others come with theirs. ``auto`` is MNIST where it is
    present, or can be fetched (with ``allow_fetch``; tried for three seconds at most when there is no network), else
    digits.
    Raises InputError for an unknown name, for a named data set that is not there, and for damaged files.
    """
    if name == AUTO:
        return _auto(seed, allow_fetch)
    found = entry(name, ImageSet, AUTO)
    return found.read(found, store.files_of(name), seed)


def load_photo(name: str) -> Images:
    """A photograph, uint8 (h, w, 3) red, green, blue. Raises InputError for an unknown name."""
    return entry(name, PhotoSet).read(name)


def _auto(seed: int, allow_fetch: bool) -> ImageData:
    reason: str | None = "fetching was not allowed"
    if store.locate(WANTED) is None and allow_fetch:
        reason = store.fetch_if_reachable(WANTED)
    if store.locate(WANTED) is not None:
        chosen, why = load_images(WANTED, seed=seed), "chosen because MNIST is there"
    else:
        chosen = load_images(EMBEDDED, seed=seed)
        why = f"the embedded set, because MNIST is not there ({reason})"
    return replace(chosen, description=f"{chosen.description}; {why}")
