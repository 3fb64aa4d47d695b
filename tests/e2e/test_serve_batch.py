"""`sealift serve` in the mode `batch`: folders, with records."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import seals
from sealift.batch.folder.journal import NAME
from sealift.errors import ServeError
from sealift.serve.batch_mode import check
from sealift.serve.deployment import read


def deployment(folder: Path, more: str) -> None:
    seals.write(folder / "tiny.seal")
    (folder / "in").mkdir()
    for i in range(3):
        (folder / "in" / f"{i}.csv").write_text("age,weight,sex\n" + f"5{i},70,f\n,x,m\n" * 5)
    (folder / "d.toml").write_text(f'[server]\nmode = "batch"\nworkers = 2\n[[models]]\nfile = "tiny.seal"\n{more}')


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sealift", *arguments, "--json"]


def test_folders_are_predicted_and_recorded(tmp_path: Path) -> None:
    deployment(tmp_path, '[batch]\ninput = "in"\noutput = "out"\nformat = "jsonl"\n[records]\n')
    done = subprocess.run(command("serve", "d.toml"), cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 3, done.stderr.decode()
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["refused"], len(summary["files"])) == (30, 15, 3)
    assert len((tmp_path / "out" / "0.csv.jsonl").read_text().splitlines()) == 10
    shown = subprocess.run(
        command("records", "show", "records.db"), cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    listed = json.loads(shown.stdout)
    assert (listed["records"], listed["rows"]) == (3, 30)
    again = subprocess.run(command("serve", "d.toml"), cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert [each["resumed"] for each in json.loads(again.stdout)["files"]] == [True] * 3


def test_watch_ends_on_sigterm(tmp_path: Path) -> None:
    deployment(tmp_path, '[batch]\ninput = ["in"]\noutput = "out"\nwatch = true\nsettle = 0.1\n')
    process = subprocess.Popen(command("serve", "d.toml"), cwd=tmp_path, stdout=subprocess.PIPE)
    until = time.monotonic() + 90
    journal = tmp_path / "out" / NAME
    while not journal.exists() or journal.read_text().count('"output"') < 3:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert len(json.loads(output)["files"]) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", r"no \[batch\]"),
        ('[batch]\ninput = []\noutput = "out"', "must not be empty"),
        ('[batch]\ninput = "in"', "'output' of .* is missing"),
        ('[batch]\ninput = "in"\noutput = "in"', "E788"),
        ('[batch]\ninput = "in"\noutput = "out"\nwatsch = true', "Did you mean 'watch'"),
        ('[[models]]\nfile = "other.seal"\n[batch]\ninput = "in"\noutput = "out"', "exactly one model"),
    ],
)
def test_wrong_settings(tmp_path: Path, more: str, said: str) -> None:
    deployment(tmp_path, more)
    with pytest.raises(ServeError, match=said):
        check(read(tmp_path / "d.toml"))
