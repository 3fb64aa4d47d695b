"""Loops and branches in the graph: `scan`, `loop`, `cond`, and products in blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import helper

from sealift.graph.tensor import ELEMENT, Builder, Tensor


def scan(x: Tensor, body: Callable[[Tensor], Sequence[Tensor]]) -> list[Tensor]:
    """`body` applied to each row (d,) of `x` in turn; its results, stacked along the rows.

    For steps that compare a row with every training record: the memory needed does not grow with the number of rows.
    """
    graph = x.graph
    row = Tensor(graph, graph.fresh(), x.dtype, x.shape[1:])
    inner, results = _subgraph(graph, [row], lambda: body(row))
    names = [graph.fresh() for _ in results]
    graph.nodes.append(helper.make_node("Scan", [x.materialize().name], names, body=inner, num_scan_inputs=1))
    return [Tensor(graph, name, t.dtype, (x.shape[0], *t.shape)) for name, t in zip(names, results, strict=True)]


def in_blocks(x: Tensor, body: Callable[[Tensor], Tensor], size: int) -> Tensor:
    """`body`, which maps rows (n, d) to (n, k), applied to `size` rows of `x` at a time, or to all if fewer.

    For steps that compare rows with every training record by a product of matrices, which is fast for many rows.
    """
    graph = x.graph
    count = x.op("Shape", dtype="int64", shape=(1,), start=0, end=1)

    def blocks() -> Tensor:
        none = graph.constant(np.zeros(1, np.int64))
        pads = [none, none, (-count).op("Mod", np.array([size])), none]
        behind = graph.add("Concat", pads, "int64", (4,), axis=0)
        cut = x.op("Pad", behind).op("Reshape", np.array([-1, size, x.width]), shape=(None, size, x.width))
        (mapped,) = scan(cut, lambda block: [body(block)])
        flat = mapped.op("Reshape", np.array([-1, mapped.shape[2]]), shape=(None, mapped.shape[2]))
        return flat.op("Slice", np.array([0]), count, np.array([0]))

    return cond(count <= size, lambda: body(x), blocks)


def loop(
    graph: Builder, state: Sequence[Tensor], body: Callable[[list[Tensor]], tuple[Tensor, Sequence[Tensor]]], limit: int
) -> list[Tensor]:
    """The state after `body` was applied until it says to stop, `limit` times at most.

    Args:
        graph: the graph under construction.
        state: the initial state; each part keeps its dtype and shape.
        body: returns whether to go on, a bool scalar, and the next state.
        limit: the greatest number of iterations.
    """
    count = Tensor(graph, graph.fresh(), "int64", ())
    going = Tensor(graph, graph.fresh(), "bool", ())
    current = [Tensor(graph, graph.fresh(), t.dtype, t.shape) for t in state]

    def once() -> Sequence[Tensor]:
        proceed, following = body(current)
        return [proceed, *following]

    inner, _ = _subgraph(graph, [count, going, *current], once)
    start = [graph.constant(np.array(limit)), graph.constant(np.array(True)), *state]
    names = [graph.fresh() for _ in state]
    graph.nodes.append(helper.make_node("Loop", [t.materialize().name for t in start], names, body=inner))
    return [Tensor(graph, name, t.dtype, t.shape) for name, t in zip(names, state, strict=True)]


def cond(condition: Tensor, true_branch: Callable[[], Tensor], false_branch: Callable[[], Tensor]) -> Tensor:
    """The result of `true_branch` where the bool scalar holds, else of `false_branch`; the other is not computed."""
    graph = condition.graph
    then_branch, (first,) = _subgraph(graph, [], lambda: [true_branch()])
    else_branch, _ = _subgraph(graph, [], lambda: [false_branch()])
    name = graph.fresh()
    branches = {"then_branch": then_branch, "else_branch": else_branch}
    graph.nodes.append(helper.make_node("If", [condition.materialize().name], [name], **branches))
    return Tensor(graph, name, first.dtype, first.shape)


def _subgraph(
    graph: Builder, inputs: Sequence[Tensor], body: Callable[[], Sequence[Tensor]]
) -> tuple[onnx.GraphProto, Sequence[Tensor]]:
    """The nodes that `body` adds as a graph of their own, which may read tensors outside it; and its results."""
    outer, graph.nodes = graph.nodes, []
    try:
        results = body()
        copies = [graph.fresh() for _ in results]
        pairs = list(zip((t.materialize().name for t in results), copies, strict=True))
        nodes = [*graph.nodes, *(helper.make_node("Identity", [name], [copy]) for name, copy in pairs)]
    finally:
        graph.nodes = outer
    declared = [
        helper.make_tensor_value_info(c, ELEMENT[t.dtype], list(t.shape)) for t, c in zip(results, copies, strict=True)
    ]
    given = [helper.make_tensor_value_info(t.name, ELEMENT[t.dtype], list(t.shape)) for t in inputs]
    return helper.make_graph(nodes, "body", given, declared), results
