"""From the end of a call to the store: what is done when there is no room, and when the store or the writer fails."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import records
from sealift.serve.calls import Call
from sealift.serve.records.memory import RecordCounts, RecordMemory
from sealift.serve.records.observer import RecordObserver
from sealift.serve.records.settings import Overflow, Settings
from sealift.serve.records.spill import SpillFile, is_complete, read_spilled, spill_files
from sealift.serve.records.stores import open_store
from sealift.serve.records.stores.base import RecordBatch, Store, unreachable
from sealift.serve.records.stores.sqlite import SqliteStore
from sealift.serve.records.writer import RecordWriter

SMALL = 1 << 13


class Setting:
    """A server without processes: the memory, the observer of one worker, and the settings."""

    def __init__(self, folder: Path, overflow: Overflow = "drop", size: int = SMALL, **more: Any) -> None:
        self.store = folder / "records.db"
        self.settings = Settings(str(self.store), folder / "waiting", overflow, flush=0.01, memory=size, **more)
        self.memory = RecordMemory(1, size)
        self.observer = RecordObserver(self.memory, 0, self.settings)
        self.model = records.served(folder)

    def call(self, number: float) -> Call:
        return records.call(self.model, {"age": 50.0, "weight": number, "sex": "f"})

    def observe(self, count: int, start: int = 0) -> None:
        for number in range(start, start + count):
            self.observer.observe(self.call(number))

    def write(self, opened: Callable[[], Store] | None = None) -> RecordCounts:
        """Write everything and end."""
        self.memory.stop()
        RecordWriter(self.memory, self.settings, opened or self.open).run()
        return self.memory.counts()

    def open(self) -> Store:
        return open_store(str(self.store), create=True)

    def weights(self) -> list[float]:
        store = self.open()
        try:
            return sorted(records.values(records.rows_of(store), "weight"))
        finally:
            store.close()


def test_records_without_room_are_dropped_and_counted(tmp_path: Path) -> None:
    setting = Setting(tmp_path)
    setting.observe(100)
    before = setting.memory.counts()
    assert 0 < before.dropped < 100
    counts = setting.write()
    assert counts == RecordCounts(100 - before.dropped, 0, before.dropped, 0, 0, 0)
    assert setting.weights() == [float(number) for number in range(counts.written)]
    (run,) = setting.open().runs()
    assert (run.written, run.dropped, run.lost, run.ended) == (counts.written, counts.dropped, 0, True)


def test_records_without_room_are_spilled(tmp_path: Path) -> None:
    setting = Setting(tmp_path, "spill")
    setting.observe(100)
    before = setting.memory.counts()
    assert before.spilled > 0
    assert before.dropped == 0
    assert len(spill_files(tmp_path / "waiting")) == 1
    assert not is_complete(spill_files(tmp_path / "waiting")[0])  # the worker may append to it
    counts = setting.write()
    assert (counts.written, counts.dropped) == (100, 0)
    assert setting.weights() == [float(number) for number in range(100)]


def test_spilled_files_are_read_once_and_deleted_when_their_worker_has_ended(tmp_path: Path) -> None:
    setting = Setting(tmp_path, "spill")
    setting.observe(100)
    setting.write()
    (path,) = spill_files(tmp_path / "waiting")
    setting.observer._spill.close()  # type: ignore[union-attr]
    path.write_bytes(path.read_bytes() + b"\x20\0\0\0part of a record")
    again = Setting(tmp_path, "spill")
    again.observe(1, 100)
    counts = again.write()
    assert spill_files(tmp_path / "waiting") == []
    assert counts.lost == 1  # the part
    assert again.weights() == [float(number) for number in range(101)]
    assert again.open().positions() == {}


def test_calls_wait_for_room_while_the_writer_works(tmp_path: Path) -> None:
    setting = Setting(tmp_path, "block")
    writer = threading.Thread(target=lambda: RecordWriter(setting.memory, setting.settings, setting.open).run())
    writer.start()
    setting.observe(500)
    setting.memory.stop()
    writer.join()
    counts = setting.memory.counts()
    assert (counts.written, counts.dropped) == (500, 0)
    assert setting.weights() == [float(number) for number in range(500)]


def test_calls_do_not_wait_for_a_writer_that_does_not_work(tmp_path: Path) -> None:
    setting = Setting(tmp_path, "block")
    begun = time.monotonic()
    setting.observe(100)  # there is no writer
    assert time.monotonic() - begun < 5
    assert setting.memory.counts().dropped > 0


class Failing:
    """A store that fails a number of times, before or after it has written."""

    def __init__(self, setting: Setting, times: int, *, after: bool) -> None:
        self.left, self.after = times, after
        self._setting = setting

    def open(self) -> Store:
        store = self._setting.open()
        write = store.write

        def failing(batch: RecordBatch) -> None:
            if self.after:
                write(batch)
            if self.left > 0 and batch.records:
                self.left -= 1
                raise unreachable("store", "it fails")
            if not self.after:
                write(batch)

        store.write = failing  # type: ignore[method-assign]
        return store


@pytest.mark.parametrize("after", [False, True])
def test_a_store_that_fails_for_a_time(after: bool, tmp_path: Path) -> None:
    """Whether or not a failed write was carried out, each record is there once."""
    setting = Setting(tmp_path)
    setting.observe(15)
    counts = setting.write(Failing(setting, 3, after=after).open)
    assert (counts.written, counts.lost, counts.waiting) == (15, 0, 0)
    assert setting.weights() == [float(number) for number in range(15)]


@pytest.mark.parametrize("overflow", ["drop", "spill"])
def test_a_store_that_fails_until_the_end(
    overflow: Overflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sealift.serve.records.writer._LAST", 0.3)
    setting = Setting(tmp_path, overflow)
    setting.observe(15)
    counts = setting.write(Failing(setting, 1000, after=False).open)
    assert "records are not written" in caplog.text
    if overflow == "drop":
        assert (counts.written, counts.waiting, counts.lost) == (0, 0, 16)  # with the description of the model
        assert "16 records are lost" in caplog.text
        return
    assert counts.lost == 0
    again = Setting(tmp_path, overflow)
    again.observe(1, 15)
    again.write()
    assert again.weights() == [float(number) for number in range(16)]


def test_a_writer_that_is_killed_after_its_transaction(tmp_path: Path) -> None:
    """The next one does not write the same records again, and the counts are exact."""
    setting = Setting(tmp_path, size=1 << 20)
    for turn in range(3):
        setting.observe(20, 20 * turn)
        pid = os.fork()
        if pid == 0:
            RecordWriter(setting.memory, setting.settings, partial(killed_store, setting)).run()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
        assert setting.memory.rings[0].used > 0
    counts = setting.write()
    assert setting.weights() == [float(number) for number in range(60)]
    assert (counts.written, counts.waiting, counts.lost) == (60, 0, 0)


def killed_store(setting: Setting) -> Store:
    store = setting.open()
    write = store.write

    def killed(batch: RecordBatch) -> None:
        write(batch)
        os._exit(9)

    store.write = killed  # type: ignore[method-assign]
    return store


def test_large_calls_are_split(tmp_path: Path) -> None:
    setting = Setting(tmp_path, size=1 << 16)
    rows = [{"age": 50.0, "weight": None if k % 7 == 3 else float(k), "sex": "f"} for k in range(800)]
    setting.observer.observe(records.call(setting.model, rows))
    setting.write()
    store = setting.open()
    read = records.rows_of(store)
    store.close()
    assert len({row["record_id"] for row in read}) > 2
    read.sort(key=lambda row: row["record_row"])
    assert [row["record_row"] for row in read] == list(range(1, 801))
    assert [row["weight"] for row in read] == [row["weight"] for row in rows]
    assert [row["label"] is None for row in read] == [k % 7 == 3 for k in range(800)]
    assert {row["record_problems"] for row in read} == {"", "[R101] weight"}
    single = setting.model.answer(rows[5])
    assert read[5]["probability_ill"] == single.outputs["probability"][0, 1]


def test_a_sample(tmp_path: Path) -> None:
    setting = Setting(tmp_path, size=1 << 20, sample=0.5)
    setting.observe(400)
    counts = setting.write()
    assert counts.written + counts.sampled_out == 400
    assert 120 < counts.written < 280  # eight standard deviations


def test_old_records_are_deleted(tmp_path: Path) -> None:
    setting = Setting(tmp_path, keep_days=2)
    for age in (3 * 86_400, 86_400, 0):
        call = setting.call(age)
        call.begun -= age
        setting.observer.observe(call)
    setting.write()
    assert setting.weights() == [0.0, 86_400.0]


def test_a_call_that_cannot_be_recorded_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    setting = Setting(tmp_path)
    broken = setting.call(1)
    broken.answered[:] = [None]  # type: ignore[list-item]
    setting.observer.observe(broken)
    setting.observer.observe(broken)
    setting.observe(1)
    assert setting.memory.counts().dropped == 2
    assert caplog.text.count("could not be recorded") == 1
    assert setting.write().written == 1


def test_the_writer_is_woken_by_an_eighth(tmp_path: Path) -> None:
    setting = Setting(tmp_path, size=1 << 16)
    slow = Settings(str(setting.store), tmp_path / "waiting", flush=3600.0, memory=1 << 16)
    writer = threading.Thread(target=lambda: RecordWriter(setting.memory, slow, setting.open).run())
    writer.start()
    try:
        until = time.monotonic() + 20
        count = 0
        while setting.memory.counts().written == 0:
            setting.observe(1, count)
            count += 1
            assert time.monotonic() < until
            time.sleep(0.002)
        assert setting.memory.counts().dropped == 0
    finally:
        setting.memory.stop()
        writer.join()
    assert len(setting.weights()) == count


def test_threads_share_the_observer(tmp_path: Path) -> None:
    setting = Setting(tmp_path, size=1 << 20)
    calls = [[setting.call(100 * thread + k) for k in range(100)] for thread in range(4)]
    threads = [threading.Thread(target=lambda some: [*map(setting.observer.observe, some)], args=(c,)) for c in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert setting.write().written == 400
    assert setting.weights() == [float(number) for number in range(400)]


def test_a_spill_file_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SpillFile(tmp_path, "run-0")
    assert file.append(b"first")
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[: len(data) // 2]))
    assert not file.append(b"second")
    monkeypatch.setattr(os, "write", write)
    assert file.append(b"third")
    file.close()
    (path,) = spill_files(tmp_path)
    assert read_spilled(path, 0, 1 << 20) == ([b"first", b"third"], path.stat().st_size)
    assert read_spilled(path, 0, 1)[0] == [b"first"]


def test_a_store_without_its_extra_is_refused_before_the_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from sealift.errors import MissingExtraError
    from sealift.serve.records.parts import check

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="tables"):
        check(Settings(f"{tmp_path}/records/", tmp_path))
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match="postgres"):
        check(Settings("postgresql://localhost/records", tmp_path))
    check(Settings(str(tmp_path / "records.db"), tmp_path))
    SqliteStore(tmp_path / "records.db").close()
