"""The lines of the user's code, as opposed to those of libraries, in the frames of an exception."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

_OWN = str(Path(__file__).parents[2])
_PYTHON = sysconfig.get_paths()["stdlib"]


def is_users(file: str, libraries: Collection[str]) -> bool:
    """Whether a file is neither in one of the folders of libraries nor in Sealift or the standard library."""
    return not file.startswith((*libraries, _OWN, "<")) and ("site-packages" in file or not file.startswith(_PYTHON))


def innermost(frames: Iterable[tuple[str, int]], libraries: Collection[str]) -> str:
    """`file.py, line 7`: the last of the frames (file, line) that is the user's; empty if there is none."""
    users = [(file, line) for file, line in frames if is_users(file, libraries)]
    return f"{users[-1][0]}, line {users[-1][1]}" if users else ""


def line_of(error: BaseException, libraries: Collection[str], in_text: Callable[[str], str] | None = None) -> str:
    """The innermost line of the user's code that led to an error; empty if there is none.

    Args:
        error: the error, whose causes are looked at too.
        libraries: the folders of libraries.
        in_text: the line that the text of an error names; empty if it names none.
    """
    line = ""
    each: BaseException | None = error
    while each is not None and not line:
        frames = traceback.extract_tb(each.__traceback__)
        line = innermost(((frame.filename, frame.lineno or 0) for frame in frames), libraries)
        if not line and in_text is not None:
            line = in_text(str(each))
        each = each.__cause__ or each.__context__
    return line
