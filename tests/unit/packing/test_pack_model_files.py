"""`pack` and `doctor` take what the command line takes: the path of a model file; and an ONNX model as an object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pytest
import skops.io
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.errors import SealiftError
from sealift.frameworks.onnx.model import OnnxModel
from sealift.packing import pipeline
from sealift.runtime import Limits, isolated

X = np.random.default_rng(0).normal(size=(40, 2))
MODEL = LogisticRegression().fit(X, X[:, 0] > 0)


def twice() -> Any:
    """An ONNX model that doubles two columns."""
    port = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", port[:1], port[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize("as_text", [False, True])
def test_a_file(as_text: bool, tmp_path: Path) -> None:
    skops.io.dump(MODEL, tmp_path / "m.skops")
    path = tmp_path / "m.skops"
    packed = sealift.pack(str(path) if as_text else path, X, name="m", output=tmp_path / "a.seal")
    wanted = sealift.pack(MODEL, X, name="m", output=tmp_path / "b.seal")
    assert packed.identity == wanted.identity
    assert sealift.doctor(path, X).supported


@pytest.mark.usefixtures("no_node")
def test_onnx_as_file_and_as_object(tmp_path: Path) -> None:
    onnx.save(twice(), str(tmp_path / "twice.onnx"))
    from_file = sealift.pack(tmp_path / "twice.onnx", X, name="m", output=tmp_path / "a.seal")
    from_object = sealift.pack(twice(), X, name="m", output=tmp_path / "b.seal")
    assert from_file.identity == from_object.identity
    np.testing.assert_array_equal(from_object.load().predict(X)["value"], 2 * X)
    assert sealift.doctor(twice(), X).supported


def refusal(model: Any, tmp_path: Path) -> SealiftError:
    with pytest.raises(SealiftError) as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert not (tmp_path / "m.seal").exists()
    return caught.value


def test_what_is_refused(tmp_path: Path) -> None:
    joblib.dump(MODEL, tmp_path / "m.joblib")
    error = refusal(tmp_path / "m.joblib", tmp_path)
    assert (error.code, error.where) == ("E307", str(tmp_path / "m.joblib"))
    assert "in Python pack what joblib.load gives" in error.fix
    (tmp_path / "m.txt").write_text("no model")
    assert refusal(tmp_path / "m.txt", tmp_path).code == "E308"
    assert refusal("none.onnx", tmp_path).code == "E401"
    broken = twice()
    broken.graph.node[0].op_type = "NoSuchOperator"
    error = refusal(broken, tmp_path)
    assert (error.code, error.where) == ("E308", "ModelProto")
    assert "The object is not a valid ONNX model" in error.what


@pytest.mark.parametrize("given", ["path", "object", "opened"])
def test_onnx_runs_in_processes_of_its_own(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the graph comes from: a path, an object of onnx, or an opened file."""
    path = tmp_path / "twice.onnx"
    onnx.save(twice(), str(path))
    model: Any = {"path": path, "object": twice(), "opened": OnnxModel(path)}[given]
    seen = []

    def stop(*_: Any) -> None:
        seen.append(isolated._confined.get())
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "prove", stop)
    with pytest.raises(ZeroDivisionError):
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert seen == [Limits()]
    with pytest.raises(ZeroDivisionError):
        sealift.pack(MODEL, X, name="m", output=tmp_path / "m.seal")
    assert seen[1:] == [None]


def test_missing_arguments_are_named() -> None:
    with pytest.raises(TypeError, match=r"pack\(\) missing 1 required"):
        sealift.pack(MODEL, X)  # type: ignore[call-arg]
