"""Rows on a jump of the answer, where an engine may stand on the other side; and rows where it may not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, PowerTransformer, StandardScaler
from sklearn.svm import LinearSVC

import sealift
from sealift.contract import Output
from sealift.errors import ParityError
from sealift.frameworks import source_of
from sealift.packing.inputs.detect import read_rows
from sealift.packing.probes.probe_rows import ROUNDED, ProbeRows
from sealift.packing.proof.discontinuities import Discontinuities
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.runtime import Tolerance
from sealift.runtime.engines import wasm

EDGE = 0.75
WIDTH = 2**22  # how many doubles away a jump may be


class Stair(BaseEstimator):  # type: ignore[misc]
    """A jump from one to two."""

    def predict(self, X: Any) -> Any:
        return np.where(np.asarray(X)[:, 0] > EDGE, 2.0, 1.0)


def beside(count: int) -> float:
    """The double so many places above EDGE."""
    return float((np.array([EDGE]).view(np.int64) + count).view(np.float64)[0])


def judged(
    first: float,
    second: float,
    given: Sequence[Any],
    *,
    kind: str = ROUNDED,
    model: BaseEstimator = Stair(),  # noqa: B008 - it has no state
    width: int | None = None,
) -> Report:
    """Two rows that the original answers by its stair, and WebAssembly as `given`."""
    form = read_rows(np.array([[0.0, 0.0], [1.0, 1.0]]))
    original = Original(source_of(model), form, (Output(name="value", kind="value", dtype="float64", width=width),))
    rows = ProbeRows(["x0", "x1"])
    rows.add(kind, [[first, 5.0], [second, 5.0]])
    truth = original.answer_columns(rows.columns())
    report = Report({"value": Tolerance(1e-9, 1.0)})
    got = {"value": np.array(given)}
    changed = Discontinuities(report, rows, truth, original).adjusted(np.arange(2), truth, got, "webassembly")
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
        (beside(1 - WIDTH), beside(-WIDTH), [2.0, 1.0], [0]),
        (beside(WIDTH), beside(WIDTH + 1), [1.0, 2.0], [0]),
    ],
)
def test_a_jump_nearby(first: float, second: float, given: list[float], jumped: list[int]) -> None:
    report = judged(first, second, given)
    assert report.passed
    assert report.jumped.get("webassembly", []) == jumped


@pytest.mark.parametrize(
    ("first", "second", "given", "kind"),
    [
        (EDGE, beside(1), [1.0, 3.0], ROUNDED),
        (EDGE - 1e-6, EDGE - 1.1e-6, [1.0, 2.0], ROUNDED),
        (beside(-WIDTH), beside(-WIDTH - 1), [2.0, 1.0], ROUNDED),
        (beside(WIDTH + 1), beside(WIDTH + 2), [1.0, 2.0], ROUNDED),
        (EDGE, beside(1), [2.0, 2.0], "thresholds"),
        (EDGE, beside(1), [2.0, 2.0], "plausible"),
    ],
)
def test_no_jump_nearby(first: float, second: float, given: list[float], kind: str) -> None:
    report = judged(first, second, given, kind=kind)
    assert not report.passed
    assert not report.jumped


class TwoStairs(Stair):
    """Two answers that jump at the same number."""

    def predict(self, X: Any) -> Any:
        return np.column_stack([super().predict(X), 10 * super().predict(X)])


@pytest.mark.parametrize(
    ("first", "second", "given", "jumped"),
    [
        (EDGE, beside(1), [[1.0, 10.0], [2.0, 20.0]], []),
        (EDGE, beside(1), [[2.0, 20.0], [2.0, 20.0]], [0]),
        (beside(3), beside(4), [[1.0, 10.0], [1.0, 10.0]], [0, 1]),
        (EDGE, beside(1), [[2.0, 10.0], [2.0, 20.0]], None),
        (EDGE, beside(1), [[1.0, 10.0], [1.0, 20.0]], None),
    ],
)
def test_all_columns_of_an_answer_jump_together(
    first: float, second: float, given: list[list[float]], jumped: list[int] | None
) -> None:
    report = judged(first, second, given, model=TwoStairs(), width=2)
    assert report.passed is (jumped is not None)
    assert report.jumped.get("webassembly", []) == (jumped or [])


@pytest.mark.skipif(wasm.node() is None, reason="needs Node, as the page does")
def test_isotonic_calibration_of_margins(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    model = CalibratedClassifierCV(LinearSVC(random_state=0), method="isotonic").fit(X, y)
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert packed.report.passed
    assert packed.load().self_test().passed


@pytest.mark.parametrize("step", [FunctionTransformer(np.log1p), PowerTransformer(), Normalizer()])
def test_trees_behind_a_function(step: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    X = random.lognormal(1, 1, (300, 3))
    y = X[:, 0] * random.random(300) > 1.5
    packed = sealift.pack(
        make_pipeline(step, RandomForestClassifier(5, random_state=0)).fit(X, y),
        X,
        name="m",
        output=tmp_path / "m.seal",
    )
    assert packed.report.compared[ROUNDED] > 100
    assert "thresholds" not in packed.report.compared
    assert any("relative distance" in note for note in packed.notes) is bool(packed.report.jumped.get("native"))
    evidence = packed.load().seal.json("evidence.json")
    assert set(evidence["parity"]["jumps"]) == set(packed.report.engines)


@pytest.mark.skipif(sklearn.__version__.startswith("1.8."), reason="scikit-learn 1.8 has midpoints as thresholds")
def test_rows_of_the_caller_on_a_jump_are_refused_with_the_remedy(tmp_path: Path) -> None:
    """Thresholds of histogram boosting are often values of training rows."""
    random = np.random.default_rng(0)
    X = random.lognormal(1, 1, (400, 3))
    y = X[:, 0] * random.random(400) > 1.5

    def boosted(*steps: Any) -> Any:
        return make_pipeline(*steps, HistGradientBoostingClassifier(max_iter=10, random_state=0)).fit(X, y)

    with pytest.raises(ParityError, match="caller row") as caught:
        sealift.pack(boosted(FunctionTransformer(np.log1p)), X, name="m", output=tmp_path / "m.seal")
    assert "kw_args={'decimals': 10}" in caught.value.fix
    rounded = FunctionTransformer(np.round, kw_args={"decimals": 10})
    sealift.pack(boosted(FunctionTransformer(np.log1p), rounded), X, name="m", output=tmp_path / "m.seal")


def test_exact_numbers_have_no_jumps(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(X, y)
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert ROUNDED not in packed.report.compared
    assert not packed.report.jumped
