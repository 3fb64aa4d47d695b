"""`sealift.optimize` of a model whose answers consist of parts: cells of a mask are compared by class and margin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import mask_seals
import sealift
from packs import no_node  # noqa: F401 - a fixture

SIDE = mask_seals.SIDE


def net() -> onnx.ModelProto:
    """Two convolutions; logits (n, 3, SIDE, SIDE)."""
    random = np.random.default_rng(4)
    first = numpy_helper.from_array(random.normal(size=(24, 3, 5, 5), scale=0.15).astype(np.float32), "first")
    second = numpy_helper.from_array(random.normal(size=(3, 24, 3, 3), scale=0.3).astype(np.float32), "second")
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["a"], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["logits"], pads=[1, 1, 1, 1]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    graph = helper.make_graph(nodes, "net", [x], [logits], [first, second])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def pictures(count: int) -> list[Any]:
    return [mask_seals.scan(40 + 3 * at, 64 - at, seed=at) for at in range(count)]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("optimize") / "parts.seal"
    sealift.pack(
        net(), pictures(8), name="parts", output=path, preprocess=sealift.Image(letterbox=SIDE, library="opencv"),
        outputs=sealift.Mask(list(mask_seals.NAMES)), proof=sealift.ProofOptions(engines=("native",)),
    )  # fmt: skip
    return path


@pytest.mark.usefixtures("no_node")
def test_cells_may_differ_only_where_classes_are_nearly_equal(packed: Path, tmp_path: Path) -> None:
    tried = sealift.optimize(packed, pictures(20))
    assert "float16-weights" in tried.offered
    outcome = tried["float16-weights"].outcome
    assert outcome.flips == 0
    assert 0 < outcome.worst["mask"] < 0.01
    written = tried.write("float16-weights", tmp_path / "half.seal")
    assert sealift.verify(written).examples > 0
    before, after = (sealift.masks(sealift.load(path).predict(pictures(6))["mask"]) for path in (packed, written))
    equal = [float((one == two).mean()) for one, two in zip(before, after, strict=True)]
    assert min(equal) > 0.98


@pytest.mark.usefixtures("no_node")
def test_other_classes_are_not_offered(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sealift.packing.optimize import METHODS

    def shifted(model: onnx.ModelProto, feeds: Any) -> onnx.ModelProto:
        """The net with its second layer 20 % larger for one class."""
        del feeds
        changed = onnx.ModelProto()
        changed.CopyFrom(model)
        (kernel,) = [each for each in changed.graph.initializer if tuple(each.dims) == (3, 24, 3, 3)]
        values = numpy_helper.to_array(kernel).copy()
        values[1] *= 1.2
        kernel.CopyFrom(numpy_helper.from_array(values, kernel.name))
        return changed

    monkeypatch.setitem(METHODS, "fold", METHODS["fold"]._replace(apply=shifted))
    tried = sealift.optimize(packed, pictures(20), methods=["fold"])
    assert not tried.offered
    assert "parts of answers such as boxes, differ in" in tried["fold"].outcome.reason
