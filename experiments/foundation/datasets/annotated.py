"""Annotated objects on images by name, in COCO's terms whatever the format of the files."""

from __future__ import annotations

from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.entries import DetectionSet
from experiments.foundation.datasets.formats.coco import Instances
from experiments.foundation.datasets.storage import store


def load_objects(name: str) -> Instances:
    """The annotations ``name``: boxes (n, 4) as x, y, width, height in pixels, with their images and categories.

    Raises InputError for an unknown name, for files that are not there, and for damaged ones.
    """
    return entry(name, DetectionSet).read(store.files_of(name))
