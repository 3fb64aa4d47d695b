"""Oblivious trees, as CatBoost grows them, by ONNX's operators: a traversal of nodes beside arithmetic of indices.

    python -m bench.trees.oblivious [--trees 200] [--depth 6]

All nodes of a level of an oblivious tree ask the same question, so that a leaf's index is a binary number whose digits
are comparisons. CatBoost's own evaluator computes it for many rows at once with vector instructions.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

COLUMNS, ROWS, TURNS = 30, 4096, 20


def session(nodes: list[Any], constants: dict[str, Any]) -> Any:
    known = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, COLUMNS])
    y = helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], known), opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def arithmetic(columns: Any, borders: Any, leaves: Any) -> Any:
    trees, depth = columns.shape
    node = helper.make_node
    nodes = [
        node("Gather", ["x", "columns"], ["values"], axis=1),
        node("Greater", ["values", "borders"], ["answers"]),
        node("Cast", ["answers"], ["digits"], to=TensorProto.FLOAT),
        node("Reshape", ["digits", "shape"], ["by_tree"]),
        node("MatMul", ["by_tree", "powers"], ["index"]),
        node("Cast", ["index"], ["whole"], to=TensorProto.INT64),
        node("Add", ["whole", "offsets"], ["place"]),
        node("Gather", ["leaves", "place"], ["terms"]),
        node("ReduceSum", ["terms", "axis"], ["y"], keepdims=0),
    ]
    constants = {
        "columns": columns.ravel(),
        "borders": borders.ravel(),
        "shape": np.array([-1, trees, depth]),
        "powers": (2.0 ** np.arange(depth)).astype(np.float32),
        "offsets": np.arange(trees) << depth,
        "leaves": leaves.ravel(),
        "axis": np.array([1]),
    }
    return session(nodes, constants)


def traversal(columns: Any, borders: Any, leaves: Any) -> Any:
    trees, depth = columns.shape
    inner = (1 << depth) - 1
    attributes: dict[str, list[Any]] = {key: [] for key in ("featureids", "splits", "yes", "no", "yes_leaf", "no_leaf")}
    for tree in range(trees):
        for level in range(depth):
            for place in range(1 << level):
                last = level == depth - 1
                child = place + ((tree << depth) if last else tree * inner + (2 << level) - 1)
                attributes["featureids"].append(int(columns[tree, level]))
                attributes["splits"].append(borders[tree, level])
                attributes["no"].append(child)
                attributes["yes"].append(child + (1 << level))
                attributes["yes_leaf"].append(int(last))
                attributes["no_leaf"].append(int(last))
    at_most = numpy_helper.from_array(np.zeros(trees * inner, dtype=np.uint8))
    # `BRANCH_LEQ`: what is called true here is the digit 0.
    forest = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["sums"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function=1,
        post_transform=0,
        tree_roots=list(range(0, trees * inner, inner)),
        nodes_featureids=attributes["featureids"],
        nodes_splits=numpy_helper.from_array(np.array(attributes["splits"])),
        nodes_modes=at_most,
        nodes_truenodeids=attributes["no"],
        nodes_falsenodeids=attributes["yes"],
        nodes_trueleafs=attributes["no_leaf"],
        nodes_falseleafs=attributes["yes_leaf"],
        leaf_targetids=[0] * leaves.size,
        leaf_weights=numpy_helper.from_array(leaves.ravel()),
    )
    flat = helper.make_node("Reshape", ["sums", "flat"], ["y"])
    return session([forest, flat], {"flat": np.array([-1])})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--depth", type=int, default=6)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    shape = (arguments.trees, arguments.depth)
    columns, borders = random.integers(0, COLUMNS, shape), random.normal(size=shape)
    leaves = random.normal(size=(arguments.trees, 1 << arguments.depth))
    x = random.normal(size=(ROWS, COLUMNS))
    truth = np.zeros(ROWS)
    for tree in range(arguments.trees):
        truth += leaves[tree][(x[:, columns[tree]] > borders[tree]) @ (1 << np.arange(arguments.depth))]
    for name, made in (("traversal", traversal), ("index arithmetic", arithmetic)):
        graph, least = made(columns, borders, leaves), float("inf")
        for _ in range(TURNS):
            start = time.thread_time()
            found = graph.run(None, {"x": x})[0]
            least = min(least, time.thread_time() - start)
        print(f"{name}: {least / ROWS * 1e6:.1f} µs a row, off by at most {np.abs(found - truth).max():.1e}")


if __name__ == "__main__":
    main()
