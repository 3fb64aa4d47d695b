"""Plain functions as models: a formula that somebody wrote down."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.errors import PackError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
FRAME = pd.DataFrame({"age": np.linspace(20, 90, 40), "smoker": np.tile([0.0, 1.0], 20)})


def risk(rows: Any) -> Any:
    return 1 / (1 + np.exp(-(0.03 * rows["age"] - 2 + 0.5 * rows["smoker"])))


def scores(rows: Any, *, weight: float = 2.0) -> Any:
    return np.column_stack([rows.sum(axis=1), weight * rows[:, 0]])


class Card:
    def points(self, rows: Any) -> Any:
        return np.where(rows[:, 0] > 0.5, 3.0, 1.0)


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize(
    ("function", "rows", "path"),
    [
        (risk, FRAME, "risk"),
        (risk, FRAME.to_dict("records"), "risk"),
        (scores, X, "scores"),
        (functools.partial(scores, weight=0.5), X, "partial"),
        (Card().points, X, "points"),
        (np.expm1, X, "expm1"),
        (lambda rows: rows[:, 0] * 2.0, X.astype(np.float32), "<lambda>"),
    ],
)
def test_a_function_is_packed(function: Any, rows: Any, path: str, tmp_path: Path) -> None:
    packed = sealift.pack(function, rows, name="f", output=tmp_path / "f.seal")
    assert packed.steps == [{"path": path, "how": "traced"}]
    assert [(output.name, packed.contract.task) for output in packed.contract.outputs] == [("value", "regression")]
    asked = pd.DataFrame(rows) if isinstance(rows, list) else rows
    np.testing.assert_allclose(packed.load().predict(asked)["value"], np.asarray(function(asked)), rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "rows", "code", "what"),
    [
        (lambda rows: rows - rows.mean(axis=0), X, "E302", "uses all rows at once"),
        (lambda rows: rows["name"], FRAME.assign(name="x"), "E302", "It gives strings or dates"),
        (lambda rows: 1.0, X, "E302", "gives float in place of an array"),
        (lambda rows: rows["no such column"], FRAME, "E302", "no such column"),
    ],
)
def test_what_cannot_be_traced(function: Any, rows: Any, code: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        sealift.pack(function, rows, name="f", output=tmp_path / "f.seal")
    assert (caught.value.code, caught.value.where) == (code, "<lambda>")
    assert what in caught.value.what
    assert not list(tmp_path.iterdir())


def test_doctor() -> None:
    assert sealift.doctor(risk, FRAME).supported
    diagnosis = sealift.doctor(lambda rows: rows - rows.max(axis=0), X)
    assert not diagnosis.supported
    with pytest.raises(PackError) as caught:
        sealift.doctor(risk)
    assert caught.value.code == "E305"
