"""Oblivious trees, as CatBoost grows them, by ONNX's operators: traversal of nodes compared with arithmetic of indices.

    python -m bench.trees.oblivious [--trees 200] [--depth 6] [--rows 1 100 4096] [--write docs/speed.md]

All nodes of a level of an oblivious tree ask the same question, so that a leaf's index is a binary number whose digits
are comparisons. CatBoost's own evaluator computes it for many rows at once with vector instructions. Each layout is
timed on one thread, in ONNX Runtime and, where Node is installed, in WebAssembly, of which the time of a graph that
does nothing is taken off.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper

from bench.speed.page import replace_section
from sealift.runtime import Engine
from sealift.runtime.engines.wasm import ENGINE as WASM
from sealift.stages import Stages

COLUMNS, SECONDS = 30, 1.0
_PER_NUMBER = 4  # indices of 6 digits in the 24 of a float32

Array: TypeAlias = npt.NDArray[Any]
Layout: TypeAlias = Callable[[Array, Array, Array], bytes]


def model(nodes: Sequence[Any], constants: dict[str, Any]) -> bytes:
    known = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, COLUMNS])
    y = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    made = helper.make_model(helper.make_graph(nodes, "g", [x], [y], known), opset_imports=opsets, ir_version=10)
    return bytes(made.SerializeToString())


def node(kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, [output], **attributes)


class Nodes:
    """The attributes of a `TreeEnsemble`, node by node. What it calls true, `≤`, is the digit 0."""

    def __init__(self) -> None:
        self.columns: list[int] = []
        self.splits: list[float] = []
        self.children: dict[bool, list[tuple[int, bool]]] = {False: [], True: []}
        self.roots: list[int] = []
        self.leaves: list[float] = []
        self.targets: list[int] = []

    def leaf(self, value: float, target: int) -> tuple[int, bool]:
        self.leaves.append(value)
        self.targets.append(target)
        return len(self.leaves) - 1, True

    def split(self, column: int, split: float) -> int:
        self.columns.append(column)
        self.splits.append(split)
        for side in self.children.values():
            side.append((0, False))
        return len(self.columns) - 1

    def ensemble(self, output: str, targets: int = 1) -> Any:
        sides = {"true": self.children[False], "false": self.children[True]}
        ids = {f"nodes_{name}nodeids": [child for child, _ in side] for name, side in sides.items()}
        leaves = {f"nodes_{name}leafs": [int(leaf) for _, leaf in side] for name, side in sides.items()}
        return node(
            "TreeEnsemble",
            ["x"],
            output,
            domain="ai.onnx.ml",
            n_targets=targets,
            aggregate_function=1,
            post_transform=0,
            tree_roots=self.roots,
            nodes_featureids=self.columns,
            nodes_splits=numpy_helper.from_array(np.array(self.splits, dtype=np.float64)),
            nodes_modes=numpy_helper.from_array(np.zeros(len(self.columns), dtype=np.uint8)),
            leaf_targetids=self.targets,
            leaf_weights=numpy_helper.from_array(np.array(self.leaves, dtype=np.float64)),
            **ids,
            **leaves,
        )


def nothing(columns: Array, borders: Array, leaves: Array) -> bytes:
    """The first column."""
    del columns, borders, leaves
    return model([node("Gather", ["x", "first"], "y", axis=1)], {"first": np.array(0)})


def traversal(columns: Array, borders: Array, leaves: Array) -> bytes:
    """All trees in one node, as sealed models have them."""
    return in_blocks(len(columns))(columns, borders, leaves)


def in_blocks(size: int) -> Layout:
    """One node for each block of trees that fits in the first-level cache; the sum has another order."""

    def layout(columns: Array, borders: Array, leaves: Array) -> bytes:
        nodes = []
        for start in range(0, len(columns), size):
            made = Nodes()
            for tree in range(start, min(start + size, len(columns))):
                made.roots.append(_grown(made, columns[tree], borders[tree], leaves[tree])[0])
            nodes.append(made.ensemble(f"sum {start}"))
        names = [part.output[0] for part in nodes]
        nodes += [node("Sum", names, "sums"), node("Reshape", ["sums", "flat"], "y")]
        return model(nodes, {"flat": np.array([-1])})

    return layout


def _grown(made: Nodes, columns: Array, borders: Array, leaves: Array) -> tuple[int, bool]:
    """The tree of these levels, of which the last one is the first digit of an index."""
    if not len(columns):
        return made.leaf(float(leaves[0]), 0)
    place = made.split(int(columns[0]), float(borders[0]))
    made.children[False][place] = _grown(made, columns[1:], borders[1:], leaves[::2])
    made.children[True][place] = _grown(made, columns[1:], borders[1:], leaves[1::2])
    return place, False


def comparisons(columns: Array, borders: Array, leaves: Array) -> bytes:
    """Each comparison, times its power of two."""
    trees, depth = columns.shape
    nodes = [
        *_compared(TensorProto.FLOAT),
        node("Reshape", ["digits", "shape"], "by tree"),
        node("MatMul", ["by tree", "powers"], "index"),
        node("Cast", ["index"], "whole", to=TensorProto.INT64),
        *_looked_up("whole"),
    ]
    powers = (2.0 ** np.arange(depth)).astype(np.float32)
    constants = {"shape": np.array([-1, trees, depth]), "powers": powers, "offsets": np.arange(trees) << depth}
    return model(nodes, {**_constants(columns, borders, leaves), **constants})


def integer_product(columns: Array, borders: Array, leaves: Array) -> bytes:
    """The comparisons, times a matrix of powers of two, in bytes."""
    trees, depth = columns.shape
    powers = np.zeros((trees * depth, trees), dtype=np.uint8)
    for tree in range(trees):
        powers[tree * depth : (tree + 1) * depth, tree] = 1 << np.arange(depth)
    nodes = [
        *_compared(TensorProto.UINT8),
        node("MatMulInteger", ["digits", "powers"], "index"),
        *_looked_up("index"),
    ]
    offsets = (np.arange(trees) << depth).astype(np.int32)
    return model(nodes, {**_constants(columns, borders, leaves), "powers": powers, "offsets": offsets})


def _compared(digits: int) -> list[Any]:
    return [
        node("Gather", ["x", "columns"], "values", axis=1),
        node("Greater", ["values", "borders"], "answers"),
        node("Cast", ["answers"], "digits", to=digits),
    ]


def _looked_up(index: str) -> list[Any]:
    return [
        node("Add", [index, "offsets"], "place"),
        node("Gather", ["leaves", "place"], "terms"),
        node("ReduceSum", ["terms", "axis"], "y", keepdims=0),
    ]


def _constants(columns: Array, borders: Array, leaves: Array) -> dict[str, Any]:
    return {"columns": columns.ravel(), "borders": borders.ravel(), "leaves": leaves.ravel(), "axis": np.array([1])}


def ranks(columns: Array, borders: Array, leaves: Array) -> bytes:
    """Each column's place among its borders, a table of what that adds to all indices, and their sum.

    A place is found by a tree of its own. Four indices share a number, and the leaves are added in the trees' order.
    """
    trees, depth = columns.shape
    groups = -(-trees // _PER_NUMBER)
    made = Nodes()
    tables: list[Array] = []
    for column in range(COLUMNS):
        known = np.unique(borders[columns == column])
        first = sum(len(table) for table in tables)
        made.roots.append(_search(made, column, known, first, 0, len(known))[0])
        table = np.zeros((len(known) + 1, groups))
        for tree, level in zip(*np.nonzero(columns == column), strict=True):
            above = np.arange(len(known) + 1) > np.searchsorted(known, borders[tree, level])
            table[above, tree // _PER_NUMBER] += 1 << (level + depth * (tree % _PER_NUMBER))
        tables.append(table)
    nodes = [
        made.ensemble("places", COLUMNS),
        node("Cast", ["places"], "rows", to=TensorProto.INT32),
        node("Gather", ["tables", "rows"], "parts", axis=0),
        node("ReduceSum", ["parts", "one"], "packed", keepdims=0),
        node("Transpose", ["packed"], "by group", perm=[1, 0]),
        node("Cast", ["by group"], "bits", to=TensorProto.UINT32),
        node("Unsqueeze", ["bits", "one"], "each"),
        node("BitShift", ["each", "shifts"], "shifted", direction="RIGHT"),
        node("BitwiseAnd", ["shifted", "mask"], "digits"),
        node("Cast", ["digits"], "index", to=TensorProto.INT32),
        node("Add", ["index", "offsets"], "place"),
        node("Gather", ["leaves", "place"], "terms"),
        node("Reshape", ["terms", "flat"], "by tree"),
        node("ReduceSum", ["by tree", "zero"], "y", keepdims=0),
    ]
    every = groups * _PER_NUMBER
    constants = {
        "tables": np.concatenate(tables).astype(np.float32),
        "zero": np.array([0]),
        "one": np.array([1]),
        "shifts": (np.arange(_PER_NUMBER) * depth).astype(np.uint32).reshape(1, -1, 1),
        "mask": np.array((1 << depth) - 1, dtype=np.uint32),
        "offsets": (np.arange(every) << depth).astype(np.int32).reshape(groups, _PER_NUMBER, 1),
        "leaves": np.concatenate([leaves.ravel(), np.zeros((every - trees) << depth)]),
        "flat": np.array([every, -1]),
    }
    return model(nodes, constants)


def _search(made: Nodes, column: int, known: Array, first: int, low: int, high: int) -> tuple[int, bool]:
    """A balanced tree that returns `first` plus the number of borders below the value."""
    if low == high:
        return made.leaf(float(first + low), column)
    middle = (low + high) // 2
    place = made.split(column, float(known[middle]))
    made.children[False][place] = _search(made, column, known, first, low, middle)
    made.children[True][place] = _search(made, column, known, first, middle + 1, high)
    return place, False


LAYOUTS: dict[str, Layout] = {
    "traversal": traversal,
    "traversal, 16 trees a node": in_blocks(16),
    "index arithmetic, comparisons": comparisons,
    "index arithmetic, integer product": integer_product,
    "index arithmetic, ranks and tables": ranks,
}


def _least(call: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Seconds of one call: the minimum over one second of calls."""
    call()
    least, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = clock()
        for _ in range(8):
            call()
        least = min(least, (clock() - start) / 8)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--rows", type=int, nargs="*", default=[1, 100, 4096])
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    shape = (arguments.trees, arguments.depth)
    columns, borders = random.integers(0, COLUMNS, shape), random.normal(size=shape).round(2)
    leaves = random.normal(size=(arguments.trees, 1 << arguments.depth))
    tables = [random.normal(size=(count, COLUMNS)) for count in arguments.rows]
    in_node = WASM.unavailable() is None
    most = tables[-1]  # for few rows, communication with WebAssembly's process takes longer than the computation
    names = [*(f"{len(x):,} rows" for x in tables), *[f"{len(most):,} rows, WebAssembly"] * in_node]
    lines = [
        f"`python -m bench.trees.oblivious`: {arguments.trees} trees of depth {arguments.depth} over {COLUMNS} "
        "columns, one thread, time for each row.",
        "",
        f"| layout | {' | '.join(names)} | off by at most |",
        f"|{'---|' * (len(names) + 2)}",
    ]
    print("\n".join(lines))
    empty = 0.0
    for name, layout in {"nothing": nothing, **LAYOUTS}.items():
        graph, off, cells = layout(columns, borders, leaves), 0.0, []
        engine = Engine(graph, threads=1)
        for x in tables:
            truth = np.zeros(len(x))
            for tree in range(arguments.trees):
                truth += leaves[tree][(x[:, columns[tree]] > borders[tree]) @ (1 << np.arange(arguments.depth))]
            off = max(off, float(np.abs(engine.run({"x": x})["y"] - truth).max()))
            cells.append(_least(partial(engine.run, {"x": x}), time.thread_time) / len(x))
        if in_node:
            with WASM.open(graph, Stages((), ())) as session:
                took = _least(partial(session.run, {"x": most}, ["y"]), time.perf_counter) / len(most)
            empty = took if layout is nothing else empty
            cells.append(took - empty)
        if layout is not nothing:
            lines.append(f"| {name} | {' | '.join(f'{cell * 1e6:.1f} µs' for cell in cells)} | {off:.0e} |")
            print(lines[-1], flush=True)
    if arguments.write:
        replace_section(arguments.write, "Layouts of oblivious trees", lines)


if __name__ == "__main__":
    main()
