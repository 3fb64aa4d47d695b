"""PyTorch modules packed, against torch itself."""

from __future__ import annotations

import operator
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")
import exporter  # noqa: E402, F401 - which reads the translations of operators once
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import sealift  # noqa: E402
from packs import no_node  # noqa: E402, F401 - a fixture
from sealift.errors import PackError, SealiftError  # noqa: E402
from sealift.frameworks import source_of  # noqa: E402
from sealift.frameworks.torch.functions import FUNCTIONS, METHODS  # noqa: E402
from sealift.frameworks.torch.layers import LAYERS  # noqa: E402
from sealift.packing.load_model import load_model  # noqa: E402

K = 4
X = np.random.default_rng(0).normal(scale=2.0, size=(60, K))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def moved(layer: Any) -> Any:
    """A batch normalization that has seen rows."""
    with torch.no_grad():
        layer.train()(torch.from_numpy(X.astype(np.float32)) * 3 + 1)
    return layer.eval()


def packed(module: Any, tmp_path: Path, rows: Any = X, **rest: Any) -> Any:
    result = sealift.pack(module.eval(), rows, name="net", output=tmp_path / "net.seal", **rest)
    matrix = np.asarray(rows, dtype=np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(matrix).to(next(iter([*module.parameters()]), torch.zeros(1)).dtype)).numpy()
    got = result.load().predict(rows)["value"]
    np.testing.assert_allclose(got.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-5)
    return result


ALONE: list[Any] = [
    nn.Linear(K, 3),
    nn.Linear(K, 1, bias=False),
    nn.LayerNorm(K),
    nn.LayerNorm(K, elementwise_affine=False),
    nn.Identity(),
    nn.Dropout(0.5),
    nn.AlphaDropout(0.5),
    nn.Flatten(),
    nn.ReLU(),
    nn.ReLU6(),
    nn.Hardtanh(-0.5, 2.0),
    nn.LeakyReLU(0.2),
    nn.PReLU(),
    nn.PReLU(K),
    nn.ELU(0.7),
    nn.SELU(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.SiLU(),
    nn.Sigmoid(),
    nn.LogSigmoid(),
    nn.Tanh(),
    nn.Softplus(),
    nn.Softplus(2.0, 3.0),
    nn.Softsign(),
    nn.Softmax(dim=1),
    nn.LogSoftmax(dim=-1),
]


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize("module", [*ALONE, "norm", "plain norm"], ids=lambda m: m if isinstance(m, str) else str(m))
def test_a_single_module(module: Any, tmp_path: Path) -> None:
    if isinstance(module, str):
        module = moved(nn.BatchNorm1d(K, affine=module == "norm"))
    result = packed(module, tmp_path)
    assert [step["how"] for step in result.steps] == ["traced"]
    assert result.contract.task == "regression"


def test_every_converter_is_tested() -> None:
    assert {type(module) for module in ALONE} | {nn.BatchNorm1d} == set(LAYERS)


class Residual(nn.Module):  # type: ignore[misc]
    """A module of the user's own inside another."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.2))

    def forward(self, x: Any) -> Any:
        return x + self.inner(x)


class Net(nn.Module):  # type: ignore[misc]
    """Weights, buffers, functions, methods and slices."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Residual(K)
        self.head = nn.Linear(K + 2, 2)
        self.gate = nn.Parameter(torch.randn(K))
        self.register_buffer("middle", torch.randn(K))

    def forward(self, x: Any, scale: float = 0.5) -> Any:
        x = (x - self.middle) * torch.sigmoid(self.gate * x)
        x = self.block(x)
        x = functional.dropout(x, 0.3, self.training)
        both = torch.cat([x, torch.stack([x[:, 0] * scale, x[:, 1:3].sum(dim=1)], dim=1)], 1)
        both = both.view(both.size(0), -1)
        both = torch.where(both > 1.5, functional.gelu(both), both.clamp(min=-1.0))
        return functional.softmax(self.head(both.reshape(both.shape[0], K + 2)), dim=-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_net_of_the_users_own(dtype: str, tmp_path: Path) -> None:
    """In WebAssembly too, where Node is installed."""
    net = Net()
    moved(net.block.inner[1])
    packed(net.to(getattr(torch, dtype)), tmp_path, X.astype(np.float32))


@pytest.mark.usefixtures("no_node")
def test_data_frames_missing_values_and_a_trained_net(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    target = torch.from_numpy((X[:, :1] * X[:, 1:2]).astype(np.float32))
    net = nn.Sequential(nn.Linear(K, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(net.parameters(), 0.05)
    for _ in range(50):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(torch.from_numpy(X.astype(np.float32))), target).backward()
        optimizer.step()
    result = packed(net, tmp_path, frame, y=target.numpy().ravel())
    assert result.load().predict({"a": 1.0, "b": None, "c": 0.0, "d": 2.0})["value"] is not None
    assert sealift.doctor(net, frame).supported


class InPlace(nn.Module):  # type: ignore[misc]
    """A residual whose first operand the activation overwrites."""

    def __init__(self) -> None:
        super().__init__()
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        y = x * 1.0
        return self.activation(y) - 0.5 * y


@pytest.mark.usefixtures("no_node")
def test_an_overwritten_tensor_is_exported(tmp_path: Path) -> None:
    before = X.copy()
    assert [step["how"] for step in packed(InPlace(), tmp_path).steps] == ["exported"]
    np.testing.assert_array_equal(X, before)


class Hooked(nn.Module):  # type: ignore[misc]
    """A module whose hook, which a trace does not record, changes the result."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(K, 2)
        self.inner.register_forward_hook(lambda module, args, result: result * 2)

    def forward(self, x: Any) -> Any:
        return self.inner(x)


def test_what_a_trace_does_not_show_is_found_by_the_proof(tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        sealift.pack(Hooked().eval(), X, name="net", output=tmp_path / "net.seal")
    assert caught.value.code == "E303"


class Branch(nn.Module):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return x if x.sum() > 0 else -x


class Over(nn.Module):  # type: ignore[misc]
    """A forward that is one function."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


class Two(nn.Module):  # type: ignore[misc]
    def forward(self, x: Any, y: Any) -> Any:
        return x + y


def broken() -> Any:
    """A module whose training has diverged."""
    net = nn.Sequential(nn.Linear(K, 2)).eval()
    with torch.no_grad():
        net[0].weight[1, 2] = float("nan")
    return net


def half_trained() -> Any:
    """A module with a part in training mode."""
    net = nn.Sequential(nn.Linear(K, 2), nn.Dropout()).eval()
    net[1].train()
    return net


@pytest.mark.parametrize(
    ("module", "code", "part"),
    [
        (lambda: nn.Sequential(nn.Linear(K, 2), nn.Dropout()), "E304", "Call model.eval()"),
        (lambda: nn.Linear(K, 2).half().eval(), "E302", "float16"),
        (lambda: nn.Linear(K, 2, device="meta").eval(), "E304", "another device (meta)"),
        (lambda: nn.Linear(K + 1, 2).eval(), "E302", "It takes 5 columns, but is given 4"),
        (lambda: Branch().eval(), "E332", f"{Path(__file__).name}, line "),
        (lambda: Two().eval(), "E302", "takes more than the rows: y"),
        (lambda: nn.Sequential(nn.Linear(K, 2), nn.RNN(2, 2)).eval(), "E331", "depend on the other rows"),
        (lambda: nn.Softmax(dim=0).eval(), "E331", "with 1 row in a call"),
        (lambda: nn.BatchNorm1d(K, track_running_stats=False).eval(), "E331", "for 1 it raises ValueError"),
        (lambda: Over(lambda x: x - x.mean(dim=0)).eval(), "E331", "depend on the other rows"),
        (lambda: Over(lambda x: x[0]).eval(), "E331", "for 32 rows it gives 'value' the shape [4]"),
        (lambda: Over(lambda x: x.squeeze()).eval(), "E331", "for 1 row it gives 'value' the shape [4]"),
        (lambda: Over(lambda x: x.reshape(-1)).eval(), "E331", "the shape [128]"),
        (lambda: Over(lambda x: x @ x.T).eval(), "E331", "the shape [1, 1] in place of [1, 32]"),
        (lambda: Over(lambda x: torch.linalg.eigvalsh(x[:, None] * x[..., None])).eval(), "E333", "aten._linalg_eigh"),
        (lambda: Over(functional.dropout).eval(), "E330", "draws random numbers by aten.dropout"),
        (
            lambda: Over(lambda x: x + 1e-30 * torch.rand_like(x)).eval(),
            "E330",
            "draws random numbers by aten.rand_like",
        ),
        (lambda: Over(lambda x: x.reshape(int(x.shape[0]), 4)).eval(), "E335", "the number of rows"),
        (broken, "E334", "'0.weight' hold NaN"),
        (half_trained, "E304", "The module '1' is in training mode"),
    ],
)
def test_what_is_refused(module: Any, code: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        sealift.pack(module(), X, name="net", output=tmp_path / "net.seal")
    assert caught.value.code == code
    assert part in str(caught.value)
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.add(x, x, alpha=2),
        lambda x: torch.softmax(x, 1, torch.float64),
        lambda x: x.add_(1.0),
        lambda x: functional.gelu(x).sort(dim=1).values,
    ],
    ids=["alpha", "dtype", "in place", "sort"],
)
def test_what_a_trace_refuses_is_exported(function: Any, tmp_path: Path) -> None:
    assert [step["how"] for step in packed(Over(function), tmp_path).steps] == ["exported"]


def test_the_page_lists_what_is_supported() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "torch.md").read_text()
    listed = {name.replace("_", "") for name in re.findall(r"`([A-Za-z0-9_]+)`", page)} | {"getattr"}
    names = [*(layer.__name__ for layer in LAYERS), *(name for name in METHODS if name not in dir(operator))]
    names += [function.__name__ for function in FUNCTIONS if function.__module__ != "_operator"]
    assert {name.replace("_", "") for name in names} <= listed


def test_who_owns_what() -> None:
    assert type(source_of(Net().eval())).__name__ == "ModuleSource"
    with pytest.raises(PackError, match="neither predicts nor transforms"):
        source_of(torch.zeros(3))


@pytest.mark.usefixtures("no_node")
def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = nn.Sequential(nn.Linear(K, 1)).eval()
    torch.save(net, tmp_path / "net.pt")
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(PackError) as caught:
        load_model(str(tmp_path / "net.pt"))
    assert caught.value.code == "E307"
    loaded: Any = load_model(str(tmp_path / "net.pt"), trust_pickle=True)
    assert torch.equal(loaded[0].weight, net[0].weight)
    with pytest.raises(PackError) as caught:
        load_model(str(tmp_path / "weights.pt"), trust_pickle=True)
    assert caught.value.code == "E308"
    assert "state_dict" in caught.value.fix
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SealiftError) as missing:
        load_model(str(tmp_path / "net.pt"), trust_pickle=True)
    assert missing.value.code == "E405"
    assert "sealift[torch]" in missing.value.fix


class Pooled(nn.Module):  # type: ignore[misc]
    """Numbers of each row of an array (N, 4, 8), by its axes."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.last = nn.Linear(8, 5), nn.Linear(3, 2)

    def forward(self, x: Any) -> Any:
        x = functional.relu(self.inner(x))
        parts = [x.mean(dim=(1, 2)), x.sum(2).amax(1), torch.softmax(x, dim=1).amin(dim=-1).sum(1)]
        return self.last(torch.stack(parts, dim=1))


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(32, 6), nn.ReLU(), nn.Linear(6, 2)),
        nn.Sequential(nn.Linear(8, 3, bias=False), nn.GELU(), nn.Flatten(1, 2), nn.Linear(12, 1)),
        Pooled(),
    ],
    ids=["flat", "inner", "pooled"],
)
def test_arrays(module: Any, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(40, 4, 8))
    result = packed(module, tmp_path, rows)
    assert [(field.name, field.dtype) for field in result.contract.inputs] == [("x", "tensor[4,8]")]
    diagnosis = sealift.doctor(module, rows)
    assert (diagnosis.supported, diagnosis.agrees) == (True, True)


def test_arrays_whose_rows_depend_on_one_another(tmp_path: Path) -> None:
    class Mixed(nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return (x - x.mean(dim=0)).flatten(1)

    with pytest.raises(PackError, match="depend on the other rows"):
        packed(Mixed(), tmp_path, np.random.default_rng(1).normal(size=(40, 4, 8)))
