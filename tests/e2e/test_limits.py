"""`sealift verify` and `predict` end a model that takes too much, with a coded error and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from sealift import canonical, seal
from sealift.contract import Contract, Field, Output
from sealift.errors import FileError, SealError, SignatureError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork nothing is limited (docs: limits)")

CONTRACT = Contract(
    inputs=(Field(name="x", dtype="float64"),),
    outputs=(Output(name="value", dtype="float64"),),
    task="regression",
)
SLOW, LARGE = 1.0, 2.0  # the values of x at which the graphs below turn hostile


def hostile(path: Path, nodes: Sequence[NodeProto], constants: Mapping[str, object], example: float) -> Path:
    """A sealed file whose graph computes `value` from x; its one example is `example`, answered by itself."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        nodes,
        "hostile",
        [value("number", TensorProto.DOUBLE, [None, 1])],
        [value("value", TensorProto.DOUBLE, [None])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    parts = dict.fromkeys(("evidence.json", "provenance.json", "sbom.cdx.json"), b"{}")
    examples = {
        "columns": ["x"], "rows": [[example]], "answers": {"value": [example]}, "tolerance": {}, "source": "generated",
    }  # fmt: skip
    parts |= {
        "card.md": b"#",
        "contract.json": canonical.dumps(CONTRACT.as_json()),
        "golden/examples.json": canonical.dumps(examples),
        "model.onnx": model.SerializeToString(),
    }
    seal.write(path, seal.assemble(parts, name="h", version="1", task="regression", producer="t", opsets={"": 21}))
    return path


def large(path: Path, example: float) -> Path:
    """A graph that asks for 10^11 bytes where x is LARGE, and for a few otherwise."""
    node = helper.make_node
    nodes = [
        node("Squeeze", ["number", "axis"], ["value"]),
        node("ReduceMax", ["number"], ["most"], keepdims=0),
        node("Equal", ["most", "large"], ["is_large"]),
        node("Where", ["is_large", "many", "few"], ["size"]),
        node("Expand", ["zero", "size"], ["zeros"]),
    ]
    nodes[0].output[0] = "plain"
    nodes += [
        node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        node("Add", ["plain", "nothing"], ["value"]),
    ]
    constants = {
        "axis": np.array([1]), "large": np.array(LARGE), "many": np.array([12_500_000_000]), "few": np.array([1]),
        "zero": np.array(0.0),
    }  # fmt: skip
    return hostile(path, nodes, constants, example)


def slow(path: Path, example: float) -> Path:
    """A graph that multiplies large matrices for hours where x is SLOW."""
    node = helper.make_node
    nodes = [
        node("Squeeze", ["number", "axis"], ["plain"]),
        node("ReduceMax", ["number"], ["most"], keepdims=0),
        node("Equal", ["most", "slow"], ["is_slow"]),
        node("Where", ["is_slow", "many", "few"], ["size"]),
        node("Expand", ["zero", "size"], ["m0"]),
    ]
    nodes += [node("MatMul", [f"m{i}", f"m{i}"], [f"m{i + 1}"]) for i in range(200)]
    nodes += [node("ReduceSum", ["m200"], ["nothing"], keepdims=0), node("Add", ["plain", "nothing"], ["value"])]
    constants = {
        "axis": np.array([1]), "slow": np.array(SLOW), "many": np.array([6000, 6000]), "few": np.array([1, 1]),
        "zero": np.array(0.0),
    }  # fmt: skip
    return hostile(path, nodes, constants, example)


def command(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "sealift", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=timeout, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("make", [large, slow])
def test_the_graphs_are_sound_where_they_are_not_asked_too_much(make: object, tmp_path: Path) -> None:
    assert callable(make)
    done = command("verify", make(tmp_path / "h.seal", 5.0))
    assert done.returncode == 0, done.stderr
    assert "1 of 1 generated examples" in done.stdout


def test_verify_refuses_a_model_that_asks_for_100_gb(tmp_path: Path) -> None:
    file = large(tmp_path / "h.seal", LARGE)
    done = command("verify", file, "--memory", 2)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr
    error = json.loads(command("verify", file, "--memory", 2, "--json").stdout)["error"]
    assert error["code"] == "E210"


def test_verify_ends_a_model_that_does_not_answer(tmp_path: Path) -> None:
    file = slow(tmp_path / "h.seal", SLOW)
    done = command("verify", file, "--seconds", 3)
    assert (done.returncode, "within 3 seconds" in done.stderr) == (1, True), done.stderr
    found = command("verify", file, "--seconds", 3, "--json")
    assert (found.returncode, json.loads(found.stdout)["error"]["code"]) == (1, "E210")


def test_verify_from_python(tmp_path: Path) -> None:
    import sealift

    file = large(tmp_path / "h.seal", 5.0)
    found = sealift.verify(file)
    assert (found.name, found.examples, found.verified_key, found.claimed_signers) == ("h", 1, None, ())
    with pytest.raises(SealError, match="E210"):
        sealift.verify(large(tmp_path / "l.seal", LARGE), memory=2)
    with pytest.raises(SealError, match="E210"):
        sealift.verify(slow(tmp_path / "s.seal", SLOW), seconds=3)
    with pytest.raises(FileError, match="E401"):
        sealift.verify(tmp_path / "-none.seal")
    _, keyid = seal.generate_keys(tmp_path / "k")
    with pytest.raises(SignatureError, match="E503"):
        sealift.verify(file, key=tmp_path / "k.pub")
    seal.sign_file(file, seal.load_private_key(tmp_path / "k"))
    assert sealift.verify(file, key=tmp_path / "k.pub").verified_key == keyid


@pytest.mark.parametrize(("make", "value", "limit"), [(large, LARGE, "--memory=2"), (slow, SLOW, "--seconds=3")])
def test_predict_ends_it_too_and_leaves_nothing_behind(make: object, value: float, limit: str, tmp_path: Path) -> None:
    assert callable(make)
    file = make(tmp_path / "h.seal", 5.0)  # its own example is harmless
    rows, answers = tmp_path / "rows.csv", tmp_path / "answers.csv"
    rows.write_text(f"x\n{value}\n")
    done = command("predict", file, rows, "-o", answers, limit)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.seal", "rows.csv"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_model_that_is_computing(number: signal.Signals, tmp_path: Path) -> None:
    file = slow(tmp_path / "h.seal", 5.0)
    rows = tmp_path / "rows.csv"
    rows.write_text(f"x\n{SLOW}\n")
    line = [sys.executable, "-m", "sealift", "predict", str(file), str(rows), "-o", str(tmp_path / "a.csv")]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".sealift-*.part")) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.0)
        running.send_signal(number)
        _, told = running.communicate(timeout=30)
    assert running.returncode == 128 + number
    assert "Traceback" not in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.seal", "rows.csv"]


def test_a_child_that_crashes_is_reported(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from sealift.cli import confine\n"
        "def crash():\n"
        f"    confine.files.listeners[0](confine.Path({str(tmp_path / 'left.part')!r}))\n"
        "    os.kill(os.getpid(), signal.SIGABRT)\n"
        "found = confine.supervise(crash)\n"
        "print(found.code, found.what)\n"
    )
    (tmp_path / "left.part").write_text("rows")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "E207 The model ended the process that ran it (SIGABRT).\n"
    assert list(tmp_path.iterdir()) == []
