"""The data sets by name. A new one is one entry here: files, reader, kind, licence; choices of Params follow from it.

Every checksum, here and in ``image_downloads``, is the publisher's or was computed from data known to be right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from experiments.foundation.datasets import image_downloads, readers
from experiments.foundation.datasets.entries import (
    Dataset,
    DetectionSet,
    GeneratedVectors,
    ImageSet,
    PhotoSet,
    RemoteFile,
    TableSet,
    TextSet,
    VectorSet,
)
from experiments.lab.errors import InputError, meant

if TYPE_CHECKING:
    from experiments.foundation.datasets.entries import Draw

E = TypeVar("E", bound=Dataset)

MIXTURE = "a Gaussian mixture of intrinsic dimension {intrinsic_dim} in {dim} dimensions"


def _texmex(name: str, stem: str, size: int, md5: str) -> VectorSet:
    files = tuple(f"{stem}_{part}" for part in ("base.fvecs", "query.fvecs", "groundtruth.ivecs"))
    url = f"ftp://ftp.irisa.fr/local/texmex/corpus/{stem}.tar.gz"
    return VectorSet(
        name=name,
        title=f"{stem.upper()}1M: one million descriptors of TEXMEX, with 100 exact neighbors",
        license="CC0",
        source="http://corpus-texmex.irisa.fr",
        downloads=(RemoteFile(name=f"{stem}.tar.gz", url=url, size=size, md5=md5, members=files),),
        layouts=(files,),
        folders=(stem,),
        read=readers.vectors,
    )


def _ann_benchmark(name: str, size: int) -> VectorSet:
    file = RemoteFile(name=f"{name}.hdf5", url=f"https://ann-benchmarks.com/{name}.hdf5", size=size)
    return VectorSet(
        name=name,
        title=f"{name}: of ann-benchmarks, with 100 exact neighbors",
        license="as the data it was made of",
        source="https://github.com/erikbern/ann-benchmarks",
        downloads=(file,),
        layouts=((file.name,),),
        read=readers.vectors,
    )


def _minilm(name: str, queries: str, asked: str) -> VectorSet:
    return VectorSet(
        name=name,
        title=f"MiniLM: 100,000 embedded one-line descriptions of software packages, queries are {asked}",
        license="as the texts that were embedded; the network is Apache 2.0",
        source="made locally with all-MiniLM-L6-v2; Reimers, Gurevych: Sentence-BERT, 2019",
        layouts=(("base.npy", queries),),
        folders=("minilm",),
        loose=False,
        read=readers.vectors,
    )


def _generated(name: str, draw: Draw, law: str) -> GeneratedVectors:
    title = f"{name}: {law.format(dim='dim', intrinsic_dim='intrinsic_dim')}"
    return GeneratedVectors(name=name, title=title, license="none needed", source="generated", draw=draw, law=law)


def _table(name: str, title: str, terms: str = "CC BY 4.0") -> TableSet:
    return TableSet(name=name, title=title, license=terms, source="scikit-learn", read=readers.table)


def _coco(name: str, title: str, file: str) -> DetectionSet:
    return DetectionSet(
        name=name,
        title=title,
        license="CC BY 4.0",
        source="Lin et al.: Microsoft COCO: Common Objects in Context, 2014; https://cocodataset.org",
        layouts=((file,),),
        folders=("coco", "coco/annotations", "annotations"),
        read=readers.coco_objects,
    )


_ALL: tuple[Dataset, ...] = (
    ImageSet(
        name="digits",
        title="digits: 1,797 handwritten digits, 8 x 8",
        license="CC BY 4.0",
        source="Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, 1998; with scikit-learn",
        classes=image_downloads.DIGITS,
        gray=True,
        read=readers.digit_images,
        as_vectors=readers.digit_vectors,
    ),
    ImageSet(
        name="mnist",
        title="MNIST: 70,000 handwritten digits, 28 x 28",
        license="CC BY-SA 3.0",
        source="LeCun, Cortes, Burges: The MNIST database of handwritten digits",
        downloads=image_downloads.idx_files(
            "https://ossci-datasets.s3.amazonaws.com/mnist/", image_downloads.MNIST_SUMS
        ),
        layouts=(image_downloads.IDX_FILES,),
        folders=("MNIST/raw",),
        classes=image_downloads.DIGITS,
        gray=True,
        read=readers.idx_images,
        as_vectors=readers.idx_vectors,
    ),
    ImageSet(
        name="fashion",
        title="Fashion-MNIST: 70,000 pieces of clothing, 28 x 28",
        license="MIT",
        source="Xiao, Rasul, Vollgraf: Fashion-MNIST, 2017; https://github.com/zalandoresearch/fashion-mnist",
        downloads=image_downloads.idx_files(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", image_downloads.FASHION_SUMS
        ),
        layouts=(image_downloads.IDX_FILES,),
        folders=("fashion-mnist", "FashionMNIST/raw", image_downloads.DEBIAN_FASHION),
        classes=image_downloads.CLOTHES,
        gray=True,
        read=readers.idx_images,
        as_vectors=readers.idx_vectors,
    ),
    ImageSet(
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
                members=image_downloads.CIFAR_BINARY,
            ),
        ),
        layouts=(image_downloads.CIFAR_BINARY, image_downloads.CIFAR_PICKLES),
        folders=("cifar-10-batches-bin", "cifar-10-batches-py"),
        classes=image_downloads.CIFAR_CLASSES,
        gray=False,
        read=readers.cifar_images,
    ),
    ImageSet(
        name="omniglot",
        title="Omniglot, small sets: 4,840 drawings of 242 characters of 8 alphabets, 28 x 28",
        license="MIT",
        source="Lake, Salakhutdinov, Tenenbaum: Human-level concept learning, 2015; https://github.com/brendenlake/omniglot",
        downloads=image_downloads.OMNIGLOT,
        layouts=(tuple(file.name for file in image_downloads.OMNIGLOT),),
        classes=(),
        gray=True,
        read=readers.character_images,
        as_vectors=readers.character_vectors,
    ),
    PhotoSet(name="china", title="china: a temple", license="CC BY 2.0", source="scikit-learn", read=readers.photo),
    PhotoSet(name="flower", title="flower: a dahlia", license="CC BY 2.0", source="scikit-learn", read=readers.photo),
    _generated("clustered", readers.clustered, MIXTURE),
    _generated("gauss", readers.gauss, "standard normal in {dim} dimensions"),
    _generated("uniform", readers.uniform, "uniform in the unit cube in {dim} dimensions"),
    _texmex("sift1m", "sift", 168_280_445, "b23d1b3b2ee8469d819b61ca900ef0ed"),
    _texmex("gist1m", "gist", 2_740_172_684, "31185e0f00854f74d27e8ad8d52628a9"),
    _ann_benchmark("sift-128-euclidean", 525_128_288),
    _ann_benchmark("gist-960-euclidean", 3_844_648_288),
    _ann_benchmark("glove-100-angular", 485_413_888),
    VectorSet(
        name="sift-cifar",
        title="SIFT of CIFAR-10: 100,000 descriptors, with 100 exact neighbors",
        license="as CIFAR-10",
        source="made locally; the layout of TEXMEX",
        layouts=(("base.bvecs", "query.bvecs", "groundtruth.ivecs"),),
        read=readers.vectors,
    ),
    _minilm("minilm", "queries.npy", "other descriptions"),
    _minilm("minilm-shakespeare", "queries_shakespeare.npy", "speeches of Shakespeare's"),
    _table("breast_cancer", "breast_cancer: 569 tumors, 2 classes"),
    _table("diabetes", "diabetes: 442 patients, a regression", "none stated by the authors"),
    _table("iris", "iris: 150 flowers, 3 classes"),
    _table("wine", "wine: 178 wines, 3 classes"),
    _coco("coco-80", "COCO 2017: 705 objects on 80 images", "instances_80_images.json"),
    _coco("coco-val2017", "COCO 2017: the objects on the 5,000 validation images", "instances_val2017.json"),
    DetectionSet(
        name="bccd",
        title="BCCD: blood cells of 3 classes on 364 microscope photographs, 640 x 480",
        license="MIT",
        source="https://github.com/Shenggan/BCCD_Dataset",
        layouts=(("Annotations",),),
        loose=False,
        read=readers.voc_objects,
    ),
    TextSet(
        name="python-docs",
        title="The help texts inside Python: 370,000 characters or so, every paragraph once; they differ by version",
        license="PSF",
        source="pydoc_data.topics of the Python that runs",
        read=readers.python_help,
    ),
    TextSet(
        name="shakespeare",
        title="Shakespeare's plays: 1,115,394 bytes",
        license="public domain",
        source="Karpathy: The Unreasonable Effectiveness of Recurrent Neural Networks, 2015",
        downloads=(
            RemoteFile(
                name="input.txt",
                url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                size=1_115_394,
                md5="6fb458f1232090904fb40fe944165e91",
            ),
        ),
        layouts=(("input.txt",),),
        loose=False,
        read=readers.text,
    ),
)
DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in _ALL}
"""Name -> data set."""


def entries(kind: type[E]) -> dict[str, E]:
    """Name -> data set of all of one kind, such as ``ImageSet``, by name."""
    return {name: entry for name, entry in sorted(DATASETS.items()) if isinstance(entry, kind)}


def entry(name: str, kind: type[E], *also: str) -> E:
    """The data set ``name`` of this kind. Raises InputError, with what was probably meant, where there is none.

    ``also`` are further names that the caller takes, for the error.
    """
    known = entries(kind)
    if name not in known:
        raise InputError(f"unknown {kind.noun} {name}: {meant(name, (*also, *known))}")
    return known[name]
