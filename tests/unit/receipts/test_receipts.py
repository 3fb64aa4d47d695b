"""Receipts of calls: the same rows have the same statement on every route; checks and replays, and what they refuse."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import echo
import seals
from sealift import load
from sealift.errors import SealiftError
from sealift.receipts import Statement, replay_receipt, verify_receipt
from sealift.receipts.compact import opened, protected, read_receipt, signed
from sealift.receipts.issue import Issuer
from sealift.receipts.rows import answered_by
from sealift.receipts.values import input_digest
from sealift.runtime import SealedModel
from sealift.seal.signature import generate_keys, key_id, load_private_key
from sealift.serve.calls import Observer
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.receipts import Receipts, ReceiptSettings
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from serve_routes import NAMES, ROUTES, Row

ROW: Row = {"number": -0.0, "whole": 3, "flag": True, "text": "é 😀", "note": "b"}
ASKED = {"sealift-receipt": "1", "content-type": "application/json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("receipts")
    generate_keys(folder / "server.pem")
    generate_keys(folder / "other.pem")
    seals.write(folder / "tiny.seal")
    return folder


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Service:
    model = ServedModel("tiny", load(folder / "tiny.seal"))
    model.prepare()
    service = Service(Plane([model]))
    service.receipts = Receipts(ReceiptSettings(folder / "server.pem"))
    return service


def ask(service: Service, body: Any, **headers: str) -> tuple[str, bytes]:
    request = Request("POST", "/v1/models/tiny/predict", ASKED | headers, json.dumps(body).encode())
    response = respond(service, request)
    assert response.status == 200, response.body
    return response.headers["sealift-receipt"], response.body


class Seen(Observer):
    """Keeps the receipts of the calls of a service."""

    def __init__(self, service: Service) -> None:
        self.statements: list[Statement] = []
        self._service = service

    def observe(self, call: Any) -> None:
        assert self._service.receipts is not None
        self.statements.append(opened(self._service.receipts.of(call), None))


@pytest.fixture(scope="module")
def echoes(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> tuple[Service, Seen]:
    models = []
    for output in echo.OUTPUTS:
        path = echo.write(tmp_path_factory.mktemp("echo") / "echo.seal", output.name)
        model = ServedModel(output.name, load(path))
        model.prepare()
        models.append(model)
    service = Service(Plane(models))
    service.receipts = Receipts(ReceiptSettings(folder / "server.pem"))
    seen = Seen(service)
    service.observers = [seen]
    return service, seen


OF_ONE_MODEL = [
    (name, route) for kind in ROUTES.values() for name, route in kind.items() if not name.startswith("MLflow")
]


@pytest.mark.parametrize(("name", "route"), OF_ONE_MODEL, ids=[name for name, _ in OF_ONE_MODEL])
def test_the_statement_does_not_depend_on_the_route(
    name: str, route: Callable[[Service, Row], Any], echoes: tuple[Service, Seen]
) -> None:
    service, seen = echoes
    seen.statements.clear()
    route(service, ROW)
    (statement,) = seen.statements
    model = service.plane.find("text_out").model
    twice = statement.rows == 2  # some forms of JSON send the row twice
    rows = [[ROW[field] for field in NAMES]] * (2 if twice else 1)
    assert statement.input_digest == input_digest(
        model.contract, answered_by(model, rows), bytes.fromhex(statement.salt)
    )
    first = {name: values[0] for name, values in (statement.values or {}).items()}
    assert first == {
        "numbers": [-0.0, 3, 1],
        "inverse": "-Infinity",
        "large": str(echo.LARGE + 3) if (echo.LARGE + 3) % 2 else echo.LARGE + 3,
        "text_out": "é 😀",
        "note_out": "b",
        "absent": 0,
    }
    assert str(first["numbers"][0]) in ("-0.0", "-0")


def test_a_request_asks_for_a_receipt(tiny: Service, folder: Path) -> None:
    rows = [{"age": 50, "weight": 70.5, "sex": "f"}, {"age": None, "weight": "x", "sex": "m"}]
    receipt, body = ask(tiny, rows)
    statement = verify_receipt(receipt, folder / "server.pem.pub", model=folder / "tiny.seal", rows=rows)
    answers = json.loads(body)["answers"]
    assert statement.values is not None
    assert statement.values["label"] == [answers[0]["label"], None]
    assert statement.values["probability"][0] == list(answers[0]["probability"].values())
    assert (statement.rows, statement.answered, statement.route) == (2, 1, "predict")
    assert (statement.matching, statement.examples) == (len(seals.ROWS), len(seals.ROWS))
    plain = respond(tiny, Request("POST", "/v1/models/tiny/predict", {}, json.dumps(rows).encode()))
    assert plain.body == body
    assert "sealift-receipt" not in plain.headers


def test_no_input_value_is_in_a_receipt(tiny: Service) -> None:
    receipt, _ = ask(tiny, {"age": 41.4142, "weight": 71.7171, "sex": "f"})
    payload = base64.urlsafe_b64decode(receipt.split(".")[1] + "==").decode()
    assert "41.4142" not in payload
    assert "71.7171" not in payload
    again, _ = ask(tiny, {"age": 41.4142, "weight": 71.7171, "sex": "f"})
    assert opened(receipt, None).input_digest != opened(again, None).input_digest


def test_responses_without_answers_have_no_receipt(tiny: Service) -> None:
    for body, status in (([{"age": 1, "weight": "x", "sex": "f"}], 422), ("nonsense", 400)):
        request = Request("POST", "/v1/models/tiny/predict", ASKED, json.dumps(body).encode())
        response = respond(tiny, request)
        assert (response.status, "sealift-receipt" in response.headers) == (status, False)


def test_a_server_without_a_key_and_a_malformed_header(folder: Path, tiny: Service) -> None:
    body = json.dumps({"age": 50, "weight": 70, "sex": "f"}).encode()
    without = Service(tiny.plane)
    refused = respond(without, Request("POST", "/v1/models/tiny/predict", ASKED, body))
    assert (refused.status, json.loads(refused.body)["error"]["code"]) == (400, "E775")
    for service in (without, tiny):
        headers = {"sealift-receipt": "yes"}
        refused = respond(service, Request("POST", "/v1/models/tiny/predict", headers, body))
        assert (refused.status, json.loads(refused.body)["error"]["code"]) == (400, "E704")
        response = respond(service, Request("POST", "/v1/models/tiny/predict", {"sealift-receipt": "0"}, body))
        assert (response.status, "sealift-receipt" in response.headers) == (200, False)


def test_every_answer_where_the_server_says_so(folder: Path, tiny: Service) -> None:
    always = Service(tiny.plane)
    always.receipts = Receipts(ReceiptSettings(folder / "server.pem", always=True, full=False))
    body = json.dumps({"age": 50, "weight": 70, "sex": "f"}).encode()
    response = respond(always, Request("POST", "/v1/models/tiny/predict", {}, body))
    statement = opened(response.headers["sealift-receipt"], None)
    assert statement.values is None
    assert (
        replay_receipt(response.headers["sealift-receipt"], folder / "tiny.seal", json.loads(body)).agreement == "exact"
    )


def test_many_answers_are_a_digest(folder: Path, tiny: Service) -> None:
    rows = [{"age": i % 100, "weight": 70, "sex": "m"} for i in range(5000)]
    receipt, _ = ask(tiny, rows)
    assert len(receipt) < 1300
    assert opened(receipt, None).values is None
    assert replay_receipt(receipt, folder / "tiny.seal", rows).agreement == "exact"
    rows[4999]["age"] = 7
    assert refusal(lambda: replay_receipt(receipt, folder / "tiny.seal", rows)) == "E778"


@pytest.mark.parametrize("count", [1, 20, 30, 35, 40, 60, 100, 400])
def test_the_length_is_limited(tiny: Service, count: int) -> None:
    receipt, _ = ask(tiny, [{"age": 33.3, "weight": 70.7 + i / 7, "sex": "m"} for i in range(count)])
    assert len(receipt) <= 3072
    if not 30 <= count <= 40:  # where it begins depends on the digits of the answers
        assert (opened(receipt, None).values is None) == (count > 40)


def refusal(do: Callable[[], object]) -> str:
    with pytest.raises(SealiftError) as caught:
        do()
    return caught.value.code


def test_other_keys_models_and_rows(folder: Path, tiny: Service) -> None:
    row = {"age": 50, "weight": 70.5, "sex": "f"}
    receipt, _ = ask(tiny, row)
    key, model = folder / "server.pem.pub", folder / "tiny.seal"
    other = seals.write(folder / "other.seal", bias=0.25)
    assert refusal(lambda: verify_receipt(receipt, folder / "other.pem.pub")) == "E777"
    assert refusal(lambda: verify_receipt(receipt, key, model=other)) == "E778"
    assert refusal(lambda: verify_receipt(receipt, key, model=model, rows=row | {"age": 51})) == "E778"
    assert refusal(lambda: verify_receipt(receipt, key, model=model, rows=[row, row])) == "E778"
    assert refusal(lambda: replay_receipt(receipt, other, row)) == "E778"
    # The same values in another form are the same rows; -0 and 0 are not.
    verify_receipt(receipt, key, model=model, rows={"sex": ["f"], "age": [50.0], "weight": [70.5]})
    zero, _ = ask(tiny, row | {"age": 0.0})
    assert refusal(lambda: verify_receipt(zero, key, model=model, rows=row | {"age": -0.0})) == "E778"
    with pytest.raises(ValueError, match="model"):
        verify_receipt(receipt, key, rows=row)


@settings(max_examples=50)
@given(data=st.data())
def test_every_changed_character_is_found(data: st.DataObject, tiny: Service, folder: Path) -> None:
    receipt, _ = ask(tiny, {"age": 50, "weight": 70.5, "sex": "f"})
    at = data.draw(st.integers(min_value=0, max_value=len(receipt) - 1))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    new = data.draw(st.sampled_from(letters.replace(receipt[at], "")))
    assert refusal(lambda: verify_receipt(receipt[:at] + new + receipt[at + 1 :], folder / "server.pem.pub")) in (
        "E776",
        "E777",
    )


def restated(folder: Path, receipt: str, **changes: Any) -> str:
    """The receipt of a server that states something else."""
    key = load_private_key(folder / "server.pem")
    return signed(replace(opened(receipt, None), **changes), protected(key_id(key.public_key())), key)


def test_a_replay_says_how_the_answers_agree(folder: Path, tiny: Service) -> None:
    rows = [
        {"age": 50, "weight": 70.5, "sex": "f"},
        {"age": 1, "weight": 2, "sex": "?"},
        {"age": 9, "weight": 8, "sex": "m"},
    ]
    receipt, _ = ask(tiny, rows)
    stated = opened(receipt, None).values
    assert stated is not None

    def replayed(**values: Any) -> Any:
        return replay_receipt(restated(folder, receipt, values={**stated, **values}), folder / "tiny.seal", rows)

    exact = replayed()
    assert (exact.agreement, exact.differing, exact.beyond) == ("exact", 0, 0)
    near = [[x * (1 + 1e-12) for x in each] if each else None for each in stated["probability"]]
    within = replayed(probability=near)
    assert (within.agreement, within.differing, within.beyond) == ("tolerance", 2, 0)
    assert 0 < within.worst["probability"] < 1e-11
    far = [[0.5, 0.5], *stated["probability"][1:]]
    beyond = replayed(probability=far)
    assert (beyond.agreement, beyond.differing, beyond.beyond) == ("none", 1, 1)
    assert replayed(label=[1 - stated["label"][0], None, stated["label"][2]]).agreement == "none"
    # An answer where the model refuses the row, and none where it has one.
    assert replayed(label=[stated["label"][0], 1, stated["label"][2]]).beyond == 1
    assert replayed(label=[None, None, stated["label"][2]]).beyond == 1
    digest = restated(folder, receipt, values=None, output_digest="ab" * 32)
    unknown = replay_receipt(digest, folder / "tiny.seal", rows)
    assert (unknown.agreement, unknown.differing) == ("none", None)
    assert replayed(label=["one", None, stated["label"][2]]).beyond == 1


def test_receipts_in_files(folder: Path, tiny: Service) -> None:
    receipt, _ = ask(tiny, {"age": 50, "weight": 70.5, "sex": "f"})
    path = folder / "receipt.txt"
    for text in (
        receipt,
        f"{receipt}\n",
        f"HTTP/1.1 200 OK\r\nSealift-Receipt: {receipt}\r\ncontent-length: 1\r\n\r\n",
    ):
        path.write_text(text)
        assert read_receipt(str(path)) == receipt
    assert read_receipt(receipt) == receipt
    for text in ("", "HTTP/1.1 200 OK\r\n", f"sealift-receipt: {receipt}\nsealift-receipt: {receipt}\n"):
        path.write_text(text)
        assert refusal(lambda: read_receipt(str(path))) == "E776"
    assert refusal(lambda: read_receipt(str(folder / "none.txt"))) == "E401"


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "parquet"])
def test_rows_of_files(suffix: str, folder: Path, tiny: Service) -> None:
    rows = [{"age": 50.0, "weight": 70.5, "sex": "f"}, {"age": None, "weight": 80.25, "sex": "m"}]
    receipt, _ = ask(tiny, rows)
    path = folder / f"rows.{suffix}"
    if suffix == "csv":
        path.write_text("age,weight,sex\n50,70.5,f\n,80.25,m\n")
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == "json":
        path.write_text(json.dumps(rows))
    else:
        import pyarrow as pa
        import pyarrow.parquet

        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    assert replay_receipt(receipt, folder / "tiny.seal", path, key=folder / "server.pem.pub").agreement == "exact"


def test_an_issuer_is_deterministic_but_for_salt_and_time(tiny: Service) -> None:
    model: SealedModel = tiny.plane.find("tiny").model
    issuer = Issuer(Ed25519PrivateKey.generate())
    parts = answered_by(model, [[50, 70, "f"]])
    test = model.self_test()
    one, two = (opened(issuer.receipt(model, test, parts, route="predict", begun=0.0), None) for _ in range(2))
    assert replace(one, salt="", input_digest="") == replace(two, salt="", input_digest="")
    assert one.time == "1970-01-01T00:00:00.000000Z"


def test_the_openapi_document_has_the_headers_of_receipts(tiny: Service) -> None:
    def posts(service: Service) -> list[Any]:
        paths = json.loads(respond(service, Request("GET", "/openapi.json")).body)["paths"]
        return [operations["post"] for operations in paths.values() if "post" in operations]

    for post in posts(tiny):
        assert [each["name"] for each in post["parameters"]] == ["Sealift-Receipt"]
        assert "Sealift-Receipt" in post["responses"]["200"]["headers"]
    assert len(posts(tiny)) >= 5
    assert not any("parameters" in post for post in posts(Service(tiny.plane)))
