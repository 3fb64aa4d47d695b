"""Records in a file of SQLite, with a write-ahead log, so that others read while the server writes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sealift.serve.records.record import Record
from sealift.serve.records.stores.base import foreign, not_opened, unreachable
from sealift.serve.records.stores.sql import AT_ONCE, TABLES, SqlStore, columns, insert_statement

_BUSY = 5.0
"""Seconds to wait for another process that writes."""
_PATIENCE = 30.0
_PAGE = 16_384
"""Bytes of a page: with the default of 4,096 a record takes a fifth more time."""
_INSERT = insert_statement()


class SqliteStore(SqlStore):
    """A store in a file. Its connection belongs to one thread."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.where = str(path)
        if not create and not path.is_file():
            raise not_opened(self.where, "there is no such file")
        if create and not path.exists():
            with suppress(OSError):  # SQLite reports the error; others must not read the file
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            self._connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise not_opened(self.where, error) from None
        try:
            self._prepare(create=create)
        except sqlite3.Error as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise foreign(self.where, "it is not a file of SQLite") from None
            raise not_opened(self.where, error) from None
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, *, create: bool) -> None:
        execute = self._connection.execute
        tables = {name for (name,) in execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if "sealift_format" not in tables:
            if not create or tables:
                raise foreign(self.where, "it has no table sealift_format")
            execute(f"PRAGMA page_size = {_PAGE}")
            execute("PRAGMA journal_mode = WAL")
            with self._transaction():
                for statement in TABLES:
                    execute(statement.format(bytes="BLOB", double="REAL"))
                execute("INSERT INTO sealift_format VALUES (1)")
        # A crash of the system may lose the last transactions, but not damage the file; kill -9 loses none.
        execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA secure_delete = ON")  # deleted records are overwritten
        self._check()

    @contextmanager
    def _transaction(self, *, reads: bool = False) -> Iterator[None]:
        connection = self._connection
        try:
            connection.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise unreachable(self.where, error) from None

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(statement, values)

    def _insert(self, records: Sequence[Record]) -> None:
        self._connection.executemany(_INSERT, records)

    def begin_move(self, token: str) -> None:
        """Note that all records that are there now are moved elsewhere, under the name `token`."""
        with self._transaction():
            self._execute("CREATE TABLE IF NOT EXISTS sealift_move (token TEXT NOT NULL, until INTEGER NOT NULL)")
            self._execute(
                "INSERT INTO sealift_move SELECT ?, max(rowid) FROM sealift_records HAVING max(rowid) IS NOT NULL",
                (token,),
            )

    def moving(self) -> str | None:
        """The name of the move that is not finished."""
        with self._transaction(reads=True):
            if not list(self._execute("SELECT 1 FROM sqlite_schema WHERE name = 'sealift_move'")):
                return None
            names = [token for (token,) in self._execute("SELECT token FROM sealift_move")]
            return names[0] if names else None

    def moved(self, model: int) -> Iterator[list[Record]]:
        """The records of a model that are moved, some at once, in the order in which they were written."""
        last = 0
        while True:
            with self._transaction(reads=True):
                rows = list(
                    self._execute(
                        f"SELECT rowid, {columns()} FROM sealift_records WHERE model = ? AND rowid > ? "  # noqa: S608
                        f"AND rowid <= (SELECT until FROM sealift_move) ORDER BY rowid LIMIT {AT_ONCE}",
                        (model, last),
                    )
                )
            if not rows:
                return
            yield [Record._make(row[1:]) for row in rows]
            last = rows[-1][0]

    def end_move(self) -> None:
        """Delete the records that are moved, and the note."""
        with self._transaction():
            self._execute("DELETE FROM sealift_records WHERE rowid <= (SELECT until FROM sealift_move)")
            self._execute("DELETE FROM sealift_move")

    def scrub(self) -> None:
        """Write the log into the file and empty it, and build the file anew without free pages.

        Raises:
            StoreError: E722 when another process reads or writes all the time.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("VACUUM")
                ((busy, _, _),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if not busy:
                    return
                reason: object = "another process reads it"
            except sqlite3.Error as error:
                reason = error
            if time.monotonic() > until:
                raise unreachable(self.where, reason)
            time.sleep(0.05)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
