"""What the catalogue says of one data set: its kind, its files and their checksums, its licence, and its reader.

Each kind of data has a class, because each is read into something else. A reader is given the paths of the files in
the order of the layout, none for what comes with a library; it is a plain function that imports what it needs when it
is called, so that the catalogue itself costs nothing to import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experiments.foundation.datasets.formats.coco import Instances
    from experiments.foundation.datasets.formats.image_files import ImageData, Images
    from experiments.foundation.datasets.formats.sklearn_sets import TableData
    from experiments.foundation.datasets.formats.vector_files import VectorFiles

    Draw = Callable[[int, int, int, np.random.Generator], NDArray[np.float32]]

Kind = Literal["images", "photographs", "vectors", "tables", "detections", "text"]
Files = tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file to download."""

    name: str
    url: str
    size: int
    """Bytes of the download."""
    md5: str | None = None
    """MD5 of the download; None where only the size is known."""
    content_md5: str | None = None
    """MD5 after gunzipping: then this decides, and a plain or newly compressed copy is as good as the original."""
    members: tuple[str, ...] = ()
    """Names of the files that are taken from an archive; the archive itself is then deleted."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What every data set has, of whatever kind."""

    kind: ClassVar[Kind]
    noun: ClassVar[str] = "data set"
    """What an error calls a set of this kind."""

    name: str
    title: str
    """A short name, a colon, and what it holds."""
    license: str
    source: str
    """Page or paper that describes it."""
    downloads: tuple[RemoteFile, ...] = ()
    """Empty for data that come with a library, are generated, or have to be put in place by hand."""
    layouts: tuple[tuple[str, ...], ...] = ()
    """Alternative sets of names of files or folders, each sufficient; ``.gz`` may be missing from a name.
    Empty for data that need no files.
    """
    folders: tuple[str, ...] = ()
    """Further folders to look in, beside the one named like the data set and the data folder itself; an absolute one is
    where packages of an operating system put it."""
    loose: bool = True
    """Whether files that lie directly in the data folder are taken: not where their names could be anybody's."""

    @property
    def size(self) -> int:
        """Bytes to download in all."""
        return sum(file.size for file in self.downloads)

    @property
    def embedded(self) -> bool:
        """Whether it is always there, because it needs no files."""
        return not self.layouts


@dataclass(frozen=True, kw_only=True)
class ImageSet(Dataset):
    """Labelled images for training and test."""

    kind: ClassVar[Kind] = "images"
    noun: ClassVar[str] = "image data set"

    classes: tuple[str, ...]
    """Name of each label; empty where the files themselves name them."""
    gray: bool
    """Whether a pixel is one number: then small studies flatten the images, and ``as_vectors`` is given."""
    read: Callable[[ImageSet, Files, int], ImageData]
    """(entry, files, seed) -> images; the seed splits a set that has no test images of its own."""
    as_vectors: Callable[[Files], VectorFiles] | None = None
    """files -> its pixels as vectors to search in."""


@dataclass(frozen=True, kw_only=True)
class PhotoSet(Dataset):
    """One photograph."""

    kind: ClassVar[Kind] = "photographs"
    noun: ClassVar[str] = "photograph"

    read: Callable[[str], Images]
    """name -> the photograph (h, w, 3)."""


@dataclass(frozen=True, kw_only=True)
class VectorSet(Dataset):
    """Vectors to search in, with queries, from files."""

    kind: ClassVar[Kind] = "vectors"

    read: Callable[[Files], VectorFiles]


@dataclass(frozen=True, kw_only=True)
class GeneratedVectors(Dataset):
    """Vectors drawn from a law, as many as are asked for."""

    kind: ClassVar[Kind] = "vectors"

    draw: Draw
    """(n, dim, intrinsic_dim, rng) -> points (n, dim)."""
    law: str
    """The law in words, with the fields ``{dim}`` and ``{intrinsic_dim}``."""


@dataclass(frozen=True, kw_only=True)
class TableSet(Dataset):
    """Observations of features with a target each."""

    kind: ClassVar[Kind] = "tables"
    noun: ClassVar[str] = "table"

    read: Callable[[str], TableData]
    """name -> the table."""


@dataclass(frozen=True, kw_only=True)
class DetectionSet(Dataset):
    """Annotated objects on images."""

    kind: ClassVar[Kind] = "detections"
    noun: ClassVar[str] = "set of annotations"

    read: Callable[[Files], Instances]


@dataclass(frozen=True, kw_only=True)
class TextSet(Dataset):
    """One text."""

    kind: ClassVar[Kind] = "text"
    noun: ClassVar[str] = "text"

    read: Callable[[Files], str]
