"""A page goes to its place in one step."""

from __future__ import annotations

from pathlib import Path

from experiments.lab.errors import InputError


def write_page(html: str, place: Path) -> None:
    """Write beside the place and rename, so that nobody opens half a page.

    Raises:
        InputError: the place is no file in a folder that exists.
    """
    if place.is_dir() or not place.parent.is_dir():
        raise InputError(f"-o {place}: expected a file in a folder that exists")
    beside = place.with_name(place.name + ".part")
    beside.write_text(html, encoding="utf-8")
    beside.replace(place)
