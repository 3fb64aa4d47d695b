"""The stores of records: the same operations on SQLite, PostgreSQL and Parquet files."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import records
import seals
from postgres import Postgres, short_folder
from sealift.contract import Contract
from sealift.errors import ServeError
from sealift.serve.records.matching import RecordMatch
from sealift.serve.records.personal import Mode
from sealift.serve.records.record import ModelEntry, Record
from sealift.serve.records.stores import open_store
from sealift.serve.records.stores.base import Position, RecordBatch, Selection, Store, StoreError
from sealift.serve.records.stores.parquet import ParquetStore
from sealift.serve.records.stores.sqlite import SqliteStore
from sealift.serve.records.table import RecordTable
from sealift.serve.served import ServedModel

START = 1_795_780_000.0


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = short_folder(tmp_path_factory.getbasetemp())
    server = Postgres(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "parquet", "parquet files", "postgres"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same store again and again."""
    if request.param == "sqlite":
        yield lambda: open_store(str(tmp_path / "records.db"), create=True)
    elif request.param == "postgres":
        url = request.getfixturevalue("database").url
        yield lambda: open_store(url, create=True)
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("format", "models", "records", "positions", "runs"):
                connection.execute(f"DROP TABLE sealift_{name}")
    else:
        # Written to files at once, or only at the end of the server.
        rotate = 300.0 if request.param == "parquet" else 0.0
        yield lambda: open_store(f"{tmp_path / 'records'}/", create=True, rotate=rotate)


@pytest.fixture
def model(tmp_path: Path) -> ServedModel:
    return records.served(tmp_path, records.PERSONAL)


def some(model: ServedModel, count: int, mode: Mode = "hash", start: float = START) -> list[Record]:
    """Records, a second apart, each with two rows of different subjects."""
    return [
        records.record(
            model,
            [{"age": 20.0 + k, "weight": 50.0 + k, "sex": "f"}, {"age": 60.5, "weight": 70.0 + k, "sex": "m"}],
            mode,
            start + k,
        )
        for k in range(count)
    ]


def batch(model: ServedModel, written: list[Record], end: int = 1) -> RecordBatch:
    positions = {"run/0": Position(end, len(written))}
    return RecordBatch(
        "run", [ModelEntry.of(model)], written, positions, counts={"written": end, "dropped": 2, "lost": 3}
    )


def test_what_was_written_is_read(opening: Callable[[], Store], model: ServedModel) -> None:
    store = opening()
    store.write(batch(model, some(model, 5), 77))
    store.write(RecordBatch("run", finished=["run/0"], ended=True))
    store.close()
    store = opening()
    assert store.models() == [ModelEntry.of(model)]
    assert store.positions() == {}
    (run,) = store.runs()
    assert (run.name, run.ended) == ("run", True)
    rows = records.rows_of(store)
    assert records.values(rows, "weight") == [value for k in range(5) for value in (50.0 + k, 70.0 + k)]
    assert records.values(rows, "record_row") == [1, 2] * 5
    assert records.values(rows, "age") == [None] * 10
    hashes = records.values(rows, "age_hash")
    assert len(set(hashes)) == 6
    assert hashes[1::2] == [hashes[1]] * 5
    store.close()


def test_the_position_is_stored_with_the_records(opening: Callable[[], Store], model: ServedModel) -> None:
    store = opening()
    store.write(batch(model, some(model, 2), 10))
    twice = some(model, 1) * 2  # the same id twice is refused
    with pytest.raises(StoreError):
        store.write(batch(model, twice, 20))
    store.close()
    store = opening()
    assert store.positions() == {"run/0": Position(10, 2)}
    assert len(records.rows_of(store)) == 4
    store.write(batch(model, some(model, 1, start=START + 9), 30))
    assert store.positions()["run/0"].end == 30
    (run,) = store.runs()
    assert (run.written, run.dropped, run.lost, run.ended) == (30, 2, 3, False)
    store.close()


def test_selections(opening: Callable[[], Store], model: ServedModel) -> None:
    store = opening()
    failed = some(model, 1, start=START + 100)[0]._replace(error="E207", status=500)
    written = [*some(model, 6), failed]
    store.write(batch(model, written))
    table = RecordTable(ModelEntry.of(model))

    def count(selection: Selection) -> int:
        return len({row["record_id"] for row in records.rows_of(store, selection=selection)})

    assert count(Selection(since=START + 2)) == 5
    assert count(Selection(until=START + 2)) == 2
    assert count(Selection(since=START + 2, until=START + 4)) == 2
    assert count(Selection(error="any")) == count(Selection(error="E207")) == 1
    assert count(Selection(error="E205")) == 0
    assert count(Selection(ids=frozenset({written[3].id}))) == 1
    last = store.last({table.model.number: table}, Selection(), 2)
    assert [row.values["record_error"] for row in last] == ["E207", "E207", "", ""]
    assert [row.values["record_row"] for row in last] == [1, 2, 1, 2]
    assert store.last({}, Selection(), 2) == []
    store.close()


@pytest.mark.parametrize("mode", ["hash", "encrypt"])
def test_a_subject_is_erased(mode: Mode, opening: Callable[[], Store], model: ServedModel) -> None:
    store = opening()
    store.write(batch(model, some(model, 5, mode)))
    table = RecordTable(ModelEntry.of(model), records.KEY)
    match = RecordMatch(table, "age", "60.5", records.KEY)
    assert store.erase(table, Selection(), match, only_count=True) == (5, 5)
    assert len(records.rows_of(store)) == 10
    assert store.erase(table, Selection(), match, only_count=False) == (5, 5)
    assert records.values(records.rows_of(store, records.KEY), "weight") == [50.0, 51.0, 52.0, 53.0, 54.0]
    if mode == "encrypt":
        assert records.values(records.rows_of(store, records.KEY), "age") == [20.0, 21.0, 22.0, 23.0, 24.0]
    one = RecordMatch(table, "age", "22", records.KEY)
    assert store.erase(table, Selection(), one, only_count=False) == (1, 1)
    plain = RecordMatch(table, "weight", "54", None)
    assert store.erase(table, Selection(), plain, only_count=False) == (1, 1)
    assert records.values(records.rows_of(store), "weight") == [50.0, 51.0, 53.0]
    assert match.unsearchable == 0
    store.scrub()
    store.close()


def test_masked_values_cannot_be_searched(opening: Callable[[], Store], model: ServedModel) -> None:
    store = opening()
    store.write(batch(model, some(model, 2, "mask")))
    table = RecordTable(ModelEntry.of(model), records.KEY)
    match = RecordMatch(table, "age", "60.5", records.KEY)
    assert store.erase(table, Selection(), match, only_count=False) == (0, 0)
    assert match.unsearchable == 4
    store.close()


def test_records_are_erased_by_id_and_by_age(opening: Callable[[], Store], model: ServedModel) -> None:
    store = opening()
    written = some(model, 6)
    store.write(batch(model, written))
    table = RecordTable(ModelEntry.of(model))
    erased = store.erase(table, Selection(ids=frozenset({written[4].id})), None, only_count=False)
    assert erased == (1, 2)
    assert store.erase(table, Selection(until=START + 2), None, only_count=False) == (2, 4)
    assert len(records.rows_of(store)) == 6
    store.expire(START + 1)
    assert len(records.rows_of(store)) == 6
    store.expire(START + 1000)
    assert records.rows_of(store) == []
    store.close()


@pytest.mark.parametrize(("field", "text"), [("height", "1"), ("age", "old"), ("age", ""), ("sex", "x" * 3 + "\0")])
def test_values_that_cannot_be_searched(field: str, text: str, model: ServedModel) -> None:
    with pytest.raises(ServeError) as caught:
        RecordMatch(RecordTable(ModelEntry.of(model)), field, text, None)
    assert caught.value.code == "E724"


def test_erased_bytes_are_in_no_file(tmp_path: Path, model: ServedModel) -> None:
    path = tmp_path / "records.db"
    store = SqliteStore(path, create=True)
    secret = b"a subject with a unique name"
    contract_model = records.served(tmp_path, named(), name="named")
    for k in range(300):
        row = {"age": 20.0, "weight": 50.0 + k, "sex": secret.decode() if k % 10 == 0 else f"somebody {k}"}
        store.write(batch(contract_model, [records.record(contract_model, row, begun=START + k)], k))
    server = sqlite3.connect(path)  # the server has the store open
    server.execute("SELECT count(*) FROM sealift_records").fetchall()
    assert any(secret in file.read_bytes() for file in tmp_path.glob("records.db*"))
    table = RecordTable(ModelEntry.of(contract_model))
    assert store.erase(table, Selection(), RecordMatch(table, "sex", secret.decode(), None), only_count=False) == (
        30,
        30,
    )
    store.scrub()
    files = sorted(tmp_path.glob("records.db*"))
    assert [file.name for file in files] == ["records.db", "records.db-shm", "records.db-wal"]
    assert not any(secret in file.read_bytes() for file in files)
    assert b"somebody 299" in path.read_bytes()
    assert len(records.rows_of(store)) == 270
    server.close()
    store.close()


def named() -> Contract:
    fields = (*seals.CONTRACT.inputs[:2], replace(seals.CONTRACT.inputs[2], categories=None, unknown="allowed"))
    return replace(seals.CONTRACT, inputs=fields)


def test_a_move_to_files_that_is_interrupted_is_repeated(tmp_path: Path, model: ServedModel) -> None:
    for stage in ("noted", "saved"):
        folder = tmp_path / stage
        store = ParquetStore(folder, create=True, rotate=300.0)
        store.write(batch(model, some(model, 5)))
        store._pending.begin_move("abc")
        store.write(batch(model, some(model, 1, start=START + 50), 2))  # not part of the move
        if stage == "saved":
            store._pending.end_move, keep = lambda: None, store._pending.end_move  # type: ignore[method-assign]
            store._finish_move()
            store._pending.end_move = keep  # type: ignore[method-assign]
        store.close()
        store = ParquetStore(folder, create=True, rotate=0.0)
        store.rotate()
        rows = records.rows_of(store)
        assert sorted(records.values(rows, "record_row")) == [1] * 6 + [2] * 6
        assert len({row["record_id"] for row in rows}) == 6
        assert len(list(folder.glob("*/*.parquet"))) == 2
        assert not list(folder.glob("*/*.part"))
        store.close()


def test_a_folder_of_files_can_be_read_without_the_store_that_made_them(tmp_path: Path, model: ServedModel) -> None:
    store = ParquetStore(tmp_path / "records", create=True, rotate=0.0)
    store.write(batch(model, some(model, 5)))
    store.close()
    for file in (tmp_path / "records").glob("pending.db*"):
        file.unlink()
    store = ParquetStore(tmp_path / "records", create=True)
    assert store.models() == [ModelEntry.of(model)]
    assert len(records.rows_of(store)) == 10
    store.close()


def test_files_that_are_no_stores(tmp_path: Path) -> None:
    with pytest.raises(ServeError) as caught:
        open_store(str(tmp_path / "records.db"))
    assert caught.value.code == "E720"
    (tmp_path / "a.db").write_bytes(b"some text that is long enough to be read as a header" * 40)
    other = sqlite3.connect(tmp_path / "b.db")
    other.execute("CREATE TABLE things (a)")
    other.close()
    for name in ("a.db", "b.db"):
        for create in (False, True):
            with pytest.raises(ServeError) as caught:
                open_store(str(tmp_path / name), create=create)
            assert caught.value.code == "E721", name
    with pytest.raises(ServeError) as caught:
        open_store(str(tmp_path / "none" / "records.db"), create=True)
    assert caught.value.code == "E720"
    store = SqliteStore(tmp_path / "records.db", create=True)
    store._execute("UPDATE sealift_format SET format = 2")
    store.close()
    with pytest.raises(ServeError) as caught:
        open_store(str(tmp_path / "records.db"))
    assert caught.value.code == "E721"


@pytest.mark.skipif(os.name == "nt", reason="files have no modes there")
def test_others_cannot_read_a_store(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "records.db", create=True).close()
    assert (tmp_path / "records.db").stat().st_mode & 0o077 == 0
    ParquetStore(tmp_path / "folder", create=True).close()
    assert (tmp_path / "folder").stat().st_mode & 0o077 == 0


def test_passwords_are_not_in_messages() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'sealift[postgres]'")
    with pytest.raises(ServeError) as caught:
        open_store("postgresql://someone:secret@127.0.0.1:1/records")
    assert caught.value.code == "E720"
    assert "secret" not in str(caught.value)
