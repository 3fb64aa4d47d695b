"""The Open Inference Protocol: tensors in JSON and in binary, and what is refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seals
from sealift import load
from sealift.serve.http.messages import Request, Response
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.v2 import tensors

RISK = seals.risk(61.5, 80.0, "f")
AGE = {"name": "age", "shape": [1], "datatype": "FP64", "data": [61.5]}
WEIGHT = {"name": "weight", "shape": [1, 1], "datatype": "INT64", "data": [[80]]}
SEX = {"name": "sex", "shape": [1], "datatype": "BYTES", "data": ["f"]}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Plane:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    return Plane([model])


def infer(plane: Plane, body: Any, blob: bytes | None = None, length: str | None = None) -> Response:
    header = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {}
    if blob is not None or length is not None:
        headers["inference-header-content-length"] = str(len(header)) if length is None else length
    return respond(Service(plane), Request("POST", "/v2/models/tiny/infer", headers, header + (blob or b"")))


def test_one_tensor_for_each_field(plane: Plane) -> None:
    response = infer(plane, {"id": "7", "inputs": [SEX, WEIGHT, AGE]})
    answer = json.loads(response.body)
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("7", "tiny", "1")
    label, probability = answer["outputs"]
    assert label == {"name": "label", "datatype": "INT64", "shape": [1], "data": [1]}
    assert probability["shape"] == [1, 2]
    assert probability["data"][1] == pytest.approx(RISK, abs=1e-15)


@pytest.mark.parametrize("length", ["9" * 5000, "٣", "-1", "1.0", ""])
def test_a_length_that_is_no_number(plane: Plane, length: str) -> None:
    response = infer(plane, {"inputs": [SEX, WEIGHT, AGE]}, length=length)
    assert (response.status, b"E704" in response.body) == (400, True)


def test_an_id_that_is_no_string_is_refused(plane: Plane) -> None:
    response = infer(plane, {"id": 7, "inputs": [SEX, WEIGHT, AGE]})
    assert (response.status, b"E704" in response.body) == (400, True)


def test_a_value_beyond_fp16_is_refused_without_a_warning(plane: Plane) -> None:
    response = infer(plane, {"inputs": [SEX, WEIGHT, {**AGE, "datatype": "FP16", "data": [70000]}]})
    assert (response.status, b"R102" in response.body) == (400, True)


def test_one_matrix(plane: Plane) -> None:
    matrix = {"name": "rows", "shape": [2, 3], "datatype": "BYTES", "data": ["61.5", "80", "f", "1", "2", "m"]}
    response = infer(plane, {"inputs": [matrix]})
    assert response.status == 400  # strings are not numbers: nothing is converted silently
    assert b"R102" in response.body


def test_binary_data_in_and_out(plane: Plane) -> None:
    parts = [struct.pack("<d", 61.5), struct.pack("<f", 80), struct.pack("<I", 1) + b"f"]
    kinds = (("age", "FP64"), ("weight", "FP32"), ("sex", "BYTES"))
    inputs = [
        {"name": name, "shape": [1], "datatype": kind, "parameters": {"binary_data_size": len(part)}}
        for (name, kind), part in zip(kinds, parts, strict=True)
    ]
    outputs = [{"name": "probability", "parameters": {"binary_data": True}}, {"name": "label"}]
    response = infer(plane, {"inputs": inputs, "outputs": outputs}, b"".join(parts))
    assert response.media_type == "application/octet-stream"
    size = int(response.headers["inference-header-content-length"])
    answer = json.loads(response.body[:size])
    assert answer["outputs"][0]["parameters"] == {"binary_data_size": 16}
    assert answer["outputs"][1]["data"] == [1]
    assert np.frombuffer(response.body[size:])[1] == pytest.approx(RISK, abs=1e-15)


def test_a_missing_value_is_null_or_nan(plane: Plane) -> None:
    expected = seals.risk(None, 80.0, "f")
    for data in ([None], ["NaN"]):
        answer = json.loads(infer(plane, {"inputs": [{**AGE, "data": data}, WEIGHT, SEX]}).body)
        assert answer["outputs"][1]["data"][1] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "E704"),
        ([], "E704"),
        ({"inputs": [5]}, "E704"),
        ({"inputs": [AGE, AGE, SEX]}, "E704"),
        ({"inputs": [AGE, WEIGHT]}, "E101"),
        ({"inputs": [AGE, WEIGHT, SEX, {**SEX, "name": "x"}]}, "E102"),
        ({"inputs": [{**AGE, "shape": [2]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "shape": [-1]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "shape": [True]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "datatype": "FP128"}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "data": [[[1]]]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "data": ["1"]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "data": [True]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "datatype": "INT8", "data": [128]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**AGE, "datatype": "BOOL", "data": [1]}, WEIGHT, SEX]}, "E707"),
        ({"inputs": [{**SEX, "data": [1]}, WEIGHT, AGE]}, "E707"),
        ({"inputs": [{**AGE, "data": ["Infinity"]}, WEIGHT, SEX]}, "R102"),
        ({"inputs": [{**AGE, "data": [121]}, WEIGHT, SEX]}, "R103"),
        ({"inputs": [{**SEX, "data": ["d"]}, WEIGHT, AGE]}, "R104"),
        ({"inputs": [AGE, WEIGHT, SEX], "outputs": [{"name": "x"}]}, "E704"),
        ({"inputs": [AGE, WEIGHT, SEX], "parameters": 5}, "E704"),
    ],
)
def test_requests_that_are_refused(body: Any, code: str, plane: Plane) -> None:
    response = infer(plane, body)
    assert response.status == 400, response.body
    assert code in response.body.decode()


@pytest.mark.parametrize(
    ("size", "blob", "length"),
    [
        (8, b"1234567", None),
        (7, b"1234567", None),
        (8, b"123456789", None),
        (-1, b"12345678", None),
        (8, b"12345678", "100000"),
        (8, b"12345678", "x"),
    ],
)
def test_lengths_that_lie(size: int, blob: bytes, length: str | None, plane: Plane) -> None:
    age = {"name": "age", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": size}}
    response = infer(plane, {"inputs": [age, WEIGHT, SEX]}, blob, length)
    assert response.status == 400, response.body


@pytest.mark.parametrize("data", [b"\1\0\0", b"\2\0\0\0f", b"\1\0\0\0\xff"])
def test_strings_that_are_cut_off(data: bytes, plane: Plane) -> None:
    sex = {"name": "sex", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(data)}}
    assert infer(plane, {"inputs": [AGE, WEIGHT, sex]}, data).status == 400


def test_values_that_json_lacks_keep_their_identity() -> None:
    array = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    sent = json.loads(json.dumps(tensors.to_json(array)))
    assert sent[:3] == ["NaN", "Infinity", "-Infinity"]
    back = tensors.from_json("x", "FP64", [5], sent).array
    assert back.tobytes() == array.tobytes()
    assert tensors.from_binary("x", "FP64", [5], memoryview(tensors.to_binary(array, "FP64"))).array.tobytes() == (
        array.tobytes()
    )


def test_strings_and_large_integers_keep_their_identity() -> None:
    strings = np.array(["", "é\0😀", "NaN"], dtype=object)
    for back in (
        tensors.from_json("x", "BYTES", [3], json.loads(json.dumps(tensors.to_json(strings)))),
        tensors.from_binary("x", "BYTES", [3], memoryview(tensors.to_binary(strings, "BYTES"))),
    ):
        assert back.array.tolist() == strings.tolist()
    large = np.array([2**63 - 1, -(2**63), 2**53 + 1])
    assert tensors.to_json(large) == large.tolist()
    assert tensors.from_binary("x", "INT64", [3], memoryview(tensors.to_binary(large, "INT64"))).array.tolist() == (
        large.tolist()
    )


def test_deployment_of_two_models(tmp_path: Path) -> None:
    models = [ServedModel(name, load(seals.write(tmp_path / f"{name}.seal"))) for name in ("a", "b")]
    response = respond(Service(Plane(models)), Request("POST", "/invocations", {}, b"{}"))
    assert response.status == 404
    assert b"E701" in response.body
