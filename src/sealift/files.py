"""Writing files so that nothing half-written is ever seen under the final name."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sealift.errors import FileError


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for writing; rename it to `path` when the block ends well, else delete it.

    Raises:
        FileError: E402 when the folder is missing or not writable, or the disk is full.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes the file private; the user's own umask decides who may read the result
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path`, wholly or not at all. Raises FileError E402."""
    with atomic(path) as stream:
        stream.write(data)


def read(path: Path, *, limit: int | None = None) -> bytes:
    """The bytes of `path`, `limit` + 1 at most. Raises FileError E401."""
    try:
        with path.open("rb") as stream:
            return stream.read() if limit is None else stream.read(limit + 1)
    except OSError as error:
        raise FileError(
            "E401",
            f"The file cannot be read: {error.strerror or error}.",
            where=str(path),
            fix="Check the path and the permissions.",
        ) from error


def _unwritable(path: Path, error: OSError) -> FileError:
    return FileError(
        "E402",
        f"The file cannot be written: {error.strerror or error}.",
        where=str(path),
        fix="Choose a folder that exists and that you may write to; nothing was left behind.",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
