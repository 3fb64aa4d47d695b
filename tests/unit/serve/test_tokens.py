"""Tokens of an issuer: which are accepted, and every way to forge one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from issuers import AUDIENCE, ISSUER, Issuer
from sealift.errors import ServeError
from sealift.serve.access.discovery import keys_url
from sealift.serve.access.gate import Gate
from sealift.serve.access.rates import Buckets
from sealift.serve.access.refusals import AccessError
from sealift.serve.access.settings import AccessSettings
from sealift.serve.access.token_settings import TokenSettings
from sealift.serve.access.tokens import TokenVerifier
from sealift.serve.calls import Caller
from sealift.serve.deployment import read


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer("rsa-1", "ec-1")


@pytest.fixture
def jwks(tmp_path: Path, issuer: Issuer) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(issuer.key_set())
    return path


def settings(jwks: Path, **more: Any) -> TokenSettings:
    return TokenSettings(ISSUER, AUDIENCE, jwks, **more)


def gate(jwks: Path, **more: Any) -> Gate:
    return Gate(AccessSettings(oidc=settings(jwks, **more)), Buckets())


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def refused(opened: Gate, token: str) -> str:
    with pytest.raises(AccessError) as caught:
        opened.caller(bearer(token), "predict")
    assert caught.value.code == "E761"
    assert token not in str(caught.value)
    return caught.value.what


@pytest.mark.parametrize("key", ["rsa-1", "ec-1"])
def test_a_token_is_a_caller(key: str, jwks: Path, issuer: Issuer) -> None:
    opened = gate(jwks)
    token = issuer.token(key, scope="openid sealift:predict sealift:audit other")
    for _ in range(2):  # verified, and remembered
        assert opened.caller(bearer(token), "predict") == Caller("ada", frozenset({"predict", "audit"}), "token")
    with pytest.raises(AccessError) as caught:
        opened.caller(bearer(token), "operate")
    assert caught.value.code == "E762"


def test_scopes_of_other_claims(jwks: Path, issuer: Issuer) -> None:
    roles = {"ml-users": ("predict",), "ml-operators": ("operate", "audit")}
    opened = gate(jwks, scope_claim="realm_access.roles", scopes=roles, name_claim="client_id")
    token = issuer.token("ec-1", realm_access={"roles": ["ml-operators", "admin", 5]}, client_id="ci")
    assert opened.caller(bearer(token), "operate") == Caller("ci", frozenset({"operate", "audit"}), "token")
    for claims in ({}, {"realm_access": "ml-operators"}, {"realm_access": {"roles": {"ml-operators": 1}}}):
        with pytest.raises(AccessError) as caught:
            opened.caller(bearer(issuer.token("ec-1", client_id="ci", **claims)), "operate")
        assert caught.value.code == "E762"


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": 1.0}, "expired"),
        ({"nbf": 1e11}, "not valid yet"),
        ({"aud": "other"}, "another audience"),
        ({"aud": None}, "the claim 'aud' is missing"),
        ({"iss": "https://other"}, "another issuer"),
        ({"iss": None}, "the claim 'iss' is missing"),
        ({"exp": None}, "the claim 'exp' is missing"),
        ({"sub": None}, "no claim 'sub'"),
        ({"sub": ""}, "no claim 'sub'"),
    ],
)
def test_claims_that_are_refused(claims: dict[str, Any], said: str, jwks: Path, issuer: Issuer) -> None:
    assert said in refused(gate(jwks), issuer.token("ec-1", **claims))


def test_clocks_may_differ_by_the_leeway(jwks: Path, issuer: Issuer) -> None:
    now = time.time()
    opened = gate(jwks)
    opened.caller(bearer(issuer.token("ec-1", exp=now - 20)), "predict")
    opened.caller(bearer(issuer.token("ec-1", nbf=now + 20)), "predict")
    refused(opened, issuer.token("ec-1", exp=now - 40))
    refused(gate(jwks, leeway=0.0), issuer.token("ec-1", exp=now - 1))


def test_a_remembered_token_expires(jwks: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = gate(jwks)
    token = issuer.token("ec-1")
    opened.caller(bearer(token), "predict")
    now = time.time()
    monkeypatch.setattr("sealift.serve.access.gate.time.time", lambda: now + 89)
    opened.caller(bearer(token), "predict")
    monkeypatch.setattr("sealift.serve.access.gate.time.time", lambda: now + 91)
    assert "expired" in refused(opened, token)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_forged_tokens(jwks: Path, issuer: Issuer) -> None:
    opened = gate(jwks, algorithms=("RS256", "ES256"))
    good = issuer.token("rsa-1")
    header, payload, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    public = issuer.keys["rsa-1"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def symmetric(secret: bytes) -> str:
        head = encoded({"alg": "HS256", "typ": "JWT", "kid": "rsa-1"})
        mac = hmac.new(secret, f"{head}.{payload}".encode(), hashlib.sha256).digest()
        return f"{head}.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    attacker = Issuer("rsa-1")
    forged = [
        f"{encoded({'alg': 'none', 'kid': 'rsa-1'})}.{payload}.",
        f"{encoded({'alg': 'None', 'kid': 'rsa-1'})}.{payload}.{signature}",
        symmetric(pem),
        symmetric(json.loads(issuer.key_set())["keys"][0]["n"].encode()),
        attacker.token("rsa-1"),  # another key with the same id
        attacker.token("rsa-1", header={"jwk": json.loads(attacker.key_set())["keys"][0]}),
        attacker.token("rsa-1", header={"jku": "https://attacker.example/jwks", "kid": "other"}),
        issuer.token("rsa-1", header={"kid": "ec-1"}),
        issuer.token("rsa-1", header={"crit": ["x"], "x": 1}),
        issuer.token("rsa-1", algorithm="PS256"),  # not among the permitted ones
        f"{header}.{encoded({**claims, 'scope': 'sealift:admin'})}.{signature}",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{payload}.",
        f"{header}..{signature}",
        "a.b.c",
        "..",
        good + "A" * (1 << 15),
    ]
    for token in forged:
        refused(opened, token)
    assert opened.caller(bearer(good), "predict").name == "ada"


@given(token=st.from_regex(r"\A[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\Z"))
def test_no_text_is_more_than_refused(token: str, tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> None:
    path = tmp_path_factory.getbasetemp() / f"jwks-{os.getpid()}.json"
    if not path.exists():
        path.write_text(issuer.key_set())
    refused(gate(path), token)


def test_changed_keys_are_used_and_withdrawn_ones_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer("ec-1")
    path = tmp_path / "jwks.json"
    path.write_text(issuer.key_set())
    opened = gate(path)
    old = issuer.token("ec-1")
    opened.caller(bearer(old), "predict")
    clock = [time.monotonic()]
    monkeypatch.setattr("sealift.serve.access.gate.time.monotonic", lambda: clock[0])
    issuer.add("ec-2")
    new = issuer.token("ec-2")
    refused(opened, new)
    del issuer.keys["ec-1"]
    path.write_text(issuer.key_set())
    clock[0] += 0.3
    assert opened.caller(bearer(new), "predict").name == "ada"
    refused(opened, old)
    path.write_text("{")
    clock[0] += 0.3
    assert opened.caller(bearer(new), "predict").name == "ada"  # the former keys stay valid


def test_keys_that_were_not_fetched_for_long_are_not_used(jwks: Path, issuer: Issuer) -> None:
    verifier = TokenVerifier(settings(jwks, jwks_url="https://issuer.example/jwks"))
    token = issuer.token("ec-1")
    assert verifier.verify(token).name == "ada"
    os.utime(jwks, (time.time() - 90_000,) * 2)
    with pytest.raises(ServeError) as caught:
        verifier.verify(token)
    assert caught.value.code == "E767"


def test_a_token_without_a_key_id(tmp_path: Path) -> None:
    issuer = Issuer("rsa-1")
    path = tmp_path / "jwks.json"
    path.write_text(issuer.key_set())
    claims = jwt.decode(issuer.token("rsa-1"), options={"verify_signature": False})
    token = jwt.encode(claims, issuer.keys["rsa-1"], algorithm="RS256")
    assert gate(path).caller(bearer(token), "predict").name == "ada"
    issuer.add("rsa-2")
    path.write_text(issuer.key_set())
    refused(gate(path), token)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"keys": []}', '{"keys": [5]}', '{"keys": [{"kty": "oct", "k": "AA"}]}']
)
def test_key_sets_that_cannot_be_used(content: str, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(content)
    with pytest.raises(ServeError) as caught:
        gate(path)
    assert caught.value.code == "E767"


OIDC = '[access.oidc]\nissuer = "https://i"\naudience = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OIDC + 'jwks = "a"\njwks_url = "https://i/jwks"\n', "'jwks' of [access.oidc] and jwks_url are both there"),
        (OIDC.replace("https:", "http:"), "must be an address with https://"),
        (OIDC.replace("https://i", "clinic"), "must be an address with https://"),
        (OIDC.replace("https://i", "https://i?realm=1"), "must be an address with https://"),
        (OIDC + 'jwks_url = "http://i.example/jwks"\n', "must begin with https://"),
        (OIDC + 'jwks_url = "file:///etc/passwd"\n', "must begin with https://"),
        (OIDC + 'jwks = "a"\nalgorithms = ["HS256"]\n', "a list of some of RS256"),
        (OIDC + 'jwks = "a"\nalgorithms = ["none"]\n', "a list of some of RS256"),
        (OIDC + 'jwks = "a"\n[access.oidc.scopes]\nx = ["write"]\n', "a list of some of predict"),
        (OIDC + 'jwks = "a"\naudiance = "b"\n', "unknown key 'audiance'"),
        ('[access.oidc]\njwks = "a"\n', "'issuer' of [access.oidc] is missing"),
    ],
)
def test_settings_that_are_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text(text + '[[models]]\nfile = "a.seal"\n')
    with pytest.raises(ServeError) as caught:
        read(path)
    assert caught.value.code == "E709"
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("issuer", "address"),
    [
        ("https://i.example", "https://i.example/.well-known/openid-configuration"),
        ("https://i.example/", "https://i.example/.well-known/openid-configuration"),
        ("https://i.example/realms/a", "https://i.example/realms/a/.well-known/openid-configuration"),
        ("http://localhost:8080/a/", "http://localhost:8080/a/.well-known/openid-configuration"),
    ],
)
def test_where_an_issuer_publishes_its_configuration(issuer: str, address: str, tmp_path: Path) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text(OIDC.replace("https://i", issuer) + '[[models]]\nfile = "a.seal"\n')
    access = read(path).access
    assert access is not None
    assert access.oidc is not None
    assert access.oidc.is_fetched
    assert access.oidc.discovery_url == address


def test_what_a_caller_without_a_token_has_to_send(jwks: Path) -> None:
    opened = gate(jwks)
    with pytest.raises(AccessError) as caught:
        opened.caller({}, "predict")
    assert caught.value.fix == "Send a token of the issuer in the header Authorization: Bearer TOKEN."
    assert "not a JSON Web Token" in refused(opened, "opaque")


CONFIGURATION = {"issuer": "https://i.example/a", "jwks_uri": "https://keys.example/jwks"}


def test_the_address_of_the_keys() -> None:
    assert keys_url(json.dumps(CONFIGURATION).encode(), CONFIGURATION["issuer"]) == CONFIGURATION["jwks_uri"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": "https://i.example/a/"}, "it is of the issuer 'https://i.example/a/'"),
        ({"issuer": "https://I.example/a"}, "it is of the issuer"),
        ({"jwks_uri": "http://keys.example/jwks"}, "does not begin with https://"),
        ({"jwks_uri": "http://127.0.0.1/jwks"}, "does not begin with https://"),  # only for an issuer on this computer
        ({"jwks_uri": "file:///etc/passwd"}, "does not begin with https://"),
        ({"jwks_uri": "https://[x/"}, "does not begin with https://"),
        ({"jwks_uri": ["https://keys.example"]}, "does not begin with https://"),
    ],
)
def test_configurations_that_cannot_be_used(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ServeError, match=re.escape(said)) as caught:
        keys_url(json.dumps({**CONFIGURATION, **changes}).encode(), CONFIGURATION["issuer"])
    assert caught.value.code == "E768"


@given(
    data=st.binary(max_size=40) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_malformed_configurations(data: bytes) -> None:
    with pytest.raises(ServeError) as caught:
        keys_url(data, "https://i.example")
    assert caught.value.code == "E768"
