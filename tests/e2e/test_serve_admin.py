"""Administrative routes of a running server, and its audit log."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seals
from loads import Load, sealift
from sealift.serve.access import keys
from servers import Running, serving, until

ADMIN = "/v1/admin"
MODEL = f"{ADMIN}/models/tiny"
PATH = "/v1/models/tiny/predict"
ROW = {"age": 61.5, "weight": 80, "sex": "f"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for version, bias in (("1", -0.7), ("2", 0.3)):
        seals.write(tmp_path / f"tiny-{version}.seal", version=version, bias=bias)
    (tmp_path / "deployment.toml").write_text('[access]\nkeys = "keys.json"\n[[models]]\nfile = "tiny-1.seal"\n')
    return tmp_path


@pytest.fixture
def secrets(folder: Path) -> dict[str, str]:
    return {scope: keys.create(folder / "keys.json", scope, [scope])[1] for scope in keys.SCOPES}


@pytest.fixture
def server(folder: Path, secrets: dict[str, str]) -> Iterator[Running]:
    with serving(str(folder / "deployment.toml")) as running:
        yield running


def ask(server: Running, method: str, path: str, key: str | None, body: Any = None, **more: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(server.address, timeout=60)
    headers = {"content-type": "application/json", **more, **({} if key is None else {"x-api-key": key})}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_versions_are_changed_over_http(server: Running, folder: Path, secrets: dict[str, str]) -> None:
    operator, auditor, admin = secrets["operate"], secrets["audit"], secrets["admin"]
    assert sealift("deploy", str(folder / "tiny-2.seal"), "--hold", "--reason", "trial", server=server)[0] == 0

    def version() -> str:
        return str(ask(server, "POST", PATH, secrets["predict"], ROW)[1]["version"])

    assert version() == "1"
    status, answer = ask(server, "POST", f"{MODEL}/promote", operator, {"version": "2", "reason": "better recall"})
    assert (status, answer["ok"]) == (200, True)
    assert {version() for _ in range(12)} == {"2"}
    assert ask(server, "POST", f"{MODEL}/rollback", admin, {"reason": "wrong units"})[0] == 200
    assert {version() for _ in range(12)} == {"1"}
    status, answer = ask(server, "GET", f"{ADMIN}/status", auditor)
    assert status == 200
    assert {each["version"]: each["share"] for each in answer["models"][0]["versions"]} == {"1": 1.0}
    status, log = ask(server, "GET", f"{ADMIN}/audit?last=10", auditor)
    assert [(entry["action"], entry["kind"], entry["reason"], entry["outcome"]) for entry in log["entries"]] == [
        ("deploy", "user", "trial", "done"),
        ("promote", "key", "better recall", "done"),
        ("rollback", "key", "wrong units", "done"),
    ]
    assert [entry["actor"] for entry in log["entries"]][1:] == ["operate", "admin"]
    assert log["entries"][1]["address"] == "127.0.0.1"
    history = [json.loads(line) for line in (folder / "deployment.state" / "history.jsonl").read_text().splitlines()]
    assert [entry["actor"] for entry in history][1:] == ["operate", "admin"]


def test_what_the_server_does_by_itself_is_in_the_audit_log(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    for version, bias in (("1", -0.7), ("2", 0.3), ("3", 0.4)):
        seals.write(tmp_path / f"tiny-{version}.seal", version=version, bias=bias)
    (tmp_path / "deployment.toml").write_text(
        '[access]\nkeys = "keys.json"\n[[models]]\nfile = "tiny-1.seal"\nwatch = "watched"\n'
    )
    secret = keys.create(tmp_path / "keys.json", "all", ["admin"])[1]
    with serving(str(tmp_path / "deployment.toml")) as server:

        def entry(actor: str) -> dict[str, Any] | None:
            log = ask(server, "GET", f"{ADMIN}/audit", secret)[1]["entries"]
            return next((each for each in log if each["actor"] == actor), None)

        trial = ("--canary", "0.5", "--window", "1", "--least", "20", "--max-latency", "1000")
        assert sealift("deploy", str(tmp_path / "tiny-2.seal"), *trial, server=server)[0] == 0
        with Load(server, path=PATH, row=json.dumps(ROW).encode(), key=secret) as load:
            assert until(lambda: entry("canary") is not None)
        assert load.failures == []
        (tmp_path / "tiny-3.seal").rename(tmp_path / "watched" / "tiny-3.seal")
        assert until(lambda: entry("watch") is not None)
        for actor, action, key, value in (
            ("canary", "promote", "version", "2"),
            ("watch", "deploy", "file", str(tmp_path / "watched" / "tiny-3.seal")),
        ):
            audited = entry(actor)
            assert audited is not None
            members = ("action", "kind", "outcome", "name", key)
            assert [audited[key] for key in members] == [action, "server", "done", "tiny", value]
            assert audited["reason"]
    assert sealift("audit", "verify", str(tmp_path / "deployment.toml"))[0] == 0


def test_no_request_fails_during_acts_over_http(server: Running, folder: Path, secrets: dict[str, str]) -> None:
    assert sealift("deploy", str(folder / "tiny-2.seal"), "--hold", server=server)[0] == 0
    with Load(server, path=PATH, row=json.dumps(ROW).encode(), key=secrets["predict"]) as load:
        for _ in range(5):
            for version in ("2", "1"):
                assert ask(server, "POST", f"{MODEL}/promote", secrets["operate"], {"version": version})[0] == 200
    assert load.failures == []
    assert len(load.versions) > 20


def test_what_is_refused(server: Running, secrets: dict[str, str]) -> None:
    operator = secrets["operate"]
    promote = f"{MODEL}/promote"
    for key, status in ((None, 401), ("x", 401), (secrets["predict"], 403), (secrets["audit"], 403)):
        assert ask(server, "POST", promote, key, {"version": "1"})[0] == status
    assert ask(server, "GET", f"{ADMIN}/status", operator)[0] == 403
    assert ask(server, "GET", f"{ADMIN}/audit", operator)[0] == 403
    for body, status, code in (
        ({"version": "9"}, 404, "E701"),
        ({}, 409, "E744"),
        ({"version": 2}, 400, "E704"),
        ({"reason": "x" * 1001}, 400, "E704"),
        ({"file": "/etc/passwd"}, 400, "E704"),
        ([1], 400, "E704"),
    ):
        got, answer = ask(server, "POST", promote, operator, body)
        assert (got, answer["error"]["code"]) == (status, code), answer
    for query in ("last=0", "last=", "last=1001", "last=-1", "last=5&first=2", "last=%00", "last"):
        got, answer = ask(server, "GET", f"{ADMIN}/audit?{query}", secrets["audit"])
        assert (got, answer["error"]["code"]) == (400, "E769"), query
    assert ask(server, "POST", f"{ADMIN}/models/none/rollback", operator)[0] == 404
    assert ask(server, "POST", f"{ADMIN}/models/tiny/deploy", operator, {"file": "x"})[0] == 404
    assert ask(server, "POST", promote, operator, {"version": "1"}, **{"content-type": "text/plain"})[0] == 415
    log = ask(server, "GET", f"{ADMIN}/audit", secrets["audit"])[1]["entries"]
    refused = [(entry["actor"], entry["outcome"]) for entry in log if entry["action"] == "refused"]
    assert refused == [("", "E760"), ("", "E761"), ("predict", "E762"), ("audit", "E762"), *[("operate", "E762")] * 2]
    assert [entry["outcome"] for entry in log if entry["action"] == "promote"] == ["E701", "E744"]


def test_many_refused_attempts_do_not_fill_the_disk(server: Running, folder: Path, secrets: dict[str, str]) -> None:
    for _ in range(300):
        assert ask(server, "GET", f"{ADMIN}/status", None)[0] == 401
    log = ask(server, "GET", f"{ADMIN}/audit?last=1000", secrets["audit"])[1]
    assert 30 <= log["count"] <= 100  # 30 for each of two workers, and some for the time
    code, answer = sealift("audit", "verify", str(folder / "deployment.toml"))
    assert (code, answer["entries"]) == (0, log["count"])


def test_without_access_there_are_no_administrative_routes(tmp_path: Path) -> None:
    with serving(str(seals.write(tmp_path / "tiny.seal"))) as server:
        for method, path in (("GET", f"{ADMIN}/status"), ("GET", f"{ADMIN}/audit"), ("POST", f"{MODEL}/rollback")):
            status, answer = ask(server, method, path, None)
            assert (status, answer["error"]["code"]) == (404, "E702")
