"""The settings of the mode `batch`: `[batch]` of a deployment file."""

from __future__ import annotations

from pathlib import Path

from sealift.batch.chunks import Kind
from sealift.batch.folder.settings import FolderSettings
from sealift.serve.toml_table import TomlTable

_KINDS: tuple[Kind, ...] = ("csv", "jsonl", "parquet", "xlsx")


def read_batch(table: TomlTable, folder: Path) -> FolderSettings:
    """The settings from a table of a deployment file. Raises ServeError E709."""
    settings = FolderSettings(
        tuple(folder / each for each in table.one_or_more("input")),
        folder / table.required("output", str),
        format=table.one_of("format", _KINDS),
        keep=table.strings("keep"),
        keep_inputs=bool(table.optional("keep_inputs", bool)),
        ignore_extra=bool(table.optional("ignore_extra", bool)),
        watch=bool(table.optional("watch", bool)),
        settle=table.fraction("settle", FolderSettings.settle, 0.0, 86_400.0),
    )
    table.end()
    return settings
