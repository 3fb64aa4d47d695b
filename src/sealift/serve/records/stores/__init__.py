"""Where records are written: SQLite, PostgreSQL or Parquet files."""

from __future__ import annotations

from pathlib import Path

from sealift.serve.records.stores.base import Store


def open_store(target: str, *, create: bool = False, rotate: float = 300.0) -> Store:
    """Open a store.

    Args:
        target: the path of a SQLite file, or of a folder of Parquet files (an existing folder, or a path that ends with
            a slash), or the URL of a PostgreSQL database.
        create: whether to make what is not there; else it is an error.
        rotate: seconds after which a Parquet file is completed.

    Raises:
        ServeError: E720 when it cannot be opened, E721 when it is not a store of records.
        MissingExtraError: E405.
    """
    if target.startswith(("postgresql://", "postgres://")):
        from sealift.serve.records.stores.postgres import PostgresStore

        return PostgresStore(target, create=create)
    path = Path(target)
    if target.endswith("/") or path.is_dir():
        from sealift.serve.records.stores.parquet import ParquetStore

        return ParquetStore(path, create=create, rotate=rotate)
    from sealift.serve.records.stores.sqlite import SqliteStore

    return SqliteStore(path, create=create)
