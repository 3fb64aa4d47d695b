"""Writing files so that nothing half-written is ever seen under the final name."""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sealift.errors import FileError

_CHUNK = 1 << 20
_MAPPED = 32 << 20  # bytes from which a file is mapped
_MOST_COPIED = (1 << 31) - 1  # bytes of a file that cannot be mapped and is read into memory
_STALE = 600.0  # seconds since the last change; between its creation and its lock a part is not held yet
_LOCKED = 30.0  # seconds that another process may hold a lock
_swept: set[str] = set()


class _NotWrittenError(Exception):
    """Ends a block whose file is not to be kept."""


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for writing; rename it to `path` when the block ends well, else delete it.

    A process that is killed leaves its part behind; a later call removes it.

    Raises:
        FileError: E402 when the folder is missing or not writable, the disk is full, or `path` is there and no file.
    """
    # A short name of our own: the final name may already be as long as the file system allows.
    temporary = path.parent / f".sealift-{secrets.token_hex(8)}.part"
    _sweep(path.parent)
    try:
        if b"\0" in os.fsencode(path):
            raise ValueError("its name holds a NUL")
        if path.exists() and not path.is_file():  # a rename would replace /dev/null itself
            raise OSError("it is a folder or a device")
        # Created by name, not by mkstemp, so that the user's own umask decides who may read the result.
        stream = temporary.open("xb")
        hold(stream)
    except (OSError, ValueError) as error:  # ValueError: a name that the system cannot say
        raise unwritable(path, error) from error
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def hold(stream: IO[bytes]) -> bool:
    """Lock a file for as long as it is open. False where another process holds it."""
    if os.name == "nt":  # which refuses to delete a file that is open
        return True
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # some network file systems have no locks
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove the parts of processes that were killed: old ones that nobody holds. Once a folder and process."""
    if str(folder) in _swept:
        return
    _swept.add(str(folder))
    with contextlib.suppress(OSError, ValueError):
        for entry in os.scandir(folder):
            part = entry.name.startswith(".sealift-") and entry.name.endswith(".part")
            with contextlib.suppress(OSError):
                if not part or not entry.is_file(follow_symlinks=False):
                    continue
                if time.time() - entry.stat().st_mtime < _STALE:
                    continue
                with Path(entry.path).open("rb") as stream:
                    free = hold(stream)
                if free:
                    Path(entry.path).unlink()


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path` for this process while it is read and replaced; others that ask for it wait.

    The lock is on the file itself, so nothing is left beside it. Where the system cannot lock an open file that is
    then replaced (Windows), it is on a neighbour that is removed afterwards.

    Raises:
        FileError: E401 when the file cannot be opened; on Windows E402 when it stays locked for 30 seconds.
    """
    if os.name == "nt":
        with _neighbour(path):
            yield
        return
    import fcntl

    while True:
        try:
            stream = path.open("rb")
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        with stream:
            with contextlib.suppress(OSError):  # some network file systems have no locks
                fcntl.flock(stream, fcntl.LOCK_EX)
            # The one that held it before has put another file in its place, whose lock is the one to hold.
            if path.exists() and os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                yield
                return


@contextlib.contextmanager
def exclusive_folder(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process while a file is made in it if there is none; others that ask for it wait.

    Raises:
        FileError: on Windows E402 when it stays locked for 30 seconds.
    """
    if os.name == "nt":
        with _neighbour(folder / "folder"):
            yield
        return
    import fcntl

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _neighbour(path: Path) -> Iterator[None]:
    lock = path.with_name(f".sealift-{path.name}.lock")
    deadline = time.monotonic() + _LOCKED
    while True:
        try:
            create(lock, b"")
            break
        except FileExistsError as error:
            if time.monotonic() > deadline:
                raise unwritable(lock, error) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def is_folder(path: Path | str) -> bool:
    """Whether a path is a folder; False for names that the system cannot have, such as too long ones."""
    return os.path.isdir(path)  # noqa: PTH112 -- Path.is_dir raises for such names


def check_writable(path: Path) -> None:
    """Raise FileError E402 when `atomic` could not begin to write `path`; for before long work."""
    with contextlib.suppress(_NotWrittenError), atomic(path):
        raise _NotWrittenError


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path`, wholly or not at all. Raises FileError E402."""
    with atomic(path) as stream:
        stream.write(data)


def create(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write `data` to a file that must not exist yet, with `mode` (less the umask) from its first moment.

    Raises:
        FileExistsError: something has that name, be it a dangling link.
        FileError: E402 when it cannot be written; nothing is left behind.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read(path: Path, *, limit: int | None = None) -> bytes:
    """The bytes of `path`, `limit` + 1 at most. Raises FileError E401."""
    try:
        with path.open("rb") as stream:
            if limit is None:
                return stream.read()
            # Asked for by the file's own size, because read(n) sets n bytes aside whatever the file holds;
            # then in pieces, for pipes have no size.
            wanted, room = os.fstat(stream.fileno()).st_size + 1, limit + 1
            pieces: list[bytes] = []
            while room > 0 and (piece := stream.read(min(wanted, room))):
                pieces.append(piece)
                room -= len(piece)
                wanted = _CHUNK
            return b"".join(pieces)
    except (OSError, ValueError, MemoryError) as error:
        raise unreadable(path, error) from error


def content(path: Path, *, limit: int = _MOST_COPIED) -> bytes | memoryview:
    """The content of `path`: mapped where it is a large file, so that processes share it; else as `read`.

    What is mapped follows the file: it must not be changed in place while it is used. Replacing it by another file, as
    `atomic` does, changes nothing. Raises FileError E401.
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            # Windows lets nobody replace or delete a file that is mapped.
            if size > limit or (size >= _MAPPED and os.name != "nt"):
                return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError, MemoryError) as error:
        raise unreadable(path, error) from error
    return read(path, limit=limit)


def unreadable(path: Path, error: Exception) -> FileError:
    """E401 for `path`, with the system's reason."""
    return FileError(
        "E401",
        f"The file cannot be read: {_reason(error)}.",
        where=as_text(path),
        fix="Check the path and the permissions.",
    )


def unwritable(path: Path, error: Exception) -> FileError:
    """E402 for `path`, with the system's reason."""
    return FileError(
        "E402",
        f"The file cannot be written: {_reason(error)}.",
        where=as_text(path),
        fix="Choose a folder that exists and that you may write to; nothing was left behind.",
    )


def as_text(path: Path) -> str:
    """A path as valid Unicode, for tables and messages: a byte that is not UTF-8 is written as `\\udcff`."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it does not fit into memory"
    if isinstance(error, FileNotFoundError) and error.strerror is None:  # of other file systems
        return "there is no such file"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
