"""Sealed files whose graphs pass every static check, and compute or allocate without end for certain rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from sealift import canonical, seal
from sealift.contract import Contract, Field, Output

CONTRACT = Contract(
    inputs=(Field(name="x", dtype="float64"),),
    outputs=(Output(name="value", kind="value", dtype="float64"),),
    task="regression",
)
SLOW, LARGE = 1.0, 2.0  # the values of x at which the graphs below turn hostile


def model(nodes: Sequence[NodeProto], constants: Mapping[str, object]) -> ModelProto:
    """A graph that computes `value` (N,) from `number` (N, 1)."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        nodes,
        "hostile",
        [value("number", TensorProto.DOUBLE, [None, 1])],
        [value("value", TensorProto.DOUBLE, [None])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def sealed(path: Path, graph: ModelProto, example: float) -> Path:
    """A sealed file of the graph; its one example is `example`, answered by itself."""
    parts = dict.fromkeys(("evidence.json", "provenance.json", "sbom.cdx.json"), b"{}")
    examples = {
        "columns": ["x"], "rows": [[example]], "answers": {"value": [example]}, "tolerance": {}, "source": "generated",
    }  # fmt: skip
    parts |= {
        "card.md": b"#",
        "contract.json": canonical.dumps(CONTRACT.as_json()),
        "golden/examples.json": canonical.dumps(examples),
        "model.onnx": graph.SerializeToString(),
    }
    seal.write(path, seal.assemble(parts, name="h", version="1", task="regression", producer="t", opsets={"": 21}))
    return path


def large_graph(elements: int = 12_500_000_000) -> ModelProto:
    """Asks for `elements` doubles (10^11 bytes) where x is LARGE, and for one otherwise."""
    node = helper.make_node
    nodes = [
        node("Squeeze", ["number", "axis"], ["plain"]),
        node("ReduceMax", ["number"], ["most"], keepdims=0),
        node("Equal", ["most", "large"], ["is_large"]),
        node("Where", ["is_large", "many", "few"], ["size"]),
        node("Expand", ["zero", "size"], ["zeros"]),
        node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        node("Add", ["plain", "nothing"], ["value"]),
    ]
    constants = {
        "axis": np.array([1]), "large": np.array(LARGE), "many": np.array([elements]), "few": np.array([1]),
        "zero": np.array(0.0),
    }  # fmt: skip
    return model(nodes, constants)


def slow_graph() -> ModelProto:
    """Multiplies large matrices for hours where x is SLOW."""
    node = helper.make_node
    nodes = [
        node("Squeeze", ["number", "axis"], ["plain"]),
        node("ReduceMax", ["number"], ["most"], keepdims=0),
        node("Equal", ["most", "slow"], ["is_slow"]),
        node("Where", ["is_slow", "many", "few"], ["size"]),
        node("Expand", ["zero", "size"], ["m0"]),
    ]
    nodes += [node("MatMul", [f"m{i}", f"m{i}"], [f"m{i + 1}"]) for i in range(200)]
    nodes += [node("ReduceSum", ["m200"], ["nothing"], keepdims=0), node("Add", ["plain", "nothing"], ["value"])]
    constants = {
        "axis": np.array([1]), "slow": np.array(SLOW), "many": np.array([6000, 6000]), "few": np.array([1, 1]),
        "zero": np.array(0.0),
    }  # fmt: skip
    return model(nodes, constants)


def large(path: Path, example: float) -> Path:
    return sealed(path, large_graph(), example)


def slow(path: Path, example: float) -> Path:
    return sealed(path, slow_graph(), example)
