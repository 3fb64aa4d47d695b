"""Streams of brokers with TLS, users and passwords: what works, and what is refused with which error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import broker_clients
import seals
import streams
from broker_clients import Client
from certificates import Authority
from secure_brokers import Secure, SecureMosquitto, SecureNats, SecureRabbitMq, SecureRedis
from servers import until
from streams import event, serving

KINDS: dict[str, tuple[type[Secure], type[Client]]] = {
    "nats": (SecureNats, broker_clients.NatsClient),
    "redis": (SecureRedis, broker_clients.RedisClient),
    "mqtt": (SecureMosquitto, broker_clients.MqttClient),
    "amqp": (SecureRabbitMq, broker_clients.RabbitClient),
}


@pytest.fixture(scope="module", params=list(KINDS))
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    of_server, of_client = KINDS[request.param]
    server = of_server(tmp_path_factory.mktemp(request.param) / "broker")
    try:
        made = streams.retried(lambda: of_client(server, "secure"))
        yield made
        made.close()
    finally:
        server.stop()


def refused(folder: Path, settings: str) -> tuple[dict[str, Any], str]:
    """The error with which a server does not start, and its log."""
    seals.write(folder / "tiny.seal")
    (folder / "d.toml").write_text(f'[server]\nmode = "stream"\n[[models]]\nfile = "tiny.seal"\n{settings}')
    command = [sys.executable, "-m", "sealift", "serve", "d.toml", "--port", "0", "--workers", "2", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done
    error: dict[str, Any] = json.loads(done.stdout)["error"]
    return error, done.stderr


def test_messages_over_tls_with_a_password(client: Client, tmp_path: Path) -> None:
    with serving(tmp_path, client.settings()):
        client.send([(event(i), {}) for i in range(50)])
        answers = client.wait(client.target, lambda received: len(streams.causes(received)) >= 50)
    assert streams.causes(answers).keys() == {f"e{i}" for i in range(50)}
    log = (tmp_path / "log").read_text()
    assert client.server.password not in log
    assert "E79" not in log


def test_a_wrong_password(client: Client, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("guessed")
    error, log = refused(tmp_path, client.settings(password_file='"wrong"'))
    assert error["code"] == "E796"
    assert error["where"].endswith(f"://127.0.0.1:{client.server.port}")
    assert "password" in error["fix"]
    assert "guessed" not in log + json.dumps(error)


def test_no_password(client: Client, tmp_path: Path) -> None:
    lines = client.settings().splitlines()
    settings = "\n".join(line for line in lines if not line.startswith(("user", "password_file")))
    error, _ = refused(tmp_path, settings)
    assert error["code"] == "E796"


def test_an_unknown_authority(client: Client, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    error, _ = refused(tmp_path, client.settings(ca_file=f'"{other.file}"'))
    assert error["code"] == "E797"
    assert "certificate" in error["what"]
    assert "ca_file" in error["fix"]


def test_a_certificate_of_another_host(client: Client, tmp_path: Path) -> None:
    url = client.settings().partition('url = "')[2].partition('"')[0].replace("127.0.0.1", "localhost")
    error, _ = refused(tmp_path, client.settings(url=f'"{url}"'))
    assert error["code"] == "E797"
    assert "localhost" in error["what"]


def test_a_password_that_is_replaced_at_the_broker(tmp_path: Path) -> None:
    server = SecureRedis(tmp_path / "broker")
    try:
        client = broker_clients.RedisClient(server, "replaced")
        settings = client.settings()
        with serving(tmp_path, settings) as running, client._client() as admin:
            client.send([(event(0), {})])
            client.wait(client.target, lambda received: len(received) == 1)
            admin.config_set("requirepass", "new")
            server.password = "new"
            admin.client_kill_filter(_type="normal", skipme=True)
            assert until(lambda: streams.ready(running) == (503, {"ready": False, "stream": "lost"}))
            assert until(lambda: "[E796]" in (tmp_path / "log").read_text())
            assert running.process.poll() is None  # it answers requests, and tries again
            assert running.ask("POST", "/v1/models/tiny/predict", streams.ROW)[0] == 200
            (server.folder / "password").write_text("new\n")
            client.send([(event(1), {})])
            client.wait(client.target, lambda received: len(received) == 2)
            assert streams.ready(running)[0] == 200
    finally:
        server.stop()


@pytest.mark.parametrize("contents", [None, "no certificate"])
def test_a_file_of_authorities_that_cannot_be_used(tmp_path: Path, contents: str | None) -> None:
    if contents is not None:
        (tmp_path / "ca.pem").write_text(contents)
    places = 'from = "a"\nto = "b"\ndead = "c"\n'
    error, _ = refused(tmp_path, f'[stream]\nurl = "nats+tls://127.0.0.1:1"\nca_file = "ca.pem"\n{places}')
    assert error["code"] == "E766"
    assert error["where"].endswith("ca.pem")
