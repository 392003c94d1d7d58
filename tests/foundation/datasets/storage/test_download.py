from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from experiments.foundation.datasets.entries import RemoteFile
from experiments.foundation.datasets.storage.download import ATTEMPTS, download
from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress

if TYPE_CHECKING:
    from tests.foundation.datasets.conftest import FileServer

CONTENT = np.random.default_rng(0).bytes(200_000)


def remote(server: FileServer, content: bytes = CONTENT, md5: str | None = None) -> RemoteFile:
    server.files["x.bin"] = content
    md5 = hashlib.md5(CONTENT).hexdigest() if md5 is None else md5
    return RemoteFile(name="x.bin", url=server.url("x.bin"), size=len(content), md5=md5)


def run(file: RemoteFile, target: Path) -> list[Progress]:
    return list(download(file, target))


def test_a_download_arrives_whole_with_progress_to_its_end(server: FileServer, tmp_path: Path) -> None:
    steps = run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert steps[0] == Progress("download x.bin", 0, 200_000)
    assert steps[-1] == Progress("download x.bin", 200_000, 200_000)
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_connections_that_break_off_are_resumed_by_range(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [70_000, 50_000]
    run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert server.asked == ["GET None", "GET bytes=70000-", "GET bytes=120000-"]


def test_a_download_given_up_is_resumed_by_the_next_call(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [1000] + [0] * ATTEMPTS
    with pytest.raises(InputError) as raised:
        run(remote(server), tmp_path / "x.bin")
    told = "broke off after 1000 bytes (the connection was closed early)."
    assert str(raised.value) == f"x.bin: {told} Run the command again: it goes on from there."
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin.part"]
    server.cuts, server.asked = [], []
    run(remote(server), tmp_path / "x.bin")
    assert server.asked == ["GET bytes=1000-"]
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_no_file(server: FileServer, tmp_path: Path) -> None:
    file = remote(server, CONTENT[:-1] + b"!")
    found, expected = hashlib.md5(server.files["x.bin"]).hexdigest(), hashlib.md5(CONTENT).hexdigest()
    with pytest.raises(InputError) as raised:
        run(file, tmp_path / "x.bin")
    told = f"MD5 is {found}, expected {expected}. The download was deleted; fetch it again."
    assert str(raised.value) == f"{file.url}: {told}"
    assert list(tmp_path.iterdir()) == []


def test_a_part_of_another_file_is_caught_by_the_checksum(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "x.bin.part").write_bytes(b"something else")
    with pytest.raises(InputError, match="The download was deleted"):
        run(remote(server), tmp_path / "x.bin")
    run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_a_server_without_ranges_starts_again(server: FileServer, tmp_path: Path) -> None:
    server.knows_ranges = False
    (tmp_path / "x.bin.part").write_bytes(CONTENT[:500])
    run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("extra", [b"", b"too much"])
def test_a_part_that_is_whole_or_too_long_is_mended(server: FileServer, tmp_path: Path, extra: bytes) -> None:
    (tmp_path / "x.bin.part").write_bytes(CONTENT + extra)
    run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert len(server.asked) == (2 if extra else 1)


def test_a_file_that_the_server_lacks_is_one_line(server: FileServer, tmp_path: Path) -> None:
    file = RemoteFile(name="y", url=server.url("y"), size=1)
    with pytest.raises(InputError) as raised:
        run(file, tmp_path / "y")
    assert str(raised.value) == f"{file.url}: the server answered 404 Not Found."


def test_no_network_is_one_line(server: FileServer, tmp_path: Path) -> None:
    file = remote(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError) as raised:
        run(file, tmp_path / "x.bin")
    reason = "[Errno 111] Connection refused"
    expected = f"cannot reach 127.0.0.1 for x.bin ({reason}). Check the network and run the command again."
    assert str(raised.value) == expected


@pytest.mark.parametrize("name", ["x.hdf5", "x.npy", "x.json", "x.txt"])
def test_a_login_page_is_not_kept_as_a_data_set_that_has_no_checksum(
    server: FileServer, tmp_path: Path, name: str
) -> None:
    server.files[name] = b"<html>Please log in: \xff</html>"
    file = RemoteFile(name=name, url=server.url(name), size=485_413_888)
    with pytest.raises(InputError, match=r"The download was deleted; fetch it again\."):
        run(file, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("announced", ["abc", "-5", ""])
def test_a_length_that_is_no_number_is_the_known_one(server: FileServer, tmp_path: Path, announced: str) -> None:
    server.announced = announced
    run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(("size", "announced"), [(100, "abc"), (100, "100000000000")])
def test_a_body_without_end_is_not_taken(server: FileServer, tmp_path: Path, size: int, announced: str) -> None:
    server.files["x.bin"], server.announced = CONTENT * 10, announced
    with pytest.raises(InputError, match=r"Not taken\."):
        run(RemoteFile(name="x.bin", url=server.url("x.bin"), size=size), tmp_path / "x.bin")


def test_a_link_under_the_name_of_the_part_is_not_written_through(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "x.bin.part").symlink_to(tmp_path / "victim")
    with pytest.raises(InputError):
        run(remote(server), tmp_path / "x.bin")
    assert (tmp_path / "victim").read_text() == "precious"
