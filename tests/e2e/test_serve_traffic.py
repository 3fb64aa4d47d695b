"""Versions that are deployed, promoted and rolled back on a running server, while requests are answered."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import seals
from loads import Load, sealift
from sealift.serve.traffic.history import read
from servers import Running, serving, until

ROW = json.dumps({"age": 61.5, "weight": 80, "sex": "f"}).encode()
PATH = "/v1/models/tiny/predict"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for version, bias in (("1", -0.7), ("2", 0.3), ("3", 5.0)):
        seals.write(tmp_path / f"tiny-{version}.seal", version=version, bias=bias)
    answers = [0.25] * len(seals.ROWS)
    seals.write(tmp_path / "wrong.seal", answers, version="9")
    (tmp_path / "deployment.toml").write_text('[[models]]\nfile = "tiny-1.seal"\n')
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Running]:
    with serving(str(folder / "deployment.toml")) as running:
        yield running


def test_a_switch_under_load_fails_no_request_and_is_effective_at_once(server: Running, folder: Path) -> None:
    with Load(server, path=PATH, row=ROW) as load:
        time.sleep(0.5)
        code, answer = sealift("deploy", str(folder / "tiny-2.seal"), "--reason", "retrained", server=server)
        done = time.monotonic()
        assert (code, answer["ok"]) == (0, True)
        time.sleep(0.5)
        assert set(load.since(done)) == {"2"}
        assert sealift("rollback", "tiny", "--reason", "wrong units", server=server)[0] == 0
        done = time.monotonic()
        time.sleep(0.5)
        assert set(load.since(done)) == {"1"}
        assert sealift("promote", "tiny@1", server=server)[0] == 0
    assert load.failures == []
    assert len(load.versions) > 200
    history = [json.loads(line) for line in (folder / "deployment.state" / "history.jsonl").read_text().splitlines()]
    assert [(entry["action"], entry["reason"]) for entry in history][:2] == [
        ("deploy", "retrained"),
        ("rollback", "wrong units"),
    ]
    assert all(entry["actor"] for entry in history)


def test_a_model_that_fails_its_examples_is_never_served(server: Running, folder: Path) -> None:
    code, answer = sealift("deploy", str(folder / "wrong.seal"), server=server)
    assert (code, answer["error"]["code"]) == (1, "E703")
    assert server.ask("GET", "/v2/models/tiny/versions/9/ready")[0] == 404
    status = sealift("status", server=server)[1]
    assert [version["version"] for version in status["models"][0]["versions"]] == ["1"]


def test_a_canary_gets_its_share_and_is_promoted(server: Running, folder: Path) -> None:
    with Load(server, path=PATH, row=ROW) as load:
        deploy = ("deploy", str(folder / "tiny-2.seal"), "--canary", "0.2", "--window", "4", "--least", "50")
        assert sealift(*deploy, "--max-latency", "1000", server=server)[0] == 0
        begun = time.monotonic()
        time.sleep(1.5)
        shares = load.since(begun)
        assert 0.05 < shares["2"] / sum(shares.values()) < 0.4
        until = time.monotonic() + 60
        while time.monotonic() < until and sealift("status", server=server)[1]["models"][0].get("canary"):
            time.sleep(0.2)
        done = time.monotonic()
        time.sleep(0.5)
        assert set(load.since(done)) == {"2"}
    assert load.failures == []


def test_the_state_survives_a_restart_and_a_new_deployment_file_comes_first(folder: Path) -> None:
    with serving(str(folder / "deployment.toml")) as server:
        assert sealift("deploy", str(folder / "tiny-2.seal"), server=server)[0] == 0
        (folder / "tiny-2.seal").unlink()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    with serving(str(folder / "deployment.toml")) as server:
        assert server.ask("POST", PATH, json.loads(ROW))[1]["version"] == "2"
        assert sealift("rollback", "tiny", server=server)[0] == 0
        assert server.ask("POST", PATH, json.loads(ROW))[1]["version"] == "1"
    (folder / "deployment.toml").write_text('[[models]]\nfile = "tiny-3.seal"\n')
    with serving(str(folder / "deployment.toml")) as server:
        assert server.ask("POST", PATH, json.loads(ROW))[1]["version"] == "3"


def test_workers_that_are_killed_during_a_promotion(server: Running, folder: Path) -> None:
    ending = threading.Event()

    def kill() -> None:
        while not ending.wait(0.3):
            for pid in server.workers()[:1]:
                os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        for version in ("2", "3"):
            assert sealift("deploy", str(folder / f"tiny-{version}.seal"), server=server)[0] == 0
    finally:
        ending.set()
        thread.join()
    for _ in range(20):
        assert server.ask("POST", PATH, json.loads(ROW))[1]["version"] == "3"


def test_a_sticky_header_leads_to_one_version(folder: Path) -> None:
    (folder / "deployment.toml").write_text(
        '[[models]]\nfile = "tiny-1.seal"\nweight = 50\nsticky = "X-Patient"\n'
        '[[models]]\nfile = "tiny-2.seal"\nweight = 50\n'
    )
    with serving(str(folder / "deployment.toml")) as server:
        seen: dict[str, set[str]] = {}
        for _ in range(3):
            for patient in map(str, range(30)):
                connection = http.client.HTTPConnection(server.address, timeout=30)
                connection.request("POST", PATH, ROW, {"X-Patient": patient})
                seen.setdefault(patient, set()).add(json.loads(connection.getresponse().read())["version"])
                connection.close()
        assert all(len(versions) == 1 for versions in seen.values())
        assert set.union(*seen.values()) == {"1", "2"}


def test_a_shadow_is_compared_and_cannot_fail_a_request(server: Running, folder: Path) -> None:
    assert sealift("deploy", str(folder / "tiny-3.seal"), "--shadow", server=server)[0] == 0
    with Load(server, path=PATH, row=ROW) as load:
        time.sleep(2)
        for pid in set(server.workers()):  # the shadow is among them, and is replaced
            if os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, server.process.pid):
                os.kill(pid, signal.SIGKILL)
        time.sleep(2)
    assert load.failures == []
    assert set(load.since(0)) == {"1"}
    time.sleep(1.5)
    assert until(lambda: "shadow" in sealift("status", server=server)[1]["models"][0])  # it has the lowest priority
    model = sealift("status", server=server)[1]["models"][0]
    version = next(each for each in model["versions"] if each["version"] == "3")
    assert (version["share"], version["shadow"]) == (0, True)
    differing, rows = version["disagreement"]
    assert 0 < rows <= len(load.versions)
    report = model["shadow"][0]
    expected = seals.risk(61.5, 80.0, "f", 5.0) - seals.risk(61.5, 80.0, "f")
    assert report["distance"]["probability"]["mean"] == pytest.approx(expected, rel=1e-6)
    both_ill = seals.risk(61.5, 80.0, "f") >= 0.5
    assert differing == (0 if both_ill else rows)
    assert set(report["segments"]["sex"]) == {"f"}


def test_quiet_commands_print_nothing(server: Running, folder: Path) -> None:
    port = server.address.rpartition(":")[2]
    for arguments in (["deploy", str(folder / "tiny-2.seal")], ["promote", "tiny@1"], ["rollback", "tiny"], ["status"]):
        command = [sys.executable, "-m", "sealift", *arguments, "--port", port, "--quiet"]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_no_server_at_the_port() -> None:
    code, answer = sealift("status", "--port", "1")
    assert (code, answer["error"]["code"]) == (1, "E740")


def test_a_full_disk(server: Running, folder: Path) -> None:
    """A bad canary is rolled back, other changes are refused, and the history stays whole; no request fails."""
    with Load(server, path=PATH, row=ROW) as load:
        canary = ("--canary", "0.3", "--window", "3600", "--least", "1", "--max-disagreement", "0.01")
        other = seals.write(folder / "tiny-4.seal", version="4", bias=-5.0)  # whose label is another one
        assert sealift("deploy", str(other), *canary, server=server)[0] == 0
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, hard))  # a write fails as on a full disk
        code, answer = sealift("deploy", str(folder / "tiny-2.seal"), server=server)
        assert (code, answer["error"]["code"]) == (1, "E401")
        assert until(lambda: shares(server) == {"1": 1.0}), shares(server)
        code, answer = sealift("promote", "tiny@4", server=server)
        assert code == 1
        assert answer["error"]["code"] in ("E402", "E701")  # E701 where the model has been unloaded in the meantime
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert sealift("deploy", str(folder / "tiny-2.seal"), server=server)[0] == 0
        assert shares(server) == {"2": 1.0}
    assert load.failures == []
    state = folder / "deployment.state"
    assert [(entry["action"], entry["version"]) for entry in read(state / "history.jsonl")] == [
        ("deploy", "4"),
        ("deploy", "2"),
    ]
    assert not list(state.glob("**/*.part"))


def shares(server: Running) -> dict[str, float]:
    """The versions that get requests, with their shares."""
    (model,) = sealift("status", server=server)[1]["models"]
    return {each["version"]: each["share"] for each in model["versions"] if each["share"]}


def test_the_status_for_people(server: Running, folder: Path) -> None:
    sealift("deploy", str(folder / "tiny-2.seal"), "--shadow", server=server)
    port = server.address.rpartition(":")[2]
    command = [sys.executable, "-m", "sealift", "status", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "tiny\n" in done.stdout
    assert "100.0%" in done.stdout
    assert "shadow" in done.stdout
