"""The routes of TensorFlow Serving and of MLflow."""

from __future__ import annotations

from typing import Any

from sealift.contract import Output
from sealift.contract.outputs import output_kind
from sealift.serve.openapi.parts import (
    JSON,
    TYPES,
    Schema,
    answering,
    example_of,
    object_of,
    reading,
    response,
    row_of,
)
from sealift.serve.served import ServedModel

_TEXT: Schema = {"type": "string"}


def of_tensorflow(served: ServedModel) -> dict[str, Schema]:
    """The routes of TensorFlow Serving for a model; `classify` and `regress` where its outputs permit them."""
    name, example = served.name, example_of(served)
    rows: Schema = {"type": "array", "items": row_of(served), "minItems": 1}
    outputs = served.contract.outputs
    body = {"schema": object_of({"instances": rows}, ["instances"]), "example": {"instances": [example]}}
    answers = response("The predictions.", object_of({"predictions": {"type": "array"}}, ["predictions"]))
    examples = {"schema": object_of({"examples": rows}, ["examples"]), "example": {"examples": [example]}}
    states = response("The versions.", object_of({"model_version_status": {"type": "array"}}, ["model_version_status"]))
    path = f"/v1/models/{name}"
    operations = {
        path: reading("The state of the model, as TensorFlow Serving returns it", f"status_{name}", states),
        f"{path}:predict": answering(
            "Predict, as TensorFlow Serving does", f"tensorflow_predict_{name}", {JSON: body}, {"200": answers}
        ),
    }
    if any(output_kind(output).by_class for output in outputs):
        operations[f"{path}:classify"] = answering(
            "The probabilities of the classes, as TensorFlow Serving returns them",
            f"classify_{name}",
            {JSON: examples},
            {"200": _result({"type": "array"})},
        )
    if _is_number(outputs[0]):
        operations[f"{path}:regress"] = answering(
            "The predicted value, as TensorFlow Serving returns it",
            f"regress_{name}",
            {JSON: examples},
            {"200": _result(TYPES["float64"])},
        )
    return operations


def of_mlflow(served: ServedModel) -> dict[str, Schema]:
    """The routes of MLflow's scoring server, which are available where one model is served."""
    example: dict[str, Any] = example_of(served)
    rows: Schema = {"type": "array", "items": row_of(served), "minItems": 1}
    split = {"columns": list(example), "data": [list(example.values())]}
    body = {
        "schema": object_of({"dataframe_records": rows}, ["dataframe_records"]),
        "examples": {
            "records": {"value": {"dataframe_records": [example]}},
            "split": {"value": {"dataframe_split": split}},
        },
    }
    answers = response("The first output.", object_of({"predictions": {"type": "array"}}, ["predictions"]))
    alive = response("The process responds.", _TEXT, "text/plain")
    version = response("The version.", _TEXT, "text/plain")
    return {
        "/invocations": answering("Predict, as MLflow does", "invocations", {JSON: body}, {"200": answers}),
        "/ping": reading("Whether the process responds", "ping", alive),
        "/health": reading("Whether the process responds", "health", alive),
        "/version": reading("The version of Sealift", "version", version),
    }


def _result(item: Schema) -> Schema:
    result: Schema = {"type": "array", "items": item}
    return response("A result for each example.", object_of({"result": result}, ["result"]))


def _is_number(output: Output) -> bool:
    return output.width is None and output_kind(output).has_tolerance(output)
