"""The routes: rows and answers on each of them, and what is refused."""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seals
from sealift import load
from sealift.errors import ServeError
from sealift.serve.calls import Call, Observer
from sealift.serve.http.messages import Request, RequestLimits, Response
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

GOOD = {"age": 61.5, "weight": 80, "sex": "f"}
BAD = {"age": 61.5, "weight": "x", "sex": "d"}
RISK = seals.risk(61.5, 80.0, "f")
PREDICT = "/v1/models/tiny/predict"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Plane:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    return Plane([model])


def ask(plane: Plane, path: str, body: Any = None, *, limits: RequestLimits | None = None, **headers: str) -> Response:
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    method = "GET" if body is None else "POST"
    return respond(Service(plane), Request(method, path, sent, data, limits or RequestLimits()))


def read(response: Response, status: int = 200) -> Any:
    assert response.status == status, response.body
    return json.loads(response.body)


def test_rows_are_answered_by_output_name(plane: Plane) -> None:
    for body in (GOOD, [GOOD], [[61.5, 80, "f"]], {name: [value] for name, value in GOOD.items()}):
        answer = read(ask(plane, PREDICT, body))
        assert answer["answers"][0]["label_name"] == "ill"
        assert answer["answers"][0]["probability"]["ill"] == pytest.approx(RISK, abs=1e-15)
        assert answer["problems"] == []
        assert (answer["model"], answer["version"], len(answer["identity"])) == ("tiny", "1", 64)


def test_a_bad_row_does_not_affect_good_rows(plane: Plane) -> None:
    answer = read(ask(plane, PREDICT, [GOOD, BAD, GOOD]))
    assert [row is None for row in answer["answers"]] == [False, True, False]
    assert [(problem["row"], problem["field"], problem["code"]) for problem in answer["problems"]] == [
        (2, "weight", "R102"),
        (2, "sex", "R104"),
    ]
    assert read(ask(plane, PREDICT, [BAD]), 422)["answers"] == [None]


def test_text_in_another_charset_is_refused(plane: Plane) -> None:
    for media_type in ("application/json", "text/csv"):
        response = ask(plane, PREDICT, GOOD, content_type=f"{media_type}; charset=iso-8859-1")
        assert (response.status, b"E705" in response.body) == (415, True)
    read(ask(plane, PREDICT, GOOD, content_type='application/json; charset="UTF-8"'))


def test_other_formats_are_not_read_as_json(plane: Plane) -> None:
    for path in ("/v2/models/tiny/infer", "/v1/models/tiny:predict", "/v1/models/tiny:classify"):
        for media_type in ("text/csv", "application/xml", "multipart/form-data; boundary=x"):
            response = ask(plane, path, {"instances": [GOOD]}, content_type=media_type)
            assert (response.status, b"E705" in response.body) == (415, True)
    for media_type in ("text/plain;charset=UTF-8", "application/octet-stream", "application/x-www-form-urlencoded"):
        read(ask(plane, "/v1/models/tiny:predict", {"instances": [GOOD]}, content_type=media_type))


def test_explain_is_reserved(plane: Plane) -> None:
    for query, status in (("explain=1", 400), ("a=b&explain", 400), ("explained=1", 200), ("", 200)):
        request = Request("POST", PREDICT, {}, json.dumps(GOOD).encode(), query=query)
        response = respond(Service(plane), request)
        assert (response.status, b"E817" in response.body) == (status, status == 400)


def test_a_wrong_method_has_the_form_of_the_route(plane: Plane) -> None:
    response = respond(Service(plane), Request("GET", PREDICT))
    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert json.loads(response.body)["error"]["code"] == "E712"


def test_fixes_are_those_of_a_request(plane: Plane) -> None:
    bodies: list[tuple[Any, str]] = [
        ({**GOOD, "x": 1}, "E102"),
        ([1, 2, 3], "E104"),
        ({name: {} for name in GOOD}, "E104"),
        ([GOOD, [1, 2, "f"]], "E104"),
    ]
    for path, form in ((PREDICT, None), ("/v1/models/tiny:predict", "inputs"), ("/invocations", "inputs")):
        for body, code in bodies:
            response = ask(plane, path, body if form is None else {form: body})
            text = response.body.decode()
            assert code in text, text
            assert "data frame" not in text, text
            assert "=True" not in text, text


def test_csv_and_json_lines(plane: Plane) -> None:
    table = b"age,weight,sex\n61.5,80,f\n,70.25,m\n1,x,f\n"
    lines = ask(plane, PREDICT, table, content_type="text/csv").body.decode().splitlines()
    assert lines[0] == "row,label,label_name,probability_healthy,probability_ill,error"
    assert float(lines[1].split(",")[4]) == pytest.approx(RISK, abs=1e-15)
    assert "[R102]" in lines[3]
    objects = ask(plane, PREDICT, table, content_type="text/csv", accept="application/jsonl").body.splitlines()
    assert json.loads(objects[0])["label_name"] == "ill"
    sent = b"".join(json.dumps(row).encode() + b"\n" for row in (GOOD, BAD))
    objects = ask(plane, PREDICT, sent, content_type="application/x-ndjson").body.splitlines()
    assert json.loads(objects[1])["error"].startswith("[R102]")


def test_arrow(plane: Plane) -> None:
    stream = io.BytesIO()
    table = pa.table({"age": [61.5, None], "weight": [80.0, 1.0], "sex": ["f", "d"]})
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    response = ask(plane, PREDICT, stream.getvalue(), content_type="application/vnd.apache.arrow.stream")
    answers = pa.ipc.open_stream(response.body).read_all().to_pydict()
    assert answers["label"] == [1, None]
    assert answers["error"][1].startswith("[R104]")


def test_metadata_comes_from_the_contract(plane: Plane) -> None:
    described = read(ask(plane, "/v2/models/tiny"))
    assert described["versions"] == ["1"]
    assert [(entry["name"], entry["datatype"], entry["shape"]) for entry in described["inputs"]] == [
        ("age", "FP64", [-1]),
        ("weight", "FP64", [-1]),
        ("sex", "BYTES", [-1]),
    ]
    assert described["outputs"][1]["parameters"] == {"columns": ["healthy", "ill"]}
    assert read(ask(plane, "/v2/models/tiny/versions/1"))["name"] == "tiny"
    assert read(ask(plane, "/v2"))["extensions"] == ["binary_tensor_data"]


def test_readiness_follows_the_self_test(tmp_path: Path) -> None:
    model = ServedModel("tiny", load(seals.write(tmp_path / "tiny.seal")))
    plane = Plane([model])
    paths = ("/v2/health/ready", "/v2/models/tiny/ready")
    assert [ask(plane, path).status for path in paths] == [503, 503]
    model.prepare()
    assert [ask(plane, path).status for path in paths] == [200, 200]
    plane.draining = True
    assert [ask(plane, path).status for path in paths] == [503, 200]
    assert ask(Plane(), "/v2/health/ready").status == 503  # nothing is served
    assert ask(Plane(), "/v2/health/live").status == 200


def test_a_model_that_fails_its_examples_is_not_ready(tmp_path: Path) -> None:
    model = ServedModel("tiny", load(seals.write(tmp_path / "tiny.seal", answers=[0.9] * len(seals.ROWS))))
    with pytest.raises(ServeError) as caught:
        model.prepare()
    assert caught.value.code == "E703"
    assert ask(Plane([model]), "/v2/health/ready").status == 503


def test_tensorflow_serving(plane: Plane) -> None:
    two = [[1 - RISK, RISK]]
    for body in ({"instances": [GOOD]}, {"instances": [[61.5, 80, "f"]]}):
        predictions = read(ask(plane, "/v1/models/tiny:predict", body))["predictions"]
        assert predictions[0]["probability"] == pytest.approx(two[0], abs=1e-15)
    columns = {name: [value] for name, value in GOOD.items()}
    assert read(ask(plane, "/v1/models/tiny/versions/1:predict", {"inputs": columns}))["outputs"]["label"] == [1]
    examples = {"context": {"sex": "f", "age": 1}, "examples": [{"age": 61.5, "weight": 80}]}
    (classes,) = read(ask(plane, "/v1/models/tiny:classify", examples))["result"]
    assert [name for name, _ in classes] == ["healthy", "ill"]
    assert classes[1][1] == pytest.approx(RISK, abs=1e-15)
    assert "[E708]" in read(ask(plane, "/v1/models/tiny:regress", examples), 400)["error"]
    assert "R102" in read(ask(plane, "/v1/models/tiny:predict", {"instances": [GOOD, BAD]}), 400)["error"]
    assert read(ask(plane, "/v1/models/tiny"))["model_version_status"][0]["state"] == "AVAILABLE"


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["weight", "age", "sex"], "data": [[80, 61.5, "f"]], "index": [7]}},
        {"dataframe_records": [GOOD]},
        {"instances": [GOOD]},
        {"inputs": {"age": [61.5], "weight": [80], "sex": ["f"]}},
    ],
)
def test_mlflow(plane: Plane, body: Any) -> None:
    assert read(ask(plane, "/invocations", body)) == {"predictions": [1]}


def test_mlflow_data_frames_without_names(plane: Plane) -> None:
    data = [[61.5, 80, "f"]]
    answer = read(ask(plane, "/invocations", {"dataframe_split": {"columns": [0, 1, 2], "data": data}}))
    assert answer == {"predictions": [1]}
    for columns in ([0, 1], [1, 2, 3], [False, True, 2], [0.0, 1, 2], 3, "abc", [["age"], ["weight"], ["sex"]]):
        response = ask(plane, "/invocations", {"dataframe_split": {"columns": columns, "data": data}})
        assert response.status == 400, response.body


def test_mlflow_csv_and_health(plane: Plane) -> None:
    table = b"age,weight,sex\n61.5,80,f\n"
    assert read(ask(plane, "/invocations", table, content_type="text/csv")) == {"predictions": [1]}
    assert ask(plane, "/ping").status == ask(plane, "/health").status == 200


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/models/other/predict", GOOD, {}, 404, "E701"),
        ("/v1/models/tiny/versions/9/predict", GOOD, {}, 404, "E701"),
        ("/v1/models/tiny/explain", GOOD, {}, 404, "E702"),
        (PREDICT, None, {}, 405, "E712"),
        (PREDICT, b"", {}, 400, "E704"),
        (PREDICT, b"[1,", {}, 400, "E704"),
        (PREDICT, b'{"age": NaN}', {}, 400, "E704"),
        (PREDICT, b'{"age": 1, "age": 2}', {}, 400, "E704"),
        (PREDICT, b'{"age": 9007199254740993}', {}, 400, "E704"),
        (PREDICT, b"\xff", {}, 400, "E704"),
        (PREDICT, 5, {}, 400, "E704"),
        (PREDICT, [], {}, 400, "E704"),
        (PREDICT, [[1, 2]], {}, 400, "E104"),
        (PREDICT, {"age": 1}, {}, 400, "E101"),
        (PREDICT, {**GOOD, "hight": 1}, {}, 400, "E102"),
        (PREDICT, GOOD, {"content_type": "text/html"}, 415, "E705"),
        (PREDICT, GOOD, {"content_encoding": "br"}, 415, "E705"),
        (PREDICT, b"no gzip", {"content_encoding": "gzip"}, 400, "E704"),
        (PREDICT, gzip.compress(json.dumps(GOOD).encode(), mtime=0)[:-3], {"content_encoding": "gzip"}, 400, "E704"),
        (PREDICT, gzip.compress(bytes(2000), mtime=0), {"content_encoding": "gzip"}, 413, "E706"),
        (PREDICT, [GOOD] * 30, {}, 413, "E706"),
        (PREDICT, b"age,weight\n1", {"content_type": "text/csv"}, 400, "E101"),
        (PREDICT, b"x", {"content_type": "application/vnd.apache.arrow.stream"}, 400, "E704"),
        ("/invocations", {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, {}, 400, "E704"),
        ("/invocations", {"inputs": 1, "instances": 1}, {}, 400, "E704"),
        ("/v1/models/tiny:classify", {"examples": [1]}, {}, 400, "E704"),
    ],
)
def test_requests_that_are_refused(
    path: str, body: Any, headers: dict[str, str], status: int, code: str, plane: Plane
) -> None:
    response = ask(plane, path, body, limits=RequestLimits(body=1000, values=90), **headers)
    assert response.status == status, response.body
    assert code in response.body.decode()


def test_compressed_bodies(plane: Plane) -> None:
    data = json.dumps(GOOD).encode()
    packed: list[tuple[str, Callable[[bytes], bytes]]] = [("gzip", gzip.compress), ("deflate", zlib.compress)]
    for encoding, compress in packed:
        assert read(ask(plane, PREDICT, compress(data), content_encoding=encoding))["answers"][0]["label"] == 1


def test_faults_of_the_server_have_no_details(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    from sealift.errors import SealError

    def broken(*_: object) -> None:
        raise SealError("E207", "The model cannot be run: /secret/path.", fix="Look.")

    monkeypatch.setattr(ServedModel, "answer", broken)
    response = ask(plane, PREDICT, GOOD)
    assert response.status == 500
    assert b"secret" not in response.body


def test_openapi_describes_rows_and_answers(plane: Plane) -> None:
    document = read(ask(plane, "/openapi.json"))
    assert document["openapi"] == "3.1.0"
    row = document["components"]["schemas"]["tiny_row"]
    assert row["properties"]["sex"]["enum"] == ["f", "m"]
    answer = document["components"]["schemas"]["tiny_answer"]["properties"]
    assert list(answer) == ["label", "label_name", "probability"]


class Recorder(Observer):
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def observe(self, call: Call) -> None:
        self.calls.append(call)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", json.dumps([GOOD, BAD, GOOD]).encode()),
        ("application/jsonl", b"".join(json.dumps(row).encode() + b"\n" for row in (GOOD, BAD, GOOD))),
        ("text/csv", b"age,weight,sex\n61.5,80,f\n61.5,x,d\n61.5,80,f\n"),
    ],
)
def test_observers_see_the_rows_of_every_content_type(media_type: str, body: bytes, plane: Plane) -> None:
    recorder = Recorder()
    respond(Service(plane, observers=[recorder]), Request("POST", PREDICT, {"content-type": media_type}, body))
    (answered,) = recorder.calls[0].answered
    assert answered.batch.good.tolist() == [True, False, True]
    assert [(problem.row, problem.code) for problem in answered.problems] == [(2, "R102"), (2, "R104")]
    assert answered.outputs["probability"][:, 1] == pytest.approx(RISK, abs=1e-15)


def arrow_stream(columns: dict[str, Any], **options: Any) -> bytes:
    table = pa.table(columns)
    written = io.BytesIO()
    with pa.ipc.new_stream(written, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as stream:
        stream.write_table(table)
    return written.getvalue()


@pytest.mark.parametrize(
    ("columns", "options", "status", "code"),
    [
        ({"age": [0.0] * 4096}, {"compression": "zstd"}, 415, "E705"),
        ({"age": [0.0], "sex": pa.array(["f"]).dictionary_encode()}, {"compression": "lz4"}, 415, "E705"),
        ({"age": pa.nulls(1 << 30)}, {}, 413, "E706"),
    ],
    ids=["compressed", "compressed dictionary", "many rows in few bytes"],
)
def test_hostile_arrow_streams(columns: dict[str, Any], options: Any, status: int, code: str, plane: Plane) -> None:
    body = arrow_stream(columns, **options)
    response = ask(plane, PREDICT, body, content_type="application/vnd.apache.arrow.stream")
    assert response.status == status, response.body
    assert read(response, status)["error"]["code"] == code


def test_a_string_beyond_the_data_of_its_column(plane: Plane) -> None:
    body = arrow_stream({"age": [1.0], "weight": [1.0], "sex": ["fff"]})
    column = struct.pack("<ii", 0, 3) + b"fff"
    assert body.count(column) == 1
    lying = body.replace(column, struct.pack("<ii", 0, 1 << 20) + b"fff")
    response = ask(plane, PREDICT, lying, content_type="application/vnd.apache.arrow.stream")
    assert read(response, 400)["error"]["code"] == "E704"


@given(at=st.integers(0, 1 << 16), value=st.integers(0, 255), cut=st.integers(0, 1 << 16))
def test_changed_arrow_streams(plane: Plane, at: int, value: int, cut: int) -> None:
    sex = pa.array(["f", "m"]).dictionary_encode()
    body = bytearray(arrow_stream({"age": [1.0, None], "weight": [1, 2], "sex": sex}))
    for data in (bytes(body[: cut % len(body)]), body):
        body[at % len(body)] = value
        response = ask(plane, PREDICT, bytes(data), content_type="application/vnd.apache.arrow.stream")
        assert response.status < 500, response.body


@pytest.mark.parametrize("media_type", ["text/csv", "application/jsonl"])
@pytest.mark.parametrize("body", [b"\xff\xfe", b"\n", b"{", b'age,weight,sex\n"61', b"age,age\n1,2\n"])
def test_malformed_tables_are_the_client_s_fault(media_type: str, body: bytes, plane: Plane) -> None:
    response = ask(plane, PREDICT, body, content_type=media_type)
    assert response.status in (200, 400), response.body
    assert re.search(rb"E10|E704|R10", response.body), response.body


@pytest.mark.parametrize("number", [b"9007199254740993", b"-9223372036854775807"])
def test_integers_of_json_lines_are_not_rounded(number: bytes, plane: Plane) -> None:
    good = b'{"age":9007199254740994e-16,"weight":1.2345678901234567,"sex":"f"}\n'
    assert ask(plane, PREDICT, good, content_type="application/jsonl").status == 200
    response = ask(
        plane, PREDICT, good + b'{"age":1,"weight":%b,"sex":"f"}\n' % number, content_type="application/jsonl"
    )
    assert "line 2" in read(response, 400)["error"]["what"]
