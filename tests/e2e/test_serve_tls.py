"""A running server with TLS: clients of HTTP and gRPC, client certificates, and new certificates without a restart."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import tritonclient.grpc as triton_grpc
from test_serve_grpc import inputs as grpc_inputs

import seals
from certificates import Authority
from sealift.client import Client
from sealift.serve.access import keys
from servers import Running, serving

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"
NAMES = ("localhost", "127.0.0.1")
HEALTH = "/grpc.health.v1.Health/Check"


class Site:
    """A folder with a deployment, its authority, and clients of it."""

    def __init__(self, folder: Path, client_required: bool) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.authority.sign("server", "server", NAMES)
        self.clients = {
            name: self.authority.sign(name, name, names)
            for name, names in (("ward-3", ()), ("ci", ("spiffe://example/ci",)), ("nobody", ()))
        }
        _, self.key = keys.create(folder / "keys.json", "program", ["predict"])
        seals.write(folder / "tiny.seal")
        required = "true" if client_required else "false"
        (folder / "deployment.toml").write_text(
            f"""
            [server]
            cors = ["https://page.example"]
            [tls]
            certificate = "server.pem"
            key = "server.key"
            client_ca = "authority.pem"
            client_required = {required}
            [access]
            keys = "keys.json"
            certificate_scopes = []
            [[access.certificates]]
            name = "ward-3"
            [[access.certificates]]
            name = "spiffe://example/ci"
            scopes = ["audit"]
            [[models]]
            file = "tiny.seal"
            """
        )


@pytest.fixture(scope="module", params=[True, False], ids=["required", "optional"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("tls"), request.param)


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Running]:
    with serving(str(site.folder / "deployment.toml"), "--grpc", "0") as running:
        assert running.url.startswith("https://")
        yield running


def required(site: Site) -> bool:
    return "client_required = true" in (site.folder / "deployment.toml").read_text()


def ask(server: Running, context: ssl.SSLContext, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    connection = http.client.HTTPSConnection(server.address, timeout=30, context=context)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        return response.status, response.read(), response.headers
    finally:
        connection.close()


def test_a_certificate_is_a_caller(server: Running, site: Site) -> None:
    expected = {"ward-3": (200, 403), "ci": (403, 200), "nobody": (403, 403)}
    for name, statuses in expected.items():
        context = site.authority.context(site.clients[name])
        got = (ask(server, context, PATH, ROW)[0], ask(server, context, "/metrics")[0])
        assert got == statuses, name
    status, body, headers = ask(server, site.authority.context(site.clients["nobody"]), PATH, ROW, x_api_key=site.key)
    assert status == 200  # a key has precedence
    assert json.loads(body)["answers"][0]["label"] == 1
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["cache-control"] == "no-store"


def test_a_client_without_a_certificate(server: Running, site: Site) -> None:
    context = site.authority.context()
    if required(site):
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            ask(server, context, "/v2/health/live")
    else:
        assert ask(server, context, "/v2/health/live")[0] == 200
        assert ask(server, context, PATH, ROW)[0] == 401
        assert ask(server, context, PATH, ROW, x_api_key=site.key)[0] == 200


def test_a_certificate_of_another_authority(server: Running, site: Site, tmp_path: Path) -> None:
    other = Authority(tmp_path).sign("ward-3", "ward-3")
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(server, site.authority.context(other), PATH, ROW)


def test_other_clients(server: Running, site: Site) -> None:
    certificate, key = site.clients["ward-3"]
    command = ["curl", "-sS", "--cacert", str(site.authority.file), "--cert", str(certificate), "--key", str(key)]
    command += ["-d", json.dumps(ROW), f"https://localhost:{server.address.rpartition(':')[2]}{PATH}"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout)["answers"][0]["label"] == 1
    with Client(server.url, tls=site.authority.context(site.clients["ward-3"])) as client:
        assert client.ready()
        assert client.predict("tiny", [ROW, ROW]).problems == []
    plain = subprocess.run(
        ["curl", "-s", f"http://{server.address}/ping"], capture_output=True, timeout=60, check=False
    )
    assert plain.returncode != 0


def test_old_protocols_are_refused(server: Running, site: Site) -> None:
    context = site.authority.context(site.clients["ward-3"])
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        ask(server, context, "/v2/health/live")


def test_the_name_of_a_certificate_cannot_be_sent(server: Running, site: Site) -> None:
    context = site.authority.context(site.clients["nobody"])
    host, _, port = server.address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=host) as connected,
    ):
        body = json.dumps(ROW)
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\n:certificate: ward-3\r\nContent-Length: {len(body)}\r\n\r\n"
        connected.sendall((head + body).encode())
        assert connected.recv(1 << 16).startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))


def test_origins(server: Running, site: Site) -> None:
    context = site.authority.context(site.clients["ward-3"])
    headers = ask(server, context, PATH, ROW, origin="https://page.example")[2]
    assert headers["access-control-allow-origin"] == "https://page.example"
    assert headers["vary"] == "origin"
    headers = ask(server, context, PATH, ROW, origin="https://other.example")[2]
    assert headers["access-control-allow-origin"] is None


def channel(server: Running, site: Site, client: str | None) -> grpc.Channel:
    certificate, key = (None, None) if client is None else (path.read_bytes() for path in site.clients[client])
    credentials = grpc.ssl_channel_credentials(site.authority.file.read_bytes(), key, certificate)
    return grpc.secure_channel(f"localhost:{str(server.grpc).rpartition(':')[2]}", credentials)


def test_grpc(server: Running, site: Site) -> None:
    certificate, key = site.clients["ward-3"]
    address = f"localhost:{str(server.grpc).rpartition(':')[2]}"
    files = {
        "root_certificates": str(site.authority.file),
        "private_key": str(key),
        "certificate_chain": str(certificate),
    }
    with triton_grpc.InferenceServerClient(address, ssl=True, **files) as client:
        headers = None if required(site) else {"x-api-key": site.key}
        assert client.infer("tiny", grpc_inputs(1), headers=headers).as_numpy("label").tolist() == [1]
    with channel(server, site, None) as opened:
        check = opened.unary_unary(HEALTH)
        if required(site):
            with pytest.raises(grpc.RpcError) as caught:
                check(b"", timeout=30)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        else:
            assert check(b"", timeout=30) == b"\x08\x01"  # SERVING


def serial(server: Running, site: Site) -> str:
    context = site.authority.context(site.clients["ward-3"])
    connection = http.client.HTTPSConnection(server.address, timeout=30, context=context)
    connection.connect()
    try:
        assert isinstance(connection.sock, ssl.SSLSocket)
        return str((connection.sock.getpeercert() or {})["serialNumber"])
    finally:
        connection.close()


def test_new_certificates_are_used_within_a_second_and_no_connection_is_lost(server: Running, site: Site) -> None:
    context = site.authority.context(site.clients["ward-3"])
    kept = [http.client.HTTPSConnection(server.address, timeout=30, context=context) for _ in range(8)]
    body = json.dumps(ROW)
    for connection in kept:
        connection.request("POST", PATH, body)
        assert connection.getresponse().read()
    before = serial(server, site)
    new = site.authority.sign("new", "server", NAMES)
    shutil.copy(new[0], site.folder / "server.pem")
    time.sleep(1)  # the key does not belong to the certificate yet
    assert {serial(server, site) for _ in range(12)} == {before}
    shutil.copy(new[1], site.folder / "server.key")
    time.sleep(1)
    after = {serial(server, site) for _ in range(12)}
    assert len(after) == 1
    assert before not in after
    for connection in kept:
        connection.request("POST", PATH, body)
        assert connection.getresponse().status == 200
        connection.close()
    certificates = set()
    for _ in range(6):
        port = int(str(server.grpc).rpartition(":")[2])
        client = context if required(site) else site.authority.context()
        client.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
            client.wrap_socket(plain, server_hostname="localhost") as connected,
        ):
            certificates.add((connected.getpeercert() or {})["serialNumber"])
    assert certificates == after
