"""A sealed model whose outputs are its inputs, for tests of what arrives over a route."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sealift import canonical, seal
from sealift.contract import Contract, Field, Output

LARGE = 2**53 + 1
"""The first integer that a double cannot represent."""

INPUTS = (
    Field(name="number", dtype="float64", missing="allowed"),
    Field(name="whole", dtype="int64", missing="allowed"),
    Field(name="flag", dtype="bool", missing="allowed"),
    Field(name="text", dtype="string", missing="allowed"),
    Field(name="note", dtype="string", missing="allowed", missing_as=("NA",)),
)
OUTPUTS = (
    # number, whole and flag; NaN where missing.
    Output(name="numbers", kind="features", dtype="float64", width=3),
    # 1 / number: an infinity for 0 and -0.
    Output(name="inverse", kind="value", dtype="float64"),
    # whole + LARGE, in 64 bits; LARGE where it is missing.
    Output(name="large", kind="label", dtype="int64"),
    Output(name="text_out", kind="label", dtype="string"),
    Output(name="note_out", kind="label", dtype="string"),
    # Whether text or note is missing: 0 for none, 1 for text, 2 for note, 3 for both.
    Output(name="absent", kind="label", dtype="int64"),
)
_EXAMPLE = (0.5, 3, True, "a", "b")


def write(path: Path, first: str) -> Path:
    """Write the sealed model; `first` names its first output, which is the only one that some routes return."""
    outputs = sorted(OUTPUTS, key=lambda output: output.name != first)
    contract = Contract(inputs=INPUTS, outputs=tuple(outputs), task="transformation", title="Echo")
    answers = {
        "numbers": [[0.5, 3.0, 1.0]],
        "inverse": [2.0],
        "large": [LARGE + 3],
        "text_out": ["a"],
        "note_out": ["b"],
        "absent": [0],
    }
    examples = {
        "columns": [field.name for field in INPUTS],
        "rows": [list(_EXAMPLE)],
        "answers": answers,
        "tolerance": {},
        "source": "generated",
    }
    parts = {
        "contract.json": canonical.dumps(contract.as_json()),
        "model.onnx": _graph(contract),
        "golden/examples.json": canonical.dumps(examples),
        "evidence.json": canonical.dumps({"rows": 1}),
        "card.md": b"---\nlicense: other\n---\n# Echo\n",
        "provenance.json": canonical.dumps({}),
        "sbom.cdx.json": canonical.dumps({"bomFormat": "CycloneDX"}),
    }
    members = seal.assemble(parts, name="echo", version="1", task="transformation", producer="tests", opsets={"": 21})
    seal.write(path, members)
    return path


def _graph(contract: Contract) -> bytes:
    constants = {
        "one": np.array(1.0),
        "zero": np.array(0.0),
        "large_1": np.array(LARGE, dtype=np.int64),
        "first": np.array(0, dtype=np.int64),
        "second": np.array(1, dtype=np.int64),
        "weights": np.array([[1.0], [2.0]]),
        "axis": np.array([1], dtype=np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Identity", ["number"], ["numbers"]),
        node("Gather", ["number", "first"], ["x"], axis=1),
        node("Div", ["one", "x"], ["inverse"]),
        node("Gather", ["number", "second"], ["n"], axis=1),
        node("IsNaN", ["n"], ["n_missing"]),
        node("Where", ["n_missing", "zero", "n"], ["n_filled"]),
        node("Cast", ["n_filled"], ["n_whole"], to=TensorProto.INT64),
        node("Add", ["n_whole", "large_1"], ["large"]),
        node("Gather", ["text", "first"], ["text_out"], axis=1),
        node("Gather", ["text", "second"], ["note_out"], axis=1),
        node("Cast", ["text_missing"], ["missing"], to=TensorProto.DOUBLE),
        node("MatMul", ["missing", "weights"], ["sum"]),
        node("Squeeze", ["sum", "axis"], ["flat"]),
        node("Cast", ["flat"], ["absent"], to=TensorProto.INT64),
    ]
    value = helper.make_tensor_value_info
    kinds = {"float64": TensorProto.DOUBLE, "int64": TensorProto.INT64, "string": TensorProto.STRING}
    body = helper.make_graph(
        nodes,
        "echo",
        [
            value("number", TensorProto.DOUBLE, [None, 3]),
            value("text", TensorProto.STRING, [None, 2]),
            value("text_missing", TensorProto.BOOL, [None, 2]),
        ],
        [
            value(output.name, kinds[output.dtype], [None] if output.width is None else [None, output.width])
            for output in contract.outputs
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(model, {"sealift.contract": canonical.dumps(contract.as_json()).decode()})
    return bytes(model.SerializeToString())
