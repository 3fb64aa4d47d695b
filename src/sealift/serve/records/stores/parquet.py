"""Records in Parquet files: a folder for each version of a model, with columns by the names of its contract.

New records are in `pending.db`, a store of SQLite. After `rotate` seconds, or 64 MB, they are moved to a file of each
model. A note in the store says which records are moved and the name of the files, so that a process that is killed in
between is repeated with the same result: a file appears by its renaming only.
"""

from __future__ import annotations

import datetime
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import chain, compress
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from sealift import files
from sealift.batch.chunks import OutputColumn
from sealift.errors import FileError
from sealift.optional import need
from sealift.serve.records.matching import RecordMatch, row_of
from sealift.serve.records.record import ModelEntry
from sealift.serve.records.stores.base import (
    Erased,
    Position,
    RecordBatch,
    Row,
    Run,
    Selection,
    not_opened,
    unreachable,
)
from sealift.serve.records.stores.sqlite import SqliteStore
from sealift.serve.records.table import RecordTable

_MOST = 64 << 20
"""Bytes of new records from which files are written."""
_MODEL = b"sealift.model"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_PENDING, _LOCK = "pending.db", ".lock"
_CHUNK = 4096


class ParquetStore:
    """A store in a folder."""

    def __init__(self, folder: Path, *, create: bool = False, rotate: float = 300.0) -> None:
        self.where = str(folder)
        self._folder, self._rotate_after = folder, rotate
        if create:
            if find_spec("pyarrow") is None:  # which takes long to import, and the supervisor does not need
                need("pyarrow", "tables", "The store of Parquet files")
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                (folder / _LOCK).touch()
            except OSError as error:
                raise not_opened(self.where, error.strerror or error) from None
        self._pending = SqliteStore(folder / _PENDING, create=create)
        self._size = 0
        self._next = time.monotonic() + rotate
        self._ready = False

    def positions(self) -> dict[str, Position]:
        """The position of each source."""
        return self._pending.positions()

    def write(self, batch: RecordBatch) -> None:
        """Write a batch, and from time to time files."""
        self._pending.write(batch)
        self._size += sum(len(record.payload) for record in batch.records)
        if self._size > _MOST or time.monotonic() > self._next or batch.ended:
            self.rotate()

    def rotate(self) -> None:
        """Move the records of `pending.db` to files. Raises StoreError E722, MissingExtraError E405."""
        with self._locked():
            self._finish_move()
            self._pending.begin_move(secrets.token_hex(6))
            self._finish_move()
        self._size, self._next = 0, time.monotonic() + self._rotate_after

    def _finish_move(self) -> None:
        """Do what the note says, if there is one."""
        token = self._pending.moving()
        if token is None:
            return
        for model in self._pending.models():
            table = RecordTable(model)
            pieces = (table.of(records) for records in self._pending.moved(model.number))
            first = next(pieces, None)
            if first is not None:
                begun = min(first[1]).strftime("%Y%m%dT%H%M%SZ")
                self._save(self._folder_of(model) / f"{begun}-{token}.parquet", table, chain([first], pieces))
        self._pending.end_move()

    def _folder_of(self, model: ModelEntry) -> Path:
        name = _UNSAFE.sub("_", f"{model.name}-{model.version}")[:120].lstrip(".")
        return self._folder / f"{name}-{model.identity[:12]}"

    def _save(self, path: Path, table: RecordTable, pieces: Iterable[Sequence[Sequence[Any]]]) -> None:
        """Write a file; the pieces are values of the table's columns."""
        arrow, parquet = need("pyarrow", "tables", "Parquet"), need("pyarrow.parquet", "tables", "Parquet")
        schema = _schema(arrow, table)
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with (
                files.atomic(path) as stream,
                parquet.ParquetWriter(stream, schema, compression="zstd") as writer,
            ):
                for columns in pieces:
                    arrays = [
                        arrow.array(list(map(_cell, values)) if arrow.types.is_string(kind) else values, type=kind)
                        for values, kind in zip(columns, schema.types, strict=True)
                    ]
                    writer.write_table(arrow.table(arrays, schema=schema))
        except (FileError, OSError) as error:
            raise unreachable(self.where, error) from None

    def expire(self, before: float) -> None:
        """Delete the records of calls before a time; a file when all of its records are."""
        self._pending.expire(before)
        limit = datetime.datetime.fromtimestamp(before, datetime.UTC)
        for path in self._files():
            metadata = need("pyarrow.parquet", "tables", "Parquet").read_metadata(path)
            newest = max(metadata.row_group(i).column(1).statistics.max for i in range(metadata.num_row_groups))
            if newest < limit:
                path.unlink(missing_ok=True)

    def models(self) -> list[ModelEntry]:
        """All models, those of files too whose `pending.db` was replaced."""
        known = {model.number: model for model in self._pending.models()}
        seen: set[Path] = set()
        for path in self._files():
            if path.parent not in seen:
                seen.add(path.parent)
                model = _model(path)
                known.setdefault(model.number, model)
        return sorted(known.values(), key=lambda model: (model.name, model.version))

    def runs(self) -> list[Run]:
        """All runs."""
        return self._pending.runs()

    def tables(self, table: RecordTable, selection: Selection) -> Iterator[list[list[Any]]]:
        """The selected rows of one model: those of files, then those in `pending.db`."""
        with self._locked():
            for path in self._files(table.model):
                yield from self._chosen(path, table, selection)
            yield from self._pending.tables(table, selection)

    def last(self, tables: Mapping[int, RecordTable], selection: Selection, count: int) -> list[Row]:
        """The rows of the newest records."""
        rows = self._pending.last(tables, selection, count)
        for table in tables.values():
            newer: list[Row] = []
            for path in reversed(self._files(table.model)):
                for columns in self._chosen(path, table, selection):
                    newer += [Row(table.model, row_of(table, columns, at)) for at in range(len(columns[0]))]
                if len({row.values["record_id"] for row in newer}) >= count:
                    break
            rows += newer
        rows.sort(key=lambda row: (row.values["record_id"], -(row.values["record_row"] or 0)), reverse=True)
        newest = dict.fromkeys(row.values["record_id"] for row in rows)
        chosen = set(list(newest)[:count])
        return [row for row in rows if row.values["record_id"] in chosen]

    def erase(self, table: RecordTable, selection: Selection, match: RecordMatch | None, *, only_count: bool) -> Erased:
        """Delete records or rows: files with some of them are written anew."""
        with self._locked():
            erased, rows = self._pending.erase(table, selection, match, only_count=only_count)
            for path in self._files(table.model):
                left: list[Any] = []  # which rows of each piece are kept
                ids: set[str] = set()
                for columns in self._read(path, table):
                    chosen = _selected(columns, selection)
                    if match is not None:
                        chosen &= match.rows(table.decrypted(columns))
                    ids.update(_some(columns[0], chosen))
                    rows += int(chosen.sum())
                    left.append(~chosen)
                erased += len(ids)
                if not ids or only_count:
                    continue
                if any(each.any() for each in left):
                    pieces = zip(self._read(path, table), left, strict=True)
                    self._save(path, table, ([_some(v, some) for v in columns] for columns, some in pieces))
                else:
                    path.unlink()
        return Erased(erased, rows)

    def scrub(self) -> None:
        """Remove what was deleted from `pending.db`; files were written anew."""
        self._pending.scrub()

    def close(self) -> None:
        """Close it."""
        self._pending.close()

    def _files(self, model: ModelEntry | None = None) -> list[Path]:
        if model is None:
            return sorted(self._folder.glob("*/*.parquet"))
        return sorted(self._folder_of(model).glob("*.parquet"))

    def _read(self, path: Path, table: RecordTable) -> Iterator[list[list[Any]]]:
        """The rows of a file, some at once, as values of the table's columns."""
        arrow, parquet = need("pyarrow", "tables", "Parquet"), need("pyarrow.parquet", "tables", "Parquet")
        names = [column.name for column in table.columns]
        as_json = [column.dtype == "any" and column.name != "record_time" for column in table.columns]
        try:
            with path.open("rb") as stream, parquet.ParquetFile(stream) as file:
                for batch in file.iter_batches(_CHUNK, columns=names):
                    columns = [batch.column(name).to_pylist() for name in names]
                    yield [
                        [None if v is None else json.loads(v) for v in values] if is_json else values
                        for values, is_json in zip(columns, as_json, strict=True)
                    ]
        except (arrow.ArrowException, OSError) as error:
            raise unreachable(str(path), error) from None

    def _chosen(self, path: Path, table: RecordTable, selection: Selection) -> Iterator[list[list[Any]]]:
        for columns in self._read(path, table):
            chosen = _selected(columns, selection)
            if chosen.any():
                yield table.decrypted([_some(values, chosen) for values in columns])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Within the block, no other process moves or erases records."""
        with files.exclusive(self._folder / _LOCK):
            yield


def _some(values: Sequence[Any], chosen: Any) -> list[Any]:
    return list(compress(values, chosen.tolist()))


def _selected(columns: Sequence[Sequence[Any]], selection: Selection) -> Any:
    """Which rows are selected, bool (N,)."""
    ids, times, errors = columns[0], columns[1], columns[4]
    chosen = np.ones(len(ids), dtype=np.bool_)
    if selection.ids is not None:
        wanted = {str(UUID(bytes=each)) for each in selection.ids}
        chosen &= np.array([each in wanted for each in ids], dtype=np.bool_)
    if selection.since is not None:
        chosen &= np.array([each.timestamp() >= selection.since for each in times], dtype=np.bool_)
    if selection.until is not None:
        chosen &= np.array([each.timestamp() < selection.until for each in times], dtype=np.bool_)
    if selection.error is not None:
        test: Callable[[str], bool] = bool if selection.error == "any" else selection.error.__eq__
        chosen &= np.array([test(each) for each in errors], dtype=np.bool_)
    return chosen


def _schema(arrow: Any, table: RecordTable) -> Any:
    """The schema; the metadata names the model, so that a folder without `pending.db` can be read."""
    types = {"float64": arrow.float64(), "int64": arrow.int64(), "bool": arrow.bool_()}

    def type_of(column: OutputColumn) -> Any:
        if column.name == "record_time":
            return arrow.timestamp("us", tz="UTC")
        return types.get(column.dtype, arrow.string())

    return arrow.schema(
        [(column.name, type_of(column)) for column in table.columns],
        metadata={_MODEL: json.dumps(table.model._asdict()).encode()},
    )


def _model(path: Path) -> ModelEntry:
    metadata = need("pyarrow.parquet", "tables", "Parquet").read_schema(path).metadata
    return ModelEntry(**json.loads(metadata[_MODEL]))


def _cell(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
