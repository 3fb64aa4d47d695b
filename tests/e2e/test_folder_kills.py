"""A run over folders that is killed at random points, and resumed, writes what an uninterrupted one writes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import seals
from sealift.batch.folder.journal import NAME

ROWS, FILES = 12_000, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders")
    seals.write(folder / "tiny.seal")
    (folder / "in").mkdir()
    numbers = random.Random(5)
    for i in range(FILES):
        ages = [numbers.choice(["", "bad", f"{numbers.uniform(20, 90):.3f}"]) for _ in range(ROWS)]
        lines = [f"{age},{numbers.uniform(40, 120):.2f},{numbers.choice('fm')}\n" for age in ages]
        (folder / "in" / f"{i}.csv").write_text("age,weight,sex\n" + "".join(lines))
    assert run(folder, "whole").wait(300) == 3
    return folder


def run(folder: Path, output: str) -> subprocess.Popen[bytes]:
    """The command in a session of its own; its summary is in OUTPUT.json."""
    command = [sys.executable, "-m", "sealift", "predict", "tiny.seal", "in", "-o", f"{output}/", "--json"]
    with (folder / f"{output}.json").open("wb") as stdout:
        return subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=subprocess.DEVNULL, start_new_session=True)


def summary_of(folder: Path, output: str, process: subprocess.Popen[bytes]) -> Any:
    assert process.wait(120) == 3
    return json.loads((folder / f"{output}.json").read_text())


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


@pytest.mark.parametrize("seed", range(4))
def test_killed_and_resumed(folder: Path, seed: int) -> None:
    whole, place = outputs(folder / "whole"), folder / f"killed-{seed}"
    assert len(whole) == FILES
    numbers = random.Random(seed)
    kills = 0
    while kills < 12:
        process = run(folder, place.name)
        had = len(outputs(place))
        # Killed at some time after it began to work, or after it finished some files.
        until = time.monotonic() + 60
        wanted = numbers.randint(had, min(FILES, had + 2))
        while process.poll() is None and len(outputs(place)) < wanted and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(numbers.uniform(0.0, 0.9))
        if numbers.random() < 0.5:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # its own processes notice that it is gone
        if process.wait() != -signal.SIGKILL:
            break
        kills += 1
        seen = outputs(place)
        assert all(seen[name] == whole[name] for name in seen)  # no part is visible under a final name
    assert kills
    before = {path.name: path.stat().st_mtime_ns for path in place.glob("*.csv")}
    finished = [
        json.loads(line) for line in (place / NAME).read_bytes().split(b"\n")[1:-1] if line.startswith(b'{"input"')
    ]
    summary = summary_of(folder, place.name, run(folder, place.name))
    assert outputs(place) == whole
    assert summary["rows"] == FILES * ROWS
    for line in finished:  # what the journal has is not computed again
        assert (place / line["output"]).stat().st_mtime_ns == before[line["output"]]
    assert {each["input"] for each in summary["files"] if each["resumed"]} >= {line["input"] for line in finished}


def test_processes_that_are_killed_are_replaced(folder: Path) -> None:
    process = run(folder, "workers")
    killed = 0
    until = time.monotonic() + 60
    while process.poll() is None and killed < 1 and time.monotonic() < until:
        if len(outputs(folder / "workers")) >= 2:
            for pid in children(process.pid):
                if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                    break
        time.sleep(0.005)
    assert summary_of(folder, "workers", process)["rows"] == FILES * ROWS
    assert killed == 1
    assert outputs(folder / "workers") == outputs(folder / "whole")


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
