"""The tables of a contract's stages: equal ones are built once, and their total size is bounded (spec/TEXT.md §1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sealift.stages import read

MOST_ENTRIES = 1 << 20


class _Sized(Protocol):
    @property
    def entries(self) -> int: ...


_T = TypeVar("_T", bound=_Sized)


class Tables:
    """The tables that the stages of one contract share."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, bytes], _Sized] = {}
        self._entries = 0

    def get(self, make: Callable[[object], _T], raw: object) -> _T:
        """The table that `make` builds from `raw`. Raises ValueError when it is malformed, or all are too large."""
        key = (make, read.canonical_text(raw))
        table = self._made.get(key)
        if table is None:
            table = self._made[key] = make(raw)
            self._entries += table.entries
            if self._entries > MOST_ENTRIES:
                raise ValueError(f"the tables of the stages have more than {MOST_ENTRIES} entries")
        return table  # type: ignore[return-value]  # made by `make`
