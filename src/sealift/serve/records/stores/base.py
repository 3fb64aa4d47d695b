"""The interface of stores of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sealift.errors import ServeError
from sealift.serve.records.matching import RecordMatch
from sealift.serve.records.record import ModelEntry, Record
from sealift.serve.records.table import RecordTable

FORMAT = 1
"""The format of a store."""


class Position(NamedTuple):
    """Up to where a source (a ring or a file) is in the store.

    Attributes:
        end: the position behind the last message.
        messages: the number of messages before it.
    """

    end: int
    messages: int


@dataclass(frozen=True)
class RecordBatch:
    """What is written in one transaction.

    Attributes:
        run: the run of the server.
        models: models to which records refer; known ones are not changed.
        records: new records.
        positions: source → its position behind these records.
        finished: sources that are read to their end and will not come again.
        counts: the counts of the run, for `Run`.
        ended: whether the run ends with this batch.
    """

    run: str
    models: Sequence[ModelEntry] = ()
    records: Sequence[Record] = ()
    positions: Mapping[str, Position] = field(default_factory=dict)
    finished: Sequence[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    ended: bool = False


@dataclass(frozen=True)
class Selection:
    """Which records to read.

    Attributes:
        models: numbers of models; None for all. Programs select by `models` of the store.
        since, until: the time of the call in seconds since 1970, from and before which; None without a limit.
        error: the code of the error, or `any`; None for all records.
        ids: the ids of records; None for all.
    """

    models: frozenset[int] | None = None
    since: float | None = None
    until: float | None = None
    error: str | None = None
    ids: frozenset[bytes] | None = None


@dataclass(frozen=True)
class Run:
    """A run of a server, from its start to its end.

    Attributes:
        name: its name.
        begun, changed: when it first wrote, and when it last wrote, in seconds since 1970.
        ended: whether it ended with everything written; else its last records may be lost.
        written, dropped, lost: numbers of records (`memory.Counts`).
    """

    name: str
    begun: float
    changed: float
    ended: bool
    written: int
    dropped: int
    lost: int


class Row(NamedTuple):
    """A row of a record, as an object with a key for each column."""

    model: ModelEntry
    values: Mapping[str, Any]


class Erased(NamedTuple):
    """What was erased: rows, and the records that had them."""

    records: int
    rows: int


class StoreError(ServeError):
    """A store that cannot be reached or written now (E722)."""


class Store(Protocol):
    """A store. One process writes it; others may read it meanwhile, and erase records.

    All methods raise StoreError E722.

    Attributes:
        where: the path, or the URL without its password.
    """

    @property
    def where(self) -> str: ...  # noqa: D102

    def positions(self) -> dict[str, Position]:
        """The position of each source."""
        ...

    def write(self, batch: RecordBatch) -> None:
        """Write a batch: wholly, or not at all when an exception is raised."""
        ...

    def expire(self, before: float) -> None:
        """Delete the records of calls before a time."""
        ...

    def models(self) -> list[ModelEntry]:
        """All models."""
        ...

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        ...

    def tables(self, table: RecordTable, selection: Selection) -> Iterator[list[list[Any]]]:
        """The selected rows of one model, as values of the table's columns, some at once, the oldest first."""
        ...

    def last(self, tables: Mapping[int, RecordTable], selection: Selection, count: int) -> list[Row]:
        """The rows of the `count` newest selected records, the newest first.

        Args:
            tables: the number of a model → its table; records of other models are left out.
            selection: which records; its `models` does not matter.
            count: the number of records.
        """
        ...

    def erase(self, table: RecordTable, selection: Selection, match: RecordMatch | None, *, only_count: bool) -> Erased:
        """Delete records of a model, or their rows that match; `scrub` then removes them from the files.

        Args:
            table: the model.
            selection: which records; its `models` does not matter.
            match: the rows; None for all rows of the selected records.
            only_count: whether to delete nothing.
        """
        ...

    def scrub(self) -> None:
        """Remove what was deleted from the files."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def unreachable(where: str, reason: object) -> StoreError:
    """The error E722."""
    return StoreError(
        "E722",
        f"The store of records cannot be used now: {' '.join(str(reason).split())[:300].rstrip('.')}.",
        where=where,
        fix="Free space on the disk, start the database, or wait until another program has finished with it.",
    )


def not_opened(where: str, reason: object) -> ServeError:
    """The error E720."""
    return ServeError(
        "E720",
        f"The store of records cannot be opened: {' '.join(str(reason).split())[:300].rstrip('.')}.",
        where=where,
        fix="Check the path or the URL, the permissions, and that the database runs.",
    )


def foreign(where: str, reason: str) -> ServeError:
    """The error E721."""
    return ServeError(
        "E721",
        f"This is not a store of records: {reason}.",
        where=where,
        fix="Use the store of [records] in the deployment file, and this or a newer version of Sealift.",
    )
