"""`[records]` of a deployment file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from sealift.serve.records.personal import MODES, Key, Protection
from sealift.serve.toml_table import TomlTable

Overflow: TypeAlias = Literal["drop", "block", "spill"]
OVERFLOWS: tuple[Overflow, ...] = ("drop", "block", "spill")
SPILL = "records-waiting"
"""The name of the folder of records that wait for the store, by default beside the deployment file."""
_MOST_DAYS = 36_500
_MOST_FLUSH = 3600.0
_MOST_MEMORY = 4096


@dataclass(frozen=True)
class Settings:
    """How calls are recorded.

    Attributes:
        store: the target of `stores.open_store`.
        spill: the folder for records that wait for the store, where `overflow` is `spill`.
        overflow: what happens to a record for which there is no room in memory.
        sample: the fraction of the calls that are recorded.
        keep_days: days after which a record is deleted; None keeps all.
        flush: seconds between two writes, which is the most that is lost when all processes are killed.
        memory: bytes of a worker's ring.
        rotate: seconds after which a Parquet file is completed.
        protection: what is done with personal fields.
    """

    store: str
    spill: Path
    overflow: Overflow = "drop"
    sample: float = 1.0
    keep_days: int | None = None
    flush: float = 1.0
    memory: int = 8 << 20
    rotate: float = 300.0
    protection: Protection = field(default_factory=Protection)


def read_settings(table: TomlTable, folder: Path) -> Settings:
    """Read the table; paths are relative to `folder`. Raises ServeError E709, E723; FileError E401."""
    default = Settings("", folder)
    store = table.optional("store", str) or "records.db"
    overflow = table.one_of("overflow", OVERFLOWS) or default.overflow
    mode = table.one_of("personal", MODES) or "mask"
    key_file = table.optional("key_file", str)
    if mode != "mask" and key_file is None:
        raise table.missing("key_file", f": personal = {mode!r} needs a key")
    settings = Settings(
        store if is_url(store) else str(folder / store) + "/" * store.endswith("/"),
        folder / (table.optional("spill", str) or SPILL),
        overflow=overflow,
        sample=table.fraction("sample", default.sample, 0.0, 1.0),
        keep_days=table.number("keep_days", 0, 1, _MOST_DAYS) or None,
        flush=table.fraction("flush", default.flush, 0.01, _MOST_FLUSH),
        memory=table.number("memory", default.memory >> 20, 1, _MOST_MEMORY) << 20,
        rotate=table.fraction("rotate", default.rotate, 1.0, 86_400.0),
        protection=Protection(mode, None if key_file is None else Key.read(folder / key_file)),
    )
    table.end()
    return settings


def is_url(store: str) -> bool:
    """Whether a store is a database server."""
    return "://" in store
