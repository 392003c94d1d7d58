"""The image sets: names of files and classes, addresses, checksums that publishers state or that sound data have."""

from __future__ import annotations

from experiments.foundation.datasets.entries import RemoteFile

IDX_FILES = tuple(f"{part}-{array}-ubyte.gz" for part in ("train", "t10k") for array in ("images-idx3", "labels-idx1"))
CIFAR_BINARY = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
CIFAR_PICKLES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
DIGITS = tuple(str(digit) for digit in range(10))
CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DEBIAN_FASHION = "/usr/share/datasets/fashion-mnist"
"""Where Debian's package dataset-fashion-mnist puts the four files, compressed anew: their content decides."""
MNIST_SUMS = (
    (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    (28_881, "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    (1_648_877, "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    (4_542, "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
)
FASHION_SUMS = (
    (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
    (29_515, "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
    (4_422_102, "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
    (5_148, "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
)


def idx_files(url: str, sums: tuple[tuple[int, str, str], ...]) -> tuple[RemoteFile, ...]:
    """The four IDX files under ``url``; sums are (bytes, MD5, MD5 of the content)."""
    return tuple(
        RemoteFile(name=name, url=url + name, size=size, md5=md5, content_md5=content_md5)
        for name, (size, md5, content_md5) in zip(IDX_FILES, sums, strict=True)
    )


OMNIGLOT = tuple(
    RemoteFile(
        name=f"images_background_small{number}.zip",
        url=f"https://raw.githubusercontent.com/brendenlake/omniglot/master/python/images_background_small{number}.zip",
        size=size,
        md5=md5,
    )
    for number, size, md5 in (
        (1, 1_319_022, "e704a628b5459e08445c13499850abc4"),
        (2, 1_580_917, "b75a71a51d3b13f821f212756fe481fd"),
    )
)
