from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift import files
from sealift.errors import FileError


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


def test_a_file_is_written_with_the_umask_of_the_user(tmp_path: Path, umask: None) -> None:
    files.write_atomic(tmp_path / "a", b"hello")
    assert (tmp_path / "a").read_bytes() == b"hello"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_exception_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with files.atomic(path) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["a"]


def test_a_failing_fsync_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left") as caught:
        files.write_atomic(tmp_path / "a", b"x")
    assert caught.value.code == "E402"
    with pytest.raises(FileError, match="No space left"):
        files.create(tmp_path / "b", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_grows_beyond_what_is_allowed_leaves_nothing(tmp_path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, old[1]))
    try:
        with pytest.raises(FileError) as caught:
            files.write_atomic(tmp_path / "a", bytes(2 << 20))
        with pytest.raises(FileError):
            files.create(tmp_path / "b", bytes(2 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert caught.value.code == "E402"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing/a", "a\0b", "x" * 300, "\ud800"])
def test_an_invalid_path_is_reported(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for write in (files.write_atomic, files.create):
        with pytest.raises(FileError) as caught:
            write(path, b"x")
        assert caught.value.code == "E402"
        str(caught.value).encode()
    with pytest.raises(FileError) as caught:
        files.read(path)
    assert caught.value.code == "E401"
    str(caught.value).encode()
    assert list(tmp_path.iterdir()) == []


def test_the_longest_permitted_name_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 127)
    files.write_atomic(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(FileError, match="Permission denied"):
            files.write_atomic(tmp_path / "a", b"x")
    finally:
        tmp_path.chmod(0o700)


def test_folders_and_devices_are_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "folder").mkdir()
    for path in (pipe, tmp_path / "folder"):
        with pytest.raises(FileError, match="folder or a device"):
            files.write_atomic(path, b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    files.create(tmp_path / "a", b"first", mode=0o600)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            files.create(tmp_path / name, b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert not (tmp_path / "nowhere").exists()


def test_reading_stops_one_byte_behind_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(100))
    assert len(files.read(path)) == 100
    assert len(files.read(path, limit=100)) == 100
    assert len(files.read(path, limit=50)) == 51
    assert len(files.read(Path("/dev/zero"), limit=3 << 20)) == (3 << 20) + 1


def test_a_small_file_takes_little_memory_whatever_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    tracemalloc.start()
    try:
        files.read(tmp_path / "a", limit=(1 << 31) - 1)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(bytes(300_000)))
    writer.start()
    assert len(files.read(pipe, limit=1 << 20)) == 300_000
    writer.join()


def test_a_file_larger_than_memory_is_reported(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate((1 << 31) - 1)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from pathlib import Path\nfrom sealift import files\nfrom sealift.errors import FileError\n"
        "try: files.read(Path(sys.argv[1]), limit=(1 << 31) - 1)\n"
        "except FileError as error: print(error.code, error.what)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "huge")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "E401 The file cannot be read: it does not fit into memory.\n"


def test_parts_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    old, young, other, link = (
        tmp_path / name for name in (".sealift-1.part", ".sealift-2.part", "3.part", ".sealift-4.part")
    )
    for path in (old, young, other):
        path.write_bytes(b"row data")
    link.symlink_to(other)
    os.mkfifo(tmp_path / ".sealift-5.part")  # opening it would wait for ever
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    os.utime(young)
    with files.atomic(tmp_path / "held") as stream:  # sweeps before it begins
        stream.write(b"x")
        stream.flush()
        (mine,) = tmp_path.glob(".sealift-????????????????.part")
        os.utime(mine, (0, 0))
        files._swept.clear()
        files.write_atomic(tmp_path / "a", b"x")
        assert mine.exists()
    assert not old.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".sealift-2.part", ".sealift-4.part", ".sealift-5.part", "3.part", "a", "held"
    ]  # fmt: skip
    assert (tmp_path / "held").read_bytes() == b"x"


def test_check_writable_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    files.check_writable(tmp_path / "a")
    files.check_writable(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(FileError, match="E402"):
        files.check_writable(tmp_path / "no" / "a")
