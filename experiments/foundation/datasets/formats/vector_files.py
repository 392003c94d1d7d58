"""Vectors from files: which files belong together, and reading each by its suffix.

``base.bvecs`` with ``query.bvecs`` and ``groundtruth.ivecs`` beside it, ``sift_base.fvecs`` with ``sift_query.fvecs``
and ``sift_groundtruth.ivecs``, an ann-benchmarks HDF5 file, or one lone file of vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from experiments.foundation.datasets.formats import matrices, vecs
from experiments.lab.errors import InputError

HDF5_SUFFIXES = (".hdf5", ".h5")
VECTOR_SUFFIXES = (".fvecs", ".bvecs", ".npy", ".csv", *HDF5_SUFFIXES)
ID_SUFFIXES = (".ivecs", ".npy")
BASE_WORD = "base"
QUERY_WORDS = ("query", "queries", "test")
TRUTH_WORDS = ("groundtruth", "ground_truth", "gt")


@dataclass(frozen=True, kw_only=True)
class VectorFiles:
    """What the files gave, unchecked: rows as stored, still mapped to the disk where the format allows it."""

    name: str
    base: NDArray[Any]
    """(n, d)."""
    queries: NDArray[Any] | None
    """(m, d), or None where the source has none."""
    ground_truth: NDArray[Any] | None
    """(m, k) row numbers in ``base``, nearest first."""
    metric: Literal["l2", "cosine"]
    sources: str
    """The names of the files, for descriptions and errors."""


def read_set(files: tuple[Path, ...]) -> VectorFiles:
    """Read files whose parts are known: one ann-benchmarks file, or base, queries and, as a third, ground truth.

    Raises InputError for a damaged file.
    """
    if files[0].suffix in HDF5_SUFFIXES:
        return _from_hdf5(files[0])
    base, queries, *truth = (read_vectors(file) for file in files)
    return VectorFiles(
        name=files[0].stem,
        base=base,
        queries=queries,
        ground_truth=truth[0] if truth else None,
        metric="l2",
        sources=", ".join(file.name for file in files),
    )


def is_path(dataset: str) -> bool:
    """Whether the text means a file or a folder and not a data set's name."""
    return "/" in dataset or "\\" in dataset or dataset.endswith(VECTOR_SUFFIXES) or Path(dataset).exists()


def read_files(path: Path) -> VectorFiles:
    """Read the base at ``path`` (a file, or a folder with one base file), and queries and ground truth beside it.

    Raises InputError where there is no such file, where a folder has not one base, and for damaged files.
    """
    base_path = _base_in(path) if path.is_dir() else path
    if not base_path.exists():
        raise InputError(f"{base_path}: no such file or folder. Give a file of vectors or a data set's name.")
    if base_path.suffix in HDF5_SUFFIXES:
        return _from_hdf5(base_path)
    query_path = _sibling(base_path, QUERY_WORDS, VECTOR_SUFFIXES)
    truth_path = _sibling(base_path, TRUTH_WORDS, ID_SUFFIXES) if query_path else None
    return VectorFiles(
        name=base_path.parent.resolve().name if base_path.stem == BASE_WORD else base_path.stem,
        base=read_vectors(base_path),
        queries=read_vectors(query_path) if query_path else None,
        ground_truth=read_vectors(truth_path) if truth_path else None,
        metric="l2",
        sources=", ".join(file.name for file in (base_path, query_path, truth_path) if file),
    )


def read_vectors(path: Path) -> NDArray[Any]:
    """The rows (n, d) of one file, by its suffix. Raises InputError for a suffix that is not known."""
    if path.suffix in vecs.DTYPES:
        return vecs.read_vecs(path)
    if path.suffix == ".npy":
        return matrices.read_npy(path)
    if path.suffix == ".csv":
        return matrices.read_csv_matrix(path)
    if path.suffix in HDF5_SUFFIXES:
        return matrices.read_ann_benchmark(path).base
    raise InputError(f"{path}: unknown format {path.suffix!r}, expected one of {', '.join(VECTOR_SUFFIXES)}.")


def _from_hdf5(path: Path) -> VectorFiles:
    file = matrices.read_ann_benchmark(path)
    return VectorFiles(
        name=path.stem,
        base=file.base,
        queries=file.queries,
        ground_truth=file.neighbors,
        metric=file.metric,
        sources=path.name,
    )


def _base_in(folder: Path) -> Path:
    vectors = sorted(file for file in folder.iterdir() if file.suffix in VECTOR_SUFFIXES)
    bases = [file for file in vectors if BASE_WORD in file.stem] or vectors
    if len(bases) != 1:
        found = ", ".join(file.name for file in bases) or "none"
        raise InputError(f"{folder}: expected one file of base vectors, found {found}. Name the file.")
    return bases[0]


def _sibling(base: Path, words: tuple[str, ...], suffixes: tuple[str, ...]) -> Path | None:
    """The file whose name has one of ``words`` where the base file's name has "base"."""
    before, found, after = base.stem.rpartition(BASE_WORD)
    if not found:
        return None
    names = [f"{before}{word}{after}{suffix}" for word in words for suffix in (base.suffix, *suffixes)]
    return next((base.with_name(name) for name in names if base.with_name(name).is_file()), None)
