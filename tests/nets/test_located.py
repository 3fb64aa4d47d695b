"""Exported graphs that are damaged in one layer: the error names the layer, against the module's own results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
import exporter  # noqa: E402, F401 - which reads the translations of operators once
from torch import nn  # noqa: E402

import sealift  # noqa: E402
from packs import no_node  # noqa: E402, F401 - a fixture
from sealift.errors import ParityError  # noqa: E402
from sealift.frameworks.torch import export, source  # noqa: E402

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.normal(size=(24, 1, 8, 8)).astype(np.float32)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Block(nn.Module):  # type: ignore[misc] # torch may not be installed
    """Two convolutions beside a connection that skips them; the exporter merges the normalizations into them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.conv2, self.act = nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        return self.act(self.conv2(self.act(self.bn1(self.conv1(x)))) + x)


class Net(nn.Module):  # type: ignore[misc] # torch may not be installed
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), Block(), Block())
        self.recurrent, self.head = nn.GRU(4, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x: Any, *, age: Any = None) -> Any:
        states, _ = self.recurrent(self.body(x).flatten(2).transpose(1, 2))
        result = self.head(states[:, -1])
        return result if age is None else {"score": result, "age": result[:, 0] + age}


def damaged(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change a weight of the nodes of a layer after each export."""
    original = export.graph_of

    def changed(program: Any, kind: str) -> Any:
        graph = original(program, kind)
        proto = graph.model.proto.graph
        inside = [n for n in proto.node if any(graph.places.get(name) == place for name in n.output)]
        read = {name for node in inside for name in node.input}
        weights = [w for w in proto.initializer if w.name in read and w.data_type == onnx.TensorProto.FLOAT]
        weight = max(weights, key=lambda each: int(np.prod(each.dims)))
        weight.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight) * np.float32(1.5), weight.name))
        return graph

    monkeypatch.setattr(source, "graph_of", changed)


def failed(net: Any, rows: Any, tmp_path: Path, **rest: Any) -> Any:
    with pytest.raises(ParityError) as caught:
        sealift.pack(net.eval(), rows, name="net", output=tmp_path / "net.seal", **rest)
    assert not (tmp_path / "net.seal").exists()
    return caught.value


def _tensor(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize(
    "place",
    [
        "body.1.bn1 (BatchNorm2d)",  # conv1 and bn1 are one node
        "recurrent (GRU)",
    ],
)
def test_the_layer_and_both_numbers(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net()
    damaged(place, monkeypatch)
    error = failed(net, PICTURES, tmp_path)
    assert (error.code, error.where, error.report.part) == ("E303", "Net", place)
    number = r"(-?[\d.]+(?:e-?\d+)?)"
    match = re.search(rf"It first differs in `{re.escape(place)}`: {number}, got {number}\.", error.what)
    assert match is not None, error.what
    # The first number is one of the module's own results for the row.
    results: list[Any] = []
    for name, inner in net.named_modules():
        if name == place.partition(" ")[0]:
            inner.register_forward_hook(lambda *given: results.append(_tensor(given[2]).clone()))
    with torch.no_grad():
        net(torch.from_numpy(error.report.rows[0].row["x"].array[None].astype(np.float32)))
    assert np.isclose(results[0].numpy(), float(match[1]), rtol=1e-5, atol=1e-8).any()
    assert not np.isclose(float(match[1]), float(match[2]), rtol=1e-4)


@pytest.mark.usefixtures("no_node")
def test_several_arguments_and_results_and_a_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged("body.2.conv2 (Conv2d)", monkeypatch)
    rows = {"x": PICTURES, "age": RANDOM.normal(size=24).astype(np.float32)}
    outputs = {"score": sealift.Classes(["cat", "dog"], activation="softmax")}
    error = failed(Net(), rows, tmp_path, outputs=outputs)
    assert error.report.part == "body.2.conv2 (Conv2d)"
    assert error.where.endswith("Net")


@pytest.mark.usefixtures("no_node")
def test_no_layer_is_named_for_a_difference_after_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Scaled(nn.Module):  # type: ignore[misc] # torch may not be installed
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.factors = nn.Conv2d(1, 2, 3), nn.Parameter(torch.tensor([1.0, 2.0]))

        def forward(self, x: Any) -> Any:
            return self.conv(x).mean((2, 3)) * self.factors

    original = export.graph_of

    def changed(program: Any, kind: str) -> Any:
        graph = original(program, kind)
        factors = next(e for e in graph.model.proto.graph.initializer if e.name.endswith("factors"))
        factors.CopyFrom(onnx.numpy_helper.from_array(np.array([1.0, 3.0], dtype=np.float32), factors.name))
        return graph

    monkeypatch.setattr(source, "graph_of", changed)
    error = failed(Scaled(), PICTURES, tmp_path)
    assert (error.where, error.report.part) == ("Scaled", "")
    assert "first differs" not in error.what
