"""The image of `sealift export docker`, built and run without an engine (tests/images.py)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import exports
import images
import seals

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not images.can_be_run(), reason="mount namespaces need root on Linux")
USER = 10001


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def context(port: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    seals.write(folder / "tiny.seal")
    (folder / "deployment.toml").write_text(
        f'[server]\nport = {port}\n[records]\nstore = "calls.db"\n[[models]]\nfile = "tiny.seal"\n'
    )
    exports.export("docker", folder / "deployment.toml", "-o", folder / "out", "--open", "--name", "tiny")
    return folder / "out"


@pytest.fixture(scope="module")
def image(context: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> images.Stage:
    return images.build(context, tmp_path_factory.mktemp("image"), wheel)


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")
    finally:
        connection.close()


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code and the output of a process."""
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if ask(port, "GET", "/v2/health/ready")[0] == 200:
                return
        except OSError:
            pass
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_image_answers_and_ends(image: images.Stage, port: int, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, USER, USER)
    binds = {data: "/var/lib/sealift"}
    assert finished(image.start(binds, image.health))[0] != 0  # nothing listens yet
    process = image.start(binds)
    try:
        wait_until_ready(process, port)
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert f"Uid:\t{USER}\t{USER}" in status
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        code, answered = ask(port, "POST", "/v1/models/tiny/predict", {"age": 61.5, "weight": 80.0, "sex": "f"})
        assert code == 200
        assert answered["answers"][0]["probability"]["ill"] == pytest.approx(seals.risk(61.5, 80.0, "f"), rel=1e-9)
        assert finished(image.start(binds, image.health)) == (0, "", "")
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert sorted(path.name for path in data.iterdir() if not path.name.endswith(("-wal", "-shm"))) == [
        "calls.db",
        "state",
    ]
    assert {path.stat().st_uid for path in data.rglob("*")} == {USER}


def test_the_image_has_what_it_needs_and_no_more(image: images.Stage) -> None:
    packages = next((image.root / "opt/sealift/lib").glob("python3*")) / "site-packages"
    names = {path.name for path in packages.iterdir()}
    assert {"sealift", "onnxruntime", "msgspec"} <= names
    assert not {"pip", "sklearn", "pandas", "grpc", "pyarrow"} & names
    (model,) = (image.root / "srv/sealift/models").glob("*.seal")
    assert not model.stat().st_mode & 0o002


def test_a_model_that_was_changed_stops_the_build(
    context: Path, wheel: Path, tmp_path: Path, image: images.Stage
) -> None:
    import shutil

    changed = tmp_path / "context"
    shutil.copytree(context, changed)
    seals.write(changed / "models" / "tiny.seal", bias=0.5)
    # Without the packages, which the failing step does not need.
    definition = (changed / "Dockerfile").read_text().splitlines()
    (changed / "Dockerfile").write_text("\n".join(line for line in definition if "/bin/pip" not in line))
    with pytest.raises(AssertionError, match=r"tiny\.seal: FAILED"):
        images.build(changed, tmp_path / "image", wheel)
