"""The prediction routes of TensorFlow Serving and of MLflow, so that their clients work unchanged.

TensorFlow Serving: "RESTful API" (tensorflow.org/tfx/serving/api_rest). MLflow: "MLflow Model Serving", the protocol of
`/invocations`.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from sealift.contract import CellReader, Contract
from sealift.contract.outputs import output_kind
from sealift.errors import ContractError, ServeError
from sealift.serve import values
from sealift.serve.answered import Answered
from sealift.serve.calls import Call
from sealift.serve.http.messages import (
    JSON,
    Request,
    Response,
    as_json,
    check_json,
    malformed,
    read_json,
    unsupported,
)
from sealift.serve.served import ServedModel

_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def status(model: ServedModel) -> Response:
    """`GET /v1/models/{name}` of TensorFlow Serving."""
    entry = {
        "version": model.version,
        "state": "AVAILABLE" if model.ready else "LOADING",
        "status": {"error_code": "OK", "error_message": ""},
    }
    return as_json({"model_version_status": [entry]})


def predict(call: Call, request: Request) -> Response:
    """`:predict`: `instances` (rows) or `inputs` (columns, or a matrix).

    The predictions are values where the model has one output, else objects by output name; those of `inputs` are
    columns, as in TensorFlow Serving.
    """
    body = _object(request)
    name = _one_of(body, ("instances", "inputs"))
    answered = _all_good(call, _instances(call.model.contract, body[name]) if name == "instances" else body[name])
    columns = {output.name: values.plain(answered.outputs[output.name]) for output in call.model.contract.outputs}
    if name == "inputs":
        return as_json({"outputs": next(iter(columns.values())) if len(columns) == 1 else columns})
    if len(columns) == 1:
        return as_json({"predictions": next(iter(columns.values()))})
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return as_json({"predictions": rows})


def classify(call: Call, request: Request) -> Response:
    """`:classify`: for each example, the classes with their probabilities."""
    output = next((output for output in call.model.contract.outputs if output_kind(output).by_class), None)
    if output is None:
        raise _no_answer("probabilities of classes")
    names = values.part_names(output)
    answered = _all_good(call, _examples(request))
    rows = values.plain(answered.outputs[output.name])
    labels = names if names is not None else [str(i) for i in range(output.width or 1)]
    return as_json({"result": [[list(pair) for pair in zip(labels, row, strict=True)] for row in rows]})


def regress(call: Call, request: Request) -> Response:
    """`:regress`: for each example, the predicted value."""
    output = call.model.contract.outputs[0]
    if output.width is not None or not output_kind(output).has_tolerance(output):
        raise _no_answer("predicted value")
    answered = _all_good(call, _examples(request))
    return as_json({"result": values.plain(answered.outputs[output.name])})


def invocations(call: Call, request: Request) -> Response:
    """MLflow's `/invocations`: a data frame as JSON in four forms, or CSV.

    As the scikit-learn flavor does, it answers what `predict` of the original returns: the label of a classifier, the
    value of a regressor, or the features of a transformer.
    """
    if request.media_type == "text/csv":
        rows = _csv(call.model.contract, request.content())
    elif request.media_type == JSON:
        rows = _frame(call.model.contract, _object(request))
    else:
        raise unsupported(request.media_type, [JSON, "text/csv"])
    answered = _all_good(call, rows)
    output = call.model.contract.outputs[0]
    return as_json({"predictions": values.plain(answered.outputs[output.name])})


def _frame(contract: Contract, body: dict[str, Any]) -> Any:
    form = _one_of(body, _FORMS)
    data = body[form]
    if form != "dataframe_split":
        return _instances(contract, data) if form == "instances" else data
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise malformed('"dataframe_split" must be an object with "columns" and "data"')
    columns, rows = data.get("columns"), data["data"]
    if columns is None:
        return rows
    unnamed = _are_positions(columns)
    if not unnamed and not (isinstance(columns, list) and all(isinstance(column, str) for column in columns)):
        raise malformed('"columns" must be a list of strings')
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        raise malformed('each row of "data" must have as many values as there are "columns"')
    if unnamed:
        return rows
    if len(set(columns)) != len(columns):
        raise ContractError("E103", "The rows name a column twice.", fix="Rename or remove one of them.")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _are_positions(columns: Any) -> bool:
    """Whether columns are those of a data frame that was made without names: 0, 1, …"""
    return isinstance(columns, list) and columns == list(range(len(columns))) and all(type(x) is int for x in columns)


def _csv(contract: Contract, data: bytes) -> Any:
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise malformed(f"it is not CSV in UTF-8: {error}") from None
    lines = [line for line in lines if line]
    if len(lines) < 2 or any(len(line) != len(lines[0]) for line in lines):
        raise malformed("it must be a header and rows with as many cells as the header")
    header, *rows = lines
    columns: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    if len(columns) != len(header):
        raise ContractError("E103", "The rows name a column twice.", fix="Rename or remove one of them.")
    for field in contract.inputs:
        if field.name in columns:
            columns[field.name] = CellReader.of(field).column(columns[field.name])
    return columns


def _instances(contract: Contract, data: Any) -> Any:
    """Instances as rows: objects, lists, or plain values for a model of one input."""
    if isinstance(data, list) and len(contract.inputs) == 1 and not any(isinstance(x, list | dict) for x in data):
        return [[value] for value in data]
    return data


def _examples(request: Request) -> Any:
    body = _object(request)
    examples = body.get("examples")
    if not isinstance(examples, list) or not all(isinstance(example, dict) for example in examples):
        raise malformed('"examples" must be a list of objects')
    context = body.get("context", {})
    if not isinstance(context, dict):
        raise malformed('"context" must be an object')
    return [{**context, **example} for example in examples]


def _object(request: Request) -> dict[str, Any]:
    check_json(request)
    body = read_json(request.content(), request.limits, constants=True)
    if not isinstance(body, dict):
        raise malformed("it must be an object")
    return body


def _one_of(body: dict[str, Any], names: tuple[str, ...]) -> str:
    present = [name for name in names if name in body]
    if len(present) != 1:
        raise malformed(f"it must have exactly one of {', '.join(names)}")
    return present[0]


def _no_answer(kind: str) -> ServeError:
    return ServeError(
        "E708",
        f"The model has no {kind}.",
        fix="Use the route /v1/models/NAME/predict, which returns all its outputs.",
    )


def _all_good(call: Call, rows: Any) -> Answered:
    """The answers; these protocols cannot report a problem of one row. Raises ContractError for the first."""
    answered = call.answer(rows)
    if answered.problems:
        raise answered.problems[0].as_error()
    return answered
