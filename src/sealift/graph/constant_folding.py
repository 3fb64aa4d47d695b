"""Make a graph fit for a sealed file: constants are computed beforehand, and an exporter's notes are removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sealift.graph.split_model import SplitModel

# They compute nothing.
_PASSES_ON = frozenset({"Constant", "Identity"})
Tensors: TypeAlias = Mapping[str, onnx.TensorProto]


def strip(graph: onnx.GraphProto) -> None:
    """Remove what a sealed graph must not hold and what exporters note beside it, such as paths of source files."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.node):
        value.ClearField("metadata_props")
        value.ClearField("doc_string")
    for name in ("metadata_props", "quantization_annotation", "doc_string", "value_info"):
        graph.ClearField(name)
    for weight in graph.initializer:
        _strip_tensor(weight)
    for node in graph.node:
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
            if attribute.type == onnx.AttributeProto.GRAPH:
                strip(attribute.g)
            elif attribute.type == onnx.AttributeProto.TENSOR:
                _strip_tensor(attribute.t)


def fold(
    nodes: Iterable[onnx.NodeProto],
    constants: Tensors,
    members: Mapping[str, bytes],
    outputs: Collection[str],
    opsets: Mapping[str, int],
) -> tuple[list[onnx.NodeProto], dict[str, onnx.TensorProto]]:
    """Compute the nodes that read only constants, in subgraphs too.

    ONNX Runtime would compute them each time the file is opened; a reader of a sealed file refuses them, because a
    small file could thus require any amount of work.

    Args:
        nodes: in an order in which each reads what was computed before.
        constants: the constants that they may read, by name.
        members: the elements of those whose elements are elsewhere.
        outputs: the outputs of the graph that they make.
        opsets: domain → operator set.

    Returns:
        The other nodes, and the constants that were computed.
    """
    kept: list[onnx.NodeProto] = []
    fixed: list[onnx.NodeProto] = []
    known, computed = set(constants), set()
    for node in nodes:
        if not all(name in known for name in reads(node) if name):
            kept.append(node)
            continue
        known.update(node.output)
        fixed.append(node)
        if node.op_type in _PASSES_ON:
            kept.append(node)
        else:
            computed.update(node.output)
    made: dict[str, onnx.TensorProto] = {}
    wanted = sorted(computed & {name for node in kept for name in reads(node)}.union(outputs))
    if wanted:
        made = _computed(fixed, wanted, constants, members, opsets)
    copies = [helper.make_node("Identity", [f"{name}_constant"], [name]) for name in wanted if name in outputs]
    for copy in copies:
        made[copy.input[0]] = made.pop(copy.output[0])
        made[copy.input[0]].name = copy.input[0]
    everywhere = {**constants, **made}
    return [*copies, *(_inside(node, everywhere, members, opsets) for node in kept)], made


def reads(node: onnx.NodeProto) -> Iterator[str]:
    """The names that a node reads, in its subgraphs too, but for those that its subgraphs make themselves."""
    yield from node.input
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            body = attribute.g
            own = {value.name for value in (*body.input, *body.initializer)}
            own.update(name for inner in body.node for name in inner.output)
            read = [name for inner in body.node for name in reads(inner)] + [value.name for value in body.output]
            yield from (name for name in read if name not in own)


def _inside(
    node: onnx.NodeProto, constants: Tensors, members: Mapping[str, bytes], opsets: Mapping[str, int]
) -> onnx.NodeProto:
    """A node whose subgraphs are folded."""
    if not any(attribute.type == onnx.AttributeProto.GRAPH for attribute in node.attribute):
        return node
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    for attribute in copy.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            body = attribute.g
            known = {**constants, **{weight.name: weight for weight in body.initializer}}
            nodes, made = fold(body.node, known, members, {value.name for value in body.output}, opsets)
            del body.node[:]
            body.node.extend(nodes)
            body.initializer.extend(made.values())
    return copy


def _computed(
    nodes: Sequence[onnx.NodeProto],
    wanted: Sequence[str],
    constants: Tensors,
    members: Mapping[str, bytes],
    opsets: Mapping[str, int],
) -> dict[str, onnx.TensorProto]:
    used = {name for node in nodes for name in reads(node)}
    # The engine counts rows, so it is given some.
    rows = helper.make_tensor_value_info("_rows", onnx.TensorProto.BOOL, [None])
    body = helper.make_graph(
        nodes,
        "constants",
        [rows],
        [onnx.ValueInfoProto(name=name) for name in wanted],
        [constants[name] for name in constants if name in used],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    model = helper.make_model(body, opset_imports=imports, ir_version=10)
    engine = SplitModel.of(model, members).engine(threads=1)
    result = engine.run({"_rows": np.zeros(2, dtype=np.bool_)}, wanted)
    return {name: numpy_helper.from_array(np.asarray(result[name]), name) for name in wanted}


def _strip_tensor(tensor: onnx.TensorProto) -> None:
    for name in ("doc_string", "metadata_props"):
        tensor.ClearField(name)
    if not tensor.external_data:
        tensor.ClearField("data_location")
