"""The definition of the image, read by Docker's own parser."""

from __future__ import annotations

import json
from pathlib import Path

import dockerfile
import pytest
import yaml

import exports
import seals


def instructions(path: Path) -> list[tuple[str, list[str], list[str]]]:
    """The instruction, its flags and its values."""
    return [(line.cmd, list(line.flags), list(line.value)) for line in dockerfile.parse_file(str(path))]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    exports.export("docker", exports.deployment(tmp_path), "-o", tmp_path / "out", "--open")
    return tmp_path / "out"


def test_instructions(made: Path) -> None:
    lines = instructions(made / "Dockerfile")
    assert [value for cmd, _, value in lines if cmd == "FROM"] == [["${BASE}", "AS", "build"], ["${BASE}"]]
    of_image = lines[max(i for i, line in enumerate(lines) if line[0] == "FROM") :]
    last = {cmd: (flags, value) for cmd, flags, value in of_image}
    assert last["USER"][1] == ["10001:10001"]
    assert last["STOPSIGNAL"][1] == ["SIGTERM"]
    assert last["EXPOSE"][1] == ["8080", "8001"]
    assert last["CMD"][1] == ["sealift", "serve", "/etc/sealift/deployment.toml"]
    # Nothing is installed after the user is set, and the package manager of the build is not in the image.
    names = [cmd for cmd, _, _ in of_image]
    assert "RUN" not in names[names.index("USER") :]
    assert not any("pip" in part for cmd, _, value in of_image for part in value if cmd == "RUN")


def test_commands_are_in_the_exec_form(made: Path) -> None:
    parsed = dockerfile.parse_file(str(made / "Dockerfile"))
    commands = [line for line in parsed if line.cmd in ("RUN", "CMD")]
    assert len(commands) >= 6
    assert all(line.json for line in commands)
    (health,) = [line for line in parsed if line.cmd == "HEALTHCHECK"]
    assert json.loads(health.original.partition(" CMD ")[2])[:3] == ["python", "-I", "-c"]


def test_every_copied_file_is_in_the_context(made: Path) -> None:
    permitted = {
        line.removeprefix("!") for line in (made / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for cmd, flags, value in instructions(made / "Dockerfile"):
        if cmd == "COPY" and not flags:
            assert (made / value[0]).exists()
            assert value[0].partition("/")[0] in permitted


def test_the_signature_is_verified_in_the_build(made: Path) -> None:
    runs = [value for cmd, _, value in instructions(made / "Dockerfile") if cmd == "RUN" and "verify" in value]
    assert [value[2:] for value in runs] == [
        ["/srv/sealift/models/tiny.seal", "--key", "/build/config/clinic.pub"],
        ["/srv/sealift/models/tiny-2.seal", "--key", "/build/config/clinic.pub"],
    ]


def test_packages(made: Path) -> None:
    from importlib.metadata import version

    lines = (made / "requirements.txt").read_text().splitlines()
    assert lines[0] == f"sealift[serve,grpc,postgres]=={version('sealift')}"
    assert f"onnxruntime=={version('onnxruntime')}" in lines
    assert f"grpcio=={version('grpcio')}" in lines
    assert not any(line.startswith(("scikit-learn", "pandas", "pytest", "torch")) for line in lines)


def test_compose(made: Path) -> None:
    document = yaml.safe_load((made / "compose.yaml").read_text())
    (service,) = document["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert set(document["secrets"]) == {secret["source"] for secret in service["secrets"]}


def test_one_model(tmp_path: Path) -> None:
    told = exports.export("docker", seals.write(tmp_path / "tiny.seal"), "-o", tmp_path / "out", "--open")
    assert set(told) == {"ok", "target", "name", "output", "files", "models", "notes"}
    assert sorted(told["files"]) == sorted(
        [".dockerignore", "Dockerfile", "compose.yaml", "config/deployment.toml", "models/SHA256SUMS",
         "models/tiny.seal", "requirements.txt"]
    )  # fmt: skip
