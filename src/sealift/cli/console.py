"""What a person sees: plain text, errors in three lines, exit codes.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 done but some rows were refused, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import functools
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, ParamSpec, TextIO

from sealift.errors import SealiftError

REFUSED, USAGE, SOME_ROWS, STOPPED = 1, 2, 3, 130
_STYLES = {"good": "32", "bad": "31", "strong": "1", "dim": "2"}

P = ParamSpec("P")


def prepare() -> None:
    """Make every text printable: a console that lacks a character shows its escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command raises into a message and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except SealiftError as error:
            fail(error, as_json=bool(kwargs.get("as_json")))
        except KeyboardInterrupt:
            print("\nstopped; nothing half-written was left behind", file=sys.stderr)
            raise SystemExit(STOPPED) from None
        except BrokenPipeError:
            # The reader of our output went away (`| head`); the interpreter must not fail again while closing it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(REFUSED) from None

    return run


def fail(error: SealiftError, *, as_json: bool) -> NoReturn:
    """Tell what is wrong, where, and what to do; exit with 1."""
    if as_json:
        show_json({"ok": False, "error": error.as_dict()})
    else:
        say(f"{styled('error ' + error.code, 'bad', sys.stderr)}  {clean(error.what)}", sys.stderr)
        if error.where:
            say(f"    where   {clean(error.where)}", sys.stderr)
        say(f"    fix     {clean(error.fix)}", sys.stderr)
    raise SystemExit(REFUSED)


def show_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout; in ASCII where the console is not UTF-8."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(_finite(value), ensure_ascii=not utf8, indent=2, allow_nan=False))


def say(text: str = "", stream: TextIO | None = None) -> None:
    """A line of text; parts that come from files go through `clean` first."""
    print(text, file=stream or sys.stdout)


def clean(text: object) -> str:
    """Text from a file without control characters, which could move the cursor or recolour the terminal."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in str(text))


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text` with a colour where the terminal shows it."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colours(stream or sys.stdout) else text


def colours(stream: TextIO) -> bool:
    """Whether to colour: a terminal that understands it, and nobody said NO_COLOR (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or os.name == "nt":
        return False
    return stream.isatty()


def pairs(items: Iterable[tuple[str, object]]) -> None:
    """Names and values, aligned."""
    listed = [(name, str(value)) for name, value in items if value not in ("", None)]
    width = max((len(name) for name, _ in listed), default=0)
    for name, value in listed:
        say(f"  {styled(name.ljust(width), 'dim')}  {clean(value)}")


def table(header: Sequence[str], rows: Iterable[Sequence[object]], limit: int = 48) -> None:
    """An aligned table; long cells are cut with an ellipsis."""
    cells = [[_cut(clean(cell), limit) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for at, row in enumerate(cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        say(f"  {styled(line, 'dim') if at == 0 else line}")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _finite(value: Any) -> Any:
    """JSON has no NaN: the names of spec/SEAL.md §3 instead."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
