"""One row over each route of the server: how it is sent, and how its answers are read."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from tritonclient.grpc import service_pb2 as pb

from echo import INPUTS, OUTPUTS
from sealift.errors import SealiftError
from sealift.serve.grpc.methods import METHODS
from sealift.serve.http.messages import Request, status_of
from sealift.serve.http.routes import respond
from sealift.serve.service import Service

Row = Mapping[str, Any]
Answers = dict[str, Any]
"""Output → its value or values for the row."""
NAMES = [field.name for field in INPUTS]
_SPELLED = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class RefusedError(Exception):
    """A row or a request that was refused; the message has the code."""


@dataclass(frozen=True)
class Spelled:
    """A value as text of JSON or of CSV."""

    text: str


def post(service: Service, path: str, body: bytes, media_type: str, **headers: str) -> Any:
    """A response. Raises RefusedError."""
    response = respond(service, Request("POST", path, {"content-type": media_type, **headers}, body))
    assert response.status == 200 or 400 <= response.status < 500, response
    if response.status != 200:
        raise RefusedError(response.body.decode())
    return response


# JSON.


def spelled(value: Any) -> str:
    """A value as JSON; those that JSON cannot represent as Python writes them."""
    return value.text if isinstance(value, Spelled) else json.dumps(value)


def _object(row: Row) -> str:
    return f"{{{','.join(f'{json.dumps(name)}:{spelled(value)}' for name, value in row.items())}}}"


def _list(row: Row) -> str:
    return f"[{','.join(spelled(row[name]) for name in NAMES)}]"


def _columns(row: Row) -> str:
    return f"{{{','.join(f'{json.dumps(name)}:[{spelled(value)}]' for name, value in row.items())}}}"


def _plain(value: Any, dtype: str) -> Any:
    """A value of JSON as that of an output."""
    if isinstance(value, list):
        return [_plain(item, dtype) for item in value]
    if dtype != "float64":
        return value
    return _SPELLED[value] if isinstance(value, str) else float(value)


def _of_objects(answers: Mapping[str, Any]) -> Answers:
    return {output.name: _plain(answers[output.name], output.dtype) for output in OUTPUTS}


def predict(form: Callable[[Row], str]) -> Callable[[Service, Row], Answers]:
    """`predict` in JSON."""

    def ask(service: Service, row: Row) -> Answers:
        path, body = "/v1/models/text_out/predict", form(row).encode()
        response = post(service, path, body, "application/json")
        answers = json.loads(response.body)["answers"]
        single = service.plane.find("text_out").single
        assert single is not None
        tensors = single.read(body)
        if tensors is not None:  # the short path of the connections must write the same bytes
            assert single.answer(tensors)[1] == response.body
            assert single.answer_joined([tensors])[1] == [response.body]
        return _of_objects(answers[0])

    return ask


def serving_instances(service: Service, row: Row) -> Answers:
    """TensorFlow Serving, by rows."""
    body = f'{{"instances":[{_object(row)}]}}'.encode()
    response = post(service, "/v1/models/text_out:predict", body, "application/json")
    return _of_objects(json.loads(response.body)["predictions"][0])


def serving_inputs(service: Service, row: Row) -> Answers:
    """TensorFlow Serving, by columns."""
    body = f'{{"inputs":{_columns(row)}}}'.encode()
    columns = json.loads(post(service, "/v1/models/text_out:predict", body, "application/json").body)["outputs"]
    return _of_objects({name: values[0] for name, values in columns.items()})


def invocations(form: Callable[[Row], str], media_type: str = "application/json") -> Callable[[Service, Row], Answers]:
    """MLflow's route, which returns the first output of a model: one request for each output."""

    def ask(service: Service, row: Row) -> Answers:
        body = form(row).encode("utf-8", "surrogatepass")
        answers = {}
        for output in OUTPUTS:
            only = Service(type(service.plane)([service.plane.find(output.name)]))
            response = json.loads(post(only, "/invocations", body, media_type).body)
            answers[output.name] = response["predictions"][0]
        return _of_objects(answers)

    return ask


def _split(row: Row) -> str:
    return f'{{"dataframe_split":{{"columns":{json.dumps(NAMES)},"data":[{_list(row)}]}}}}'


# CSV and JSON Lines.


def _cell(name: str, value: Any) -> str:
    """A cell of CSV as other programs write it."""
    if isinstance(value, Spelled):
        return value.text
    if value is None:
        return "NA" if name == "note" else ""  # its contract declares another word
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value)


def table(row: Row) -> str:
    """A table of one row, every cell in quotes."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(row)
    writer.writerow(_cell(name, value) for name, value in row.items())
    return written.getvalue()


def text(media_type: str, accept: str, form: Callable[[Row], str]) -> Callable[[Service, Row], Answers]:
    """`predict` in CSV or JSON Lines."""

    def ask(service: Service, row: Row) -> Answers:
        body = form(row).encode("utf-8", "surrogatepass")
        path = "/v1/models/text_out/predict"
        content = post(service, path, body, media_type, accept=accept).body.decode()
        if accept == "text/csv":
            (answers,) = csv.DictReader(io.StringIO(content, newline=""))
        else:
            (answers,) = [json.loads(line) for line in content.split("\n") if line]
        if answers.get("error"):
            raise RefusedError(answers["error"])
        return _of_cells(answers)

    return ask


def _of_cells(cells: Mapping[str, Any]) -> Answers:
    read: dict[str, Callable[[Any], Any]] = {"float64": _float, "int64": int, "string": str}
    answers: Answers = {}
    for output in OUTPUTS:
        values = [read[output.dtype](cells[name]) for name in output.column_names]
        answers[output.name] = values if output.width else values[0]
    return answers


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


# Arrow.


def arrow(service: Service, row: Row) -> Answers:
    """`predict` in Arrow."""
    types = {"number": pa.float64(), "whole": pa.int64(), "flag": pa.bool_(), "text": pa.string(), "note": pa.string()}
    columns = {}
    for name, value in row.items():
        if isinstance(value, str):
            data = value.encode("utf-8", "surrogatepass")
            offsets = pa.py_buffer(struct.pack("<ii", 0, len(data)))
            columns[name] = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data))
        else:
            kind = pa.int64() if type(value) is int and name == "number" else types[name]
            columns[name] = pa.array([value], kind, from_pandas=False)
    written = io.BytesIO()
    sent = pa.table(columns)
    with pa.ipc.new_stream(written, sent.schema) as stream:
        stream.write_table(sent)
    response = post(service, "/v1/models/text_out/predict", written.getvalue(), "application/vnd.apache.arrow.stream")
    with pa.ipc.open_stream(response.body) as stream:
        (cells,) = stream.read_all().to_pylist()
    if cells["error"]:
        raise RefusedError(cells["error"])
    return _of_cells(cells)


# Tensors.


def _kind(name: str, value: Any) -> str:
    """The data type of a value's tensor: a missing value is a NaN, and an integer is sent as one."""
    if name in ("number", "whole", "flag"):
        if value is None or isinstance(value, Spelled | float):
            return "FP64"
        return "BOOL" if isinstance(value, bool) else "INT64"
    return "BYTES"


def _bytes(value: Any, kind: str) -> bytes:
    if kind == "BYTES":
        data = value.encode("utf-8", "surrogatepass")
        return struct.pack("<I", len(data)) + bytes(data)
    if value is None:
        value = float("nan")
    return struct.pack({"FP64": "<d", "INT64": "<q", "BOOL": "<?"}[kind], value)


def infer_json(service: Service, row: Row) -> Answers:
    """`infer` with the data in JSON."""
    inputs = [
        f'{{"name":{json.dumps(name)},"datatype":"{_kind(name, value)}","shape":[1],"data":[{spelled(value)}]}}'
        for name, value in row.items()
    ]
    body = f'{{"inputs":[{",".join(inputs)}]}}'.encode()
    outputs = json.loads(post(service, "/v2/models/text_out/infer", body, "application/json").body)["outputs"]
    return _of_objects({x["name"]: x["data"] if len(x["shape"]) > 1 else x["data"][0] for x in outputs})


def infer_binary(service: Service, row: Row) -> Answers:
    """`infer` with binary data."""
    inputs: list[Any] = []
    blobs = []
    for name, value in row.items():
        kind = _kind(name, value)
        blobs.append(_bytes(value, kind))
        size = {"binary_data_size": len(blobs[-1])}
        inputs.append({"name": name, "datatype": kind, "shape": [1], "parameters": size})
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    length = {"inference-header-content-length": str(len(head))}
    body = head + b"".join(blobs)
    response = post(service, "/v2/models/text_out/infer", body, "application/octet-stream", **length)
    at = int(response.headers["inference-header-content-length"])
    answers: Answers = {}
    for output in json.loads(response.body[:at])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        answers[output["name"]] = _of_bytes(response.body[at : at + size], output["datatype"], output["shape"])
        at += size
    return answers


def _of_bytes(data: bytes, kind: str, shape: Sequence[int]) -> Any:
    if kind == "BYTES":
        assert struct.unpack_from("<I", data)[0] == len(data) - 4
        return data[4:].decode()
    values = np.frombuffer(data, dtype={"FP64": "<f8", "INT64": "<i8"}[kind]).tolist()
    return values if len(shape) > 1 else values[0]


def grpc(*, raw: bool) -> Callable[[Service, Row], Answers]:
    """gRPC with raw or typed contents."""
    fields = {"FP64": "fp64_contents", "INT64": "int64_contents", "BOOL": "bool_contents", "BYTES": "bytes_contents"}

    def ask(service: Service, row: Row) -> Answers:
        request = pb.ModelInferRequest(model_name="text_out")
        for name, value in row.items():
            kind = _kind(name, value)
            tensor = request.inputs.add(name=name, datatype=kind, shape=[1])
            if raw:
                request.raw_input_contents.append(_bytes(value, kind))
            else:
                sent = _bytes(value, kind)[4:] if kind == "BYTES" else float("nan") if value is None else value
                getattr(tensor.contents, fields[kind]).append(sent)
        try:
            data = METHODS["ModelInfer"](service, request.SerializeToString(), {}).data
        except SealiftError as error:
            raise RefusedError(str(error) if status_of(error) < 500 else repr(error)) from None
        response = pb.ModelInferResponse.FromString(data)
        answers: Answers = {}
        for i, output in enumerate(response.outputs):
            if raw:
                answers[output.name] = _of_bytes(response.raw_output_contents[i], output.datatype, output.shape)
                continue
            values = list(getattr(output.contents, fields[output.datatype]))
            values = [value.decode() if isinstance(value, bytes) else value for value in values]
            answers[output.name] = values if len(output.shape) > 1 else values[0]
        return answers

    return ask


CSV, LINES = "text/csv", "application/jsonl"
ROUTES: dict[str, dict[str, Callable[[Service, Row], Answers]]] = {
    "JSON": {
        "predict, an object": predict(_object),
        "predict, objects": predict(lambda row: f"[{_object(row)},{_object(row)}]"),
        "predict, lists": predict(lambda row: f"[{_list(row)},{_list(row)}]"),
        "predict, columns": predict(_columns),
    },
    "JSON Lines": {
        "predict, JSON Lines": text(LINES, LINES, lambda row: _object(row) + "\n"),
        "predict, JSON Lines to CSV": text(LINES, CSV, lambda row: _object(row) + "\n"),
    },
    "JSON, other servers": {
        "TensorFlow Serving, instances": serving_instances,
        "TensorFlow Serving, inputs": serving_inputs,
        "MLflow, split": invocations(_split),
        "MLflow, records": invocations(lambda row: f'{{"dataframe_records":[{_object(row)}]}}'),
        "MLflow, instances": invocations(lambda row: f'{{"instances":[{_object(row)}]}}'),
        "MLflow, inputs": invocations(lambda row: f'{{"inputs":{_columns(row)}}}'),
    },
    "tensors in JSON": {"infer": infer_json},
    "binary tensors, gRPC": {
        "infer, binary": infer_binary,
        "gRPC, raw contents": grpc(raw=True),
        "gRPC, typed contents": grpc(raw=False),
    },
    "CSV": {
        "predict, CSV": text(CSV, CSV, table),
        "predict, CSV to JSON Lines": text(CSV, LINES, table),
        "MLflow, CSV": invocations(table, CSV),
    },
    "Arrow": {"predict, Arrow": arrow},
}
"""Column of the table in docs/reference/server.md → route → function that sends a row and reads the answers."""
