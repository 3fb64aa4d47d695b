"""Modules of Lightning packed: a stand-in for its class, and the library itself where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
import exporter  # noqa: E402, F401 - which reads the translations of operators once
from torch import nn  # noqa: E402

import sealift  # noqa: E402
from packs import no_node  # noqa: E402, F401 - a fixture
from sealift.warning_filters import no_warnings  # noqa: E402


class LightningModule(nn.Module):  # type: ignore[misc] # torch is not typed here
    """As Lightning's class: it logs while a trainer runs only."""

    def log(self, name: str, value: Any) -> None:
        raise RuntimeError(f"you are trying to log {name} = {value}, but no trainer runs")


LightningModule.__module__ = "lightning.pytorch.core.module"


def base(kind: str) -> Any:
    if kind == "stand-in":
        return LightningModule
    with no_warnings():
        return pytest.importorskip("lightning", reason="Lightning is not installed: make test-torch").LightningModule


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize("images", [False, True], ids=["traced", "exported"])
@pytest.mark.parametrize("kind", ["stand-in", "lightning"])
def test_what_a_module_logs_is_left_out(kind: str, images: bool, tmp_path: Path) -> None:
    class Net(base(kind)):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten()) if images else nn.Linear(4, 8)
            self.head = nn.Linear(144 if images else 8, 2)

        def forward(self, x: Any) -> Any:
            result = self.head(torch.relu(self.body(x)))
            self.log("result", result)
            return result

    torch.manual_seed(0)
    net = Net().eval()
    shape = (40, 1, 8, 8) if images else (40, 4)
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    packed = sealift.pack(net, rows, name="net", output=tmp_path / "net.seal")
    assert packed.steps[-1]["how"] == ("exported" if images else "traced")
    with torch.no_grad():
        wanted = net.head(torch.relu(net.body(torch.from_numpy(rows)))).numpy()
    np.testing.assert_allclose(packed.load().predict(rows)["value"], wanted, atol=1e-5)
    assert "log" not in net.__dict__
