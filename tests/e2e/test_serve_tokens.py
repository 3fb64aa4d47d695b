"""A running server that accepts tokens of an issuer whose keys it fetches, and follows a change of these keys."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import seals
from issuers import AUDIENCE, ISSUER, REALM, Issuer
from servers import Running, serving, until

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"


def becomes(server: Running, token: str, status: int) -> None:
    end = time.monotonic() + 30
    while True:
        got = {server.ask("POST", PATH, ROW, token)[0] for _ in range(6)}  # by both workers
        if got == {status}:
            return
        assert time.monotonic() < end, got


def written(folder: Path, url: str | None, issuer: str = ISSUER) -> str:
    seals.write(folder / "tiny.seal")
    keys = "" if url is None else f'jwks_url = "{url}"\n'
    (folder / "deployment.toml").write_text(
        f'[access.oidc]\nissuer = "{issuer}"\naudience = "{AUDIENCE}"\n{keys}[[models]]\nfile = "tiny.seal"\n'
    )
    return str(folder / "deployment.toml")


def test_keys_are_fetched_and_changed(tmp_path: Path) -> None:
    issuer = Issuer("ec-1")
    with issuer.serving() as url, serving(written(tmp_path, url)) as server:
        first = issuer.token("ec-1")
        becomes(server, first, 200)
        assert server.ask("POST", PATH, ROW, issuer.token("ec-1", scope="openid"))[0] == 403
        assert server.ask("POST", PATH, ROW)[0] == 401
        issuer.add("ec-2")
        second = issuer.token("ec-2")
        becomes(server, second, 200)  # fetched because of the unknown key, long before the interval
        fetches = issuer.fetches
        unknown = Issuer("ec-3").token("ec-3")
        for _ in range(200):
            assert server.ask("POST", PATH, ROW, unknown)[0] == 401
        assert issuer.fetches <= fetches + 4  # at most one in five seconds
        del issuer.keys["ec-1"]
        server.ask("POST", PATH, ROW, unknown)
        becomes(server, first, 401)
        becomes(server, second, 200)


def test_the_issuer_names_the_address_of_its_keys(tmp_path: Path) -> None:
    issuer = Issuer("ec-1")
    with issuer.serving() as url:
        name = url.replace("/jwks", REALM)
        with serving(written(tmp_path, None, name)) as server:
            becomes(server, issuer.token("ec-1", iss=name), 200)
            assert server.ask("POST", PATH, ROW, issuer.token("ec-1"))[0] == 401  # of another issuer
            issuer.add("ec-2")
            becomes(server, issuer.token("ec-2", iss=name), 200)
            assert (issuer.discoveries, issuer.fetches) == (1, 2)  # the configuration is fetched at the interval only
            issuer.path = "/keys"
            issuer.add("ec-3")
            becomes(server, issuer.token("ec-3", iss=name), 200)
            assert issuer.discoveries == 2


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "http://127.0.0.1/realms/other"},
        {"issuer": None},
        {"jwks_uri": "http://issuer.example/jwks"},
        {"jwks_uri": 5},
    ],
)
def test_a_configuration_that_does_not_fit(configuration: dict[str, object], tmp_path: Path) -> None:
    issuer = Issuer("ec-1")
    issuer.configuration = configuration
    with issuer.serving() as url:
        name = url.replace("/jwks", REALM)
        with serving(written(tmp_path, None, name)) as server:
            assert until(lambda: issuer.discoveries >= 2)
            status, answer = server.ask("POST", PATH, ROW, issuer.token("ec-1", iss=name))
            assert status == 503
            assert answer["error"]["code"] == "E767"
            assert issuer.fetches == 0


def test_an_issuer_that_does_not_answer(tmp_path: Path) -> None:
    issuer = Issuer("ec-1")
    with issuer.serving() as url:
        pass
    with serving(written(tmp_path, url)) as server:
        status, answer = server.ask("POST", PATH, ROW, issuer.token("ec-1"))
        assert status == 503
        error = {"code": "E767", "what": "The keys of the issuer of tokens could not be fetched.", "where": ""}
        assert answer == {"error": {**error, "fix": "Repeat later."}}
        assert server.ask("GET", "/v2/health/ready")[0] == 200


def test_redirects_are_not_followed(tmp_path: Path) -> None:
    issuer = Issuer("ec-1")
    with issuer.serving() as url, serving(written(tmp_path, url.replace("/jwks", "/moved"))) as server:
        time.sleep(2)
        assert issuer.fetches >= 1
        assert server.ask("POST", PATH, ROW, issuer.token("ec-1"))[0] == 503
