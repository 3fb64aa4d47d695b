"""ONNX files as models: sealed with the same proof, or refused with the reason."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.linear_model import LogisticRegression, Ridge

from parity import answers, fields_of
from sealift.errors import PackError
from sealift.frameworks import convert
from sealift.frameworks.onnx.model import OnnxModel

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.array(["low", "high", "middle"])[np.digitize(X[:, 0], [-0.5, 0.5])]


def exported(model: Any, path: Path, **options: Any) -> Path:
    settings = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    exported_model = convert_sklearn(
        model, initial_types=[("X", DoubleTensorType([None, 3]))], target_opset={"": 21, "ai.onnx.ml": 3},
        options=options.get("options", settings),
    )  # fmt: skip
    onnx.save(exported_model, str(path))
    return path


@pytest.mark.parametrize("classes", [Y, np.digitize(X[:, 0], [0.0]), np.array([7, 3, 5])[np.digitize(X[:, 0], [0, 1])]])
def test_a_classifier(classes: Any, tmp_path: Path) -> None:
    original = LogisticRegression(max_iter=500).fit(X, classes)
    model = OnnxModel(exported(original, tmp_path / "m.onnx"))
    conversion, actual = answers(model, X)
    assert conversion.task == "classification"
    assert list(model.classes_) == list(original.classes_)
    assert (actual["label"] == model.predict(X)).all()
    assert (actual["label"] == original.predict(X)).all()
    np.testing.assert_array_equal(actual["probability"], model.predict_proba(X))


def test_a_regressor(tmp_path: Path) -> None:
    original = Ridge().fit(X, X[:, 0] * 3)
    conversion, actual = answers(OnnxModel(exported(original, tmp_path / "m.onnx")), X)
    assert conversion.task == "regression"
    np.testing.assert_allclose(actual["value"], original.predict(X), rtol=1e-9)


def graph(
    node: Any, inputs: Any, outputs: Any, *, opset: int = 21, domain: str = "", functions: Any = ()
) -> onnx.ModelProto:
    made = helper.make_graph([node], "g", inputs, outputs)
    sets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(made, opset_imports=sets, ir_version=10, functions=functions)


def port(name: str, *shape: Any, kind: int = TensorProto.DOUBLE) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def one(
    kind: str = "Identity",
    *,
    width: Any = 3,
    axes: int = 2,
    rows: Any = None,
    opset: int = 21,
    dtype: int = TensorProto.DOUBLE,
) -> Any:
    shape = [rows, width, 4][:axes]
    node = helper.make_node("Identity", ["x"], ["y"])
    return graph(node, [port("x", *shape, kind=dtype)], [port("y", *shape, kind=dtype)], opset=opset)


def two_values() -> onnx.ModelProto:
    node = helper.make_node("Split", ["x"], ["a", "b", "c1"], axis=1, num_outputs=3)
    return graph(node, [port("x", None, 3)], [port(name, None, 1) for name in ("a", "b", "c1")])


def labels_only() -> onnx.ModelProto:
    node = helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)
    return graph(node, [port("x", None, 3)], [port("y", None, kind=TensorProto.INT64)])


@pytest.mark.parametrize(
    ("make", "what", "fix"),
    [
        (lambda: one(dtype=TensorProto.COMPLEX64), "neither numbers nor strings", "float32, float64"),
        (lambda: one(axes=3, rows=1), "its input 'x' has a fixed number of rows, 1", "free first dimension"),
        (lambda: one(width=None), "the width of its input is not declared", "fixed number of columns"),
        (lambda: one(opset=9), "made for operator set 9", "or newer"),
    ],
)
def test_refused_forms(make: Callable[[], onnx.ModelProto], what: str, fix: str, tmp_path: Path) -> None:
    onnx.save(make(), str(tmp_path / "m.onnx"))
    with pytest.raises(PackError) as caught:
        OnnxModel(tmp_path / "m.onnx")
    assert (caught.value.code, caught.value.where) == ("E302", "OnnxModel")
    assert what in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (labels_only, {"y": "label"}),
        (two_values, {"a": "value", "b": "value", "c1_output": "value"}),
    ],
)
def test_outputs_that_keep_their_names(make: Callable[[], onnx.ModelProto], kinds: dict[str, str]) -> None:
    conversion, got = answers(OnnxModel(make()), X)
    expected = dict(zip("abc", X.T, strict=True)) if len(kinds) == 3 else {"y": X.argmax(axis=1)}
    for name in kinds:
        np.testing.assert_array_equal(got[name], expected[name[0]])
    assert {output.name: output.kind for output in conversion.outputs} == kinds


def test_maps_in_place_of_tensors(tmp_path: Path) -> None:
    path = exported(LogisticRegression().fit(X, Y), tmp_path / "m.onnx", options=None)
    with pytest.raises(PackError, match="zipmap=False"):
        OnnxModel(path)


def test_what_is_no_onnx(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(PackError) as caught:
        OnnxModel(tmp_path / "m.onnx")
    assert (caught.value.code, caught.value.where) == ("E308", str(tmp_path / "m.onnx"))
    assert "Export it again" in caught.value.fix


def test_other_columns(tmp_path: Path) -> None:
    model = OnnxModel(exported(Ridge().fit(X, X[:, 0]), tmp_path / "m.onnx"))
    fields, nulls = fields_of(X[:, :2])
    with pytest.raises(PackError) as caught:
        convert(model, fields, nulls)
    assert (caught.value.code, caught.value.where) == ("E302", "OnnxModel")
    assert "It takes 3 columns, not 2." in caught.value.what


def unlisted() -> onnx.ModelProto:
    node = helper.make_node("RandomNormalLike", ["x"], ["y"])
    return graph(node, [port("x", None, 3)], [port("y", None, 3)])


def endless() -> onnx.ModelProto:
    state = [port("i", kind=TensorProto.INT64), port("c", kind=TensorProto.BOOL), port("s", None, 3)]
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Neg", ["s"], ["t"])],
        "body",
        state,
        [port("d", kind=TensorProto.BOOL), port("t", None, 3)],
    )
    made = graph(
        helper.make_node("Loop", ["m", "go", "x"], ["y"], body=body), [port("x", None, 3)], [port("y", None, 3)]
    )
    made.graph.initializer.append(numpy_helper.from_array(np.array(2**40), "m"))
    made.graph.initializer.append(numpy_helper.from_array(np.array(True), "go"))
    return made


@pytest.mark.parametrize(
    ("make", "what"),
    [(unlisted, "the operator 'RandomNormalLike'"), (endless, "a Loop of more than 1048576 iterations")],
)
def test_operators_that_a_sealed_file_must_not_use(
    make: Callable[[], onnx.ModelProto], what: str, tmp_path: Path
) -> None:
    onnx.save(make(), str(tmp_path / "m.onnx"))
    with pytest.raises(PackError) as caught:
        convert(OnnxModel(tmp_path / "m.onnx"), fields_of(X)[0]).model()
    assert caught.value.code == "E302"
    assert what in caught.value.what
    assert "`sealift docs spec/SEAL`" in caught.value.fix


def test_constants_are_computed_and_notes_removed(tmp_path: Path) -> None:
    """Exporters leave products of constants, weights beside the file, and paths of the exporter's computer."""
    nodes = [
        helper.make_node("Mul", ["a", "b"], ["ab"], doc_string="File /home/me/train.py, line 3"),
        helper.make_node("Add", ["x", "ab"], ["y"]),
    ]
    made = helper.make_model(
        helper.make_graph(nodes, "g", [port("x", None, 3)], [port("y", None, 3)]),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    for name, value in (("a", 2.0), ("b", 0.75)):
        made.graph.initializer.append(numpy_helper.from_array(np.full(3, value), name))
    made.graph.node[0].metadata_props.add(key="namespace", value="/home/me")
    onnx.save(made, str(tmp_path / "m.onnx"), save_as_external_data=True, size_threshold=0, location="weights")
    model = OnnxModel(tmp_path / "m.onnx")
    conversion, actual = answers(model, X)
    np.testing.assert_array_equal(actual["value"], X + 1.5)
    body = conversion.model()
    assert [node.op_type for node in body.graph.node].count("Mul") == 0
    assert b"/home/me" not in body.SerializeToString()


@pytest.mark.parametrize("name", ["unlisted", "endless"])
def test_the_graph_is_checked_before_anything_runs_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("sealift.frameworks.onnx.model.IsolatedEngine", started)
    monkeypatch.setattr("onnx.shape_inference.infer_shapes", started)
    onnx.save(unlisted() if name == "unlisted" else endless(), str(tmp_path / "m.onnx"))
    with pytest.raises(PackError) as caught:
        OnnxModel(tmp_path / "m.onnx")
    assert (caught.value.code, caught.value.where) == ("E302", "OnnxModel")


def test_constants_of_the_third_ir_version_are_no_inputs(tmp_path: Path) -> None:
    made = graph(helper.make_node("Mul", ["x", "w"], ["y"]), [port("x", None, 3), port("w", 3)], [port("y", None, 3)])
    made.graph.initializer.append(numpy_helper.from_array(np.full(3, 2.0), "w"))
    made.ir_version = 3
    onnx.save(made, str(tmp_path / "m.onnx"))
    _, actual = answers(OnnxModel(tmp_path / "m.onnx"), X)
    np.testing.assert_array_equal(actual["value"], X * 2)


_OPENED = """\
import sys
from sealift.frameworks.onnx.model import OnnxModel

def most():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

before = most()
OnnxModel(sys.argv[1])
print(most() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_a_file_is_opened_in_little_more_than_twice_its_size(tmp_path: Path) -> None:
    width, layers = 1500, 6
    constants = [numpy_helper.from_array(np.zeros((width, width), np.float32), f"w{i}") for i in range(layers)]
    nodes = [helper.make_node("MatMul", [f"x{i}" if i else "x", f"w{i}"], [f"x{i + 1}"]) for i in range(layers)]
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])] for name in ("x", f"x{layers}")
    )
    made = helper.make_graph(nodes, "g", inputs, outputs, constants)
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), str(path))
    done = subprocess.run([sys.executable, "-c", _OPENED, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 2.8 * path.stat().st_size
