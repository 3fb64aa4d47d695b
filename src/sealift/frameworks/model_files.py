"""Open model files; the framework for a file is detected from its bytes, since its suffix may be arbitrary."""

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import FileError, PackError
from sealift.frameworks.base import HEAD, Framework, Trust
from sealift.frameworks.discovery import frameworks

_LONGEST = 64 << 20  # bytes of an R file that are examined
_OPEN: dict[bytes, Callable[..., gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
# The beginnings of saveRDS's formats and of save's (R's "R Internals", Serialization Formats).
_R = b"X\n\0\0\0", b"A\n2\n", b"A\n3\n", b"B\n\2\0\0\0", b"B\n\3\0\0\0", b"RDX", b"RDA", b"RDB"


def framework_of_file(path: Path) -> Framework | None:
    """The framework that opens a model file; None if none does.

    Raises:
        FileError: E401 when the file does not exist.
        PackError: E308 for a file of a framework's library or of R that cannot be opened; the error states what to save
            instead.
    """
    path = existing(path)
    head = files.read(path, limit=HEAD - 1)
    unpacked = _unpacked(path, head)
    if (head if unpacked is None else unpacked).startswith(_R):
        raise _r_object(path, unpacked)
    for framework in frameworks():
        if framework.sniff(path, head):
            return framework
    if path.suffix.lower() in {".rds", ".rda", ".rdata"}:
        raise _r_object(path, unpacked)
    if unpacked is not None:
        raise refused(path, "The file is compressed.", "Unpack it first, for instance with gzip -d.")
    return None


def open_model(path: Path, trust: Trust = Trust()) -> Any:  # noqa: B008 - it is frozen
    """The model in a file.

    Raises:
        FileError: E401 when the file does not exist, E405 when the library that opens it is not installed.
        PackError: E307 when opening the file could run code that `trust` does not permit, E308 when it cannot be
            opened.
    """
    framework = framework_of_file(path)
    if framework is None:
        raise refused(
            path,
            "The file is not a .skops, .onnx, .joblib, .pkl or booster file.",
            "Give module.py:name, or such a file.",
        )
    try:
        return framework.open(path, trust)
    except (FileError, PackError):
        raise
    except Exception as error:  # each library has its own for a file that is not its own
        raise broken(path, error) from error


def existing(path: Path | str) -> Path:
    """The path, if it is an existing file. Raises FileError E401 otherwise."""
    path = Path(path)
    try:
        there = path.is_file()
    except (OSError, ValueError):  # a path that the system does not permit
        there = False
    if not there:
        raise FileError("E401", "The model file does not exist.", where=str(path), fix="Check the path.")
    return path


_TRIAL = """\
import sys
from sealift.frameworks.{name} import native
try:
    native.load(sys.argv[1])
except Exception:
    pass
print("no crash", flush=True)
"""


def check_survives(path: Path, name: str) -> None:
    """Open a file in another process first, for libraries that end the process on a damaged one.

    Args:
        path: the file.
        name: the framework's folder, whose module `native` has a function `load`.

    Raises:
        PackError: E308 when that process crashes.
    """
    command = [sys.executable, "-P", "-c", _TRIAL.format(name=name), str(path)]
    trial = subprocess.run(command, start_new_session=True, capture_output=True, check=False)  # noqa: S603 -- our own code, in an own process
    if b"no crash" not in trial.stdout:
        raise refused(
            path,
            f"The file is damaged, or of a version that {name} cannot read: {name} crashes when it opens the file.",
            "Copy the file again; or load the model with the version that saved it, and save it again.",
        )


def check_whole(path: Path, *, whole: bool) -> None:
    """Raise PackError E308 for a truncated file."""
    if not whole:
        raise refused(path, "The file is truncated.", "Copy it again, or save the model again.")


def refused(path: Path, what: str, fix: str) -> PackError:
    """The error for a model file that cannot be opened."""
    return PackError("E308", what, where=str(path), fix=fix)


def broken(path: Path, error: Exception) -> PackError:
    """The error for a model file on which its library failed."""
    return refused(
        path,
        f"The model cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
        "Load it in Python with the package versions that saved it, and save it again.",
    )


def _unpacked(path: Path, head: bytes) -> bytes | None:
    """The beginning of the content of a compressed file; None for a file that is not compressed."""
    packed = next((opener for magic, opener in _OPEN.items() if head.startswith(magic)), None)
    if packed is None:
        return None
    try:
        with packed(path) as inner:
            return inner.read(_LONGEST)
    except (OSError, EOFError, lzma.LZMAError):
        return b""


def _r_object(path: Path, unpacked: bytes | None) -> PackError:
    data = files.read(path) if unpacked is None else unpacked
    savers = [pair for framework in frameworks() for pair in framework.r_savers]
    named = [saver for name, saver in savers if name.encode() in data] or [saver for _, saver in savers]
    return refused(
        path,
        "The file holds an R object (saveRDS or save), which only R can open.",
        f"In R, save the booster in its library's own format: {' or '.join(named)}. Sealift opens no other "
        "models of R.",
    )
