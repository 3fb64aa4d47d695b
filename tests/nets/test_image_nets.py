"""A residual net of PyTorch for images (224, 224, 3): packed, verified and served, against torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
from torch import nn  # noqa: E402

import sealift  # noqa: E402
from packs import member, no_node  # noqa: E402, F401 - a fixture
from servers import serving  # noqa: E402

CLASSES = 10


class Block(nn.Module):  # type: ignore[misc]  # torch may not be installed
    """Two convolutions beside a connection around them (He et al. 2016, figure 2)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(channels, filters, 3, 2, 1, bias=False), nn.BatchNorm2d(filters))
        self.second = nn.Sequential(nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters))
        self.around = nn.Sequential(nn.Conv2d(channels, filters, 1, 2, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x: Any) -> Any:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.around(x))


class ResidualNet(nn.Module):  # type: ignore[misc]
    """Probabilities of images (N, 224, 224, 3)."""

    def __init__(self) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, 8, 7, 4, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.body = nn.Sequential(stem, Block(8, 16), Block(16, 32))
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Any) -> Any:
        return torch.softmax(self.head(self.body(x.permute(0, 3, 1, 2)).mean((2, 3))), 1)


@pytest.mark.usefixtures("no_node")
def test_a_residual_net(tmp_path: Path) -> None:
    torch.manual_seed(0)
    images = np.random.default_rng(0).random((10, 224, 224, 3), dtype=np.float32)
    net = ResidualNet()
    with torch.no_grad():
        net(torch.from_numpy(images))  # the statistics of batch normalization
        expected = net.eval()(torch.from_numpy(images)).numpy()
    packed = sealift.pack(net, images, name="net", output=tmp_path / "net.seal")
    assert [step["how"] for step in packed.steps] == ["exported"]
    assert packed.contract.inputs[0].dtype == "tensor[224,224,3]"
    assert member(packed, "golden/examples.json")["arrays"]["x"]["shape"][1:] == [224, 224, 3]
    assert sealift.verify(packed.path).examples
    np.testing.assert_allclose(sealift.load(packed.path).predict(images)["value"], expected, rtol=1e-5, atol=1e-7)
    with serving(str(packed.path), workers="1") as server:
        tensor = {"name": "x", "datatype": "FP32", "shape": [1, 224, 224, 3], "data": images[0].ravel().tolist()}
        status, answer = server.ask("POST", "/v2/models/net/infer", {"inputs": [tensor]})
    assert status == 200
    np.testing.assert_allclose(answer["outputs"][0]["data"], expected[0], rtol=1e-5, atol=1e-7)
