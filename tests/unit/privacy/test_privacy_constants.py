"""The constants of a graph that can hold data, its strings, and the tensors that rows are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sealift.graph.split_model import SplitModel
from sealift.packing.privacy.constants import (
    intermediates,
    numbers_of,
    pruned,
    strings_of,
)


def initializer(name: str, values: Any, dtype: Any = np.float64) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def model(nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto], output: str = "y") -> onnx.ModelProto:
    given = helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["N", 2])
    made = helper.make_tensor_value_info(output, TensorProto.DOUBLE, None)
    graph = helper.make_graph(nodes, "g", [given], [made], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 5)])


def node(kind: str, *inputs: str, to: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [to], **attributes)


def tree(kind: str, name: str, value: Any) -> onnx.NodeProto:
    return helper.make_node(kind, ["x"], ["y"], domain="ai.onnx.ml", **{name: value})


def described(graph: onnx.ModelProto) -> list[tuple[list[float], str, bool]]:
    constants = numbers_of(SplitModel(graph, {}))
    assert all(constant.values.dtype == np.float64 for constant in constants)
    return [(c.values.ravel().tolist(), c.role, c.single) for c in constants]


def test_floats_are_constants_in_their_precision() -> None:
    initializers = [
        initializer("a", [1.5, 2.5]),
        initializer("b", [0.1], np.float32),
        initializer("c", [0.25], np.float16),
        initializer("d", []),
    ]
    assert described(model([], initializers)) == [
        ([1.5, 2.5], "number", False),
        ([float(np.float32(0.1))], "number", True),
    ]


@pytest.mark.parametrize(
    ("kind", "inputs", "counts"),
    [
        *((kind, ("x", "k"), True) for kind in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")),
        *((kind, ("x", "k"), True) for kind in ("Add", "Sub", "Mul", "Div")),
        ("Where", ("x", "x", "k"), True),
        *((kind, ("k", "x"), True) for kind in ("Gather", "GatherND", "GatherElements")),
        *((kind, ("x", "k"), False) for kind in ("Gather", "GatherND", "GatherElements")),
        ("Reshape", ("x", "k"), False),
        ("Slice", ("x", "k"), False),
    ],
)
def test_whole_numbers_count_where_they_are_compared_or_looked_up(
    kind: str, inputs: tuple[str, ...], counts: bool
) -> None:
    graph = model([node(kind, *inputs)], [initializer("k", [41, 43], np.int64)])
    assert described(graph) == ([([41.0, 43.0], "number", False)] if counts else [])


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("nodes_splits", "threshold"),
        ("nodes_values", "threshold"),
        ("nodes_values_as_tensor", "threshold"),
        ("membership_values", "threshold"),
        ("leaf_weights", "leaf"),
        ("target_weights", "leaf"),
        ("class_weights", "leaf"),
        ("base_values", "leaf"),
        ("target_weights_as_tensor", "leaf"),
        ("class_weights_as_tensor", "leaf"),
        ("base_values_as_tensor", "leaf"),
    ],
)
@pytest.mark.parametrize("kind", ["TreeEnsemble", "TreeEnsembleRegressor", "TreeEnsembleClassifier"])
def test_roles_of_the_numbers_of_trees(kind: str, name: str, role: str) -> None:
    as_floats = model([tree(kind, name, [0.5, 0.25])], [])
    assert described(as_floats) == [([0.5, 0.25], role, True)]
    as_tensor = model([tree(kind, name, initializer("t", [0.1]))], [])
    assert described(as_tensor) == [([0.1], role, False)]


def test_other_tensors_of_trees_are_their_structure() -> None:
    for kind in ("TreeEnsemble", "TreeEnsembleRegressor", "TreeEnsembleClassifier"):
        tree = node(kind, "x", domain="ai.onnx.ml", nodes_hitrates=initializer("t", [0.1]), nodes_modes=[1, 2])
        assert described(model([tree], [])) == []
        whole = node(kind, "x", domain="ai.onnx.ml", nodes_splits=initializer("t", [7], np.int64))
        assert described(model([whole], [])) == []


def test_attributes_of_other_nodes() -> None:
    nodes = [
        node("Constant", value=initializer("t", [41], np.int64)),
        node("Scaler", "x", domain="ai.onnx.ml", offset=[1.5]),
        node("LabelEncoder", "x", domain="ai.onnx.ml", keys_int64s=[411, 412], values_floats=[0.5, 0.25]),
        node("LabelEncoder", "x", domain="ai.onnx.ml", keys_floats=[0.125, 0.5], values_int64s=[511, 512]),
        node("ZipMap", "x", domain="ai.onnx.ml", classlabels_int64s=[611]),
        node("CategoryMapper", "x", domain="ai.onnx.ml", cats_int64s=[711]),
        node("Transpose", "x", perm=[1, 0]),
    ]
    assert described(model(nodes, [])) == [
        ([41.0], "number", False),
        ([1.5], "number", True),
        ([411.0, 412.0], "number", False),
        ([0.5, 0.25], "number", True),
        ([0.125, 0.5], "number", True),
        ([511.0, 512.0], "number", False),
        ([611.0], "number", False),
        ([711.0], "number", False),
    ]


def inner_graph(*nodes: onnx.NodeProto, initializers: tuple[onnx.TensorProto, ...] = ()) -> onnx.GraphProto:
    return helper.make_graph(
        list(nodes), "inner", [], [helper.make_tensor_value_info("z", TensorProto.DOUBLE, None)], list(initializers)
    )


def test_subgraphs_count_too() -> None:
    inner = inner_graph(node("Add", "x", "k", to="z"), initializers=(initializer("a", [0.7]),))
    graph = model([node("If", "c", then_branch=inner, else_branch=inner)], [initializer("k", [41], np.int64)])
    assert described(graph) == [([41.0], "number", False), ([0.7], "number", False), ([0.7], "number", False)]
    assert strings_of(graph) == {""}


def test_a_list_of_subgraphs_counts_too() -> None:
    holder = onnx.NodeProto(op_type="Other", input=["x"], output=["y"])
    holder.attribute.append(
        onnx.AttributeProto(
            name="graphs",
            type=onnx.AttributeProto.GRAPHS,
            graphs=[inner_graph(initializers=(initializer("a", [0.7]),))],
        )
    )
    assert described(model([holder], [])) == [([0.7], "number", False)]


def test_every_string_of_the_graph() -> None:
    inner = inner_graph(node("StringConcat", "x", "b", to="z"), initializers=(initializer("b", ["Maria"], object),))
    nodes = [
        node("LabelEncoder", "x", domain="ai.onnx.ml", keys_strings=["Ann", "Bob"], default_string="none"),
        node("Constant", value=initializer("t", ["Zoë"], object)),
        node("If", "c", then_branch=inner, else_branch=inner),
    ]
    graph = model(nodes, [initializer("a", ["Paul"], object)])
    assert strings_of(graph) - {""} == {"Ann", "Bob", "none", "Zoë", "Paul", "Maria"}
    broken = onnx.NodeProto(op_type="Other")
    broken.attribute.append(onnx.AttributeProto(name="s", type=onnx.AttributeProto.STRING, s=b"\xff"))
    assert strings_of(model([broken], [])) == {"\ufffd"}


# Tensors that rows are compared with.


def test_tensors_that_meet_a_table_or_a_tree_are_intermediates() -> None:
    nodes = [
        node("Abs", "x", to="a"),
        node("Add", "a", "two", to="b"),
        node("Mul", "b", "one", to="c"),
        node("Neg", "c", to="d"),
        node("TreeEnsemble", "d", to="y", domain="ai.onnx.ml"),
    ]
    graph = model(nodes, [initializer("two", [1.0, 2.0]), initializer("one", [3.0])])
    assert intermediates(graph) == {"a": "input", "d": "input"}


def test_what_is_only_passed_on_is_looked_for_where_it_came_from() -> None:
    for kind in ("Cast", "Concat", "Identity", "Pad", "Reshape", "Transpose"):
        nodes = [node("Abs", "x", to="a"), node(kind, "a", to="b"), node("Add", "b", "two")]
        assert list(intermediates(model(nodes, [initializer("two", [1.0, 2.0])]))) == ["a", "b"], kind
    nodes = [node("Abs", "x", to="a"), node("Neg", "a", to="b"), node("Add", "b", "two")]
    assert list(intermediates(model(nodes, [initializer("two", [1.0, 2.0])]))) == ["b"]


def test_tensors_that_a_subgraph_reads_are_intermediates() -> None:
    inner = inner_graph(node("Neg", "a", to="z"))
    graph = model([node("Abs", "x", to="a"), node("Neg", "a", to="c"), node("If", "c", then_branch=inner)], [])
    assert intermediates(graph) == {"a": "input", "c": "input"}


@pytest.mark.parametrize(
    ("nodes", "source"),
    [
        ([node("Abs", "x", to="b")], "input"),
        ([node("Add", "x", "x", to="b")], "input"),
        ([node("Add", "x", "one", to="b")], "input"),
        ([node("Hardmax", "x", to="b")], "other"),
        ([node("Gather", "table", "x", to="b")], "other"),
        ([node("Gather", "x", "one", to="b")], "input"),
        ([node("Where", "x", "x", "one", to="b")], "filled"),
        ([node("Where", "x", "one", "x", to="b")], "filled"),
        ([node("Where", "x", "one", "one", to="b")], "other"),
        ([node("Where", "x", "x", "x", to="b")], "filled"),
        ([node("Hardmax", "x", to="h"), node("Where", "x", "x", "h", to="b")], "other"),
        ([node("Hardmax", "x", to="h"), node("Add", "x", "h", to="b")], "other"),
        ([node("Where", "x", "x", "one", to="f"), node("Add", "x", "f", to="b")], "filled"),
        ([node("Where", "x", "x", "one", to="f"), node("Neg", "f", to="b")], "filled"),
        ([node("Neg", "one", to="b")], "other"),
        ([node("ScatterElements", "x", "x", "x", to="b")], "other"),
    ],
)
def test_the_origin_of_a_tensor(nodes: list[onnx.NodeProto], source: str) -> None:
    graph = model([*nodes, node("Add", "b", "table")], [initializer("table", [1.0, 2.0]), initializer("one", [3.0])])
    assert intermediates(graph)["b"] == source


_ARITHMETIC = (
    "Add Sub Mul Div Neg Abs Pow Sqrt Exp Log Reciprocal Sigmoid Tanh Erf Cast Identity Concat Gather Slice Split "
    "Transpose Reshape Squeeze Unsqueeze Gemm MatMul ReduceSum ReduceSumSquare ReduceMean ReduceL1 ReduceL2"
)


@pytest.mark.parametrize("kind", _ARITHMETIC.split())
def test_arithmetic_keeps_the_origin(kind: str) -> None:
    graph = model([node(kind, "x", to="b"), node("Add", "b", "two")], [initializer("two", [1.0, 2.0])])
    assert intermediates(graph) == {"b": "input"}


def test_the_part_that_computes_an_output() -> None:
    inner = inner_graph(node("Add", "a", "k", to="z"))
    nodes = [
        node("Abs", "x", to="a"),
        node("Neg", "x", to="unused"),
        node("If", "c", then_branch=inner, else_branch=inner, to="b"),
        node("Exp", "b", to="y"),
    ]
    constants = [initializer("c", [True], bool), initializer("k", [1.0]), initializer("other", [2.0])]
    part = pruned(model(nodes, constants), ["b"])
    assert [node.op_type for node in part.graph.node] == ["Abs", "If"]
    assert {tensor.name for tensor in part.graph.initializer} == {"c", "k"}
    assert [value.name for value in part.graph.input] == ["x"]
    assert [value.name for value in part.graph.output] == ["b"]
    assert [(opset.domain, opset.version) for opset in part.opset_import] == [("", 18), ("ai.onnx.ml", 5)]
    assert part.ir_version == model([], []).ir_version
    assert part.graph.name
