"""A row alone goes through buffers that stay; its answers are those of any other way, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

import sealift
from sealift import load
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


def same(answers: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    assert list(answers) == list(wanted)
    for name, array in wanted.items():
        assert answers[name].dtype == array.dtype
        np.testing.assert_array_equal(answers[name], array)


def reference(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The library's own way, in a session of its own."""
    session = onnxruntime.InferenceSession(NUMBERS, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, dict(tensors)), strict=True))


def test_rows_one_after_the_other() -> None:
    engine = Engine(NUMBERS)
    answers = [engine.run(row(i)) for i in range(6)]  # all kept: a buffer that came out would change them
    for i, answer in enumerate(answers):
        same(answer, reference(row(i)))
    assert len(engine._single_rows._idle) == 1
    same(engine.run({"boolean": FLAG[3:4], "number": X[3:4]}), reference(row(3)))
    assert list(engine.run(row(1), ["label"])) == ["label"]
    assert list(engine.run(row(1), engine.outputs[::-1])) == engine.outputs[::-1]
    same(engine.run(row(5), engine.outputs), reference(row(5)))


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
    assert len(engine._single_rows._idle) == 1


def test_threads_at_once() -> None:
    engine = Engine(NUMBERS)
    wanted = [reference(row(i)) for i in range(40)]
    names = [engine.outputs, ["label"], ["score", "probability"]]  # not all threads ask for the same
    with ThreadPoolExecutor(8) as pool:
        for i, answers in enumerate(pool.map(lambda i: engine.run(row(i % 40), names[i % 3]), range(6000))):
            same(answers, {name: wanted[i % 40][name] for name in names[i % 3]})
    assert 1 <= len(engine._single_rows._idle) <= 8


def test_outputs_that_are_inputs_or_constants() -> None:
    x, three = (helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 3]) for name in ("x", "three"))
    y = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, 3])
    body = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])], "test", [x], [x, y, three], [numpy_helper.from_array(X[:1], "three")]
    )
    opsets = [helper.make_opsetid("", 21)]
    engine = Engine(helper.make_model(body, opset_imports=opsets, ir_version=10).SerializeToString())
    for i in range(4):
        same(engine.run({"x": X[i : i + 1]}), {"x": X[i : i + 1], "y": -X[i : i + 1], "three": X[:1]})
        same(engine.run({"x": X[i : i + 1]}, ["y"]), {"y": -X[i : i + 1]})


def test_answers_that_are_no_tensors_or_never_the_same() -> None:
    random = graph(
        [
            helper.make_node("RandomUniformLike", ["x"], ["noise"], dtype=TensorProto.DOUBLE),
            helper.make_node("SequenceConstruct", ["x", "x"], ["twice"]),
        ],
        {"x": TensorProto.DOUBLE},
        {"noise": TensorProto.DOUBLE},
    )
    engine = Engine(random)
    drawn = [engine.run({"x": X[:1]})["noise"] for _ in range(5)]
    assert len(np.unique(drawn)) == 15
    sequence = onnx.load_from_string(random)
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.DOUBLE, None))
    sequence.graph.output.append(helper.make_value_info("twice", kind))
    engine = Engine(sequence.SerializeToString())
    for i in range(3):
        both = engine.run({"x": X[i : i + 1]})["twice"]
        np.testing.assert_array_equal(both, [X[i : i + 1]] * 2)


def test_a_model_of_strings_does_not_use_bound_inputs(tiny: Path) -> None:
    model = load(tiny)
    one = {"age": 61.5, "weight": 80.0, "sex": "f"}
    for _ in range(2):
        answer = model.predict(one)
    # Texts cannot be bound.
    assert isinstance(model.engine, Engine)
    assert model.engine._single_rows._idle == []
    assert answer["label"].shape == (1,)


def test_a_model_of_numbers_uses_bound_inputs(tmp_path: Path) -> None:
    fitted = LogisticRegression().fit(X, X[:, 0] > 0)
    sealift.pack(fitted, X, name="numbers", output=tmp_path / "numbers.seal")
    model = load(tmp_path / "numbers.seal")
    for i in range(4):
        np.testing.assert_allclose(model.predict(X[i : i + 1])["probability"], fitted.predict_proba(X[i : i + 1]))
    assert isinstance(model.engine, Engine)
    assert len(model.engine._single_rows._idle) == 1


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
    assert engine._single_rows._idle == []


def test_answers_of_changing_length() -> None:
    places = graph(
        [helper.make_node("NonZero", ["number"], ["label"])],
        {"number": TensorProto.FLOAT},
        {"label": TensorProto.INT64},
    )
    engine = Engine(places)
    for numbers in ([0.0, 1.0, 2.0], [0.0, 0.0, 2.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]):
        answers = engine.run({"number": np.array([numbers], dtype=np.float32)})["label"]
        np.testing.assert_array_equal(answers, np.nonzero(np.array([numbers])))


@pytest.mark.parametrize(
    ("code", "warned"),
    [
        ("import onnxruntime, sealift", True),
        ("import sealift, onnxruntime", False),
        ("import os; os.environ['ORT_DISABLE_TELEMETRY'] = '1'; import onnxruntime, sealift", False),
    ],
)
def test_telemetry_that_is_on_already_is_warned_of(code: str, warned: bool) -> None:
    load = "from sealift.runtime.engine import library; library(); library()"
    kept = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {load}"], env=kept, capture_output=True, text=True, check=True
    )
    assert done.stderr.count("RuntimeWarning: onnxruntime was imported before sealift") == int(warned)
