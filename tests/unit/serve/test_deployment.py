"""Deployment files and the commands that read them."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import seals
from sealift import keygen, sign
from sealift.cli.commands import app
from sealift.errors import FileError, SealiftError, ServeError
from sealift.serve.access.audit import AuditLog
from sealift.serve.addresses import bind, check_exposure
from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.opening import open_models
from sealift.serve.traffic.state import locked
from sealift.serve.traffic.watching import Watch


def deployment(folder: Path, text: str) -> Path:
    path = folder / "deployment.toml"
    path.write_text(text)
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    seals.write(tmp_path / "a.seal")
    path = deployment(
        tmp_path,
        """
        [server]
        host = "::1"
        port = 0
        grpc = 8001
        workers = 3
        open = true

        [limits]
        body = 1000
        values = 90

        [[models]]
        file = "a.seal"

        [[models]]
        file = "a.seal"
        name = "second"
        """,
    )
    whole = read(path)
    assert (whole.host, whole.port, whole.grpc, whole.workers, whole.open) == ("::1", 0, 8001, 3, True)
    assert (whole.limits.body, whole.limits.values) == (1000, 90)
    assert open_models(whole).names() == ["tiny", "second"]


TWO = ['[[models]]\nfile = "a"\nname = "x"\n', '[[models]]\nfile = "b"\nname = "x"\n']


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server\n", "not TOML"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ('[[models]]\nfil = "a"', "unknown key 'fil'"),
        *(
            (f'[[models]]\nfile = "a"\nname = "{name}"', "'name' of [[models]] 1 must begin with")
            for name in ("", "a/b", "a:predict", "..", "a b", "ä", "a\\n", "x" * 129)
        ),
        ('[[models]]\nfile = "a"\nsticky = "X Patient"', "the name of a header"),
        ('[[models]]\nfile = "a"\n[records]\npersonal = "hash"\nkeyfile = "k"', "unknown key 'keyfile'"),
        ("", "no model"),
        ('[[models]]\nfile = "a.seal"\n[sever]\nport = 1', "unknown key 'sever'"),
        ('[[models]]\nfile = "a.seal"\n[server]\nprot = 1', "Did you mean 'port'"),
        ('[[models]]\nfile = "a.seal"\n[server]\nport = "1"', "'port' of [server] must be an integer"),
        ('[[models]]\nfile = "a.seal"\n[server]\nport = 70000', "must be from 0 to 65535"),
        ('[[models]]\nfile = "a.seal"\n[server]\nopen = 1', "must be true or false"),
        ('[[models]]\nname = "a"', "'file' of [[models]] 1 is missing"),
        ('[[models]]\nfile = "a.seal"\nfiel = 1', "unknown key 'fiel'"),
        ("models = 5", "must be a list"),
        ("models = [5]", "must be a list of tables"),
        ('[[models]]\nfile = "a"\nname = "x"\n[[models]]\nfile = "b"\nname = "x"', "two models have the name"),
        ('[[models]]\nfile = "a"\n[records]\nstoer = "x.db"', "Did you mean 'store'"),
        ('[[models]]\nfile = "a"\n[records]\noverflow = "wait"', "must be one of drop, block, spill"),
        ('[[models]]\nfile = "a"\n[records]\nsample = 1.5', "must be a number from 0 to 1"),
        ('[[models]]\nfile = "a"\n[records]\nflush = nan', "must be a number from 0.01 to 3600"),
        ('[[models]]\nfile = "a"\n[records]\nkeep_days = 0', "must be from 1 to 36500"),
        ('[[models]]\nfile = "a"\n[records]\npersonal = "hash"', "'key_file' of [records] is missing"),
        ('records = true\n[[models]]\nfile = "a"', "must be a table"),
        (f"{TWO[0]}weight = 60\n{TWO[1]}weight = 60", "add up to 120"),
        (f"{TWO[0]}weight = -1\n{TWO[1]}weight = 101", "must be a number from 0 to 100"),
        (f"{TWO[0]}weight = 100\n{TWO[1]}", "not all have a weight"),
    ],
)
def test_files_that_are_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ServeError) as caught:
        read(deployment(tmp_path, text))
    assert caught.value.code == "E709"
    assert said in str(caught.value)


def test_two_files_of_one_model_need_names(tmp_path: Path) -> None:
    seals.write(tmp_path / "a.seal")
    text = '[[models]]\nfile = "a.seal"\n[[models]]\nfile = "a.seal"'
    with pytest.raises(ServeError) as caught:
        open_models(read(deployment(tmp_path, text)))
    assert caught.value.code == "E709"


def test_a_key_is_required_where_it_is_named(tmp_path: Path) -> None:
    file = seals.write(tmp_path / "a.seal")
    keygen(tmp_path / "key")
    path = deployment(tmp_path, '[[models]]\nfile = "a.seal"\nkey = "key.pub"')
    with pytest.raises(SealiftError) as caught:
        open_models(read(path))
    assert caught.value.code == "E503"
    sign(file, key=tmp_path / "key")
    assert open_models(read(path)).ready


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_other_computers_are_refused_without_authentication(host: str) -> None:
    with pytest.raises(ServeError) as caught:
        check_exposure(Deployment((), host=host))
    assert caught.value.code == "E711"
    check_exposure(Deployment((), host=host, open=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_computer_is_permitted(host: str) -> None:
    check_exposure(Deployment((), host=host))


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_in_use(shared: bool) -> None:
    with socket.socket() as taken:
        if shared:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServeError) as caught:
            bind("127.0.0.1", taken.getsockname()[1], 2)
        assert caught.value.code == "E710"


def test_check_opens_the_models_and_does_not_listen(tmp_path: Path) -> None:
    file = seals.write(tmp_path / "a.seal")
    run = CliRunner().invoke(app, ["serve", str(file), "--check", "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["models"][0]["examples"] == len(seals.ROWS)
    run = CliRunner().invoke(app, ["serve", str(file), "--host", "0.0.0.0", "--check", "--json"])
    assert run.exit_code == 1
    assert json.loads(run.output)["error"]["code"] == "E711"


def test_a_watched_folder_must_exist(tmp_path: Path) -> None:
    seals.write(tmp_path / "a.seal")
    text = '[[models]]\nfile = "a.seal"\nwatch = {folder = "new", canary = 5}\nidle = "10m"'
    (spec,) = read(deployment(tmp_path, text)).models
    assert spec.watch == Watch(tmp_path / "new", 0.05)
    assert spec.idle == 600.0
    with pytest.raises(ServeError, match="E804"):
        open_models(read(tmp_path / "deployment.toml"))


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "deployment.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'[[models]]\nfile = "a.seal"\n')
    assert len(read(path).models) == 1


def test_versions_with_different_headers_are_refused(tmp_path: Path) -> None:
    models = [
        ModelSpec(seals.write(tmp_path / f"{i}.seal", version=str(i)), weight=50.0, sticky=f"X-{i}") for i in (1, 2)
    ]
    with pytest.raises(ServeError, match="x-1 and x-2"):
        open_models(Deployment(tuple(models)))
    same = [replace(model, sticky="X-Patient") for model in models]
    open_models(Deployment(tuple(same)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[server]\nstate = "a.seal"\n', "[E402]"),
        ('[server]\nstate = "nowhere/state"\n', "[E402]"),
        ("[server]\nport = 8123\ngrpc = 8123\n", "[E710] HTTP and gRPC"),
    ],
)
def test_check_finds_what_would_stop_the_start(tmp_path: Path, settings: str, said: str) -> None:
    seals.write(tmp_path / "a.seal")
    path = deployment(tmp_path, settings + '[[models]]\nfile = "a.seal"')
    result = CliRunner().invoke(app, ["serve", str(path), "--check", "--json"])
    error = json.loads(result.stdout)["error"]
    assert result.exit_code == 1
    assert said in f"[{error['code']}] {error['what']}"


def test_a_folder_as_audit_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="E402"):
        AuditLog(tmp_path)


def test_a_state_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="E402"), locked(tmp_path / "file"):
        pass


@pytest.mark.parametrize(("host", "fix"), [("192.0.2.1", "Name an address"), ("999.1.1.1", "Name an address")])
def test_an_address_of_another_computer(host: str, fix: str) -> None:
    with pytest.raises(ServeError, match=fix):
        bind(host, 0, 1)
