"""Modules that are exported: convolutions, sequences and several arguments, against torch."""

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
from sealift.errors import SealiftError  # noqa: E402

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Tagger(nn.Module):  # type: ignore[misc] # torch may not be installed
    """A score of each row from its tokens, of which a mask leaves some out, and from a number."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.recurrent = nn.Embedding(20, 8), nn.GRU(8, 8, batch_first=True)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False), nn.Linear(9, 2)

    def forward(self, tokens: Any, mask: Any, age: Any) -> Any:
        x, _ = self.recurrent(self.embedding(tokens))
        x = self.encoder(x, src_key_padding_mask=~mask)
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        return self.head(torch.cat([pooled, age[:, None]], 1))


def tagged_rows(count: int) -> dict[str, Any]:
    mask = np.arange(6) < RANDOM.integers(1, 7, size=(count, 1))
    return {
        "tokens": RANDOM.integers(0, 20, size=(count, 6)),
        "mask": mask,
        "age": RANDOM.normal(size=count).astype(np.float32),
    }


def test_several_arguments(tmp_path: Path) -> None:
    """In WebAssembly too, where Node is installed."""
    net, rows = Tagger().eval(), tagged_rows(40)
    packed = sealift.pack(net, rows, name="tags", output=tmp_path / "tags.seal")
    assert [step["how"] for step in packed.steps] == ["exported"]
    assert [(f.name, f.dtype, f.missing) for f in packed.contract.inputs] == [
        ("tokens", "tensor[6]", "refused"),
        ("mask", "tensor[6]", "refused"),
        ("age", "float32", "refused"),
    ]
    with torch.no_grad():
        wanted = net(**{name: torch.from_numpy(array) for name, array in rows.items()}).numpy()
    np.testing.assert_allclose(packed.load().predict(rows)["value"], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("no_node")
def test_arguments_by_position_are_those_by_name(tmp_path: Path) -> None:
    net, rows = Tagger().eval(), tagged_rows(40)
    by_name = sealift.pack(net, rows, name="tags", output=tmp_path / "a.seal")
    by_place = sealift.pack(net, tuple(rows.values()), name="tags", output=tmp_path / "b.seal")
    assert by_place.contract == by_name.contract
    with pytest.raises(SealiftError) as caught:
        sealift.pack(net, (*rows.values(), rows["age"]), name="tags", output=tmp_path / "c.seal")
    assert (caught.value.code, caught.value.what) == ("E305", "X is a tuple of 4 arrays, but forward takes 3.")


def test_tensors_are_rows(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(24, 1)).eval()
    signals = torch.randn(30, 2, 8)
    packed = sealift.pack(net, signals, name="signal", output=tmp_path / "signal.seal")
    with torch.no_grad():
        wanted = net(signals).numpy()[:, 0]
    np.testing.assert_allclose(packed.load().predict(signals.numpy())["value"], wanted, rtol=1e-4, atol=1e-6)


class Counting(nn.Module):  # type: ignore[misc]
    """A module whose answer depends on the number of calls."""

    calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x.flatten(1) * self.calls


class Failing(nn.Module):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return x.flatten(1) @ torch.ones(3, 2)


@pytest.mark.parametrize(
    ("module", "code", "part"),
    [
        (Counting(), "E330", "Two calls with the same rows"),
        (Failing(), "E305", "test_exported.py, line "),
        (nn.LSTM(8, 4), "E331", ""),
    ],
    ids=["counting", "failing", "time first"],
)
def test_what_is_refused(module: Any, code: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        sealift.pack(module.eval(), RANDOM.normal(size=(40, 4, 8)), name="net", output=tmp_path / "net.seal")
    assert (caught.value.code, part in str(caught.value)) == (code, True)


@pytest.mark.usefixtures("no_node")
def test_an_operator_that_has_no_float64(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Flatten()).double().eval()
    with pytest.raises(SealiftError, match=r"operator Conv in float64.*model\.float\(\)"):
        sealift.pack(net, RANDOM.normal(size=(12, 2, 9)), name="double", output=tmp_path / "double.seal")
