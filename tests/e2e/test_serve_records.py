"""Records of a running server: killed processes, a full disk, a database that is gone, and erasure."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.dataset

import records
import seals
from postgres import Postgres, short_folder
from sealift.serve.records.stores import open_store
from sealift.serve.records.stores.base import Run
from servers import Running, serving

FLUSH = 0.2
NAMED: dict[str, Any] = {"categories": None, "unknown": "allowed", "personal": True}


def deployment(folder: Path, more: str = "", contract: Any = seals.CONTRACT) -> Path:
    seals.write(folder / "tiny.seal", contract=contract)
    path = folder / "deployment.toml"
    path.write_text(f'[[models]]\nfile = "tiny.seal"\n\n[records]\nflush = {FLUSH}\n{more}\n')
    return path


def ask(server: Running, number: int) -> None:
    """One request whose weight is a number of its own."""
    status, _ = server.ask("POST", "/v1/models/tiny/predict", {"age": 50.0, "weight": number, "sex": "f"})
    assert status == 200


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def weights(target: str) -> list[float]:
    store = open_store(target)
    try:
        return sorted(records.values(records.rows_of(store), "weight"))
    finally:
        store.close()


def run_of(target: str) -> Run:
    store = open_store(target)
    try:
        return store.runs()[-1]
    finally:
        store.close()


def writer(server: Running) -> int:
    """The process id of the writer, which is the process that has the store open."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for pid in server.workers():
            with suppress(OSError):  # the process has ended, or closed a file meanwhile
                if any(".db" in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()):
                    return pid
        time.sleep(0.02)
    raise AssertionError("there is no writer")


class Load:
    """Clients that ask in a loop, each with a number of its own, until the end of the block."""

    def __init__(self, server: Running, clients: int = 4) -> None:
        self._server = server
        self.answered: list[int] = []
        self.failed: list[int] = []
        self._numbers = iter(range(1, 1_000_000))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                number = next(self._numbers)
            try:
                ask(self._server, number)
            except (OSError, AssertionError, ValueError):
                with self._lock:
                    self.failed.append(number)
            else:
                with self._lock:
                    self.answered.append(number)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def test_every_call_is_recorded_once(tmp_path: Path) -> None:
    with serving(str(deployment(tmp_path))) as server:
        with Load(server) as load:
            until(lambda: len(load.answered) > 300)
        server.ask("POST", "/v1/models/tiny/predict", {"age": "old", "weight": 0.5, "sex": "f"})
        server.ask("POST", "/v1/models/tiny/predict", {"height": 1})
        server.ask("POST", "/v2/models/tiny/infer", {"inputs": []})
    target = str(tmp_path / "records.db")
    store = open_store(target)
    rows = records.rows_of(store)
    store.close()
    assert sorted(row["weight"] for row in rows if row["record_status"] == 200) == sorted(map(float, load.answered))
    refused = [row for row in rows if row["record_status"] != 200]
    assert [(row["record_route"], row["record_status"], row["record_error"]) for row in refused] == [
        ("predict", 422, ""),
        ("predict", 400, "E101"),
        ("infer", 400, "E101"),
    ]
    assert refused[0]["record_problems"] == "[R102] age"
    run = run_of(target)
    assert (run.written, run.dropped, run.lost, run.ended) == (len(rows), 0, 0, True)


def test_kill_the_writer(tmp_path: Path) -> None:
    """Killed again and again under load: nothing is lost and nothing is there twice."""
    target = str(tmp_path / "records.db")
    with serving(str(deployment(tmp_path))) as server, Load(server) as load:
        until(lambda: (tmp_path / "records.db").exists() and len(load.answered) > 50)
        for _ in range(4):
            time.sleep(0.3)
            pid = writer(server)
            os.kill(pid, signal.SIGKILL)
            until(partial(lambda old: writer(server) != old, pid))
    assert not load.failed
    assert weights(target) == sorted(map(float, load.answered))
    run = run_of(target)
    assert (run.written, run.dropped, run.lost, run.ended) == (len(load.answered), 0, 0, True)


def test_kill_a_worker(tmp_path: Path) -> None:
    """What a worker put into its ring before it was killed is written."""
    target = str(tmp_path / "records.db")
    with serving(str(deployment(tmp_path))) as server:
        recording = writer(server)
        with Load(server) as load:
            for turn in range(1, 4):
                until(partial(lambda count: len(load.answered) > count, 100 * turn))
                os.kill(next(pid for pid in server.workers() if pid != recording), signal.SIGKILL)
    # Calls that the client did not see answered may have been recorded; a call that was answered is.
    recorded = weights(target)
    assert len(recorded) == len(set(recorded))
    missing = set(map(float, load.answered)) - set(recorded)
    assert len(missing) <= 3  # of each killed worker the one call between its answer and its record
    assert set(recorded) <= set(map(float, [*load.answered, *load.failed]))
    assert run_of(target).ended


def test_a_full_disk(tmp_path: Path) -> None:
    """The server answers, keeps records in memory, and writes them when there is room; the file is sound."""
    target = str(tmp_path / "records.db")
    with serving(str(deployment(tmp_path))) as server:
        for number in range(50):
            ask(server, number)
        until(lambda: len(weights(target)) == 50)
        pid = writer(server)
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))  # no file may grow: a write fails as on a full disk
        for number in range(50, 500):
            ask(server, number)
        time.sleep(5 * FLUSH)
        failed = len(weights(target))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert failed < 500
    assert weights(target) == [float(number) for number in range(500)]
    with sqlite3.connect(target) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    run = run_of(target)
    assert (run.written, run.dropped, run.lost, run.ended) == (500, 0, 0, True)


def test_a_database_that_is_gone_and_back(tmp_path: Path) -> None:
    database = Postgres(short_folder(tmp_path))
    try:
        with (
            serving(str(deployment(tmp_path, f'store = "{database.url}"'))) as server,
            Load(server) as load,
        ):
            for turn in range(1, 4):
                until(partial(lambda count: len(load.answered) > count, 100 * turn))
                database.stop()  # at once, without an end of its connections
                until(partial(lambda count: len(load.answered) > count, 100 * turn + 50))
                database.start()
        assert not load.failed
        assert weights(database.url) == sorted(map(float, load.answered))
        run = run_of(database.url)
        assert (run.written, run.dropped, run.lost, run.ended) == (len(load.answered), 0, 0, True)
    finally:
        database.stop()
        shutil.rmtree(database.folder)


def test_parquet_files(tmp_path: Path) -> None:
    """The writer is killed while it moves records to files again and again."""
    target = f"{tmp_path}/records/"
    with serving(str(deployment(tmp_path, 'store = "records/"\nrotate = 1'))) as server, Load(server) as load:
        for turn in range(1, 4):
            until(partial(lambda count: len(load.answered) > count, 100 * turn))
            time.sleep(0.25 * turn)
            os.kill(writer(server), signal.SIGKILL)
    assert not load.failed
    assert weights(target) == sorted(map(float, load.answered))
    table = pyarrow.dataset.dataset(tmp_path / "records", format="parquet", exclude_invalid_files=True).to_table()
    assert sorted(table["weight"].to_pylist()) == sorted(map(float, load.answered))
    assert run_of(target).ended


def test_personal_values_are_in_no_file(tmp_path: Path) -> None:
    """Of a running server: neither in the store nor in files that wait for it."""
    (tmp_path / "records.key").write_text("ab" * 32)
    fields = (seals.CONTRACT.inputs[0], seals.CONTRACT.inputs[1], replace(seals.CONTRACT.inputs[2], **NAMED))
    contract = replace(seals.CONTRACT, inputs=fields)
    for mode in ("mask", "hash", "encrypt"):
        folder = tmp_path / mode
        folder.mkdir()
        more = f'personal = "{mode}"\nkey_file = "../records.key"\noverflow = "spill"\nmemory = 1'
        with serving(str(deployment(folder, more, contract))) as server:
            for _ in range(8):  # more than the memory holds
                rows = [{"age": 50.0, "weight": 60.0, "sex": "Unmistakable Name"}] * 4000
                assert server.ask("POST", "/v1/models/tiny/predict", rows)[0] == 200
            leaks = [path for path in folder.rglob("*") if path.is_file() and b"Unmistakable" in path.read_bytes()]
            assert not leaks
        run = run_of(str(folder / "records.db"))
        assert run.ended
        assert (run.dropped, run.lost) == (0, 0)
        assert len(weights(str(folder / "records.db"))) == 32_000


def test_kill_the_whole_server(tmp_path: Path) -> None:
    """At most the flush interval is lost, the file is sound, and the next run goes on."""
    target = str(tmp_path / "records.db")
    path = deployment(tmp_path)
    with serving(str(path)) as server:
        pids = [server.process.pid, *server.workers()]
        for number in range(100):
            ask(server, number)
        time.sleep(3 * FLUSH)
        ask(server, 1000)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        server.process.wait()
    recorded = weights(target)
    assert recorded[:100] == [float(number) for number in range(100)]
    assert recorded[100:] in ([], [1000.0])
    assert not run_of(target).ended
    with serving(str(path)) as server:
        ask(server, 2000)
    assert weights(target) == [*recorded, 2000.0]


def test_kill_the_supervisor(tmp_path: Path) -> None:
    """The writer ends when the workers have ended, and everything is written."""
    target = str(tmp_path / "records.db")
    with serving(str(deployment(tmp_path))) as server:
        children = server.workers()
        for number in range(50):
            ask(server, number)
        server.process.kill()
        server.process.wait()
        until(lambda: not any(Path(f"/proc/{pid}/stat").exists() and _runs(pid) for pid in children))
    assert weights(target) == [float(number) for number in range(50)]
    assert run_of(target).ended


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_counts_are_metrics(tmp_path: Path) -> None:
    def counted(server: Running) -> dict[str, float]:
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=30) as response:
            lines = [line.split() for line in response.read().decode().splitlines()]
        return {line[0]: float(line[1]) for line in lines if line[0].startswith("sealift_records_")}

    with serving(str(deployment(tmp_path, "sample = 0.5"))) as server:
        for number in range(40):
            ask(server, number)
        until(lambda: counted(server)["sealift_records_waiting"] == 0)
        counts = counted(server)
        assert counts["sealift_records_written_total"] + counts["sealift_records_sampled_out_total"] == 40
        assert counts["sealift_records_written_total"] == len(weights(str(tmp_path / "records.db")))
        assert counts["sealift_records_dropped_total"] == 0
