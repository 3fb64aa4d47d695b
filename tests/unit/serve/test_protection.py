"""The settings of access, TLS and cross-origin requests, and the responses to requests; without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import seals
from certificates import Authority
from sealift import load
from sealift.errors import ServeError
from sealift.serve.access import keys
from sealift.serve.access.parts import check, protect
from sealift.serve.access.tls import TlsFiles, TlsSettings, context_of, joined, names_of
from sealift.serve.addresses import check_exposure
from sealift.serve.deployment import read
from sealift.serve.grpc.messages import MESSAGES, SERVICE
from sealift.serve.grpc.methods import check_health
from sealift.serve.http.cors import Cors, is_origin
from sealift.serve.http.messages import Request, RequestLimits
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

PREDICT = "/v1/models/tiny/predict"
ROW = {"age": 61.5, "weight": 80, "sex": "f"}
MODEL = '[[models]]\nfile = "tiny.seal"\n'
TLS = '[tls]\ncertificate = "server.pem"\nkey = "server.key"\n'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    made = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    made.prepare()
    return made


def written(folder: Path, text: str) -> Path:
    path = folder / "deployment.toml"
    path.write_text(text + MODEL)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[access]\n", "'keys' of [access] is missing"),
        ('[access]\nkeys = "k"\nrate = "5"\n', "a rate is written as 100/s"),
        ('[access]\nkeys = "k"\nkyes = "k"\n', "Did you mean 'keys'"),
        ('[access]\nkeys = "k"\npriority = "urgent"\n', "'priority' of [access] must be one of high, normal, low"),
        ('[access]\nkeys = "k"\n[[access.certificates]]\nname = "a"\n', "needs client_ca in [tls]"),
        (TLS + 'client_ca = "ca"\n[[access.certificates]]\nscopes = []\n', "'name' of [[certificates]] 1 is missing"),
        (TLS + 'client_ca = "ca"\n[access]\ncertificate_scopes = ["write"]\n', "a list of some of predict"),
        ('[tls]\ncertificate = "a"\n', "'key' of [tls] is missing"),
        (TLS + "client_required = false\n", "needs client_ca"),
        ('[server]\ncors = "https://a"\n', "must be a list"),
        ("[server]\ncors = [5]\n", "must be a list of strings"),
        ('[server]\ncors = ["a.example"]\n', "a list of origins"),
        ("[limits]\nrows = 0\n", "must be from 1"),
    ],
)
def test_settings_that_are_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ServeError) as caught:
        read(written(tmp_path, text))
    assert caught.value.code == "E709"
    assert said in str(caught.value)


def test_other_computers_are_permitted_with_keys_or_client_certificates(tmp_path: Path) -> None:
    server = '[server]\nhost = "0.0.0.0"\n'
    for text in ('[access]\nkeys = "k"\n', TLS + 'client_ca = "ca"\n'):
        check_exposure(read(written(tmp_path, server + text)))
    with pytest.raises(ServeError) as caught:
        check_exposure(read(written(tmp_path, server + TLS)))
    assert caught.value.code == "E711"


def test_without_tls_a_warning_is_logged(tmp_path: Path, model: ServedModel, caplog: pytest.LogCaptureFixture) -> None:
    keys.create(tmp_path / "k", "a", ["predict"])
    Authority(tmp_path).sign("server", "server")
    for host, tls, warned in (("0.0.0.0", "", True), ("0.0.0.0", TLS, False), ("127.0.0.1", "", False)):
        caplog.clear()
        text = f'[server]\nhost = "{host}"\n[access]\nkeys = "k"\n{tls}'
        protect(Service(Plane([model])), read(written(tmp_path, text)))
        assert ("not encrypted" in caplog.text) == warned


@pytest.mark.parametrize(
    ("certificate", "key"),
    [(b"", b""), (b"x", None), (None, b"x"), (None, "other"), (None, "encrypted"), ("none", None)],
)
def test_certificates_that_cannot_be_used(certificate: Any, key: Any, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    authority = Authority(tmp_path)
    files = authority.sign("server", "server")
    if key == "other":
        key = authority.sign("other", "other")[1].read_bytes()
    elif key == "encrypted":
        private = serialization.load_pem_private_key(files[1].read_bytes(), None)
        key = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    if certificate == "none":
        files[0].unlink()
    elif certificate is not None:
        files[0].write_bytes(certificate)
    if key is not None:
        files[1].write_bytes(key)
    with pytest.raises(ServeError) as caught:
        check(read(written(tmp_path, TLS)))
    assert caught.value.code == "E766"


def test_files_of_tls_are_read_again_when_they_fit_together(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    settings = TlsSettings(*authority.sign("server", "server"))
    files = TlsFiles(settings)
    assert not files.changed()
    first = files.context
    other = authority.sign("other", "server")
    settings.certificate.write_bytes(other[0].read_bytes())
    assert not files.changed()
    assert files.context is first
    settings.key.write_bytes(other[1].read_bytes())
    assert files.changed()
    assert files.context is not first
    assert files.read() == (other[1].read_bytes(), other[0].read_bytes(), None)
    assert context_of(settings).minimum_version.name == "TLSv1_2"


def test_names_in_certificates() -> None:
    certificate = {
        "subject": ((("organizationName", "x"),), (("commonName", "ward-3"),)),
        "subjectAltName": (("DNS", "a.example"), ("URI", "spiffe://b"), ("DNS", "ward-3")),
    }
    assert names_of(certificate) == "ward-3\na.example\nspiffe://b"
    assert names_of({}) == ""
    assert joined(["a\nroot", "b", ""]) == "b"  # a name cannot hold another one


def test_origins(model: ServedModel) -> None:
    assert [
        text
        for text in (
            "https://a.example",
            "http://localhost:3000",
            "*",
            "https://a/",
            "a",
            "ftp://a",
            "https://",
            "https://A",
            "https://a b",
            "null",
        )
        if is_origin(text)
    ] == ["https://a.example", "http://localhost:3000", "*"]
    service = Service(Plane([model]))
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}
    assert respond(service, Request("OPTIONS", PREDICT, asked)).status == 405
    service.cors = Cors(["https://a.example"])
    allowed = respond(service, Request("OPTIONS", PREDICT, asked))
    assert allowed.status == 204
    assert "x-api-key" in allowed.headers["access-control-allow-headers"]
    assert respond(service, Request("OPTIONS", PREDICT, {**asked, "origin": "https://b.example"})).headers == {}
    assert respond(service, Request("OPTIONS", PREDICT, {"origin": "https://a.example"})).status == 405
    assert service.cors.headers("https://a.example")["access-control-allow-origin"] == "https://a.example"
    assert service.cors.headers("https://b.example") == {"vary": "origin"}
    assert service.cors.headers(None) == {"vary": "origin"}
    assert Cors(["*"]).headers("https://b.example")["access-control-allow-origin"] == "*"


ROWS = [
    (PREDICT, "application/json", json.dumps([ROW] * 4).encode()),
    (PREDICT, "application/json", json.dumps({name: [value] * 4 for name, value in ROW.items()}).encode()),
    (PREDICT, "text/csv", b"age,weight,sex\n" + b"61.5,80,f\n" * 4),
    (PREDICT, "application/jsonl", (json.dumps(ROW) + "\n").encode() * 4),
    ("/v1/models/tiny:predict", "application/json", json.dumps({"instances": [ROW] * 4}).encode()),
    ("/invocations", "text/csv", b"age,weight,sex\n" + b"61.5,80,f\n" * 4),
    (
        "/v2/models/tiny/infer",
        "application/json",
        json.dumps(
            {
                "inputs": [
                    {"name": name, "shape": [4], "datatype": kind, "data": [ROW[name]] * 4}
                    for name, kind in (("age", "FP64"), ("weight", "FP64"), ("sex", "BYTES"))
                ]
            }
        ).encode(),
    ),
]


@pytest.mark.parametrize(("path", "media_type", "body"), ROWS)
def test_rows_beyond_the_limit(path: str, media_type: str, body: bytes, model: ServedModel) -> None:
    for rows, status in ((4, 200), (3, 413)):
        limits = RequestLimits(rows=rows)
        request = Request("POST", path, {"content-type": media_type}, body, limits)
        response = respond(Service(Plane([model]), limits), request)
        assert response.status == status, response.body
        assert (b"E706" in response.body) == (status == 413)


def test_lines_are_counted_before_they_are_read(model: ServedModel) -> None:
    limits = RequestLimits(rows=3)
    for body, status in ((b"{]\n\n" * 4, 413), (b"{]\n \n\r\n" * 3, 400)):
        request = Request("POST", "/v1/models/tiny/predict", {"content-type": "application/jsonl"}, body, limits)
        assert respond(Service(Plane([model]), limits), request).status == status


def test_the_characters_of_a_string_are_no_rows(model: ServedModel) -> None:
    limits = RequestLimits(rows=3)
    row = {"age": 50, "weight": 70, "sex": "four"}
    request = Request("POST", "/v1/models/tiny/predict", {}, json.dumps(row).encode(), limits)
    response = respond(Service(Plane([model]), limits), request)
    assert (response.status, b"R104" in response.body) == (422, True)


def test_rows_that_have_no_number(model: ServedModel) -> None:
    for body in (b'{"instances": false}', b'{"instances": 5}', b'{"instances": "x"}', b'{"inputs": null}'):
        request = Request("POST", "/v1/models/tiny:predict", {}, body)
        assert respond(Service(Plane([model])), request).status == 400


def test_health_of_grpc(model: ServedModel) -> None:
    plane = Plane([model])
    for name in ("", SERVICE):
        request = MESSAGES["HealthCheckRequest"](service=name).SerializeToString()
        assert check_health(Service(plane), request, {}).data == b"\x08\x01"
        assert check_health(Service(Plane()), request, {}).data == b"\x08\x02"
    with pytest.raises(ServeError) as caught:
        check_health(Service(plane), MESSAGES["HealthCheckRequest"](service="other").SerializeToString(), {})
    assert caught.value.code == "E702"
