"""Where data lie, and how they get there: locate, fetch, check.

The data folder is ``$MLNOTES_DATA``, else the user's data folder. A data set lies in a folder of its own name in it,
in one of the folder names that other tools give it, or directly in the data folder.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from experiments.foundation.datasets.catalog import entry
from experiments.foundation.datasets.entries import Dataset, RemoteFile
from experiments.foundation.datasets.formats.fields import brief
from experiments.foundation.datasets.formats.files import not_through_links
from experiments.foundation.datasets.storage import network
from experiments.foundation.datasets.storage.checksums import fault_of
from experiments.foundation.datasets.storage.download import download
from experiments.foundation.datasets.storage.structure import structural_fault
from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress


@dataclass(frozen=True)
class Checked:
    """What ``check`` found; ``detail`` says where, what was verified, or what is wrong."""

    status: Literal["ok", "missing", "corrupt"]
    detail: str


def data_directory() -> Path:
    """The data folder: ``$MLNOTES_DATA`` where it is set, else the user's data folder. It need not exist."""
    chosen = os.environ.get("MLNOTES_DATA")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("mlnotes", appauthor=False))


def locate(name: str) -> Path | None:
    """The folder that holds all files of the data set ``name``, or None: they are not there, or it needs none.

    Raises InputError for an unknown name.
    """
    return next((folder for folder, _ in _places(entry(name, Dataset))), None)


def files_of(name: str) -> tuple[Path, ...]:
    """The paths of the files of ``name``, in the order of its layout; none where it needs none.

    Raises InputError, with what to do, where the data set is not there: a named data set is never replaced.
    """
    dataset = entry(name, Dataset)
    if dataset.embedded:
        return ()
    found = next((files for _, files in _places(dataset)), None)
    if found is None:
        raise InputError(_how_to_get(dataset))
    return found


def fetch(name: str) -> Iterator[Progress]:
    """Download what is missing of ``name`` into its own folder, verify it and unpack archives.

    Files that are there and sound are kept. Processes that fetch the same set wait for each other, because paired
    seeds that run side by side must not write the same download. Raises InputError, one line, where that fails; what
    has arrived is kept and resumed by the next call.
    """
    from filelock import FileLock  # costs as much to import as the rest of this package

    dataset = entry(name, Dataset)
    if dataset.embedded:
        return
    if not dataset.downloads:
        raise InputError(_how_to_get(dataset))
    folder = data_directory() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if check(name).status != "ok":
                for file in dataset.downloads:
                    yield from _fetch_file(file, folder)
        network.forget_offline(data_directory())
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error}). Set $MLNOTES_DATA.") from error


def fetch_if_reachable(name: str) -> str | None:
    """Fetch ``name``, which has downloads, where its server answers within three seconds; else why it was not."""
    folder = data_directory()
    reason = network.why_unreachable(entry(name, Dataset).downloads[0].url, folder)
    if reason is None:
        try:
            for _ in fetch(name):
                pass
        except InputError as error:
            network.remember_offline(folder)
            reason = str(error)
    return reason


def check(name: str) -> Checked:
    """Verify the files of ``name``: by checksum where one is known, else by their structure."""
    dataset = entry(name, Dataset)
    if dataset.embedded:
        return Checked("ok", "needs no files")
    place = next(_places(dataset), None)
    if place is None:
        return Checked("missing", _how_to_get(dataset))
    folder, files = place
    originals = {file.name.removesuffix(".gz"): file for file in dataset.downloads}
    faults, by_sum = [], True
    for path in files:
        original = originals.get(path.name.removesuffix(".gz"))
        if original is None or original.md5 is None:
            fault, by_sum = structural_fault(path), False
        else:
            fault = fault_of(original, path)
        if fault is not None:
            faults.append(f"{path}: {fault}")
    if faults:
        return Checked("corrupt", "; ".join(faults))
    verified = "checksums agree" if by_sum else "structure is sound, no checksum is known for it"
    return Checked("ok", f"{folder}: {verified}")


def _places(dataset: Dataset) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Every folder that holds a whole layout of the data set, with the paths of its files."""
    root = data_directory()
    own = root / dataset.name
    others = [parent / folder for parent in (own, root) for folder in dataset.folders]
    for place in (own, *others, *([root] if dataset.loose else [])):
        for layout in dataset.layouts:
            files = [_present(place, name) for name in layout]
            if all(files):
                yield place, tuple(file for file in files if file is not None)


def _present(folder: Path, name: str) -> Path | None:
    """The file or folder ``name`` or, where the name ends in .gz, its plain copy."""
    candidates = (folder / name, folder / name.removesuffix(".gz"))
    return next((path for path in candidates if path.exists()), None)


def _fetch_file(file: RemoteFile, folder: Path) -> Iterator[Progress]:
    target = folder / file.name
    if not target.exists() or fault_of(file, target) is not None:
        yield from download(file, target)
    if file.members:
        yield from _unpack(target, folder, file.members)
        target.unlink()


def _unpack(archive: Path, folder: Path, members: tuple[str, ...]) -> Iterator[Progress]:
    """Take ``members`` out of a tar archive by their base names; links and paths in the archive have no say."""
    missing = set(members)
    try:
        with tarfile.open(archive) as tar:
            for entry in tar:
                name = Path(entry.name).name
                content = tar.extractfile(entry) if name in missing and entry.isreg() else None
                if content is None:
                    continue
                part = folder / f"{name}.part"
                with content, open(part, "wb", opener=not_through_links) as sink:
                    while block := content.read(1 << 20):
                        sink.write(block)
                os.replace(part, folder / name)
                missing.remove(name)
                yield Progress(f"unpack {archive.name}", len(members) - len(missing), len(members))
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{archive}: cannot be unpacked ({brief(error)}). Delete it and fetch it again.") from error
    if missing:
        raise InputError(f"{archive}: holds no {', '.join(sorted(missing))}. Delete it and fetch it again.")


def _how_to_get(dataset: Dataset) -> str:
    wanted = f"{dataset.name} is not under {data_directory()}"
    if dataset.downloads:
        return f"{wanted}. Run `mlnotes data fetch {dataset.name}`, or set $MLNOTES_DATA to the folder that holds it."
    files = ", ".join(dataset.layouts[0])
    return f"{wanted} and cannot be fetched. Put {files} into {data_directory() / dataset.name}, or set $MLNOTES_DATA."
