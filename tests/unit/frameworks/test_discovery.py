"""The frameworks: found by entry points, chosen by a model's type, loaded once and again after a failure."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sealift.contract import Field
from sealift.errors import MissingExtraError, PackError
from sealift.frameworks import Framework, Source, StepOutput, Table, apply, discovery, registry, source_of
from sealift.frameworks.base import RowFormat
from sealift.graph.context import ConversionContext
from sealift.graph.table import input_table
from sealift.plugins import Plugins

GROUP = "sealift.frameworks"
X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No framework found or loaded yet, for the time of a test."""
    monkeypatch.setattr(discovery, "_plugins", Plugins(GROUP, "framework"))
    monkeypatch.setattr(discovery, "_loaded", set())
    return monkeypatch


def test_the_built_in_ones_are_declared_as_entry_points() -> None:
    declared = {point.name for point in metadata.entry_points(group=GROUP)}
    assert {"sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "onnx", "function"} <= declared
    assert {framework.name for framework in discovery.frameworks()} == declared


def test_finding_them_imports_no_library() -> None:
    code = (
        "import sys; from sealift.frameworks import discovery; discovery.frameworks(); "
        "names = 'sklearn', 'xgboost', 'lightgbm', 'catboost', 'pandas', 'imblearn', 'torch'; "
        "print([name for name in names if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


class Other:
    def transform(self, X: Any) -> Any:
        return X


class Mine(BaseEstimator):  # type: ignore[misc]
    def predict(self, X: Any) -> Any:
        return np.zeros(len(X))


class Named(Framework):
    extra = "named"

    def __init__(self, name: str, *packages: str) -> None:
        self.name, self.packages = name, packages

    def source(self, model: Any, rows: Any = None) -> Source:
        raise NotImplementedError


@pytest.mark.parametrize("backwards", [False, True])
def test_the_earliest_class_of_the_mro_decides(backwards: bool, fresh: pytest.MonkeyPatch) -> None:
    inner = type("Inner", (Mine,), {"__module__": "alpha.models"})
    outer = type("Outer", (inner,), {"__module__": "zeta"})
    every = [*discovery.frameworks(), Named("zeta", "zeta"), Named("alpha", "alpha")]
    every.sort(key=lambda framework: framework.name, reverse=backwards)
    fresh.setattr(discovery._plugins, "_known", {framework.name: framework for framework in every})

    def name(model: Any) -> str:
        owner = discovery.owner(model)
        return "" if owner is None else owner.name

    assert [name(model) for model in (outer(), inner(), Mine(), Other())] == ["zeta", "alpha", "sklearn", "sklearn"]
    assert name(type("Near", (), {"__module__": "alphabet"})()) == ""
    assert name(abs) == name(lambda x: x) == name(np.exp) == "function"
    assert [name(value) for value in (5, None, {"a": 1}, "text")] == ["", "", "", ""]


class Plain(Source):
    rows = RowFormat()
    outputs = ("value",)

    def answer(self, rows: Any, outputs: Any) -> Any:
        return {"value": np.asarray(rows)[:, 0]}

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        raise PackError("E302", "There is no converter for it.", fix="")


MODULE = """
from sealift.frameworks import StepOutput, converter
from halfway_library import Model

@converter(Model)
def model(step, x):
    return StepOutput(value=x.numbers().column(0))

import halfway_missing
"""


class Halfway(Named):
    def load(self) -> None:
        importlib.import_module("halfway_converters")

    def source(self, model: Any, rows: Any = None) -> Source:
        return Plain(model)


@pytest.fixture
def halfway(tmp_path: Path, fresh: pytest.MonkeyPatch) -> Iterator[Any]:
    """A library whose converters register themselves before their import fails."""
    library = types.ModuleType("halfway_library")
    kind = type("Model", (), {"__module__": "halfway_library"})
    library.Model = kind  # type: ignore[attr-defined]
    fresh.setitem(sys.modules, "halfway_library", library)
    fresh.syspath_prepend(str(tmp_path))
    (tmp_path / "halfway_converters.py").write_text(MODULE)
    every = {framework.name: framework for framework in discovery.frameworks()}
    fresh.setattr(discovery._plugins, "_known", {**every, "halfway": Halfway("halfway", "halfway_library")})
    yield kind()
    registry._converters.pop(kind, None)
    registry._strategies.pop(kind, None)
    sys.modules.pop("halfway_converters", None)


def converted(model: Any) -> StepOutput:
    return apply(model, input_table(ConversionContext(), [Field(name="a", dtype="float64")], {}))


def test_a_failed_import_is_the_same_error_each_time_and_can_be_mended(halfway: Any, tmp_path: Path) -> None:
    for _ in range(3):
        with pytest.raises(MissingExtraError) as caught:
            converted(halfway)
        assert caught.value.code == "E405"
        assert "No module named 'halfway_missing'" in caught.value.what
        assert caught.value.fix == "Install it with: pip install 'sealift[named]'"
    (tmp_path / "halfway_missing.py").write_text("")
    importlib.invalidate_caches()
    assert converted(halfway).value is not None


def test_threads_load_once(halfway: Any, tmp_path: Path) -> None:
    (tmp_path / "halfway_missing.py").write_text("import time; time.sleep(0.2)")
    start, answers = threading.Barrier(8), []

    def convert() -> None:
        start.wait(10)
        answers.append(converted(halfway).value is not None)

    threads = [threading.Thread(target=convert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [True] * 8


def test_source_of_returns_a_source_unchanged() -> None:
    source = source_of(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, [0, 1, 1, 0]))
    assert source_of(source) is source
    assert set(source.outputs) == {"label", "value", "probability", "score"}
    with pytest.raises(PackError, match="is a class"):
        source_of(LogisticRegression)


def test_a_step_of_no_framework() -> None:
    with pytest.raises(PackError) as caught:
        converted(5)
    assert (caught.value.code, caught.value.where) == ("E302", "int")
