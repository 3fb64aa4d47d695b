"""The standard streams: closed ones are replaced, failures are errors, and `--json` reserves stdout for one object."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from sealift.errors import FileError

_reserved: TextIO | None = None


def prepare() -> None:
    """Make every string printable, and open closed descriptors, which other files would get otherwise.

    Raises:
        FileError: E402 when stdout is closed, since the result could not be shown.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    if sys.stdout is None:
        raise _unwritable("it is closed")


@contextmanager
def for_one_object(reserve: bool) -> Iterator[None]:
    """Within the block, if `reserve`, only `out()` writes to stdout; everything else is redirected to stderr.

    Libraries may write to the descriptor directly, and a user's module may print when the interpreter exits. So the
    descriptor of the process's stdout stays redirected until its end.
    """
    global _reserved  # noqa: PLW0603 -- the process has one stdout
    if not reserve or sys.stdout is None:
        yield
        return
    shown = sys.stdout
    own = shown is sys.__stdout__
    if own:
        shown.flush()
        copy = os.dup(1)
        os.dup2(2, 1)
        _reserved = os.fdopen(copy, "w", encoding=shown.encoding, errors="backslashreplace")
    else:
        _reserved = shown
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        if own:
            with suppress(OSError, ValueError):
                _reserved.close()
        _reserved = None
        sys.stdout = shown


def out() -> TextIO:
    """The stream for results."""
    return _reserved or sys.stdout


def write(text: str, stream: TextIO, end: str = "\n") -> None:
    """Write a line. Raises FileError E402 when stdout fails; failures of stderr are ignored."""
    try:
        stream.write(text + end)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: it was closed
        if stream is not sys.stderr:
            raise unwritable(error) from None


def flush() -> None:
    """Flush stdout. Raises FileError E402."""
    try:
        out().flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise unwritable(error) from None


def give_up() -> None:
    """Discard buffered output, so that the interpreter does not fail when it closes stdout."""
    with suppress(OSError, ValueError, AttributeError):
        target = out().fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, target)
        os.close(null)


def unwritable(error: Exception) -> FileError:
    """The error E402 for stdout."""
    return _unwritable((getattr(error, "strerror", None) or str(error)).rstrip("."))


def _unwritable(reason: str) -> FileError:
    return FileError(
        "E402",
        f"Standard output cannot be written: {reason}.",
        where="stdout",
        fix="Redirect it to a file on a disk with free space, or to a terminal.",
    )
