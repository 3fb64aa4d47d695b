"""Who may use a server: keys, their file, credentials in headers, and rates; without a server."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import seals
from sealift import load
from sealift.cli.commands import app
from sealift.errors import ServeError
from sealift.serve.access import keys
from sealift.serve.access.gate import Gate
from sealift.serve.access.rates import Buckets, Rate
from sealift.serve.access.refusals import AccessError
from sealift.serve.access.settings import AccessSettings
from sealift.serve.http.messages import Request, Response
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.urgency import NORMAL, PRIORITIES, Urgency

PREDICT = "/v1/models/tiny/predict"
ROW = json.dumps({"age": 61.5, "weight": 80, "sex": "f"}).encode()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Plane:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    return Plane([model])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def gate(path: Path, **more: Any) -> Gate:
    return Gate(AccessSettings(keys=path, **more), Buckets())


def code(headers: Mapping[str, str], scope: str, at: Gate) -> str:
    try:
        at.caller(headers, scope)
    except AccessError as error:
        return error.code
    return ""


# The file.


def test_a_key_is_stored_as_its_digest_and_found_by_it(path: Path) -> None:
    key, secret = keys.create(path, "ward-3", ["predict", "audit"])
    assert secret not in path.read_text()
    assert len(secret) >= len("sealift_") + 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    opened = gate(path)
    for headers in (
        {"authorization": f"Bearer {secret}"},
        {"authorization": f"bEaReR  {secret} "},
        {"x-api-key": secret},
    ):
        caller = opened.caller(headers, "predict")
        assert (caller.name, caller.kind, caller.scopes) == ("ward-3", "key", frozenset({"predict", "audit"}))
    assert keys.read(path) == [keys.ApiKey("ward-3", key.digest, ("predict", "audit"), float(int(key.created)))]


def test_secrets_differ(path: Path) -> None:
    assert len({keys.create(path, f"key-{i}", ["predict"])[1] for i in range(20)}) == 20
    assert len(keys.read(path)) == 20


def test_keys_that_are_created_at_the_same_time_are_all_kept(path: Path) -> None:
    threads = [threading.Thread(target=keys.create, args=(path, f"key-{i}", ["predict"])) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key.name for key in keys.read(path)) == sorted(f"key-{i}" for i in range(12))
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_a_new_file_is_never_seen_incomplete(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a file system without links; each file is empty for a while before its content is written."""
    opened = os.fdopen

    def late(*arguments: Any) -> Any:
        time.sleep(0.01)
        return opened(*arguments)

    def no_links(*_: Any, **__: Any) -> None:
        raise OSError("there are no links")

    monkeypatch.setattr(os, "fdopen", late)
    monkeypatch.setattr(os, "link", no_links)
    test_keys_that_are_created_at_the_same_time_are_all_kept(path)


def test_a_link_that_leads_nowhere_is_refused(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "none.json")
    with pytest.raises(ServeError, match="no such file"):
        keys.create(path, "a", ["predict"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_a_name_is_free_again_after_the_revocation(path: Path) -> None:
    keys.create(path, "a", ["predict"])
    with pytest.raises(ServeError) as caught:
        keys.create(path, "a", ["predict"])
    assert caught.value.code == "E765"
    keys.revoke(path, "a")
    keys.create(path, "a", ["predict"])
    keys.revoke(path, "a")
    with pytest.raises(ServeError) as caught:
        keys.revoke(path, "a")
    assert caught.value.code == "E765"
    assert [key.state(time.time()) for key in keys.read(path)] == ["revoked", "revoked"]


@pytest.mark.parametrize("name", ["", "-a", "a b", "a\n", "é", "x" * 65, "a/b"])
def test_malformed_names(name: str, path: Path) -> None:
    with pytest.raises(ServeError) as caught:
        keys.create(path, name, ["predict"])
    assert caught.value.code == "E765"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": "sealift keys 2", "keys": []}',
        b'{"format": "sealift keys 1", "keys": [5]}',
        b'{"format": "sealift keys 1", "keys": [{"name": "a"}]}',
        b'{"format": "sealift keys 1", "keys": [{"name": "a", "digest": "00", "scopes": [], "created": null, '
        b'"expires": null, "revoked": null, "rate": null}]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_malformed_files(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ServeError) as caught:
        gate(path)
    assert caught.value.code == "E764"
    assert path.read_bytes() == content
    with pytest.raises(ServeError) as caught:
        keys.create(path, "a", ["predict"])
    assert caught.value.code == "E764"


def test_a_file_that_others_can_change_is_refused(path: Path) -> None:
    keys.create(path, "a", ["predict"])
    path.chmod(0o660)
    with pytest.raises(ServeError, match="other users can change it") as caught:
        gate(path)
    assert caught.value.code == "E764"
    path.chmod(0o640)
    gate(path)


def test_a_missing_file(path: Path) -> None:
    with pytest.raises(ServeError, match="sealift keys create") as caught:
        gate(path)
    assert caught.value.code == "E764"


# The gate.


def test_callers_that_are_refused(path: Path) -> None:
    _, secret = keys.create(path, "a", ["predict"])
    _, admin = keys.create(path, "root", ["admin"])
    _, old = keys.create(path, "old", ["admin"], expires=time.time() - 1)
    opened = gate(path)
    assert code({}, "predict", opened) == "E760"
    assert code({"authorization": "Bearer x"}, "predict", opened) == "E761"
    assert code({"authorization": "Bearer "}, "predict", opened) == "E761"
    assert code({"authorization": f"Basic {secret}"}, "predict", opened) == "E761"
    assert code({"x-api-key": secret, "authorization": "Bearer x"}, "predict", opened) == "E761"
    assert code({"x-api-key": f"{secret}, {secret}"}, "predict", opened) == "E761"  # the header was sent twice
    assert code({"x-api-key": keys.read(path)[0].digest}, "predict", opened) == "E761"
    assert code({"x-api-key": old}, "predict", opened) == "E761"
    assert code({"x-api-key": secret}, "operate", opened) == "E762"
    assert code({"x-api-key": secret, "authorization": f"Bearer {secret}"}, "predict", opened) == ""
    assert [code({"x-api-key": admin}, scope, opened) for scope in keys.SCOPES] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "Send the header Authorization: Bearer KEY or X-API-Key: KEY."),
        ({"authorization": "Bearer "}, "the key is empty"),
        ({"x-api-key": ""}, "the key is empty"),
        ({"authorization": "Bearer x"}, "the key is unknown. Send a valid key."),
        ({"authorization": "{}"}, "does not begin with Bearer. Send Authorization: Bearer KEY."),
        ({"authorization": "Basic {}"}, "does not begin with Bearer"),
        (
            {"authorization": "Bearer {}"},
            "the scope 'operate'. Use credentials that have it; these have audit, predict.",
        ),
        ({"x-api-key": "{}", "authorization": "Bearer x"}, "X-API-Key and Authorization differ. Send one of them."),
    ],
)
def test_messages_say_what_to_do_and_have_nothing_of_the_key(headers: dict[str, str], said: str, path: Path) -> None:
    _, secret = keys.create(path, "a", ["predict", "audit"])
    with pytest.raises(AccessError) as caught:
        gate(path).caller({name: value.format(secret) for name, value in headers.items()}, "operate")
    assert said in str(caught.value)
    assert not any(secret[at : at + 6] in str(caught.value) for at in range(8, len(secret) - 6))


def test_a_change_of_the_file_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = keys.create(path, "a", ["predict"])
    opened = gate(path)
    clock = [time.monotonic()]
    monkeypatch.setattr("sealift.serve.access.gate.time.monotonic", lambda: clock[0])

    def later() -> None:
        clock[0] += 0.26

    _, second = keys.create(path, "b", ["predict"])
    later()
    assert code({"x-api-key": second}, "predict", opened) == ""
    keys.revoke(path, "a")
    later()
    assert code({"x-api-key": secret}, "predict", opened) == "E761"
    assert code({"x-api-key": second}, "predict", opened) == ""
    good = path.read_bytes()
    path.write_text("{")
    later()
    assert code({"x-api-key": second}, "predict", opened) == ""  # the former keys stay valid
    path.unlink()
    later()
    assert code({"x-api-key": second}, "predict", opened) == "E761"
    path.write_bytes(good)
    path.chmod(0o600)
    later()
    assert code({"x-api-key": second}, "predict", opened) == ""


def test_a_change_is_noticed_before_a_body_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request with a new key may be one whose body is not read yet."""
    keys.create(path, "a", ["predict"])
    opened = gate(path)
    clock = [time.monotonic()]
    monkeypatch.setattr("sealift.serve.access.gate.time.monotonic", lambda: clock[0])
    _, second = keys.create(path, "b", ["predict"])
    clock[0] += 0.26
    opened.identify({"x-api-key": second})
    keys.revoke(path, "b")
    clock[0] += 0.26
    with pytest.raises(AccessError, match="revoked"):
        opened.identify({"x-api-key": second})


def test_the_file_is_not_looked_at_for_each_request(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = keys.create(path, "a", ["predict"])
    opened = gate(path)
    looks: list[Path] = []
    monkeypatch.setattr("sealift.serve.access.watch._state", looks.append)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        opened.caller({"x-api-key": secret}, "predict")
    assert 0 < len(looks) <= 4


@given(
    headers=st.dictionaries(
        st.sampled_from(["authorization", "x-api-key", "cookie"]),
        st.one_of(
            st.text(st.characters(max_codepoint=255), max_size=60),
            st.sampled_from(["Bearer ", "bearer  a b", "Bearer", "Basic YTpi", "Bearer Bearer x", "\x00", "a, b"]),
        ),
    )
)
def test_no_header_is_more_than_refused(headers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / f"keys-{os.getpid()}.json"
    if not path.exists():
        keys.create(path, "a", ["predict"])
    assert code(headers, "predict", gate(path)) in ("E760", "E761")


# Rates.


@pytest.mark.parametrize("text", ["", "5", "5/", "/s", "0/s", "-1/s", "5/x", "1e3/s", "5 /s", "5/s ", "05/s"])
def test_malformed_rates(text: str) -> None:
    with pytest.raises(ValueError, match="100/s"):
        Rate.parse(text)


@given(count=st.integers(1, 50), gaps=st.lists(st.floats(0, 0.2), max_size=200))
def test_a_bucket_never_gives_more_than_its_depth_and_rate(count: int, gaps: list[float]) -> None:
    bucket = Buckets().bucket("a", Rate(count, "s"))
    now, admitted = 1000.0, 0
    tokens = float(count)  # the textbook bucket is the oracle
    for gap in gaps:
        now += gap
        tokens = min(float(count), tokens + gap * count)
        wait = bucket.take(now)
        if abs(tokens - 1) > 1e-6:  # else rounding decides
            assert (wait == 0.0) == (tokens >= 1)
        if wait == 0.0:
            tokens -= 1
            admitted += 1
        else:
            assert wait == pytest.approx((1 - tokens) / count, abs=1e-6)
    assert admitted <= count + (now - 1000.0) * count + 1


def test_callers_do_not_share_a_bucket() -> None:
    buckets = Buckets()
    many = [buckets.bucket(f"key:{i}", Rate(1, "h")) for i in range(2000)]
    assert [bucket.take(1000.0) for bucket in many] == [0.0] * 2000
    assert all(bucket.take(1001.0) > 3500 for bucket in many)
    again = [buckets.bucket(f"key:{i}", Rate(1, "h")) for i in range(2000)]  # as another worker sees them
    assert all(bucket.take(1001.0) > 3500 for bucket in again)
    assert all(bucket.take(1000.0 + 7200) == 0.0 for bucket in again)


def test_a_rate_of_the_key_and_of_the_deployment(path: Path) -> None:
    _, own = keys.create(path, "own", ["predict"], rate=Rate(2, "h"))
    _, other = keys.create(path, "other", ["predict"])
    opened = gate(path, rate=Rate(3, "h"))
    for secret, most in ((own, 2), (other, 3)):
        assert [code({"x-api-key": secret}, "predict", opened) for _ in range(most + 1)] == [""] * most + ["E763"]


# Priorities.


def test_a_caller_has_at_most_its_priority(path: Path, plane: Plane) -> None:
    secrets = {name: keys.create(path, name, ["predict"], priority=name)[1] for name in PRIORITIES}
    secrets["any"] = keys.create(path, "any", ["predict"])[1]
    for limit, of_any in ((None, 0), ("high", 0), ("normal", 1), ("low", 2)):
        service = Service(plane, access=gate(path, priority=limit))
        expected = {"high": 0, "normal": 1, "low": 2, "any": of_any}
        for asked in range(3):
            for name, secret in secrets.items():
                got = service.permitted(Urgency(asked, 5.0), {"x-api-key": secret})
                assert got == Urgency(max(asked, expected[name]), 5.0), (limit, asked, name)
            for headers in ({}, {"x-api-key": "x"}):  # they are refused when it is their turn
                assert service.permitted(Urgency(asked, 5.0), headers) == Urgency(2, 5.0)
    assert Service(plane).permitted(NORMAL, {}) is NORMAL


def test_files_of_keys_without_priorities(path: Path) -> None:
    """Files of versions that knew no priorities."""
    _, secret = keys.create(path, "a", ["predict"])
    raw = json.loads(path.read_text())
    del raw["keys"][0]["priority"]
    path.write_text(json.dumps(raw))
    assert gate(path).priority({"x-api-key": secret}) == 0
    raw["keys"][0]["priority"] = "urgent"
    path.write_text(json.dumps(raw))
    with pytest.raises(ServeError, match="unknown priority"):
        keys.read(path)


# The routes.


def ask(service: Service, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(service, Request(method, path, sent, body))


def test_what_each_route_needs(plane: Plane, path: Path) -> None:
    secrets = {scope: keys.create(path, scope, [scope])[1] for scope in keys.SCOPES}
    service = Service(plane, access=gate(path))
    for route in ("/v2", "/v2/health/live", "/v2/health/ready", "/ping", "/health", "/version", "/docs"):
        assert ask(service, "GET", route).status == 200, route
    predict = [("GET", "/openapi.json", b""), ("GET", "/v2/models/tiny", b""), ("GET", "/v2/models/tiny/ready", b"")]
    predict += [("GET", "/v1/models/tiny", b""), ("POST", PREDICT, ROW)]
    predict += [("POST", "/invocations", b'{"dataframe_records": [%b]}' % ROW)]
    for method, route, body in predict:
        missing = ask(service, method, route, body)
        assert missing.status == 401
        assert missing.headers["www-authenticate"].startswith("Bearer")
        for scope, secret in secrets.items():
            status = ask(service, method, route, body, x_api_key=secret).status
            assert status == (200 if scope in ("predict", "admin") else 403), (route, scope)
    assert ask(service, "GET", "/metrics").status == 401
    for scope, secret in secrets.items():
        refused = ask(service, "GET", "/metrics", x_api_key=secret).status == 403
        assert refused == (scope not in ("audit", "admin"))


def test_the_openapi_document_has_the_credentials(plane: Plane, path: Path) -> None:
    _, secret = keys.create(path, "a", ["predict"])
    document = json.loads(ask(Service(plane, access=gate(path)), "GET", "/openapi.json", x_api_key=secret).body)
    assert list(document["components"]["securitySchemes"]) == ["key", "key_header"]
    assert document["security"] == [{"key": []}, {"key_header": []}]
    assert document["paths"]["/v2/health/live"]["get"]["security"] == []
    assert {"401", "403", "429"} <= set(document["paths"][PREDICT]["post"]["responses"])
    assert "security" not in json.loads(ask(Service(plane), "GET", "/openapi.json").body)


def test_nothing_about_the_models_is_told_without_credentials(plane: Plane, path: Path) -> None:
    keys.create(path, "a", ["predict"])
    other = ServedModel("other", plane.find("tiny").model)
    for each in (Plane(), plane, Plane([plane.find("tiny"), other])):
        service = Service(each, access=gate(path))
        for method, route in (
            ("POST", "/v1/models/none/predict"),
            ("POST", "/invocations"),
            ("GET", "/v2/models/none"),
        ):
            response = ask(service, method, route, b"{")
            assert response.status == 401
            assert b"E760" in response.body


def test_a_rate_is_answered_with_retry_after(plane: Plane, path: Path) -> None:
    _, secret = keys.create(path, "a", ["predict"], rate=Rate(1, "min"))
    service = Service(plane, access=gate(path))
    assert ask(service, "POST", PREDICT, ROW, x_api_key=secret).status == 200
    response = ask(service, "POST", PREDICT, ROW, x_api_key=secret)
    assert response.status == 429
    assert json.loads(response.body)["error"]["code"] == "E763"
    assert 58 <= int(response.headers["retry-after"]) <= 60


# The command.


def sealift(*arguments: str, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def test_the_command(tmp_path: Path, path: Path) -> None:
    (tmp_path / "d.toml").write_text('[access]\nkeys = "keys.json"\n[[models]]\nfile = "a.seal"\n')
    target = str(tmp_path / "d.toml")
    made = sealift(
        "keys", "create", target, "ci", "--scope", "operate", "--expires", "90d", "--rate", "5/s", "--priority", "low"
    )
    assert code({"x-api-key": made["secret"]}, "operate", gate(path)) == ""
    listed = sealift("keys", "list", target)
    assert listed["secret"] is None
    assert "digest" not in listed["keys"][0]
    assert listed["keys"] == made["keys"]
    members = ("rate", "priority", "state")
    assert [listed["keys"][0][member] for member in members] == ["5/s", "low", "active"]
    sealift("keys", "create", str(path), "second", "-o", str(tmp_path / "secret"))
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert code({"x-api-key": (tmp_path / "secret").read_text().strip()}, "predict", gate(path)) == ""
    assert sealift("keys", "revoke", target, "ci")["keys"][0]["state"] == "revoked"
    assert code({"x-api-key": made["secret"]}, "operate", gate(path)) == "E761"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "error"),
    [
        (["create", "keys.json"], 2, "E903"),
        (["list", "keys.json", "a"], 2, "E903"),
        (["list", "none.json"], 1, "E764"),
        (["revoke", "none.json", "a"], 1, "E764"),
        (["create", "d.toml", "a"], 1, "E764"),
        (["create", "keys.json", "a", "--expires", "soon"], 2, "E903"),
        (["create", "keys.json", "a", "--expires", "2020-01-01"], 2, "E903"),
        (["create", "keys.json", "a", "--rate", "fast"], 2, "E903"),
        (["create", "keys.json", "a", "--priority", "urgent"], 2, "E903"),
        (["create", "keys.json", "a", "--scope", "write"], 2, "E903"),
        (["create", "keys.json", "a", "-o", "d.toml"], 1, "E406"),
    ],
)
def test_calls_that_are_refused(
    arguments: list[str], exit_code: int, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.toml").write_text('[[models]]\nfile = "a.seal"\n')
    assert sealift("keys", *arguments, exit_code=exit_code)["error"]["code"] == error
    assert not (tmp_path / "keys.json").exists()


def test_the_scopes_of_the_command_are_those_of_keys() -> None:
    (option,) = [each for each in app.commands["keys"].params if each.name == "scopes"]
    assert tuple(getattr(option.type, "choices", ())) == keys.SCOPES


def test_the_command_for_people(path: Path) -> None:
    done = CliRunner().invoke(app, ["keys", "create", str(path), "a", "--expires", "2099-01-01"])
    secret = done.stdout.splitlines()[0]
    assert code({"x-api-key": secret}, "predict", gate(path)) == ""
    assert "expires 2099-01-01T00:00:00+00:00" in done.stdout
    done = CliRunner().invoke(app, ["keys", "create", str(path), "b", "--quiet"])
    assert (done.exit_code, "would not be shown" in done.output) == (2, True)
    assert "  active" in CliRunner().invoke(app, ["keys", "list", str(path)]).stdout
