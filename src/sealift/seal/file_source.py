"""Read a sealed file from a path, its bytes, a binary stream, or an object that opens one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeAlias

from sealift import files
from sealift.errors import FileError
from sealift.seal import reader
from sealift.seal.reader import Seal

FileSource: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Any"
"""A path, the bytes of a file, a binary stream, or an object whose `open("rb")` returns one (fsspec, zipfile)."""

_MOST = (1 << 31) - 1  # bytes of a stream, which is read into memory; files are mapped
_PIECE = 1 << 20


def read_source(source: FileSource) -> Seal:
    """Read and check a sealed file.

    A stream is read from its position to its end and stays open. A stream that `open` returns is closed.

    Raises:
        FileError: E401 when it cannot be read.
        SealError, SignatureError: as `read`.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return reader.parse(bytes(source))
    if isinstance(source, str) and "://" in source and not Path(source).exists():
        raise FileError(
            "E401",
            "An address is no path of a file on this machine.",
            where=source,
            fix="Give an object that opens it: fsspec.open(address), or its bytes.",
        )
    if isinstance(source, str | Path):
        return reader.read(source)
    opener = getattr(source, "open", None)
    if not callable(opener) and hasattr(source, "__fspath__"):
        return reader.read(os.fspath(source))
    where = _name_of(source)
    if callable(getattr(source, "read", None)):  # before `open`, which the open files of fsspec may have too
        return reader.parse(_content(source, where), where)
    if callable(opener):
        return reader.parse(_opened(opener, where), where)
    raise FileError(
        "E401",
        f"An object of the type {type(source).__name__} is not a file.",
        fix="Give a path, the bytes of a sealed file, a binary stream, or an object with a method open.",
    )


def _opened(opener: Callable[..., Any], where: str) -> bytes:
    try:
        try:
            stream = opener("rb")
        except TypeError:  # fsspec.core.OpenFile.open has no mode
            stream = opener()
        with stream:
            return _content(stream, where)
    except FileError:
        raise
    except Exception as error:  # file systems of other packages raise their own classes
        raise files.unreadable(Path(where), error) from error


def _content(stream: Any, where: str) -> bytes:
    """All bytes of a stream. Raises FileError E401, also where there are too many."""
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece = stream.read(_PIECE)
        except UnicodeDecodeError:  # a stream of text, which decodes before it gives anything
            raise _text(where) from None
        except Exception as error:  # as above
            raise files.unreadable(Path(where), error) from error
        if not isinstance(piece, bytes | bytearray):
            raise _text(where)
        if not piece:
            break
        pieces.append(bytes(piece))
        size += len(piece)
        if size > _MOST:
            raise FileError("E401", "The stream has more than 2 GiB.", where=where, fix="Give the path of a file.")
    return b"".join(pieces)


def _text(where: str) -> FileError:
    return FileError("E401", "The stream is not binary.", where=where, fix="Open it in binary mode, 'rb'.")


def _name_of(source: Any) -> str:
    for key in ("path", "name"):
        name = getattr(source, key, None)
        if isinstance(name, str) and name:
            return name
    return "stream"
