"""The configurations of docs/how-to/proxy.md in real proxies: predictions by HTTP/2 over TLS."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import seals
from servers import Running, serving

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "proxy.md").read_text()
HOST = "models.example"
PATH = os.environ["PATH"] + ":/usr/sbin"
ROW = {"age": 61.5, "weight": 80.0, "sex": "f"}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the host of the page, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(str(seals.write(tmp_path_factory.mktemp("model") / "tiny.seal")), "--grpc", "0") as running:
        yield running


@contextmanager
def started(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """A proxy, once it listens."""
    process = subprocess.Popen(
        command, env={**os.environ, "PATH": PATH, "HOME": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        until = time.monotonic() + 30
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


def ask(port: int, certificate: Path, path: str, *arguments: str) -> tuple[str, int, Any]:
    """The version of HTTP, the status and the body of a request by curl."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--http2", "--cacert", str(certificate),
         "--resolve", f"{HOST}:{port}:127.0.0.1", "--write-out", "\n%{http_version} %{http_code}",
         *arguments, f"https://{HOST}:{port}{path}"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    body, _, last = done.stdout.rpartition("\n")
    version, status = last.split()
    return version, int(status), json.loads(body) if body.startswith("{") else body


def check(port: int, certificate: Path) -> None:
    version, status, answered = ask(port, certificate, "/v1/models/tiny/predict", "--data", json.dumps(ROW))
    assert (version, status) == ("2", 200)
    assert answered["answers"][0]["probability"]["ill"] == pytest.approx(seals.risk(61.5, 80.0, "f"), rel=1e-9)
    rows = json.dumps([ROW] * 20_000)
    Path(certificate.parent / "rows.json").write_text(rows)
    version, status, answered = ask(
        port, certificate, "/v1/models/tiny/predict", "--data", f"@{certificate.parent}/rows.json"
    )
    assert (status, len(answered["answers"])) == (200, 20_000)
    assert ask(port, certificate, "/metrics")[:2] == ("2", 403)
    assert ask(port, certificate, "/v2/health/ready")[1] == 200
    # An error of the server arrives unchanged.
    version, status, answered = ask(port, certificate, "/v1/models/other/predict", "--data", "{}")
    assert (status, answered["error"]["code"]) == (404, "E701")


@pytest.fixture(scope="module")
def nginx(certificate: tuple[Path, Path], server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if shutil.which("nginx", path=PATH) is None:
        pytest.skip("nginx is not installed: tools/setup.sh proxies")
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    whole, location = blocks("nginx")
    text = whole.replace("    location / {", location + "    location / {", 1)
    changes = {
        "127.0.0.1:8080": server.address,
        "127.0.0.1:8001": server.grpc or "",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/certs/models.example.pem": str(certificate[0]),
        "/etc/ssl/private/models.example.key": str(certificate[1]),
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{places}{text}}}\n"
    )
    command = ["nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    tested = subprocess.run(
        [*command, "-t"], env={**os.environ, "PATH": PATH}, capture_output=True, text=True, timeout=30, check=False
    )
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr
    with started(command, port, folder):
        yield port


def test_nginx(nginx: int, certificate: tuple[Path, Path]) -> None:
    check(nginx, certificate[0])


def test_grpc_through_nginx(nginx: int, certificate: tuple[Path, Path]) -> None:
    import grpc

    credentials = grpc.ssl_channel_credentials(certificate[0].read_bytes())
    options = [("grpc.ssl_target_name_override", HOST)]
    with grpc.secure_channel(f"127.0.0.1:{nginx}", credentials, options) as channel:
        ready = channel.unary_unary("/inference.GRPCInferenceService/ServerReady")
        assert ready(b"", timeout=30) == b"\x08\x01"  # the field `ready`, true


def test_caddy(certificate: tuple[Path, Path], server: Running, tmp_path: Path) -> None:
    if shutil.which("caddy", path=PATH) is None:
        pytest.skip("Caddy is not installed: tools/setup.sh proxies")
    port = free_port()
    (text,) = blocks("text")
    assert "127.0.0.1:8080" in text
    text = text.replace("127.0.0.1:8080", server.address)
    # The certificate of the test in place of one of a public authority.
    text = text.replace(f"{HOST} {{", f"https://{HOST}:{port} {{\n    tls {certificate[0]} {certificate[1]}", 1)
    path = tmp_path / "Caddyfile"
    path.write_text("{\n    admin off\n    auto_https disable_redirects\n}\n" + text)
    with started(["caddy", "run", "--adapter", "caddyfile", "--config", str(path)], port, tmp_path):
        check(port, certificate[0])
