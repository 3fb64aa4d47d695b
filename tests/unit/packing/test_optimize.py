"""`sealift.optimize`: variants of a small convolutional net, against NumPy, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.cli.commands import app
from sealift.errors import PackError
from sealift.packing.optimize import METHODS, weights
from sealift.packing.optimize.trial import TrialRows
from sealift.packing.options import ContractOptions

CLASSES = 4


def net(*, large: float = 0.3) -> onnx.ModelProto:
    """Convolution, mean, product of matrices, softmax; float32."""
    random = np.random.default_rng(1)
    arrays: dict[str, npt.NDArray[Any]] = {
        "kernel": random.normal(size=(24, 3, 3, 3), scale=0.3),
        "matrix": random.normal(size=(24, CLASSES * 8), scale=large),
        "last": random.normal(size=(CLASSES * 8, CLASSES), scale=0.05),
    }
    nodes = [
        helper.make_node("Clip", ["x", "low", "high"], ["b"]),  # as levels of images
        helper.make_node("Conv", ["b", "kernel"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "matrix"], ["m"]),
        helper.make_node("Tanh", ["m"], ["t"]),
        helper.make_node("Gemm", ["t", "last"], ["g"]),
        helper.make_node("Softmax", ["g"], ["value"], axis=1),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3, 8, 8])
    value = helper.make_tensor_value_info("value", TensorProto.FLOAT, ["rows", CLASSES])
    arrays |= {"low": np.array(0.0), "high": np.array(1.0)}
    constants = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "net", [x], [value], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def images(count: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(2).random((count, 3, 8, 8), dtype=np.float32)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("optimize") / "net.seal"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sealift.runtime.engines.wasm.node", lambda: None)
        return Path(sealift.pack(net(), images(40), name="net", output=path).path)


@pytest.fixture(scope="module")
def tried(packed: Path) -> sealift.packing.optimize.Optimization:
    return sealift.optimize(packed, images(60))


def initializers(path: Path) -> dict[str, onnx.TensorProto]:
    model = onnx.load_model_from_string(bytes(sealift.load(path).seal.members["model.onnx"]))
    return {tensor.name: tensor for tensor in model.graph.initializer}


def test_every_method_has_a_row_with_a_result(tried: Any) -> None:
    assert [variant.name for variant in tried.variants] == ["original", *METHODS]
    assert all(variant.offered or variant.outcome.reason for variant in tried.variants)
    assert {"float16-weights", "bfloat16-weights", "int8-weights"} <= set(tried.offered)
    assert tried["int8-weights"].size < tried["float16-weights"].size < tried["original"].size
    table = repr(tried)
    assert all(name in table for name in METHODS)
    assert "int8-weights" in tried._repr_html_()


@pytest.mark.parametrize("method", ["float16-weights", "bfloat16-weights", "int8-weights"])
def test_a_variant_is_a_file_whose_answers_follow_from_its_weights(tried: Any, tmp_path: Path, method: str) -> None:
    path = tried.write(method, tmp_path / "small.seal")
    model, original = sealift.load(path), tried.model
    assert model.identity != original.identity
    assert model.self_test().passed
    assert sealift.verify(path).examples == len(original.examples)
    rows = images(80)
    got, expected = model.predict({"x": rows})["value"], original.predict({"x": rows})["value"]
    assert 0 < np.abs(got - expected).max() < 5e-3
    evidence = model.seal.json("evidence.json")["optimized"]
    assert evidence["original"] == original.identity
    assert evidence["method"] == method
    assert evidence["flips"] == 0
    assert original.identity in bytes(model.seal.members["card.md"]).decode()
    golden, before = (each.seal.json("golden/examples.json") for each in (model, original))
    graph, first = (onnx.load_model_from_string(bytes(m.seal.members["model.onnx"])) for m in (model, original))
    assert list(graph.metadata_props) == list(first.metadata_props)  # the contract
    assert golden["answers"] == before["answers"]  # of the original model
    assert golden["tolerance"]["value"]["relative"] >= before["tolerance"]["value"]["relative"]


def test_stored_weights_are_those_of_numpy(tried: Any, tmp_path: Path) -> None:
    whole = initializers_of(tried.model)
    half = initializers(tried.write("float16-weights", tmp_path / "half.seal"))
    bits = initializers(tried.write("bfloat16-weights", tmp_path / "bits.seal"))
    bytes_ = initializers(tried.write("int8-weights", tmp_path / "bytes.seal"))
    for name, values in whole.items():
        assert np.array_equal(numpy_helper.to_array(half[f"{name}_float16"]), values.astype(np.float16))
        brief = numpy_helper.to_array(bits[f"{name}_bfloat16"]).astype(np.float32)
        assert np.abs(brief - values).max() <= np.abs(values).max() * 2.0**-8
        if f"{name}_int8" in bytes_:
            scale = numpy_helper.to_array(bytes_[f"{name}_scale"])
            axis = 0 if values.ndim == 4 else 1
            spread = np.expand_dims(scale, tuple(i for i in range(values.ndim) if i != axis))
            restored = numpy_helper.to_array(bytes_[f"{name}_int8"]) * spread
            assert (np.abs(restored - values) <= spread * 0.5001).all()
            assert len(scale) == values.shape[axis]


def initializers_of(model: Any) -> dict[str, npt.NDArray[np.float32]]:
    graph = onnx.load_model_from_string(bytes(model.seal.members["model.onnx"])).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return {name: array for name, array in arrays.items() if array.dtype == np.float32 and array.size >= 256}


def test_weights_beyond_float16_are_left() -> None:
    model = net(large=1e6)
    changed = weights.float16(model, ())
    assert changed is not None
    kinds = {tensor.name: tensor.data_type for tensor in changed.graph.initializer}
    assert kinds["matrix"] == TensorProto.FLOAT
    assert kinds["kernel_float16"] == TensorProto.FLOAT16


def test_what_flips_a_label_is_not_offered(packed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def worse(model: onnx.ModelProto, rows: Any) -> onnx.ModelProto:
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        next(node for node in changed.graph.node if node.op_type == "Tanh").op_type = "Sigmoid"
        return changed

    monkeypatch.setitem(METHODS, "fold", METHODS["fold"]._replace(apply=worse))
    tried = sealift.optimize(packed, images(10), methods=["fold"])
    assert tried.offered == []
    assert "differ" in tried["fold"].outcome.reason
    with pytest.raises(PackError, match="E360"):
        tried.write("fold", tmp_path / "no.seal")
    assert not (tmp_path / "no.seal").exists()


def test_a_method_that_fails_is_reported(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(model: onnx.ModelProto, rows: Any) -> onnx.ModelProto:
        raise RuntimeError("no shape")

    monkeypatch.setitem(METHODS, "fold", METHODS["fold"]._replace(apply=broken))
    assert "RuntimeError: no shape" in sealift.optimize(packed, methods=["fold"])["fold"].outcome.reason


def test_arguments_that_cannot_be_used(packed: Path) -> None:
    with pytest.raises(PackError, match="E304"):
        sealift.optimize(packed, methods=["int4"])
    with pytest.raises(PackError, match="E305"):
        sealift.optimize(packed, images(3), [1, 2], methods=["fold"])
    with pytest.raises(PackError, match="E305"):
        sealift.optimize(packed, y=[1], methods=["fold"])


@pytest.mark.usefixtures("no_node")
def test_pack_compares_the_variant_with_the_original(tmp_path: Path) -> None:
    path = sealift.pack(net(), images(40), name="net", optimize="int8-weights", output=tmp_path / "net.seal").path
    model = sealift.load(path)
    assert model.self_test().passed
    assert model.seal.json("evidence.json")["optimized"]["method"] == "int8-weights"
    assert any(name.endswith("_int8") for name in initializers(Path(path)))
    with pytest.raises(PackError, match="E304"):
        sealift.pack(net(), images(40), name="net", optimize="int4", output=tmp_path / "no.seal")
    assert not (tmp_path / "no.seal").exists()


def test_the_command(packed: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "none.npy", images(1))
    target = tmp_path / "small.seal"
    run = CliRunner()
    done = run.invoke(app, ["optimize", str(packed), "--apply", "int8-weights", "-o", str(target), "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["output"] == str(target)
    assert [variant["method"] for variant in result["variants"]] == ["original", "int8-weights"]
    assert result["variants"][1]["offered"] is True
    shown = run.invoke(app, ["inspect", str(target)])
    assert "int8-weights" in shown.stdout
    table = run.invoke(app, ["optimize", str(packed), "--method", "float16-weights"])
    assert "--apply float16-weights" in table.stdout
    refused = run.invoke(app, ["optimize", str(packed), "-o", str(target)])
    assert refused.exit_code == 2


def test_a_model_of_doubles_has_no_variant(tmp_path: Path) -> None:
    import seals

    tried = sealift.optimize(seals.write(tmp_path / "tiny.seal"))
    assert all(tried[name].outcome.reason == "It would change nothing." for name in METHODS)
    assert tried.offered == []


def test_options_of_a_contract_stay(tmp_path: Path) -> None:
    named = ContractOptions(outputs={"value": {"columns": ["a", "b", "c", "d"]}})
    path = tmp_path / "net.seal"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sealift.runtime.engines.wasm.node", lambda: None)
        sealift.pack(net(), images(40), name="net", contract=named, output=path)
    small = sealift.optimize(path, methods=["float16-weights"]).write("float16-weights", tmp_path / "small.seal")
    assert sealift.load(small).contract == sealift.load(path).contract


def test_rows_with_missing_and_extreme_values_are_named() -> None:
    """They are compared as long as the contract accepts them."""
    given = np.random.default_rng(0).random((50, 4)).astype(np.float32)
    examples = np.array(
        [[0.5, 0.5, 0.5, 0.5], [np.nan, 0, 0, 0], [0, 1e6, 0, 0], [0, 0, -np.inf, 0], [-0.9, 1.9, 0, 0]]
    )
    tensors = {"x": np.concatenate([examples, given]).astype(np.float32)}
    expected = {"label": np.zeros(55, dtype=np.int64)}
    rows = TrialRows(tensors, expected, None, len(examples))
    assert rows.unusual().tolist() == [False, True, True, True, False, *[False] * 50]


def test_a_contract_that_refuses_them_permits_int8(tmp_path: Path) -> None:
    """The net has no bounds of its own; with the whole domain int8 is refused, with the stated domain it is offered."""
    random = np.random.default_rng(3)
    constants = [
        numpy_helper.from_array(random.normal(size=shape, scale=0.3).astype(np.float32), name)
        for name, shape in (("first", (6, 40)), ("second", (40, 2)))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "second"], ["c"]),
        helper.make_node("Softmax", ["c"], ["p"], axis=1),
        helper.make_node("ArgMax", ["p"], ["label"], axis=1, keepdims=0),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 6])
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["rows"])
    model = helper.make_model(
        helper.make_graph(nodes, "net", [x], [label], constants),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    inputs = np.where(random.random((80, 1)) < 0.5, 1, -1) * random.uniform(1, 3, (80, 6))
    rows = inputs.astype(np.float32)
    proof = sealift.ProofOptions(engines=("native",))
    path = sealift.pack(model, rows, name="n", output=tmp_path / "whole.seal", proof=proof).path
    reason = sealift.optimize(path, rows, methods=["int8-static"])["int8-static"].outcome.reason
    assert "with missing or extreme values" in reason
    fields = {f"x{i}": {"missing": "refused", "range": (-3, 3)} for i in range(6)}
    options = ContractOptions(fields=fields)
    path = sealift.pack(model, rows, name="n", output=tmp_path / "stated.seal", proof=proof, contract=options).path
    outcome = sealift.optimize(path, rows, methods=["int8-static"])["int8-static"].outcome
    assert not outcome.odd
