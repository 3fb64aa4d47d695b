"""`sealift pack model.onnx` and `doctor`: what somebody else's graph computes has limits of time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sealift
from hostile_models import LARGE, SLOW, large_graph, slow_graph
from sealift.contract import Output
from sealift.errors import LimitError
from sealift.frameworks import source_of
from sealift.frameworks.onnx.model import OnnxModel
from sealift.packing.inputs.detect import read_rows
from sealift.packing.proof.oracle import Original
from sealift.runtime import Engine, IsolatedEngine, Limits

LIMITS = ("--seconds=8", "--memory=2")


def command(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "sealift", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False, cwd=folder)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def rows(folder: Path, *values: float) -> Path:
    (folder / "rows.csv").write_text("x\n" + "".join(f"{value}\n" for value in values))
    return folder / "rows.csv"


@pytest.mark.parametrize("kind", ["large", "slow"])
def test_pack_ends_it_on_the_callers_rows(kind: str, tmp_path: Path) -> None:
    graph, value = (large_graph(), LARGE) if kind == "large" else (slow_graph(), SLOW)
    onnx.save(graph, tmp_path / "m.onnx")
    data = rows(tmp_path, value, 0.5)
    done = command("pack", "m.onnx", "--data", data, "--name", "m", "--json", *LIMITS, folder=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "E210"), done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "rows.csv"]
    done = command("doctor", "m.onnx", "--data", data, *LIMITS, folder=tmp_path)
    assert (done.returncode, "E210" in done.stderr + done.stdout) == (1, True), done.stderr


def folding() -> onnx.ModelProto:
    """Computes 80 GB of constants, which `pack` would fold: the sizes of no node are constants."""
    node = helper.make_node
    nodes = [
        node("Concat", ["half", "half"], ["size"], axis=0),
        node("Expand", ["zero", "size"], ["zeros"]),
        node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        node("Add", ["x", "nothing"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    constants = {"half": np.array([100_000]), "zero": np.array(0.0)}
    body = helper.make_graph(
        nodes, "g", [value("x", TensorProto.DOUBLE, [None, 1])], [value("y", TensorProto.DOUBLE, [None, 1])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def test_constants_are_folded_within_the_limits(tmp_path: Path) -> None:
    onnx.save(folding(), tmp_path / "m.onnx")
    done = command("pack", "m.onnx", "--data", rows(tmp_path, 1.0, 2.0), "--name", "m", *LIMITS, folder=tmp_path)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr


def test_no_graph_of_it_runs_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [helper.make_node("Add", ["a", "b"], ["c"]), helper.make_node("Mul", ["x", "c"], ["y"])]
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        nodes, "g", [value("x", TensorProto.DOUBLE, [None, 2])], [value("y", TensorProto.DOUBLE, [None, 2])],
        [numpy_helper.from_array(np.full(2, 1.5), name) for name in "ab"],
    )  # fmt: skip
    onnx.save(helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "m.onnx")
    X = np.arange(20.0).reshape(10, 2)
    expected = sealift.pack(OnnxModel(tmp_path / "m.onnx"), X, name="m", output=tmp_path / "m.seal").load().predict(X)

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError(f"a graph runs in process {os.getpid()}")

    opened: list[Limits] = []
    start = IsolatedEngine.__init__

    def counted(self: IsolatedEngine, *args: Any, limits: Limits, **options: Any) -> None:
        opened.append(limits)
        start(self, *args, limits=limits, **options)

    monkeypatch.setattr(Engine, "__init__", refused)
    monkeypatch.setattr(IsolatedEngine, "__init__", counted)
    limits = Limits(seconds=100, memory=3)
    model = OnnxModel(tmp_path / "m.onnx", limits=limits)
    packed = sealift.pack(model, X, name="n", output=tmp_path / "n.seal")
    assert sealift.doctor(model, X).supported
    assert len(opened) >= 4
    assert set(opened) == {limits}
    monkeypatch.undo()
    np.testing.assert_array_equal(packed.load().predict(X)["features" if "features" in expected else "value"], X * 3)


def test_a_limit_is_no_refusal_of_rows(tmp_path: Path) -> None:
    """Else each of the rows that `pack` tries would take all of the time, or be blamed on the caller."""
    onnx.save(slow_graph(), tmp_path / "m.onnx")
    model = OnnxModel(tmp_path / "m.onnx", limits=Limits(seconds=3))
    with pytest.raises(LimitError, match="within 3 seconds"):
        sealift.pack(model, np.array([[0.5], [SLOW], [0.25]]), name="m", output=tmp_path / "m.seal")
    assert not (tmp_path / "m.seal").exists()
    X = np.array([[5.0], [6.0]])
    source = source_of(model)
    original = Original(source, read_rows(X, source), (Output(name="value", kind="value", dtype="float64"),))
    name = original.input_rows.columns[0].name
    assert original.accepts({name: [5.0]})
    with pytest.raises(LimitError, match="within 3 seconds"):
        original.accepts({name: [SLOW]})
