"""A row alone goes through buffers that stay; its answers are those of any other way, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from sealift.errors import SealError
from sealift.runtime import Engine

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 3))
FLAG = RANDOM.random((200, 2)) > 0.5


def graph(nodes: list[Any], inputs: Mapping[str, int], outputs: Mapping[str, int], **constants: Any) -> bytes:
    def values(kinds: Mapping[str, int]) -> list[Any]:
        return [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()]

    known = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    body = helper.make_graph(nodes, "test", values(inputs), values(outputs), known)
    opsets = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(body, opset_imports=opsets, ir_version=10).SerializeToString())


NUMBERS = graph(
    [
        helper.make_node("Gemm", ["number", "w"], ["score"]),
        helper.make_node("Softmax", ["score"], ["probability"]),
        helper.make_node("ArgMax", ["score"], ["label"], axis=1, keepdims=0),
        helper.make_node("Not", ["boolean"], ["other"]),
    ],
    {"number": TensorProto.DOUBLE, "boolean": TensorProto.BOOL},
    {
        "probability": TensorProto.DOUBLE,
        "score": TensorProto.DOUBLE,
        "label": TensorProto.INT64,
        "other": TensorProto.BOOL,
    },
    w=RANDOM.normal(size=(3, 4)),
)


def row(i: int) -> dict[str, npt.NDArray[Any]]:
    return {"number": X[i : i + 1], "boolean": FLAG[i : i + 1]}


def same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def reference(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The library's own way, in a session of its own."""
    session = onnxruntime.InferenceSession(NUMBERS, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, dict(tensors)), strict=True))


def test_rows_one_after_the_other() -> None:
    engine = Engine(NUMBERS)
    answers = [engine.run(row(i)) for i in range(6)]  # all kept: a buffer that came out would change them
    for i, answer in enumerate(answers):
        same(answer, reference(row(i)))
    assert len(engine._alone._idle) == 1
    same(engine.run({"boolean": FLAG[3:4], "number": X[3:4]}), reference(row(3)))
    assert list(engine.run(row(1), ["label"])) == ["label"]


def test_rows_of_other_forms_in_between() -> None:
    engine = Engine(NUMBERS)
    for count in (1, 1, 5, 1, 2, 1, 0):
        rows = {"number": X[:count], "boolean": FLAG[:count]}
        same(engine.run(rows), reference(rows))
    strided = {"number": np.asfortranarray(X)[7:8], "boolean": FLAG[::-1][7:8]}
    same(engine.run(strided), reference(strided))
    for bad in (
        {"number": X[:1].astype(np.float32), "boolean": FLAG[:1]},
        {"number": X[:1], "boolean": FLAG[:1].astype(np.int64)},
        {"number": X[:1]},
        {"number": X[:1], "boolean": FLAG[:1], "more": X[:1]},
        {"number": X[:1, :2], "boolean": FLAG[:1]},
    ):
        with pytest.raises(SealError) as caught:
            engine.run(bad)
        assert caught.value.code == "E207"
    same(engine.run(row(4)), reference(row(4)))
    assert len(engine._alone._idle) == 1


def test_threads_at_once() -> None:
    engine = Engine(NUMBERS)
    wanted = [reference(row(i)) for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for i, found in enumerate(pool.map(lambda i: engine.run(row(i % 40)), range(4000))):
            same(found, wanted[i % 40])
    assert 1 <= len(engine._alone._idle) <= 8


def test_texts_are_answered_without_buffers() -> None:
    lengths = graph(
        [helper.make_node("StringConcat", ["text", "end"], ["label"])],
        {"text": TensorProto.STRING},
        {"label": TensorProto.STRING},
        end=np.array(["!"], dtype=object),
    )
    engine = Engine(lengths)
    for word in ("a", "\u65e5\u672c", "a longer one"):
        assert engine.run({"text": np.array([[word]], dtype=object)})["label"].tolist() == [[word + "!"]]
    assert engine._alone._idle == []


def test_answers_of_changing_length() -> None:
    places = graph(
        [helper.make_node("NonZero", ["number"], ["label"])],
        {"number": TensorProto.FLOAT},
        {"label": TensorProto.INT64},
    )
    engine = Engine(places)
    for numbers in ([0.0, 1.0, 2.0], [0.0, 0.0, 2.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]):
        found = engine.run({"number": np.array([numbers], dtype=np.float32)})["label"]
        np.testing.assert_array_equal(found, np.nonzero(np.array([numbers])))
