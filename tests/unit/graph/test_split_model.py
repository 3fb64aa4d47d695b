"""Large constants beside the graph: each once, found where they are read, and as many as a file may have."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from sealift.graph import split_model
from sealift.graph.builder import Graph
from sealift.graph.split_model import LEAST, member_of, split
from sealift.seal.graph import check

WIDE = np.random.default_rng(0).standard_normal((2, LEAST // 16))
ROWS = np.array([[1.0, 2.0], [-0.5, 3.0]])


def _product(graph: Graph) -> dict[str, object]:
    x = graph.input("number", "float64", 2)
    return {"y": x.op("MatMul", graph.constant(WIDE), shape=(None, WIDE.shape[1]))}


def test_a_large_constant_is_outside_the_graph() -> None:
    graph = Graph()
    outputs = _product(graph)
    assert graph.constant(WIDE).name == graph.constant(WIDE.copy()).name
    light = graph.split(outputs, {})  # type: ignore[arg-type]
    assert len(light.serialized) < 1000
    assert list(light.sizes.values()) == [WIDE.nbytes]
    assert [weight.shape for weight in check(light.serialized, light.sizes).weights.values()] == [WIDE.shape]
    assert light.weights is not None
    assert light.weights.shared
    whole = light.whole()
    assert [numpy_helper.to_array(tensor).tolist() for tensor in whole.graph.initializer] == [WIDE.tolist()]
    assert not any(member_of(tensor) for tensor in whole.graph.initializer)
    assert member_of(light.proto.graph.initializer[0])
    got = light.engine(threads=1).run({"number": ROWS})["y"]
    assert np.allclose(got, ROWS @ WIDE, rtol=1e-12, atol=0)


def test_columns_of_a_large_constant_are_read() -> None:
    graph = Graph()
    long = WIDE.reshape(1, -1)
    x = graph.input("number", "float64", long.shape[1])
    light = graph.split({"y": (x + graph.constant(long)).only([3, 70_000])}, {})
    assert not light.members
    row = np.arange(long.shape[1], dtype=np.float64)[None, :]
    expected = (row + long)[:, [3, 70_000]]
    assert light.engine().run({"number": row})["y"].tolist() == expected.tolist()


def test_results_of_large_constants_are_outside_the_graph() -> None:
    graph = Graph()
    x = graph.input("number", "float64", WIDE.shape[1])
    turned = graph.constant(WIDE).op("Transpose", shape=WIDE.T.shape, perm=[1, 0])
    light = graph.split({"y": x.op("MatMul", turned, shape=(None, 2))}, {})
    assert [node.op_type for node in light.proto.graph.node] == ["MatMul"]
    assert list(light.sizes.values()) == [WIDE.nbytes]
    assert next(iter(light.members.values())) == np.ascontiguousarray(WIDE.T).tobytes()


def test_a_file_has_no_more_weights_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split_model, "_MOST", 1)
    graph = Graph()
    x = graph.input("number", "float64", 2)
    larger = np.concatenate([WIDE, WIDE[:, :1]], axis=1)
    parts = [x.op("MatMul", graph.constant(each), shape=(None, each.shape[1])) for each in (WIDE, larger)]
    light = graph.split({"a": parts[0], "b": parts[1]}, {})
    assert list(light.sizes.values()) == [larger.nbytes]
    assert len(light.serialized) > WIDE.nbytes
    got = light.engine().run({"number": ROWS})
    assert np.allclose(got["a"], ROWS @ WIDE, rtol=1e-12, atol=0)
    assert np.allclose(got["b"], ROWS @ larger, rtol=1e-12, atol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int8", "uint16", "float16"])
@pytest.mark.parametrize("raw", [False, True])
def test_split_takes_elements_out_of_any_field(dtype: str, *, raw: bool) -> None:
    array = (np.arange(LEAST) % 100).astype(dtype)
    tensor = numpy_helper.from_array(array, "w")
    if not raw:
        values = array.view(np.uint16).tolist() if dtype == "float16" else array.tolist()
        tensor = onnx.helper.make_tensor("w", tensor.data_type, array.shape, values if dtype != "float16" else array)
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], [tensor]))
    light = split(model)
    assert list(light.members.values()) == [array.tobytes()]
    assert numpy_helper.to_array(light.whole().graph.initializer[0]).tolist() == array.tolist()
