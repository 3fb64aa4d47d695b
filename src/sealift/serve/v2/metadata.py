"""The metadata of the server and of its models, from the contract."""

from __future__ import annotations

from typing import Any

from sealift.contract import Field, Output
from sealift.serve import values
from sealift.serve.served import ServedModel
from sealift.serve.v2.tensors import BYTES, DATATYPES
from sealift.version import __version__

EXTENSIONS = ["binary_tensor_data"]


def server() -> dict[str, Any]:
    """The metadata of the server."""
    return {"name": "sealift", "version": __version__, "extensions": EXTENSIONS}


def model(served: ServedModel, versions: list[str]) -> dict[str, Any]:
    """The metadata of a model: one input for each field, and the outputs."""
    return {
        "name": served.name,
        "versions": versions,
        "platform": "sealift",
        "inputs": [_input(field) for field in served.contract.inputs],
        "outputs": [_output(output) for output in served.contract.outputs],
    }


def _input(field: Field) -> dict[str, Any]:
    tensors = field.type.tensors(0)
    shape = [-1, *(size if isinstance(size, int) else -1 for size in tensors[0].shape[1:])] if tensors else [-1]
    parameters: dict[str, Any] = {"missing": field.missing}
    parameters |= {key: text for key in ("title", "units", "description") if (text := getattr(field, key))}
    if field.categories is not None:
        parameters["categories"] = list(field.categories)
    datatype = DATATYPES.get(tensors[0].dtype if tensors else field.dtype, BYTES)  # dates are strings of ISO 8601
    return {"name": field.name, "datatype": datatype, "shape": shape, "parameters": parameters}


def _output(output: Output) -> dict[str, Any]:
    shape = [-1, *(-1 if size is None else size for size in output.axes)]
    entry: dict[str, Any] = {"name": output.name, "datatype": DATATYPES[output.dtype], "shape": shape}
    parts = None if output.width is None else values.part_names(output)
    return entry if parts is None else {**entry, "parameters": {"columns": parts}}
