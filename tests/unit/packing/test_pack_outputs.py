"""Models of several outputs, and outputs with several axes: packed, proved, stored and answered in every form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import sealift
from sealift.errors import PackError
from sealift.packing import Packed
from sealift.serve import values
from sealift.serve.openapi.predict import of_output

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(20, 2, 6, 8)).astype(np.float32)


def several() -> onnx.ModelProto:
    """A convolution whose activations, class map, logits and further results of other types are outputs."""
    node, port = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("Conv", ["x", "w"], ["activations"], pads=[1] * 4),
        node("GlobalAveragePool", ["activations"], ["pooled"]),
        node("Flatten", ["pooled"], ["flat"]),
        node("MatMul", ["flat", "v"], ["logits"]),
        node("ArgMax", ["activations"], ["map"], axis=1, keepdims=0),
        node("ReduceMax", ["logits", "one"], ["logits_top"], keepdims=1),
        node("Greater", ["activations", "zero"], ["positive"]),
        node("Cast", ["map"], ["error"], to=TensorProto.UINT8),
    ]
    outputs = [
        port("activations", TensorProto.FLOAT, ["n", 4, "height", "width"]),
        port("logits", TensorProto.FLOAT, ["n", 5]),
        port("map", TensorProto.INT64, ["n", "height", "width"]),
        port("logits_top", TensorProto.FLOAT, ["n", 1]),
        port("positive", TensorProto.BOOL, ["n", 4, "height", "width"]),
        port("error", TensorProto.UINT8, ["n", "height", "width"]),
    ]
    constants = {
        "w": RANDOM.normal(size=(4, 2, 3, 3)).astype(np.float32),
        "v": RANDOM.normal(size=(4, 5)).astype(np.float32),
        "one": np.array([1]),
        "zero": np.array(0, np.float32),
    }
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    rows = port("x", TensorProto.FLOAT, ["n", 2, "height", "width"])
    model = helper.make_model(
        helper.make_graph(nodes, "g", [rows], outputs, weights),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    return model


def original(model: onnx.ModelProto, rows: npt.NDArray[Any]) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"x": rows}), strict=True))


MODEL = several()


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return sealift.pack(MODEL, X, name="several", output=tmp_path_factory.mktemp("outputs") / "m.seal")


def test_each_output_keeps_its_name(packed: Packed) -> None:
    described = {o.name: (o.kind, o.dtype, o.width, o.shape) for o in packed.contract.outputs}
    assert described == {
        "activations": ("array", "float64", None, (4, "height", "width")),
        "logits": ("value", "float64", 5, None),
        "map": ("array", "int64", None, ("height", "width")),
        "logits_top": ("value", "float64", None, None),
        "positive": ("array", "bool", None, (4, "height", "width")),
        "error_output": ("array", "int64", None, ("height", "width")),  # a table of answers has a column `error`
    }
    assert packed.contract.requires == ("output:array/1", "type:tensor/1")


@pytest.mark.parametrize("rows", [X[:3], X[:1], RANDOM.normal(size=(2, 2, 9, 5)).astype(np.float32)])
def test_the_answers_are_those_of_the_original(packed: Packed, rows: npt.NDArray[Any]) -> None:
    got = packed.load().predict(rows)
    for name, expected in original(MODEL, rows).items():
        answer = got["error_output" if name == "error" else name]
        np.testing.assert_allclose(answer, expected.reshape(answer.shape), rtol=1e-5, atol=1e-5)
        assert answer.dtype.kind == {"f": "f", "u": "i"}.get(expected.dtype.kind, expected.dtype.kind)


def test_the_stored_examples_are_reproduced(packed: Packed) -> None:
    tested = packed.load().self_test()
    assert tested.passed
    assert set(tested.worst) == {output.name for output in packed.contract.outputs}
    assert sealift.verify(packed.path).examples is not None


def test_an_array_is_json_in_a_table_and_in_a_response(packed: Packed) -> None:
    sealed = packed.load()
    got = sealed.predict(X[:2])
    frame = sealed.predict(X[:2], as_frame=True)
    assert list(frame) == ["activations", *(f"logits_{i}" for i in range(5)), "map", "logits_top", "positive",
                           "error_output"]  # fmt: skip
    np.testing.assert_array_equal([json.loads(cell) for cell in frame["activations"]], got["activations"])
    np.testing.assert_array_equal([json.loads(cell) for cell in frame["positive"]], got["positive"])
    answered = list(values.rows(sealed.contract, got))
    assert answered == values.rows_writer(sealed.contract)(got)
    np.testing.assert_array_equal([row["map"] for row in answered], got["map"])
    schema = of_output(sealed.contract.output("activations"))
    assert (schema["minItems"], schema["items"]["type"], "minItems" in schema["items"]) == (4, "array", False)


def test_rows_with_a_problem_have_no_array(packed: Packed) -> None:
    bad = X[:2].astype(np.float64)
    bad[1, 0, 0, 0] = np.inf
    frame = packed.load().predict(bad, as_frame=True, on_error="null")
    assert frame["map"].notna().tolist() == [True, False]
    assert frame["error"].str.startswith("[R").tolist()[1]


def test_a_model_that_answers_another_number_of_rows(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("NonZero", ["x"], ["z"]), helper.make_node("Transpose", ["z"], ["found"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, 3])],
        [helper.make_tensor_value_info("found", TensorProto.INT64, ["m", 3])],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    with pytest.raises(PackError, match="gives 30 answers for 5 rows"):
        sealift.pack(model, np.ones((5, 2, 3), np.float32), name="m", output=tmp_path / "m.seal")
