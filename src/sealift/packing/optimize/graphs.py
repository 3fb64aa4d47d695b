"""Facts about a graph that several methods need."""

from __future__ import annotations

from itertools import islice

import onnx

from sealift.graph.constant_folding import reads, strip


def consumers(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """Name of a value → the nodes of the graph that use it; without values that an inner graph or an output uses."""
    uses: dict[str, list[onnx.NodeProto]] = {}
    elsewhere: set[str] = {output.name for output in graph.output}
    for node in graph.node:
        for name in node.input:
            uses.setdefault(name, []).append(node)
        elsewhere.update(islice(reads(node), len(node.input), None))  # the first ones are its inputs
    return {name: nodes for name, nodes in uses.items() if name not in elsewhere}


def has(model: onnx.ModelProto, operators: frozenset[str]) -> bool:
    """Whether a node of the graph has one of these operators."""
    return any(node.op_type in operators for node in model.graph.node)


def clean(model: onnx.ModelProto, original: onnx.ModelProto) -> None:
    """Remove what the tools note beside a graph, and imports of operator sets that no node uses."""
    strip(model.graph)
    del model.metadata_props[:]
    model.metadata_props.extend(original.metadata_props)
    used = _domains(model.graph)
    imports = [entry for entry in model.opset_import if entry.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(imports)


def _domains(graph: onnx.GraphProto) -> set[str]:
    domains = {node.domain for node in graph.node}
    for node in graph.node:
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                domains |= _domains(body)
    return domains
