"""The settings of access: `[access]`, its tables, and `[tls]` of a deployment file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sealift.serve.access.rates import Rate
from sealift.serve.toml_table import TomlTable


@dataclass(frozen=True)
class AccessSettings:
    """Who may use a server.

    Attributes:
        keys: the file of API keys; None where there are none.
        rate: the requests that a caller may send whose key has no rate of its own; None for no limit.
        audit: the audit log of administrative acts.
        open_metrics: whether the metrics can be read without credentials.
    """

    keys: Path | None = None
    rate: Rate | None = None
    audit: Path | None = None
    open_metrics: bool = False


def read_access(table: TomlTable, folder: Path) -> AccessSettings:
    """The settings of `[access]`. Raises ServeError E709."""
    keys = table.optional("keys", str)
    settings = AccessSettings(
        keys=None if keys is None else folder / keys,
        rate=_rate(table),
        audit=folder / (table.optional("audit", str) or "audit.jsonl"),
        open_metrics=bool(table.optional("open_metrics", bool)),
    )
    table.end()
    if settings.keys is None:
        raise table.wrong("keys", "is missing")
    return settings


def _rate(table: TomlTable) -> Rate | None:
    text = table.optional("rate", str)
    if text is None:
        return None
    try:
        return Rate.parse(text)
    except ValueError as error:
        raise table.wrong("rate", f"is malformed: {error}") from None
