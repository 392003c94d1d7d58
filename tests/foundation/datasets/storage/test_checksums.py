from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from experiments.foundation.datasets.entries import RemoteFile
from experiments.foundation.datasets.storage.checksums import content_md5, fault_of, md5

CONTENT = b"0123456789" * 100
SUM = hashlib.md5(CONTENT).hexdigest()


def remote(**sums: str) -> RemoteFile:
    return RemoteFile(name="x.gz", url="http://x.org/x.gz", size=1, **sums)


def test_sums_are_those_of_hashlib(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(CONTENT)
    (tmp_path / "packed").write_bytes(gzip.compress(CONTENT))
    assert md5(tmp_path / "plain") == content_md5(tmp_path / "plain") == content_md5(tmp_path / "packed") == SUM
    assert md5(tmp_path / "packed") == hashlib.md5((tmp_path / "packed").read_bytes()).hexdigest()


def test_the_content_decides_where_its_sum_is_known(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(CONTENT, 1))
    assert fault_of(remote(md5="of the original", content_md5=SUM), tmp_path / "x.gz") is None
    (tmp_path / "x.gz").write_bytes(gzip.compress(CONTENT[1:]))
    found = hashlib.md5(CONTENT[1:]).hexdigest()
    assert fault_of(remote(content_md5=SUM), tmp_path / "x.gz") == f"MD5 of the content is {found}, expected {SUM}"


def test_a_file_without_a_sum_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    assert fault_of(remote(), tmp_path / "x") is None
    assert fault_of(remote(md5="?"), tmp_path / "x") == f"MD5 is {SUM}, expected ?"


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(CONTENT)[:-9])
    found = fault_of(remote(content_md5=SUM), tmp_path / "x")
    assert found is not None
    assert found.startswith("corrupt gzip (")
    missing = fault_of(remote(md5=SUM), tmp_path / "y")
    assert missing is not None
    assert "cannot be read" in missing
