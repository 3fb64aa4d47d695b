"""The output of commands: text, JSON, errors, exit codes.

Exit codes: 0 success, 1 error, 2 wrong usage, 3 success but some rows were refused, 130 stopped by Ctrl-C, 128 + n
stopped by signal n.
"""

from __future__ import annotations

import codecs
import errno
import itertools
import json
import math
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from sealift.cli import streams
from sealift.errors import FileError, InternalError, SealiftError

if TYPE_CHECKING:
    from sealift.seal import Seal

REFUSED, USAGE, SOME_ROWS, STOPPED = 1, 2, 3, 130
_LONG = 1 << 20
_SILENT = f"{__name__}.silent"
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_STYLES = {"good": "32", "bad": "31", "strong": "1", "dim": "2"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_HERE = str(Path(__file__).parents[1])


class _Terminated(BaseException):
    """A signal to end the process; an exception, so that context managers remove unfinished files."""

    def __init__(self, number: int) -> None:
        self.number = number


def guarded(command: Callable[[], object], *, as_json: bool) -> NoReturn:
    """Run a command, and convert every exception to an error message and an exit code.

    Args:
        command: returns the exit code, or None for 0.
        as_json: whether stdout is a single JSON object, also for errors.
    """
    code = _run(command, as_json=as_json)
    try:
        streams.flush()
    except (BrokenPipeError, FileError, AttributeError) as error:
        streams.give_up()
        code = code or REFUSED
        if isinstance(error, FileError):
            _show(error)
    raise SystemExit(code)


def _run(command: Callable[[], object], *, as_json: bool) -> int:
    try:
        streams.prepare()
        with streams.for_one_object(as_json), _signals():
            code = _attempt(command, as_json=as_json)
            streams.flush()
            return code
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except SealiftError as error:  # stdout is closed, or failed while it was written to
        _show(error)
        return REFUSED
    except KeyboardInterrupt:
        say("\nstopped; no incomplete file remains", sys.stderr)
        return STOPPED
    except _Terminated as ended:
        say(f"stopped by {signal.Signals(ended.number).name}; no incomplete file remains", sys.stderr)
        return 128 + ended.number
    except BrokenPipeError:
        return REFUSED  # the reader of stdout has ended (`| head`)


def _attempt(command: Callable[[], object], *, as_json: bool) -> int:
    try:
        code = command()
    except click.UsageError as error:
        if not as_json:
            error.show()
            return USAGE
        name = getattr(error.ctx, "command_path", "sealift")
        what = error.format_message()
        _fail(SealiftError("E903", what, where=name, fix=f"See {name} --help."), as_json=True)
        return USAGE
    except click.Abort:  # from Ctrl-C
        raise KeyboardInterrupt from None
    except BrokenPipeError:
        raise
    except Exception as error:
        _fail(coded(error), as_json=as_json)
        return REFUSED
    return code if isinstance(code, int) else 0


def coded(error: Exception) -> SealiftError:
    """The exception as an error with a code."""
    if isinstance(error, SealiftError):
        return error
    if isinstance(error, MemoryError):
        return InternalError(
            "E902",
            "There is not enough memory for this.",
            fix="Close other programs, use a machine with more memory, or predict fewer rows at once.",
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        place = error.filename if isinstance(error.filename, str) else ""
        return FileError("E402", f"A file cannot be written: {error.strerror}.", where=place,
                         fix="Free space on the disk, and on that of temporary files (TMPDIR).")  # fmt: skip
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return InternalError(
        "E901",
        f"An internal error: {reason.rstrip(' .:')}.",
        where=_line(error),
        fix="Please report this error of Sealift with this message. SEALIFT_DEBUG=1 adds the traceback.",
    )


def _line(error: BaseException) -> str:
    """The last line of Sealift's code in the traceback."""
    import traceback  # here, because it takes 10 ms and few runs need it

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(_HERE)]
    return f"sealift{own[-1].filename[len(_HERE) :]}, line {own[-1].lineno}" if own else ""


@contextmanager
def _signals() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP raise an exception; ignored signals (nohup) stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) == signal.SIG_DFL}
    for number in before:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminate(number: int, _: FrameType | None) -> None:
    raise _Terminated(number)


def _fail(error: SealiftError, *, as_json: bool) -> None:
    """Print an error."""
    if os.environ.get("SEALIFT_DEBUG", "0") not in ("", "0"):
        import traceback

        traceback.print_exc()
    if as_json:
        show_json({"ok": False, "error": error.as_dict()})
    else:
        _show(error)


def _show(error: SealiftError) -> None:
    say(f"{styled('error ' + error.code, 'bad', sys.stderr)}  {clean(error.what)}", sys.stderr)
    if error.where:
        say(f"    where   {clean(error.where)}", sys.stderr)
    say(f"    fix     {clean(error.fix)}", sys.stderr)


@dataclass(frozen=True)
class Spelled:
    """A valid JSON text in UTF-8, printed unchanged."""

    data: memoryview

    def pieces(self, *, ascii_only: bool) -> Iterator[str]:
        """Yield the text in one line, in pieces, since a long string may take four bytes for each character."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, len(self.data), _LONG):
            # Line breaks occur only between values, since those in strings are escaped.
            text = decoder.decode(self.data[start : start + _LONG]).replace("\n", " ").replace("\r", " ")
            yield _escaped(text) if ascii_only and not text.isascii() else text


def show_json(value: dict[str, Any]) -> None:
    """Print a JSON object on stdout; in ASCII where the console is not UTF-8."""
    utf8 = (streams.out().encoding or "").lower().replace("-", "") == "utf8"
    # One line for each key: the indenting encoder takes ten times as long.
    texts = {
        key: item if isinstance(item, Spelled) else _json(item, ascii_only=not utf8) for key, item in value.items()
    }
    out = streams.out()
    streams.write("{", out)
    for at, (key, text) in enumerate(texts.items(), 1):
        streams.write(f"  {json.dumps(key)}: ", out, end="")
        for piece in text.pieces(ascii_only=not utf8) if isinstance(text, Spelled) else (text,):
            streams.write(piece, out, end="")
        streams.write("," * (at < len(texts)), out)
    streams.write("}", out)


def _json(value: Any, *, ascii_only: bool) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, TypeError):  # NaN, ±∞, or keys that are not strings
        value = _finite(value)
        text = json.dumps(value, allow_nan=False)
    # A long value keeps its escapes: a single character beyond U+FFFF would make every character take four bytes.
    if ascii_only or len(text) > _LONG:
        return text
    readable = json.dumps(value, ensure_ascii=False)
    # File names may have unpaired surrogates, which cannot be written in UTF-8.
    return text if _SURROGATE.search(readable) else readable


def _escaped(text: str) -> str:
    """A JSON text in ASCII. It must not contain NUL."""
    # The encoder of strings escapes quotes and backslashes too, which is undone.
    spelled = json.dumps(text)[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\\t", "\t")
    return spelled.replace("\0", "\\")


def manifest(file: Path, seal: Seal) -> dict[str, Any]:
    """The keys that describe a sealed file in `--json`, the same in every command."""
    return {
        "file": str(file),
        "name": seal.manifest.name,
        "version": seal.manifest.version,
        "task": seal.manifest.task,
        "identity": seal.identity,
        "producer": seal.manifest.producer,
    }


def say(text: str = "", stream: TextIO | None = None) -> None:
    """Print a line, unless --quiet was given; text from files must be passed through `clean` first."""
    if not is_silent():
        streams.write(text, stream or streams.out())


def silence(quiet: bool) -> None:
    """If `quiet`, make `say` print nothing for the rest of this command."""
    click.get_current_context().meta[_SILENT] = quiet


def is_silent() -> bool:
    """Whether --quiet was given. It does not apply to errors, which are shown outside the command."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_SILENT))


def warn(warnings: Iterable[str]) -> None:
    """Show warnings of the user's code or a library on stderr."""
    for text in warnings:
        say(f"warning: {clean(text)}", sys.stderr)


def clean(text: object) -> str:
    """Text without control characters, which could control the terminal."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in str(text))


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text` with a colour where the terminal shows it."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colours(stream or streams.out()) else text


def colours(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal that supports them, unless NO_COLOR is set (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or os.name == "nt":
        return False
    return stream.isatty()


def pairs(items: Iterable[tuple[str, object]]) -> None:
    """Names and values, aligned."""
    listed = [(name, str(value)) for name, value in items if value not in ("", None)]
    width = max((len(name) for name, _ in listed), default=0)
    for name, value in listed:
        say(f"  {styled(name.ljust(width), 'dim')}  {clean(value)}")


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], limit: int = 48, most: int = 200, total: int | None = None
) -> None:
    """An aligned table of at most `most` rows; long cells are cut with an ellipsis.

    `total` is the number of rows if it is known, so that the other rows need not be created.
    """
    rest = iter(rows)
    listed = list(itertools.islice(rest, most))
    others = sum(1 for _ in rest) if total is None else max(total - len(listed), 0)
    cells = [[_cut(clean(str(cell)[: limit + 1]), limit) for cell in row] for row in [header, *listed]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for at, row in enumerate(cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        say(f"  {styled(line, 'dim') if at == 0 else line}")
    if others:
        say(f"  … and {others:,} more (--json lists all)")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _finite(value: Any) -> Any:
    """Replace NaN and ±∞, which JSON lacks, by their names (spec/SEAL.md §3)."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
