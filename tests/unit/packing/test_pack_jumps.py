"""Rows on a jump of the answer, where WebAssembly may stand on the other side; and rows where it may not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.svm import LinearSVC

import sealift
from sealift.contract import Output
from sealift.packing.original import Original
from sealift.packing.parity import Report
from sealift.packing.reading import form_of
from sealift.packing.rows import Rows
from sealift.packing.webassembly import _Jumps
from sealift.runtime import Tolerance, wasm

EDGE = 0.75


class Stair(BaseEstimator):  # type: ignore[misc]
    """A jump from one to two."""

    def predict(self, X: Any) -> Any:
        return np.where(np.asarray(X)[:, 0] > EDGE, 2.0, 1.0)


def beside(count: int) -> float:
    value = EDGE
    for _ in range(abs(count)):
        value = math.nextafter(value, math.copysign(math.inf, count))
    return value


def judged(first: float, second: float, given: list[float], *, kind: str = "thresholds") -> Report:
    """Two rows that the original answers by its stair, and WebAssembly as `given`."""
    form = form_of(np.array([[0.0, 0.0], [1.0, 1.0]]))
    original = Original(Stair(), form, (Output(name="value", dtype="float64"),))
    rows = Rows(["x0", "x1"])
    rows.add(kind, [[first, 5.0], [second, 5.0]])
    truth = original.answer_columns(rows.columns())
    report = Report({"value": Tolerance(1e-9, 1.0)})
    got = {"value": np.array(given)}
    changed = _Jumps(report, rows, truth, original).beyond(np.arange(2), truth, got)
    report.add(["webassembly"] * 2, rows.columns(), changed, got)
    return report


@pytest.mark.parametrize(
    ("first", "second", "given", "jumped"),
    [
        (EDGE, beside(1), [1.0, 2.0], []),
        (EDGE, beside(1), [2.0, 2.0], [0]),
        (EDGE, beside(1), [1.0, 1.0], [1]),
        (beside(3), beside(4), [1.0, 2.0], [0]),
        (beside(3), beside(4), [1.0, 1.0], [0, 1]),
        (beside(-3000), beside(-2999), [2.0, 1.0], [0]),
    ],
)
def test_a_jump_nearby(first: float, second: float, given: list[float], jumped: list[int]) -> None:
    report = judged(first, second, given)
    assert report.passed
    assert report.jumped == jumped


@pytest.mark.parametrize(
    ("first", "second", "given", "kind"),
    [
        (EDGE, beside(1), [1.0, 3.0], "thresholds"),
        (EDGE - 1e-6, EDGE - 1.1e-6, [1.0, 2.0], "thresholds"),
        (EDGE, beside(1), [2.0, 2.0], "plausible"),
    ],
)
def test_no_jump_nearby(first: float, second: float, given: list[float], kind: str) -> None:
    report = judged(first, second, given, kind=kind)
    assert not report.passed
    assert not report.jumped


@pytest.mark.skipif(wasm.node() is None, reason="needs Node, as the page does")
def test_isotonic_calibration_of_margins(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    model = CalibratedClassifierCV(LinearSVC(random_state=0), method="isotonic").fit(X, y)
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert packed.report.passed
    assert packed.load().self_test().passed
