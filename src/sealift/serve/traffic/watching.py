"""Which folder is watched for versions of a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sealift.serve.toml_table import TomlTable


@dataclass(frozen=True)
class Watch:
    """A watched folder.

    Attributes:
        folder: the folder.
        share: the share of the requests that a new version gets on trial; None gives it all requests at once.
        inside: the name that the files must have; None before the model is opened.
    """

    folder: Path
    share: float | None = None
    inside: str | None = None


def read_watch(entry: TomlTable, folder: Path) -> Watch | None:
    """`watch` of [[models]]: the folder, or a table. Raises ServeError E709."""
    if not entry.is_table("watch"):
        path = entry.optional("watch", str)
        return None if path is None else Watch(folder / path)
    table = entry.table("watch")
    path, share = table.required("folder", str), table.percentage("canary")
    table.end()
    if share is not None and not 0 < share < 100:
        raise table.wrong("canary", "must be more than 0 and less than 100")
    return Watch(folder / path, None if share is None else share / 100)
