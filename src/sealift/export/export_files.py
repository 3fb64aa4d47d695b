"""The files that an export consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ExportFiles:
    """The files of an export.

    Attributes:
        texts: the contents by the name in the folder.
        copies: files that are copied, by the name in the folder.
        notes: what the user has to do or to know, as sentences.
    """

    texts: Mapping[str, str | bytes]
    copies: Mapping[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
