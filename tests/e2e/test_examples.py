"""The examples do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sealift

EXAMPLES = Path(__file__).parents[2] / "examples"


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_pipeline_as_a_module(tmp_path: Path) -> None:
    _run(EXAMPLES / "wine.py", cwd=tmp_path)
    source = f"{EXAMPLES / 'wine.py'}:model"
    _run("-m", "sealift", "pack", source, "--data", "wine.csv", "--target", "cultivar", "--name", "wine", cwd=tmp_path)
    assert sealift.load(tmp_path / "wine.seal").self_test().passed


def test_a_text_model(tmp_path: Path) -> None:
    assert "['good']" in _run(EXAMPLES / "reviews.py", cwd=tmp_path)
    assert (tmp_path / "reviews.html").stat().st_size > 4e6


def test_every_example_is_reported() -> None:
    listing = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.glob("*.py"):
        assert path.name in listing
