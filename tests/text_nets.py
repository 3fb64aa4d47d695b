"""Small nets on token ids as ONNX models, and texts for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def net(vocabulary: int, *, classes: int = 2, types: bool = True, only_ids: bool = False) -> onnx.ModelProto:
    """Probabilities from embeddings of tokens: their mean over the attention mask, and one layer."""
    rng = np.random.default_rng(0)
    weights = {
        "E": rng.normal(0, 1, (vocabulary, 8)).astype(np.float32),
        "T": rng.normal(0, 1, (4, 8)).astype(np.float32),
        "W": rng.normal(0, 1, (8, classes)).astype(np.float32),
    }
    names = ["input_ids"] if only_ids else ["input_ids", "attention_mask", *(["token_type_ids"] if types else [])]
    nodes = [helper.make_node("Gather", ["E", "input_ids"], ["tokens"])]
    if only_ids:
        nodes.append(helper.make_node("ReduceMean", ["tokens"], ["mean"], axes=[1], keepdims=0))
    else:
        if types:
            nodes += [
                helper.make_node("Gather", ["T", "token_type_ids"], ["typed"]),
                helper.make_node("Add", ["tokens", "typed"], ["all"]),
            ]
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["masks"]),
            helper.make_node("Mul", ["all" if types else "tokens", "masks"], ["kept"]),
            helper.make_node("ReduceSum", ["kept", "one"], ["sum"], keepdims=0),
            helper.make_node("ReduceSum", ["mask", "one"], ["count"], keepdims=1),
            helper.make_node("Max", ["count", "least"], ["some"]),
            helper.make_node("Div", ["sum", "some"], ["mean"]),
        ]
    nodes += [
        helper.make_node("MatMul", ["mean", "W"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    constants: dict[str, Any] = {
        "last": np.array([2]), "one": np.array([1]), "least": np.array(1, np.float32), **weights
    }  # fmt: skip
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "length"]) for name in names],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", classes]),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items() if name in used],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


TEXTS = [
    f"{subject} {verb} {rest}"
    for subject in ("The report", "My scan", "The patient")
    for verb in ("shows", "describes", "has")
    for rest in ("no finding.", "a small nodule, 3 mm", "pain in the left knee since May")
]
