"""Sealed models as scikit-learn's estimators: its own checks, and its pipelines, ensembles and metrics."""

from __future__ import annotations

import functools
import pickle
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import sealift
from sealift.sklearn import SealedClassifier, SealedRegressor, as_estimator

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "scikit-learn.md"
MODELS = {"classifier": LogisticRegression, "regressor": Ridge, "transformer": StandardScaler}
WIDTHS = (1, 2, 3, 4, 5, 10)
"""Of the data of scikit-learn's checks. A sealed model has a fixed number of inputs, so each check is given the model
that fits its data."""
NOT_APPLICABLE = {
    "classifier": {
        "check_array_api_input", "check_classifier_data_not_an_array", "check_classifiers_classes",
        "check_classifiers_regression_target", "check_classifiers_train", "check_dtype_object", "check_n_features_in",
        "check_supervised_y_2d",
    },
    "regressor": {
        "check_array_api_input", "check_dtype_object", "check_n_features_in", "check_regressor_data_not_an_array",
        "check_regressors_train", "check_supervised_y_2d",
    },
    "transformer": {"check_array_api_input", "check_dtype_object", "check_n_features_in"},
}  # fmt: skip
"""docs/how-to/scikit-learn.md gives the reasons."""
RANDOM = np.random.default_rng(5)
FRAME = pd.DataFrame({"age": RANDOM.uniform(20, 80, 90).round(), "dose": RANDOM.normal(5, 1, 90).round(2)})
ILL = np.where(FRAME["age"] + 5 * FRAME["dose"] > 75, "ill", "well")


@functools.cache
def sealed(kind: str, width: int) -> sealift.SealedModel:
    rows = np.random.default_rng(width).normal(size=(60, width))
    model = MODELS[kind]().fit(rows, (rows[:, 0] > 0).astype(int))
    return pack(model, rows)


def pack(model: Any, rows: Any) -> sealift.SealedModel:
    path = Path(tempfile.mkdtemp()) / "m.seal"
    return sealift.pack(model, rows, name="m", output=path, proof=sealift.ProofOptions(engines=("native",))).load()


@pytest.mark.parametrize("kind", MODELS)
def test_scikit_learns_checks(kind: str) -> None:
    passed: set[str] = set()
    every: set[str] = set()
    for width in WIDTHS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = check_estimator(as_estimator(sealed(kind, width)), on_fail=None)
        every |= {result["check_name"] for result in results}
        passed |= {result["check_name"] for result in results if result["status"] == "passed"}
    assert every - passed == NOT_APPLICABLE[kind] & every  # scikit-learn 1.8 has fewer checks
    assert len(passed) >= 40


def test_the_checks_that_do_not_apply_are_documented() -> None:
    listed = set(re.findall(r"`(check_\w+)`", PAGE.read_text()))
    assert listed == set().union(*NOT_APPLICABLE.values())


def test_a_classifier() -> None:
    model = LogisticRegression().fit(FRAME, ILL)
    estimator = as_estimator(pack(model, FRAME))
    assert isinstance(estimator, SealedClassifier)
    assert is_classifier(estimator)
    assert estimator.classes_.tolist() == ["ill", "well"]
    assert estimator.feature_names_in_.tolist() == ["age", "dose"]
    np.testing.assert_array_equal(estimator.predict(FRAME), model.predict(FRAME))
    np.testing.assert_allclose(estimator.predict_proba(FRAME), model.predict_proba(FRAME), rtol=1e-9, atol=1e-9)
    assert not hasattr(estimator, "decision_function")
    assert estimator.score(FRAME, ILL) == accuracy_score(ILL, model.predict(FRAME))
    scores = cross_val_score(estimator, FRAME, ILL, cv=3)
    assert scores.mean() == pytest.approx(estimator.score(FRAME, ILL))
    np.testing.assert_array_equal(clone(estimator).predict(FRAME), model.predict(FRAME))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(estimator)).predict(FRAME), model.predict(FRAME))
    dicts = FRAME.to_dict("records")
    np.testing.assert_array_equal(estimator.predict(dicts), model.predict(FRAME))


def test_in_pipelines_and_ensembles() -> None:
    scaler = StandardScaler().fit(FRAME.to_numpy())
    after = LogisticRegression().fit(scaler.transform(FRAME.to_numpy()), ILL)
    chain = make_pipeline(as_estimator(pack(scaler, FRAME.to_numpy())), LogisticRegression())
    np.testing.assert_array_equal(chain.fit(FRAME.to_numpy(), ILL).predict(FRAME.to_numpy()),
                                  after.predict(scaler.transform(FRAME.to_numpy())))  # fmt: skip
    estimator = as_estimator(pack(LogisticRegression().fit(FRAME, ILL), FRAME))
    votes = VotingClassifier([("sealed", estimator), ("own", LogisticRegression())], voting="soft").fit(FRAME, ILL)
    assert votes.score(FRAME, ILL) > 0.9


def test_the_other_tasks() -> None:
    rows = FRAME.to_numpy()
    ridge = Ridge().fit(rows, rows[:, 0])
    regressor = as_estimator(pack(ridge, rows))
    assert isinstance(regressor, SealedRegressor)
    assert is_regressor(regressor)
    assert not hasattr(regressor, "predict_proba")
    np.testing.assert_allclose(regressor.predict(rows), ridge.predict(rows), rtol=1e-9)
    means = KMeans(3, n_init=1, random_state=0).fit(rows)
    clusterer = as_estimator(pack(means, rows))
    assert is_clusterer(clusterer)
    np.testing.assert_array_equal(clusterer.fit_predict(rows), means.predict(rows))
    forest = IsolationForest(n_estimators=20, random_state=0).fit(rows)
    detector = as_estimator(pack(forest, rows))
    assert is_outlier_detector(detector)
    np.testing.assert_array_equal(detector.predict(rows), forest.predict(rows))
    np.testing.assert_allclose(detector.decision_function(rows), forest.decision_function(rows), rtol=1e-9, atol=1e-12)
    scaler = as_estimator(pack(StandardScaler().fit(rows), rows))
    assert scaler.get_feature_names_out().tolist() == sealed("transformer", 2).contract.outputs[0].column_names


def test_rows_that_do_not_fit() -> None:
    estimator = as_estimator(sealed("classifier", 3))
    cases: list[tuple[Any, type[Exception], str]] = [
        (np.zeros((4, 2)), ValueError, "X has 2 features, but SealedClassifier is expecting 3"),
        (np.zeros(3), ValueError, "Reshape your data"),
        (np.zeros((0, 3)), ValueError, "minimum of 1 is required"),
        (sparse.csr_array(np.zeros((4, 3))), TypeError, "[Ss]parse"),
        (sparse.dok_array((4, 3)), TypeError, "[Ss]parse"),
        (np.full((4, 3), np.nan), ValueError, r"\[R101\].*NaN"),
        (np.full((4, 3), np.inf), ValueError, r"\[R102\].*inf"),
        (pd.DataFrame(np.zeros((4, 3)), columns=list("abc")), ValueError, r"\[E101\]"),
    ]
    for rows, kind, said in cases:
        with pytest.raises(kind, match=said):
            estimator.predict(rows)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(np.zeros((4, 3)), [0, 1])
    wide = FRAME.assign(bed=1)
    model = pack(LogisticRegression().fit(FRAME, ILL), FRAME)
    assert len(as_estimator(model, ignore_extra=True).predict(wide)) == len(wide)


def test_the_model_may_be_a_path_and_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "m.seal"
    path.write_bytes(sealed("classifier", 2).seal.as_bytes())
    estimator = SealedClassifier(path)
    rows = np.random.default_rng(0).normal(size=(9, 2))
    assert len(estimator.predict(rows)) == 9
    assert estimator.get_params() == {"model": path, "ignore_extra": False}
    assert estimator.set_params(model=sealed("classifier", 3)).n_features_in_ == 3


def test_sealift_does_not_import_scikit_learn() -> None:
    code = """
import sys, sealift
sealift.load; sealift.SealedModel
assert "sklearn" not in sys.modules and "sealift.sklearn" not in sys.modules
sys.modules["sklearn"] = None
try:
    import sealift.sklearn
except ImportError as error:
    assert error.code == "E405" and "sealift[sklearn]" in error.fix
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
