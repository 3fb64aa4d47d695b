"""`sealift predict` of a folder of pictures that is killed at random points, and goes on."""

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

import numpy as np
import pytest
from PIL import Image

import image_seals
import sealift
from sealift.batch.picture_journal import journal_of

PICTURES, BAD = 700, 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    image_seals.write(folder / "colours.seal")
    (folder / "scans" / "ward").mkdir(parents=True)
    draw = np.random.default_rng(3)
    for number in range(PICTURES):
        levels = draw.integers(0, 256, (7, 9, 3)).astype(np.uint8)
        place = folder / "scans" / ("ward" if number % 3 else ".") / f"{number}.png"
        Image.fromarray(levels).resize((160, 120)).save(place)
    for number in range(BAD):
        (folder / "scans" / f"bad{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(number))
    # The answers of a run that has no journal.
    summary = sealift.score(folder / "colours.seal", folder / "scans", folder / "whole.csv")
    assert (summary.rows, summary.refused, summary.resumed) == (PICTURES + BAD, BAD, 0)
    return folder


def run(folder: Path, output: str) -> subprocess.Popen[bytes]:
    """The command in a session of its own; its summary is in OUTPUT.json."""
    source = str(folder / "scans")
    command = [sys.executable, "-m", "sealift", "predict", "colours.seal", source, "-o", output, "--json"]
    with (folder / f"{output}.json").open("wb") as stdout:
        return subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=subprocess.DEVNULL, start_new_session=True)


def finished(folder: Path, output: str) -> int:
    """The number of pictures in the journal."""
    try:
        lines = journal_of(folder / output).read_bytes().split(b"\n")[1:-1]
    except FileNotFoundError:
        return 0
    return sum(len(json.loads(line)["files"]) for line in lines)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_killed_and_resumed(folder: Path, kind: str) -> None:
    numbers = random.Random(kind)
    output = f"killed.{kind}"
    kills = before = 0
    for _ in range(3):
        process = run(folder, output)
        until = time.monotonic() + 60
        wanted = before + numbers.randint(1, 200)
        while process.poll() is None and finished(folder, output) < wanted and time.monotonic() < until:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            break
        kills += 1
        assert not (folder / output).exists()  # no part is visible under the final name
        assert finished(folder, output) >= before
        before = finished(folder, output)
    assert kills
    assert before
    if kills < 3:
        return
    assert run(folder, output).wait(120) == 3
    summary: Any = json.loads((folder / f"{output}.json").read_text())
    assert (summary["rows"], summary["refused"], summary["resumed"]) == (PICTURES + BAD, BAD, before)
    assert not journal_of(folder / output).exists()
    if kind == "csv":
        assert (folder / output).read_bytes() == (folder / "whole.csv").read_bytes()
    else:
        lines = [json.loads(line) for line in (folder / output).read_text("utf-8").splitlines()]
        assert [line["row"] for line in lines] == list(range(1, PICTURES + BAD + 1))
