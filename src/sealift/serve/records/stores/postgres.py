"""Records in a database of PostgreSQL, by psycopg."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sealift.optional import need
from sealift.serve.records.record import Record
from sealift.serve.records.stores.base import foreign, not_opened, unreachable
from sealift.serve.records.stores.sql import TABLES, SqlStore, columns

_CONNECT = 5
"""Seconds to wait for a connection."""
_LOCK = 0x5EA11F7
"""The advisory lock under which the tables are made."""
_COPY = f"COPY sealift_records ({columns()}) FROM STDIN (FORMAT BINARY)"
_TYPES = ("bytea", "int8", "float8", "float8", "int4", *(("text",) * 5), "int4", "int4", "bytea")


class PostgresStore(SqlStore):
    """A store in a database, whose tables have names that begin with `sealift_`."""

    def __init__(self, url: str, *, create: bool = False) -> None:
        psycopg = need("psycopg", "postgres", "The store in PostgreSQL")
        self._error: type[Exception] = psycopg.Error
        self.where = shown(url)
        try:
            self._connection: Any = psycopg.connect(
                url, autocommit=True, connect_timeout=_CONNECT, application_name="sealift records"
            )
        except psycopg.Error as error:
            raise not_opened(self.where, error) from None
        try:
            self._prepare(create=create)
        except psycopg.Error as error:
            self._connection.close()
            raise not_opened(self.where, error) from None
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, *, create: bool) -> None:
        execute = self._connection.execute
        with self._connection.transaction():
            if create:
                execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))  # two servers may start at the same time
            if execute("SELECT to_regclass('sealift_format')").fetchone()[0] is None:
                if not create:
                    raise foreign(self.where, "it has no table sealift_format")
                for statement in TABLES:
                    execute(statement.format(bytes="BYTEA", double="DOUBLE PRECISION"))
                execute("INSERT INTO sealift_format VALUES (1)")
        self._check()

    @contextmanager
    def _transaction(self, *, reads: bool = False) -> Iterator[None]:
        del reads
        try:
            with self._connection.transaction():
                yield
        except self._error as error:
            raise unreachable(self.where, error) from None

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(statement.replace("?", "%s"), values)

    def _insert(self, records: Sequence[Record]) -> None:
        if not records:
            return
        with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for record in records:
                copy.write_row([_storable(value) for value in record])

    def scrub(self) -> None:
        """Build the table anew without the deleted records.

        The log of the database, its replicas and its backups keep them until the database overwrites them.
        """
        try:
            self._connection.execute("VACUUM FULL sealift_records")
            self._connection.execute("CHECKPOINT")
        except self._error as error:
            if getattr(error, "sqlstate", None) != "42501":  # only some roles may ask for a checkpoint
                raise unreachable(self.where, error) from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _storable(value: Any) -> Any:
    """Headers of callers may contain U+0000, which PostgreSQL refuses in strings."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def shown(url: str) -> str:
    """A URL without its password, for messages."""
    parts = urlsplit(url)
    place = parts.hostname or ""
    if parts.port is not None:
        place = f"{place}:{parts.port}"
    return f"{parts.scheme}://{place}{parts.path}"
