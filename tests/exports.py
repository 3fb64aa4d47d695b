"""Deployments to export, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import seals
from sealift import seal
from sealift.cli.commands import app
from sealift.seal.keys import sign_path

DEPLOYMENT = """\
[server]
host = "127.0.0.1"
grpc = 8001
[limits]
body = 1000000
[records]
store = "postgresql://writer:hunter2@db.example:5433/calls"
personal = "hash"
key_file = "records.key"
[[models]]
file = "../tiny.seal"
name = "risk"
key = "clinic.pub"
weight = 90
[[models]]
file = "more/tiny.seal"
name = "risk"
key = "clinic.pub"
weight = 10
"""


def deployment(folder: Path) -> Path:
    """A deployment of two signed versions with the same file name, with records in a database that does not exist."""
    inner = folder / "heart"
    (inner / "more").mkdir(parents=True)
    private = folder / "clinic"
    public, _ = seal.generate_keys(private)
    public.rename(inner / "clinic.pub")
    for place, version, bias in ((folder, "1", -0.7), (inner / "more", "2", 0.3)):
        sign_path(seals.write(place / "tiny.seal", version=version, bias=bias), key=private)
    (inner / "records.key").write_text("ab" * 32)
    (inner / "records.key").chmod(0o600)
    path = inner / "deployment.toml"
    path.write_text(DEPLOYMENT)
    return path


def export(*arguments: object, code: int = 0) -> dict[str, Any]:
    """`sealift export` with these arguments; its JSON."""
    done = CliRunner().invoke(app, ["export", *map(str, arguments), "--json"])
    assert done.exit_code == code, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told
