"""The data sets that can lie in the data folder: their files, where they come from, and what is known to verify them.

Every check sum below is one that the publisher states or that was computed from data known to be right; a file of
which only the size is known says so. Knows nothing of disks and networks.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    content_size: int | None = None
    """Bytes after gunzipping, where a plain copy is as good and no ``content_md5`` is known."""
    members: tuple[str, ...] = ()
    """Names of the files that are taken from an archive; the archive itself is then deleted."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One data set under the data folder."""

    name: str
    title: str
    license: str
    source: str
    """Page or paper that describes it."""
    downloads: tuple[RemoteFile, ...] = ()
    """Empty for data that have to be put in place by hand."""
    layouts: tuple[tuple[str, ...], ...]
    """Alternative sets of file names, each sufficient; ``.gz`` may be missing from a name."""
    folders: tuple[str, ...] = ()
    """Further folders to look in, beside the one named like the data set and the data folder itself."""

    @property
    def size(self) -> int:
        """Bytes to download in all."""
        return sum(file.size for file in self.downloads)


IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
IDX_SIZES = (47_040_016, 60_008, 7_840_016, 10_008)
CIFAR_BINARY = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
CIFAR_PICKLES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_MNIST_SUMS = (
    (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    (28_881, "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    (1_648_877, "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    (4_542, "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
)
_FASHION_SUMS = (
    (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
    (4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
    (5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
)


def _texmex(name: str, stem: str, size: int, md5: str) -> Dataset:
    files = tuple(f"{stem}_{part}" for part in ("base.fvecs", "query.fvecs", "groundtruth.ivecs"))
    archive = RemoteFile(
        name=f"{stem}.tar.gz",
        url=f"ftp://ftp.irisa.fr/local/texmex/corpus/{stem}.tar.gz",
        size=size,
        md5=md5,
        members=files,
    )
    return Dataset(
        name=name,
        title=f"one million {stem.upper()} descriptors of TEXMEX",
        license="CC0",
        source="http://corpus-texmex.irisa.fr",
        downloads=(archive,),
        layouts=(files,),
        folders=(stem,),
    )


def _ann_benchmark(name: str, size: int) -> Dataset:
    file = RemoteFile(name=f"{name}.hdf5", url=f"https://ann-benchmarks.com/{name}.hdf5", size=size)
    return Dataset(
        name=name,
        title=f"{name} of ann-benchmarks, with 100 exact neighbors",
        license="as the data it was made of",
        source="https://github.com/erikbern/ann-benchmarks",
        downloads=(file,),
        layouts=((file.name,),),
    )


_ALL = (
    Dataset(
        name="mnist",
        title="MNIST: 70,000 handwritten digits, 28 x 28",
        license="CC BY-SA 3.0",
        source="LeCun, Cortes, Burges: The MNIST database of handwritten digits",
        downloads=tuple(
            RemoteFile(name=name, url=_MNIST + name, size=size, md5=md5, content_md5=content_md5)
            for name, (size, md5, content_md5) in zip(IDX_FILES, _MNIST_SUMS, strict=True)
        ),
        layouts=(IDX_FILES,),
        folders=("MNIST/raw",),
    ),
    Dataset(
        name="fashion",
        title="Fashion-MNIST: 70,000 pieces of clothing, 28 x 28",
        license="MIT",
        source="Xiao, Rasul, Vollgraf: Fashion-MNIST, 2017; https://github.com/zalandoresearch/fashion-mnist",
        downloads=tuple(
            RemoteFile(name=name, url=_FASHION + name, size=size, md5=md5, content_size=content_size)
            for name, (size, md5), content_size in zip(IDX_FILES, _FASHION_SUMS, IDX_SIZES, strict=True)
        ),
        layouts=(IDX_FILES,),
        folders=("fashion-mnist", "FashionMNIST/raw"),
    ),
    Dataset(
        name="cifar10",
        title="CIFAR-10: 60,000 color images, 32 x 32",
        license="none stated by the authors",
        source="Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
        downloads=(
            RemoteFile(
                name="cifar-10-binary.tar.gz",
                url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                size=170_052_171,
                md5="c32a1d4ab5d03f1284b67883e8d87530",
                members=CIFAR_BINARY,
            ),
        ),
        layouts=(CIFAR_BINARY, CIFAR_PICKLES),
        folders=("cifar-10-batches-bin", "cifar-10-batches-py"),
    ),
    _texmex("sift1m", "sift", 168_280_445, "b23d1b3b2ee8469d819b61ca900ef0ed"),
    _texmex("gist1m", "gist", 2_740_172_684, "31185e0f00854f74d27e8ad8d52628a9"),
    _ann_benchmark("sift-128-euclidean", 525_128_288),
    _ann_benchmark("gist-960-euclidean", 3_844_648_288),
    _ann_benchmark("glove-100-angular", 485_413_888),
    Dataset(
        name="sift-cifar",
        title="100,000 SIFT descriptors of CIFAR-10 images, with 100 exact neighbors",
        license="as CIFAR-10",
        source="made locally; the layout of TEXMEX",
        layouts=(("base.bvecs", "query.bvecs", "groundtruth.ivecs"),),
    ),
)
DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in _ALL}
"""Name -> data set."""
