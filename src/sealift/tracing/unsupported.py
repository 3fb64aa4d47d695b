"""What stops a trace, with the line of the user's code at which it stopped."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from sealift.tracing.recording import active_recording

ROWS = 99_991
"""What stands for the number of rows, which a trace does not know: `len(x)`, `x.shape[0]`."""


class UnsupportedOperation(Exception):  # noqa: N818 - not an error of the program, but an answer
    """An operation that the graph cannot repeat. Remembered, so that user code that catches it changes nothing."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.line = line_of_caller()
        recording = active_recording()
        if recording is not None and not isinstance(self, AttributeError):
            recording.unsupported.append(self)


class UnsupportedAttribute(UnsupportedOperation, AttributeError):  # noqa: N818
    """An attribute that a placeholder lacks; code may ask for it with hasattr, which is no obstacle."""


def rows_at_once(what: str, fix: str = "") -> UnsupportedOperation:
    """The error for an operation that needs other rows than the one that is answered."""
    return UnsupportedOperation(
        f"{what} uses all rows at once, so the answer for a row would depend on the other rows",
        fix or "Learn such a number in fit, with a transformer of scikit-learn or one of your own.",
    )


def unwrapped(function: Any) -> Any:
    """The function itself behind `functools.partial` and a bound method."""
    while hasattr(function, "func"):
        function = function.func
    return getattr(function, "__func__", function)


def line_of_caller() -> str:
    """The innermost line on the stack that is the user's: `features.py, line 12: x = x / x.mean()`."""
    frame = sys._getframe(1)
    while frame is not None:
        if not is_library(frame.f_code.co_filename):
            return _location(frame.f_code, frame.f_lineno, frame.f_globals)
        if frame.f_code.co_name == "run_traced":
            break
        frame = frame.f_back  # type: ignore[assignment] # the loop asks whether there is one
    return ""


def asks_the_clock() -> bool:
    """Whether the user's code that is running names `now` or `today`."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "run_traced":
        words = {*frame.f_code.co_names, *(const for const in frame.f_code.co_consts if isinstance(const, str))}
        if not is_library(frame.f_code.co_filename) and words & {"now", "today", "utcnow"}:
            return True
        frame = frame.f_back  # type: ignore[assignment] # the loop asks whether there is one
    return False


def line_of(trace: TracebackType | None) -> str:
    """The innermost line of the user's code on a traceback."""
    result = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_library(code.co_filename):
            result = _location(code, trace.tb_lineno, trace.tb_frame.f_globals)
        trace = trace.tb_next
    return result


def _location(code: CodeType, number: int, names: dict[str, Any]) -> str:
    text = linecache.getline(code.co_filename, number, names).strip()
    return f"{Path(code.co_filename).name}, line {number}" + (f": {text:.160}" if text else "")


@cache
def is_library(filename: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to Sealift, and so is not the user's."""
    return filename.startswith((*_roots(), "<frozen", "<__array_function__"))


@cache
def _roots() -> tuple[str, ...]:
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(f"{place}{os.sep}" for place in [*places, Path(__file__).parents[2]])
