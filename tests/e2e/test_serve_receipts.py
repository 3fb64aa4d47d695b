"""Receipts of a running server: the same statement on every route, over gRPC, from the client and the commands."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pytest
from tritonclient.grpc import service_pb2 as pb

import seals
from sealift.client import Client
from sealift.receipts import Statement, replay_receipt, verify_receipt
from sealift.seal.signature import generate_keys
from servers import Running, serving

ROWS = [{"age": 61.5, "weight": 80.25, "sex": "f"}, {"age": 40.0, "weight": 55.5, "sex": "m"}]
NAMES = list(ROWS[0])
LISTS = [list(row.values()) for row in ROWS]
INFER: dict[str, list[dict[str, Any]]] = {
    "inputs": [
        {"name": "age", "datatype": "FP64", "shape": [2], "data": [61.5, 40.0]},
        {"name": "weight", "datatype": "FP64", "shape": [2], "data": [80.25, 55.5]},
        {"name": "sex", "datatype": "BYTES", "shape": [2], "data": ["f", "m"]},
    ]
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("receipts")
    generate_keys(folder / "server.pem")
    seals.write(folder / "tiny.seal")
    (folder / "deployment.toml").write_text('[[models]]\nfile = "tiny.seal"\n[receipts]\nkey = "server.pem"\n')
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with serving(str(folder / "deployment.toml"), "--grpc", "0") as running:
        yield running


def post(server: Running, path: str, body: bytes, media_type: str = "application/json", **headers: str) -> Any:
    request = urllib.request.Request(
        server.url + path, body, {"content-type": media_type, "sealift-receipt": "1", **headers}
    )
    return urllib.request.urlopen(request, timeout=30)


def arrow() -> bytes:
    written = io.BytesIO()
    table = pa.Table.from_pylist(ROWS)
    with pa.ipc.new_stream(written, table.schema) as stream:
        stream.write_table(table)
    return written.getvalue()


def binary() -> tuple[bytes, int]:
    inputs: list[dict[str, Any]] = [dict(entry) for entry in INFER["inputs"]]
    blobs = []
    for entry in inputs:
        data = entry.pop("data")
        if entry["datatype"] == "BYTES":
            blobs.append(b"".join(len(text).to_bytes(4, "little") + text.encode() for text in data))
        else:
            blobs.append(np.array(data, dtype="<f8").tobytes())
        entry["parameters"] = {"binary_data_size": len(blobs[-1])}
    head = json.dumps({"inputs": inputs}).encode()
    return head + b"".join(blobs), len(head)


def test_the_same_statement_on_every_route(server: Running, folder: Path) -> None:
    predict, infer = "/v1/models/tiny/predict", "/v2/models/tiny/infer"
    body, head = binary()
    length = {"inference-header-content-length": str(head)}
    table = b"age,weight,sex\n61.5,80.25,f\n40,55.5,m\n"
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    columns = {name: [row[name] for row in ROWS] for name in NAMES}
    asked: list[tuple[str, Any]] = [
        ("predict", post(server, predict, json.dumps(ROWS).encode())),
        ("predict", post(server, predict, json.dumps(LISTS).encode())),
        ("predict", post(server, predict, table, "text/csv")),
        ("predict", post(server, predict, lines, "application/jsonl")),
        ("predict", post(server, predict, arrow(), "application/vnd.apache.arrow.stream")),
        ("infer", post(server, infer, json.dumps(INFER).encode())),
        ("infer", post(server, infer, body, "application/octet-stream", **length)),
        ("predict", post(server, "/v1/models/tiny:predict", json.dumps({"instances": ROWS}).encode())),
        ("predict", post(server, "/v1/models/tiny:predict", json.dumps({"inputs": columns}).encode())),
        ("classify", post(server, "/v1/models/tiny:classify", json.dumps({"examples": ROWS}).encode())),
        ("invocations", post(server, "/invocations", json.dumps({"dataframe_records": ROWS}).encode())),
        ("invocations", post(server, "/invocations", table, "text/csv")),
    ]
    statements: list[Statement] = []
    for route, response in asked:
        receipt = response.headers["sealift-receipt"]
        statement = verify_receipt(receipt, folder / "server.pem.pub", model=folder / "tiny.seal", rows=ROWS)
        assert statement.route == route
        assert replay_receipt(receipt, folder / "tiny.seal", ROWS).agreement == "exact"
        statements.append(statement)
    assert len({json.dumps(dict(each.values or {})) for each in statements}) == 1
    assert len({each.salt for each in statements}) == len(statements)
    assert statements[0].values is not None
    assert statements[0].values["probability"][0][1] == pytest.approx(seals.risk(61.5, 80.25, "f"))


def test_trailing_metadata_of_grpc(server: Running, folder: Path) -> None:
    request = pb.ModelInferRequest(model_name="tiny")
    for entry in INFER["inputs"]:
        tensor = request.inputs.add(name=entry["name"], datatype=entry["datatype"], shape=entry["shape"])
        if entry["datatype"] == "BYTES":
            tensor.contents.bytes_contents.extend(text.encode() for text in entry["data"])
        else:
            tensor.contents.fp64_contents.extend(entry["data"])
    with grpc.insecure_channel(server.grpc) as channel:
        ask = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=pb.ModelInferRequest.SerializeToString,
            response_deserializer=pb.ModelInferResponse.FromString,
        )
        _, call = ask.with_call(request, metadata=(("sealift-receipt", "1"),), timeout=30)
        (receipt,) = [value for key, value in call.trailing_metadata() if key == "sealift-receipt"]
        statement = verify_receipt(receipt, folder / "server.pem.pub", model=folder / "tiny.seal", rows=ROWS)
        assert statement.route == "grpc"
        _, call = ask.with_call(request, timeout=30)
        assert "sealift-receipt" not in dict(call.trailing_metadata())


def test_the_client(server: Running, folder: Path) -> None:
    with Client(server.url) as client:
        receipt = client.predict("tiny", ROWS, receipt=True).receipt
        assert receipt is not None
        verify_receipt(receipt, folder / "server.pem.pub", model=folder / "tiny.seal", rows=ROWS)
        assert client.predict("tiny", ROWS).receipt is None


def command(*arguments: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sealift", "receipt", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_commands(server: Running, folder: Path) -> None:
    with post(server, "/v1/models/tiny/predict", json.dumps(ROWS).encode()) as response:
        (folder / "headers.txt").write_text(f"HTTP/1.1 200 OK\r\n{response.headers}")
    (folder / "rows.json").write_text(json.dumps(ROWS))
    (folder / "others.json").write_text(json.dumps(ROWS[::-1]))
    key, rows = ["--key", "server.pem.pub"], ["--rows", "rows.json"]
    code, text = command("verify", "headers.txt", *key, "--model", "tiny.seal", *rows, folder=folder)
    assert (code, "signature  valid" in text, "2 rows, 2 answered" in text) == (0, True, True)
    code, text = command("verify", "headers.txt", *key, "--model", "tiny.seal", "--rows", "others.json", folder=folder)
    assert (code, "E778" in text) == (1, True)
    code, text = command("replay", "headers.txt", "tiny.seal", *rows, "--json", folder=folder)
    told = json.loads(text)
    assert (code, told["ok"], told["agreement"], told["signature"]) == (0, True, "exact", False)
    for wrong in (
        ["verify", "headers.txt"],
        ["replay", "headers.txt", "tiny.seal"],
        ["verify", "headers.txt", *key, *rows],
    ):
        assert command(*wrong, folder=folder)[0] == 2


def test_every_answer_has_one_where_the_deployment_says_so(folder: Path) -> None:
    path = folder / "always.toml"
    path.write_text(
        '[[models]]\nfile = "tiny.seal"\n[receipts]\nkey = "server.pem"\nalways = true\nanswers = "digest"\n'
    )
    with serving(str(path)) as server:
        body = json.dumps(ROWS[0]).encode()
        request = urllib.request.Request(f"{server.url}/v1/models/tiny/predict", body)
        with urllib.request.urlopen(request, timeout=30) as response:
            receipt = response.headers["sealift-receipt"]
    assert verify_receipt(receipt, folder / "server.pem.pub").values is None
    assert replay_receipt(receipt, folder / "tiny.seal", ROWS[0]).agreement == "exact"
