"""Records in tables of a relational database: the statements that SQLite and PostgreSQL share."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from sealift.serve.records.matching import RecordMatch, row_of
from sealift.serve.records.record import ModelEntry, Record, earliest_id
from sealift.serve.records.stores.base import FORMAT, Erased, Position, RecordBatch, Row, Run, Selection, foreign
from sealift.serve.records.table import RecordTable

_COLUMNS = ", ".join(Record._fields)
_MARKS = ", ".join("?" * len(Record._fields))
AT_ONCE = 500
_OLD = 30 * 86_400.0
"""Seconds after which the positions of a run that did not end are forgotten."""

TABLES = (
    "CREATE TABLE sealift_format (format INTEGER NOT NULL)",
    "CREATE TABLE sealift_models (number BIGINT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, "
    "identity TEXT NOT NULL, contract TEXT NOT NULL)",
    "CREATE TABLE sealift_records (id {bytes} PRIMARY KEY, model BIGINT NOT NULL, time {double} NOT NULL, "
    "seconds {double} NOT NULL, status INTEGER NOT NULL, error TEXT NOT NULL, route TEXT NOT NULL, "
    "caller TEXT NOT NULL, request_id TEXT NOT NULL, trace TEXT NOT NULL, first INTEGER NOT NULL, "
    "rows INTEGER NOT NULL, payload {bytes} NOT NULL)",
    "CREATE TABLE sealift_positions (source TEXT PRIMARY KEY, position BIGINT NOT NULL, count BIGINT NOT NULL, "
    "time {double} NOT NULL)",
    "CREATE TABLE sealift_runs (name TEXT PRIMARY KEY, begun {double} NOT NULL, changed {double} NOT NULL, "
    "ended INTEGER NOT NULL, written BIGINT NOT NULL, dropped BIGINT NOT NULL, lost BIGINT NOT NULL)",
)
"""The statements that make the tables; the ids begin with the time, so that no other index is needed."""


class SqlStore(ABC):
    """A store in a relational database."""

    where: str

    @abstractmethod
    def _transaction(self, *, reads: bool = False) -> AbstractContextManager[object]:
        """A transaction; exceptions of the database become StoreError E722."""

    @abstractmethod
    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Execute a statement, with a question mark for each value; an iterable of rows."""

    @abstractmethod
    def _insert(self, records: Sequence[Record]) -> None:
        """Append new records."""

    def _check(self) -> None:
        """Raise ServeError E721 unless the format is known."""
        formats = [row[0] for row in self._execute("SELECT format FROM sealift_format")]
        if formats != [FORMAT]:
            raise foreign(self.where, f"its format is {formats}, and this version reads {FORMAT}")

    def positions(self) -> dict[str, Position]:
        """The position of each source."""
        with self._transaction(reads=True):
            rows = self._execute("SELECT source, position, count FROM sealift_positions")
            return {source: Position(end, count) for source, end, count in rows}

    def write(self, batch: RecordBatch) -> None:
        """Write a batch in one transaction."""
        now = time.time()
        with self._transaction():
            for model in batch.models:
                self._execute(
                    "INSERT INTO sealift_models VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) DO NOTHING", tuple(model)
                )
            self._insert(batch.records)
            for source, position in batch.positions.items():
                self._execute(
                    "INSERT INTO sealift_positions VALUES (?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET "
                    "position = excluded.position, count = excluded.count, time = excluded.time",
                    (source, *position, now),
                )
            for source in batch.finished:
                self._execute("DELETE FROM sealift_positions WHERE source = ?", (source,))
            counts = [batch.counts.get(key, 0) for key in ("written", "dropped", "lost")]
            self._execute(
                "INSERT INTO sealift_runs VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "changed = excluded.changed, ended = excluded.ended, written = excluded.written, "
                "dropped = excluded.dropped, lost = excluded.lost",
                (batch.run, now, now, int(batch.ended), *counts),
            )
            if batch.ended:
                self._execute("DELETE FROM sealift_positions WHERE time < ?", (now - _OLD,))

    def expire(self, before: float) -> None:
        """Delete the records of calls before a time, some at once, so that others can use the store meanwhile."""
        left = True
        while left:
            with self._transaction():
                rows = self._execute(
                    f"SELECT id FROM sealift_records WHERE id < ? ORDER BY id LIMIT {AT_ONCE}",  # noqa: S608
                    (earliest_id(before),),
                )
                ids = [bytes(row[0]) for row in rows]
                self._delete(ids)
            left = len(ids) == AT_ONCE

    def models(self) -> list[ModelEntry]:
        """All models."""
        with self._transaction(reads=True):
            return [ModelEntry(*row) for row in self._execute("SELECT * FROM sealift_models ORDER BY name, version")]

    def runs(self) -> list[Run]:
        """All runs."""
        with self._transaction(reads=True):
            rows = list(self._execute("SELECT * FROM sealift_runs ORDER BY begun"))
        return [Run(name, begun, changed, bool(ended), *counts) for name, begun, changed, ended, *counts in rows]

    def tables(self, table: RecordTable, selection: Selection) -> Iterator[list[list[Any]]]:
        """The selected rows of one model."""
        chosen = replace(selection, models=frozenset({table.model.number}))
        for records in self._records(chosen):
            yield table.of(records)

    def last(self, tables: Mapping[int, RecordTable], selection: Selection, count: int) -> list[Row]:
        """The rows of the newest records."""
        rows: list[Row] = []
        for records in self._records(replace(selection, models=frozenset(tables)), last=count):
            for record in records:
                table = tables[record.model]
                columns = table.of([record])
                rows += [Row(table.model, row_of(table, columns, at)) for at in range(len(columns[0]))]
        return rows

    def erase(self, table: RecordTable, selection: Selection, match: RecordMatch | None, *, only_count: bool) -> Erased:
        """Delete records or rows, some in one transaction, so that the server can write meanwhile."""
        erased, rows = 0, 0
        for records in self._records(replace(selection, models=frozenset({table.model.number}))):
            deleted: list[bytes] = []
            changed: list[Record] = []
            for record in records:
                left = None if match is None else match.without(record)
                if left is None:
                    deleted.append(record.id)
                    rows += record.rows
                elif left is not record:
                    changed.append(left)
                    rows += record.rows - left.rows
            erased += len(deleted) + len(changed)
            if (deleted or changed) and not only_count:
                with self._transaction():
                    self._delete(deleted)
                    for record in changed:
                        self._execute(
                            "UPDATE sealift_records SET rows = ?, payload = ? WHERE id = ?",
                            (record.rows, record.payload, record.id),
                        )
        return Erased(erased, rows)

    def _records(self, selection: Selection, last: int | None = None) -> Iterator[list[Record]]:
        """The selected records, some at once, so that no transaction stays open: the oldest first, or the last ones."""
        conditions, values = _conditions(selection)
        order, compare = ("ASC", ">") if last is None else ("DESC", "<")
        left, end = last, None
        while left is None or left > 0:
            most = AT_ONCE if left is None else min(left, AT_ONCE)
            wanted = [*conditions, *([f"id {compare} ?"] if end is not None else [])]
            where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
            with self._transaction(reads=True):
                rows = self._execute(
                    f"SELECT {_COLUMNS} FROM sealift_records{where} ORDER BY id {order} LIMIT {most}",  # noqa: S608
                    [*values, *([end] if end is not None else [])],
                )
                some = [_record(row) for row in rows]
            if some:
                yield some
            if len(some) < most:
                return
            end = some[-1].id
            left = None if left is None else left - len(some)

    def _delete(self, ids: Sequence[bytes]) -> None:
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            marks = ", ".join("?" * len(some))
            self._execute(f"DELETE FROM sealift_records WHERE id IN ({marks})", some)  # noqa: S608


def insert_statement() -> str:
    """The statement that appends a record."""
    return f"INSERT INTO sealift_records ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608


def columns() -> str:
    """The columns of a record."""
    return _COLUMNS


def _record(row: Sequence[Any]) -> Record:
    first, *others, last = row
    return Record._make([bytes(first), *others, bytes(last)])


def _conditions(selection: Selection) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if selection.ids is not None:
        conditions.append(f"id IN ({', '.join('?' * len(selection.ids))})")
        values += sorted(selection.ids)
    if selection.models is not None:
        conditions.append(f"model IN ({', '.join('?' * len(selection.models)) or 'NULL'})")
        values += sorted(selection.models)
    for bound, compare in ((selection.since, ">="), (selection.until, "<")):
        if bound is not None:
            conditions.append(f"id {compare} ?")
            values.append(earliest_id(bound))
    if selection.error == "any":
        conditions.append("error <> ''")
    elif selection.error is not None:
        conditions.append("error = ?")
        values.append(selection.error)
    return conditions, values
