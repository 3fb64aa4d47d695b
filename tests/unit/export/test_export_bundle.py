"""What is read of a deployment, and what the exported deployment file has."""

from __future__ import annotations

import tomllib
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

import exports
import seals
from sealift.errors import CODES, ServeError
from sealift.export import TARGETS, ExportOptions, export
from sealift.export.bundle import CONTAINER, Layout, collect
from sealift.export.options import name_of
from sealift.export.ray import check_supported
from sealift.serve.deployment import read

OPEN = ExportOptions(open=True)


def test_the_deployment_file_is_the_same_but_for_its_folders(tmp_path: Path) -> None:
    bundle = collect(exports.deployment(tmp_path), OPEN)
    settings = tomllib.loads(bundle.settings(CONTAINER, host="0.0.0.0", permit=True))
    assert settings["server"] == {
        "host": "0.0.0.0",
        "port": 8080,
        "grpc": 8001,
        "open": True,
        "state": "/var/lib/sealift/state",
    }
    assert settings["limits"] == {"body": 1000000}
    assert settings["records"] == {
        "store": "postgresql://writer@db.example:5433/calls",
        "spill": "/var/lib/sealift/records-waiting",
        "personal": "hash",
        "key_file": "/run/secrets/sealift/records-key_file",
    }
    assert [model["file"] for model in settings["models"]] == [
        "/srv/sealift/models/tiny.seal",
        "/srv/sealift/models/tiny-2.seal",
    ]
    assert [model["weight"] for model in settings["models"]] == [90, 10]
    assert {model["key"] for model in settings["models"]} == {"/etc/sealift/clinic.pub"}


def test_the_exported_file_is_read_as_the_original(tmp_path: Path) -> None:
    source = exports.deployment(tmp_path)
    made = export("systemd", source, tmp_path / "out", OPEN)
    (tmp_path / "layout").mkdir()
    bundle = collect(source, OPEN)
    here = Layout(str(made.folder / "models"), str(made.folder), str(tmp_path / "layout"), str(source.parent))
    (source.parent / "records-key_file").write_text("ab" * 32)
    path = made.folder / "deployment.toml"
    path.write_text(bundle.settings(here))
    original, again = read(source), read(path)
    assert again.limits == original.limits
    assert [model.weight for model in again.models] == [model.weight for model in original.models]
    assert [model.file.read_bytes() for model in again.models] == [model.file.read_bytes() for model in original.models]
    assert again.records is not None
    assert original.records is not None
    assert again.records.protection.mode == original.records.protection.mode


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "ray"])
def test_no_secret_is_written(target: str, tmp_path: Path) -> None:
    source = exports.deployment(tmp_path)
    made = export(target, source, tmp_path / "out", OPEN)
    assert sorted(made.files) == sorted(
        path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()
    )
    for file in made.files:
        contents = (made.folder / file).read_bytes()
        assert b"hunter2" not in contents, file
        assert b"ab" * 16 not in contents, file  # a digest may have some of them
        assert b"PRIVATE KEY" not in contents, file
    assert any("records.key" in note for note in made.notes)
    assert any("PGPASSWORD" in note for note in made.notes)


def test_a_setting_that_is_not_known_here_and_names_a_file_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text("x")
    seals.write(tmp_path / "tiny.seal")
    path = tmp_path / "deployment.toml"
    path.write_text('[[models]]\nfile = "tiny.seal"\n')
    bundle = collect(path, OPEN)
    later = replace(bundle, _raw={**bundle._raw, "tls": {"certificate": "server.pem", "reload": 60}})
    tables = tomllib.loads(later.settings(CONTAINER))
    assert tables["tls"] == {"certificate": "/run/secrets/sealift/tls-certificate", "reload": 60}
    assert later.scheme == "https"


def test_a_sealed_file(tmp_path: Path) -> None:
    bundle = collect(seals.write(tmp_path / "Tiny Model (1).seal"), OPEN)
    assert (bundle.name, bundle.version, bundle.models[0].file) == ("tiny", "1", "Tiny-Model--1-.seal")
    assert tomllib.loads(bundle.settings(CONTAINER))["models"] == [{"file": "/srv/sealift/models/Tiny-Model--1-.seal"}]


@pytest.mark.parametrize("target", TARGETS)
def test_a_server_without_authentication_is_not_exposed_unasked(target: str, tmp_path: Path) -> None:
    source = seals.write(tmp_path / "tiny.seal")
    if target == "systemd":  # it listens on the loopback address of its machine
        export(target, source, tmp_path / "out", ExportOptions())
        return
    with pytest.raises(ServeError) as raised:
        export(target, source, tmp_path / "out", ExportOptions())
    assert raised.value.code == "E711"
    assert not (tmp_path / "out").exists()


def test_a_model_that_does_not_reproduce_its_examples_is_not_exported(tmp_path: Path) -> None:
    source = seals.write(tmp_path / "tiny.seal", answers=[0.5, 0.5, 0.5, 0.5])
    with pytest.raises(ServeError) as raised:
        export("docker", source, tmp_path / "out", OPEN)
    assert raised.value.code == "E703"
    assert not (tmp_path / "out").exists()


def test_existing_files_are_replaced_by_force_only(tmp_path: Path) -> None:
    source = seals.write(tmp_path / "tiny.seal")
    out = tmp_path / "out"
    exports.export("docker", source, "-o", out, "--open")
    (out / "Dockerfile").write_text("mine")
    (out / "beside").write_text("mine")
    refused = exports.export("docker", source, "-o", out, "--open", code=1)
    assert refused["error"]["code"] == "E812"
    assert (out / "Dockerfile").read_text() == "mine"
    exports.export("docker", source, "-o", out, "--open", "--force")
    assert (out / "Dockerfile").read_text() != "mine"
    assert (out / "beside").read_text() == "mine"


def test_an_export_into_a_file_is_refused(tmp_path: Path) -> None:
    source = seals.write(tmp_path / "tiny.seal")
    assert exports.export("docker", source, "-o", source, "--open", code=1)["error"]["code"] == "E402"
    assert source.read_bytes().startswith(b"PK")


@pytest.mark.parametrize(("text", "name"), [("Heart_Risk 2", "heart-risk-2"), ("a", "a")])
def test_names(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["", "2nd", "💓", "a" * 51])
def test_unusable_names(text: str) -> None:
    with pytest.raises(ServeError) as raised:
        name_of(text)
    assert raised.value.code == "E810"
    assert "E810" in CODES


@pytest.mark.parametrize(
    ("keys", "fetched"), [('jwks_url = "https://i/keys"', True), ("", True), ('jwks = "k"', False)]
)
def test_keys_of_an_issuer_need_outgoing_connections_where_they_are_fetched(
    keys: str, fetched: bool, tmp_path: Path
) -> None:
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "k").write_text('{"keys": []}')
    path = tmp_path / "deployment.toml"
    path.write_text(f'[access.oidc]\nissuer = "https://i"\naudience = "a"\n{keys}\n[[models]]\nfile = "tiny.seal"\n')
    assert collect(path, OPEN).outgoing == fetched
    with pytest.raises(ServeError, match="E811") if fetched else nullcontext():
        check_supported(read(path))
