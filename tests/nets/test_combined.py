"""Exported programs, nets of other libraries around PyTorch, and models that consist of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
import exporter  # noqa: E402, F401 - which reads the translations of operators once
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from torch import nn  # noqa: E402

import sealift  # noqa: E402
from packs import no_node  # noqa: E402, F401 - a fixture
from sealift.errors import SealiftError  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_node")
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(3.0, 2.0, size=(60, 4)).astype(np.float32)
SIGNALS = RANDOM.normal(size=(40, 2, 8)).astype(np.float32)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Encoder(nn.Module):  # type: ignore[misc] # torch may not be installed
    """A code and a score of each signal."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Conv1d(2, 4, 3), nn.SiLU()), nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        inner = self.body(x)
        code = inner.mean(2)
        return {"code": code, "score": self.head(code).sigmoid(), "map": inner}


def test_several_results(tmp_path: Path) -> None:
    net = Encoder().eval()
    packed = sealift.pack(net, SIGNALS, name="net", output=tmp_path / "net.seal")
    assert [(o.name, o.kind, o.width, o.shape) for o in packed.contract.outputs] == [
        ("code", "value", 4, None),
        ("score", "value", None, None),
        ("map", "array", None, (4, 6)),
    ]
    with torch.no_grad():
        wanted = net(torch.from_numpy(SIGNALS))
    for name, got in packed.load().predict(SIGNALS).items():
        np.testing.assert_allclose(got.reshape(wanted[name].shape), wanted[name].numpy(), rtol=1e-4, atol=1e-5)


def test_an_exported_program(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(24, 2)).eval()
    example = (torch.from_numpy(SIGNALS[:2]),)
    program = torch.export.export(net, example, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    packed = sealift.pack(program, SIGNALS, name="net", output=tmp_path / "net.seal")
    with torch.no_grad():
        wanted = net(torch.from_numpy(SIGNALS)).numpy()
    np.testing.assert_allclose(packed.load().predict(SIGNALS)["value"], wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(SealiftError) as caught:
        sealift.pack(torch.export.export(net, example), SIGNALS, name="net", output=tmp_path / "fixed.seal")
    assert (caught.value.code, "for 2 rows" in caught.value.what) == ("E335", True)


def test_a_scaler_before_a_module(tmp_path: Path) -> None:
    scaler, net = StandardScaler().fit(X), nn.Sequential(nn.Linear(4, 3), nn.Tanh()).eval()
    packed = sealift.pack((scaler, net), X, name="net", output=tmp_path / "net.seal")
    with torch.no_grad():
        wanted = net(torch.from_numpy(scaler.transform(X).astype(np.float32))).numpy()
    np.testing.assert_allclose(packed.load().predict(X)["value"], wanted, rtol=1e-4, atol=1e-5)
    assert [step["how"] for step in packed.steps] == ["own", "traced", "own"]


def test_a_classifier_after_a_net(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()).eval()
    with torch.no_grad():
        codes = net(torch.from_numpy(SIGNALS)).numpy()
    y = np.where(codes[:, 0] > np.median(codes[:, 0]), "high", "low")
    classifier = make_pipeline(StandardScaler(), LogisticRegression()).fit(codes, y)
    packed = sealift.pack((net, classifier), SIGNALS, y, name="net", output=tmp_path / "net.seal")
    answers = packed.load().predict(SIGNALS)
    assert (answers["label"] == classifier.predict(codes)).all()
    np.testing.assert_allclose(answers["probability"], classifier.predict_proba(codes), rtol=1e-4, atol=1e-5)


def test_the_mean_of_several_nets(tmp_path: Path) -> None:
    nets = [nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)).eval() for _ in range(3)]
    packed = sealift.pack(nets, X, name="net", output=tmp_path / "net.seal")
    with torch.no_grad():
        wanted = sum(net(torch.from_numpy(X)).numpy() for net in nets) / 3
    np.testing.assert_allclose(packed.load().predict(X)["value"], wanted, rtol=1e-4, atol=1e-6)


def test_a_net_of_skorch(tmp_path: Path) -> None:
    skorch = pytest.importorskip("skorch", reason="skorch is not installed: make test-torch")
    y = (X.sum(1) > 12).astype(np.int64) + (X[:, 0] > 3)
    module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    net = skorch.NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss, max_epochs=3, verbose=0, train_split=None)
    with pytest.raises(SealiftError) as caught:
        sealift.pack(net, X, y, name="net", output=tmp_path / "net.seal")
    assert caught.value.code == "E301"
    net.fit(X, y)
    packed = sealift.pack(net, X, y, name="net", output=tmp_path / "net.seal")
    answers = packed.load().predict(X)
    assert (answers["label"] == net.predict(X)).all()
    np.testing.assert_allclose(answers["probability"], net.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_a_preprocessing_of_pictures_before_a_module(tmp_path: Path) -> None:
    """The module's example has the shape that the preprocessing makes, not that of the rows."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    net = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    pictures = [image.fromarray(RANDOM.integers(0, 255, (20 + at, 30, 3)).astype(np.uint8)) for at in range(8)]
    packed = sealift.pack(
        net, pictures, name="net", output=tmp_path / "net.seal",
        preprocess=sealift.Image(resize=(16, 16), filter="bilinear", library="pillow", mean=(0.5,) * 3, std=(0.2,) * 3),
    )  # fmt: skip
    assert [step["how"] for step in packed.steps] == ["exported", "own"]
    assert packed.load().predict(pictures[:2])["value"].shape == (2, 2)


def test_integers_that_a_module_needs_are_not_a_table(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1)).eval()
    ids = RANDOM.integers(0, 9, size=(40, 3))
    packed = sealift.pack(net, ids, name="net", output=tmp_path / "net.seal")
    assert [(f.name, f.dtype) for f in packed.contract.inputs] == [("x", "tensor[3]")]


def test_attention_without_anything_to_attend_to(tmp_path: Path) -> None:
    class Attention(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, mask: Any) -> Any:
            kept = mask[:, None, None, :] != 0
            return nn.functional.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None], kept)[:, 0].sum(1)

    mask = (RANDOM.random((40, 8)) < 0.5).astype(np.int64)
    mask[0] = 0
    rows = {"x": SIGNALS.transpose(0, 2, 1).copy(), "mask": mask}
    packed = sealift.pack(Attention().eval(), rows, name="net", output=tmp_path / "net.seal")
    assert (packed.load().predict(rows)["value"][0] == 0).all()
