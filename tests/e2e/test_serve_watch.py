"""Sealed files that are copied into a watched folder of a running server."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seals
from http_load import HttpLoad, request_bytes
from servers import Running, serving, until

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "watched").mkdir()
    (tmp_path / "elsewhere").mkdir()
    seals.write(tmp_path / "watched" / "old.seal", version="0")
    os.utime(tmp_path / "watched" / "old.seal", (1, 1))
    seals.write(tmp_path / "watched" / "tiny-1.seal")
    (tmp_path / "deployment.toml").write_text('[[models]]\nfile = "watched/tiny-1.seal"\nwatch = "watched"\n')
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Running]:
    with serving(str(folder / "deployment.toml")) as running:
        yield running


def version(server: Running) -> str:
    answer: str = server.ask("POST", PATH, ROW)[1]["version"]
    return answer


def history(folder: Path) -> list[dict[str, Any]]:
    path = folder / "deployment.state" / "history.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write(folder: Path, number: str, bias: float = 0.3) -> bytes:
    return seals.write(folder / "elsewhere" / "new.seal", version=number, bias=bias).read_bytes()


def test_a_slow_copy_is_not_used_before_it_is_whole_and_no_request_fails(server: Running, folder: Path) -> None:
    data = write(folder, "2")
    with HttpLoad(server.address, request_bytes(PATH, ROW), connections=4) as load:
        with (folder / "watched" / "tiny-2.seal").open("wb", buffering=0) as file:
            for start in range(0, len(data), len(data) // 5):
                file.write(data[start : start + len(data) // 5])
                time.sleep(1.2)  # longer than the server waits between two looks
                if file.tell() < len(data):
                    assert version(server) == "1"
        assert until(lambda: version(server) == "2", 30)
        time.sleep(0.5)
    assert load.failures == []
    assert len(load.answers) > 200
    entries = [(entry["action"], entry["actor"], entry["version"]) for entry in history(folder)]
    assert entries == [("deploy", "watch", "2")]


def test_a_copy_whose_end_is_there_before_its_middle(server: Running, folder: Path) -> None:
    """As programs write that allocate the file first, or copy its pieces in any order."""
    data = write(folder, "2")
    middle = len(data) // 2
    with (folder / "watched" / "tiny-2.seal").open("wb", buffering=0) as file:
        file.truncate(len(data))
        file.seek(middle)
        file.write(data[middle:])
        time.sleep(2)
        assert version(server) == "1"
        file.seek(0)
        file.write(data[:middle])
    assert until(lambda: version(server) == "2", 30)
    assert [entry["action"] for entry in history(folder)] == ["deploy"]


def test_a_damaged_file_is_reported_once_and_can_be_corrected(server: Running, folder: Path) -> None:
    data = write(folder, "2")
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1
    path = folder / "watched" / "tiny-2.seal"
    path.write_bytes(bytes(damaged))
    (folder / "watched" / "empty.seal").write_bytes(b"")
    (folder / "watched" / "readme.txt").write_text("no model")
    assert until(lambda: len(history(folder)) == 2)
    time.sleep(7)  # longer than the time after which a file is reported
    refused = {Path(entry["file"]).name: entry for entry in history(folder)}
    assert set(refused) == {"tiny-2.seal", "empty.seal"}
    assert {entry["action"] for entry in refused.values()} == {"refuse"}
    assert "E2" in refused["tiny-2.seal"]["reason"]
    assert len(history(folder)) == 2
    assert version(server) == "1"
    path.write_bytes(data)
    assert until(lambda: version(server) == "2", 30)


def test_a_whole_file_that_cannot_be_served_is_refused(server: Running, folder: Path) -> None:
    """It fails its examples, it is another model, or another file has its version."""
    seals.write(folder / "watched" / "wrong.seal", [0.25] * len(seals.ROWS), version="9")
    seals.write(folder / "watched" / "same.seal", version="1", bias=2.0)
    assert until(lambda: len(history(folder)) == 2)
    reasons = sorted(entry["reason"][:6] for entry in history(folder))
    assert reasons == ["[E703]", "[E743]"]
    assert version(server) == "1"
    assert server.ask("GET", "/v2/models/tiny/versions/9/ready")[0] == 404


def test_a_restart_neither_deploys_again_nor_forgets_what_came_meanwhile(folder: Path) -> None:
    with serving(str(folder / "deployment.toml")) as server:
        (folder / "watched" / "tiny-2.seal").write_bytes(write(folder, "2"))
        assert until(lambda: version(server) == "2", 30)
    (folder / "watched" / "tiny-3.seal").write_bytes(write(folder, "3"))
    with serving(str(folder / "deployment.toml")) as server:
        assert version(server) in ("2", "3")
        assert until(lambda: version(server) == "3", 30)
        time.sleep(2)
    assert [entry["version"] for entry in history(folder)] == ["2", "3"]


def test_a_new_file_begins_as_a_canary(folder: Path) -> None:
    (folder / "deployment.toml").write_text(
        '[[models]]\nfile = "watched/tiny-1.seal"\nwatch = {folder = "watched", canary = 20}\n'
    )
    with serving(str(folder / "deployment.toml")) as server:
        (folder / "watched" / "tiny-2.seal").write_bytes(write(folder, "2"))
        assert until(lambda: len(history(folder)) == 1, 30)
        entry = history(folder)[0]
        assert (entry["mode"], entry["weights"]) == ("canary", {"1": 0.8, "2": 0.2})
        assert {version(server) for _ in range(100)} == {"1", "2"}
