"""The audit log and the commands that write and read it, without a server."""

from __future__ import annotations

import json
import multiprocessing
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sealift.cli.commands import app
from sealift.errors import FileError, ServeError
from sealift.serve.access.audit import AuditedOperations, AuditLog, entries


def sealift(*arguments: str, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def write(path: Path, name: str) -> None:
    log = AuditLog(path)
    for number in range(20):
        log.append("deploy", actor=name, kind="key", number=number)


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(path, name)) for name in ("ada", "bob", "eve")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    count, recorded = entries(path)
    assert count == len(recorded) == 60
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for name in ("ada", "bob", "eve"):
        assert [entry["number"] for entry in recorded if entry["actor"] == name] == list(range(20))


@pytest.mark.parametrize("change", ["edit", "remove", "insert", "swap"])
def test_an_altered_log_is_noticed(change: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, "ada")
    lines = path.read_text().splitlines(keepends=True)
    if change == "edit":
        lines[5] = lines[5].replace("ada", "eve")
    elif change == "remove":
        del lines[5]
    elif change == "insert":
        lines.insert(5, lines[4])
    else:
        lines[5:7] = reversed(lines[5:7])
    path.write_text("".join(lines))
    assert sealift("audit", "verify", str(path), exit_code=1)["error"]["code"] == "E742"
    with pytest.raises(ServeError):
        AuditLog(path)


def test_a_log_that_was_cut_off_is_noticed_with_its_head(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, "ada")
    answer = sealift("audit", "verify", str(path))
    assert (answer["entries"], answer["listed"]) == (20, [])
    assert sealift("audit", "show", str(path), "--last", "3", "--head", answer["head"])["entries"] == 20
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert sealift("audit", "verify", str(path))["entries"] == 19
    refused = sealift("audit", "verify", str(path), "--head", answer["head"], exit_code=1)
    assert refused["error"]["code"] == "E742"
    with pytest.raises(FileError):
        entries(tmp_path / "none.jsonl")


def test_keys_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "d.toml").write_text('[access]\nkeys = "keys.json"\naudit = "log.jsonl"\n[[models]]\nfile = "a.seal"\n')
    target = str(tmp_path / "d.toml")
    secret = sealift("keys", "create", target, "ci", "--scope", "operate", "--reason", "new pipeline")["secret"]
    sealift("keys", "revoke", target, "ci", "--reason", "leaked")
    listed = sealift("audit", "show", target)["listed"]
    assert [(entry["action"], entry["name"], entry["reason"]) for entry in listed] == [
        ("create key", "ci", "new pipeline"),
        ("revoke key", "ci", "leaked"),
    ]
    assert all(entry["actor"] and entry["kind"] == "user" for entry in listed)
    assert secret not in (tmp_path / "log.jsonl").read_text()
    shown = CliRunner().invoke(app, ["audit", "show", target]).stdout
    assert "revoke key ci  by " in shown
    assert "2 entries, none altered" in shown


class Operations:
    def handle(self, request: Mapping[str, Any], /) -> dict[str, Any]:
        if request.get("name") == "none":
            raise ServeError("E701", "There is no model.", fix="Use another.")
        if request.get("name") == "broken":
            raise KeyError("x")
        return {"ok": True}


def test_acts_are_recorded_with_their_outcome(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    acts = AuditedOperations(Operations(), AuditLog(path))
    acts.handle({"action": "status"})
    acts.handle({"action": "promote", "name": "a", "version": "2", "actor": "ci", "kind": "key", "reason": "better"})
    for name, error in (("none", ServeError), ("broken", KeyError)):
        with pytest.raises(error):
            acts.handle({"action": "rollback", "name": name, "actor": "ada"})
    acts.handle({"action": "refused", "code": "E762", "route": "/v1/admin/status", "actor": "eve", "kind": "token"})
    recorded = entries(path)[1]
    assert [(entry["action"], entry["actor"], entry["kind"], entry["outcome"]) for entry in recorded] == [
        ("promote", "ci", "key", "done"),
        ("rollback", "ada", "user", "E701"),
        ("rollback", "ada", "user", "E901"),
        ("refused", "eve", "token", "E762"),
    ]
    assert (recorded[0]["version"], recorded[0]["reason"], recorded[3]["route"]) == ("2", "better", "/v1/admin/status")


def test_a_log_that_cannot_be_written_stops_no_act(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    (tmp_path / "audit.jsonl").unlink()
    assert AuditedOperations(Operations(), log).handle({"action": "rollback", "name": "a"}) == {"ok": True}
    assert "cannot be written" in caplog.text
