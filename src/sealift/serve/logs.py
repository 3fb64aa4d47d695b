"""The log of a server: one line on stderr for each event, as text or JSON, without values of rows.

Exceptions may have values of rows in their messages. The log has their type and the places in the program; the messages
only where the environment variable SEALIFT_DEBUG is 1.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sealift.errors import CODES, SealiftError
from sealift.serve.calls import Call, Observer
from sealift.serve.toml_table import TomlTable

Format: TypeAlias = Literal["text", "json"]
Level: TypeAlias = Literal["debug", "info", "warning", "error"]
FORMATS: tuple[Format, ...] = ("text", "json")
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
FIELDS = "sealift_fields"
"""The attribute of a log record with the fields of its event."""
_log = logging.getLogger("sealift.serve")
_access = logging.getLogger("sealift.access")
_FRAMES = 12
_LONGEST = 128  # characters of what a caller sends in headers
_process: dict[str, Any] = {}  # what identifies this process


@dataclass(frozen=True)
class LogSettings:
    """How a server logs.

    Attributes:
        format: how a line is written.
        level: the least level.
        access: whether each call of a model has a line.
    """

    format: Format = "text"
    level: Level = "info"
    access: bool = False


def read_log(table: TomlTable) -> LogSettings:
    """Read `[log]`. Raises ServeError E709."""
    default = LogSettings()
    settings = LogSettings(
        table.one_of("format", FORMATS) or default.format,
        table.one_of("level", LEVELS) or default.level,
        access=bool(table.optional("access", bool)),
    )
    table.end()
    return settings


def configure(settings: LogSettings) -> None:
    """Write the log of this process, and of those that it forks, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    root = logging.getLogger()
    for former in [each for each in root.handlers if isinstance(each.formatter, JsonFormatter | TextFormatter)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of other libraries
    logging.getLogger("sealift").setLevel(settings.level.upper())
    logging.captureWarnings(True)


def identify(**fields: Any) -> None:
    """Set the fields of every line of this process, such as `worker`."""
    _process.clear()
    _process.update(fields)


def fields_of(call: Call) -> dict[str, Any]:
    """The fields of an event in a call."""
    return {"trace_id": call.trace.trace_id, "model": call.model.name, "version": call.model.version}


def report(error: Exception, call: Call | None = None) -> None:
    """Log a fault of the server in a request, once."""
    if getattr(error, "is_logged", False):
        return
    error.is_logged = True  # type: ignore[attr-defined]
    if isinstance(error, SealiftError):  # its message may have that of another library
        what = f"[{error.code}] {error if _debugging() else CODES[error.code]}"
    else:
        what = "[E901] an internal error"
    fields = {} if call is None else fields_of(call)
    _log.error(what, exc_info=error, extra={FIELDS: fields})


def report_end(error: BaseException) -> None:
    """Log the error with which this process ends."""
    _log.critical(
        "this process ends: %s", error if isinstance(error, SealiftError) else "an internal error", exc_info=error
    )


class AccessLog(Observer):
    """Writes a line for each call of a model that ends."""

    def observe(self, call: Call) -> None:
        """Log a call."""
        rows = sum(len(each.batch) for each in call.answered)
        fields = {
            **fields_of(call),
            "route": call.route,
            "status": call.status,
            "seconds": round(call.seconds, 6),
            "rows": rows,
            "error": call.error,
            "caller": call.caller.name,
            "request_id": call.headers.get("x-request-id", "")[:_LONGEST],
        }
        _access.info("call", extra={FIELDS: {key: value for key, value in fields.items() if value != ""}})


class JsonFormatter(logging.Formatter):
    """A line of JSON for each event."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(_event(record), ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A line of text for each event: time, level, message, and fields as `key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event = _event(record)
        head = f"{event.pop('time')} {event.pop('level')} {event.pop('message')}"
        del event["logger"]
        return "".join(_printable(part) for part in (head, *(f" {key}={value}" for key, value in event.items())))


def _event(record: logging.LogRecord) -> dict[str, Any]:
    moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    event: dict[str, Any] = {
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "level": record.levelname.lower(),
        "message": record.getMessage(),
        "logger": record.name,
        **_process,
        **getattr(record, FIELDS, {}),
    }
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        event["exception"] = type(error).__name__
        event["stack"] = _stack(error)
        if _debugging():
            event["detail"] = str(error)
    return event


def _stack(error: BaseException) -> str:
    """The innermost frames of an exception, the innermost last; without the text of the lines."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " > ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frames)


def _debugging() -> bool:
    return os.environ.get("SEALIFT_DEBUG") == "1"


def _printable(text: str) -> str:
    """Text without line breaks and control characters."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
