"""Every task as a packed model, opened again and asked: labels of each type, transformers, clusters, outliers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract.outputs import matches
from sealift.contract.outputs.value import VALUE
from sealift.errors import ParityError
from sealift.packing import Report

RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(160, 4))
SIGN = (X[:, 0] - X[:, 1] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
FRESH = RANDOM.normal(size=(50, 4))


def sealed(model: Any, path: Path) -> sealift.SealedModel:
    return sealift.load(sealift.pack(model, X, name="kind", output=path / "kind.seal").path)


LABELS: dict[str, Any] = {
    "int": SIGN,
    "negative": SIGN * 2 - 1,
    "float": SIGN * 2.0,
    "bool": SIGN > 0,
    "text": np.array(["no", "yes"])[SIGN],
    "text as objects": np.array(["nein", "jä"], dtype=object)[SIGN],
    "three": THREE,
    "three texts": np.array(["low", "mid", "high"], dtype=object)[THREE],
    "int8": SIGN.astype(np.int8),
}
CLASSIFIERS = [
    LogisticRegression(),
    RandomForestClassifier(4, random_state=0),
    GradientBoostingClassifier(n_estimators=4),
]


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
def test_labels(model: Any, kind: str, tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), model).fit(X, LABELS[kind])
    packed_model = sealed(model, tmp_path)
    answers = packed_model.predict(FRESH)
    expected = model.predict(FRESH)
    assert answers["label"].tolist() == expected.tolist()
    assert type(answers["label"].tolist()[0]) is type(expected.tolist()[0])
    assert list(packed_model.contract.output("label").classes or ()) == model.classes_.tolist()
    np.testing.assert_allclose(answers["probability"], model.predict_proba(FRESH), rtol=0, atol=1e-9)


@pytest.mark.parametrize("model", [LinearSVC(), RidgeClassifier(), SVC()], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("y", [SIGN, THREE], ids=["two", "three"])
def test_scores_where_there_is_no_probability(model: Any, y: Any, tmp_path: Path) -> None:
    model.fit(X, y)
    answers = sealed(model, tmp_path).predict(FRESH)
    assert set(answers) == {"label", "score"}
    np.testing.assert_array_equal(answers["label"], model.predict(FRESH))
    np.testing.assert_allclose(answers["score"], model.decision_function(FRESH), rtol=1e-7, atol=1e-9)


REGRESSORS = [
    LinearRegression(),
    DecisionTreeRegressor(max_depth=4),
    RandomForestRegressor(4, random_state=0),
    GradientBoostingRegressor(n_estimators=4),
    HistGradientBoostingRegressor(max_iter=4),
]


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("scale", [1.0, 1e9, 1e-9])
def test_regression(model: Any, scale: float, tmp_path: Path) -> None:
    model.fit(X, (X[:, 0] + X[:, 2] ** 2) * scale)
    packed_model = sealed(model, tmp_path)
    assert packed_model.contract.task == "regression"
    np.testing.assert_allclose(packed_model.predict(FRESH)["value"], model.predict(FRESH), rtol=1e-8, atol=1e-9 * scale)


def test_the_kind_of_an_output_compares_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_half(got: Any, expected: Any, tolerance: Any) -> tuple[Any, float]:
        same, worst = matches(got, expected, tolerance)
        return same & (np.arange(len(same)) % 2 == 0), worst

    monkeypatch.setattr(VALUE, "compare", by_half)
    with pytest.raises(ParityError) as caught:
        sealed(LinearRegression().fit(X, X[:, 0]), tmp_path)
    report = caught.value.report
    assert isinstance(report, Report)
    assert 0.4 < report.different["value"] / report.total < 0.5


@pytest.mark.parametrize(
    "model", [LinearRegression(), RandomForestRegressor(4, random_state=0)], ids=lambda model: type(model).__name__
)
def test_regression_of_several_targets(model: Any, tmp_path: Path) -> None:
    model.fit(X, X[:, :2] * 3)
    packed_model = sealed(model, tmp_path).predict(FRESH)["value"]
    assert packed_model.shape == (50, 2)
    np.testing.assert_allclose(packed_model, model.predict(FRESH), rtol=1e-9)


@pytest.mark.parametrize(
    "model",
    [ExtraTreesClassifier(4, random_state=0), KNeighborsClassifier(3)],
    ids=lambda model: type(model).__name__,
)
def test_classification_of_several_targets(model: Any, tmp_path: Path) -> None:
    model.fit(X, np.c_[SIGN, THREE])
    answers = sealed(model, tmp_path).predict(FRESH)
    np.testing.assert_array_equal(answers["label"], model.predict(FRESH))
    np.testing.assert_allclose(answers["probability"], np.hstack(model.predict_proba(FRESH)), atol=1e-9)


@pytest.mark.parametrize("model", [MinMaxScaler(), PCA(2), make_pipeline(StandardScaler(), PCA(2))], ids=repr)
def test_transformers(model: Any, tmp_path: Path) -> None:
    packed_model = sealed(model.fit(X), tmp_path)
    assert packed_model.contract.task == "transformation"
    np.testing.assert_allclose(packed_model.predict(FRESH)["features"], model.transform(FRESH), rtol=1e-9, atol=1e-12)


def test_clusters(tmp_path: Path) -> None:
    model = KMeans(3, random_state=0, n_init=1).fit(X)
    packed_model = sealed(model, tmp_path)
    assert packed_model.contract.task == "clustering"
    np.testing.assert_array_equal(packed_model.predict(FRESH)["label"], model.predict(FRESH))


@pytest.mark.parametrize(
    "model",
    [IsolationForest(n_estimators=5, random_state=0), EllipticEnvelope(random_state=0)],
    ids=lambda model: type(model).__name__,
)
def test_outliers(model: Any, tmp_path: Path) -> None:
    packed_model = sealed(model.fit(X), tmp_path)
    assert packed_model.contract.task == "outliers"
    answers = packed_model.predict(FRESH * 3)
    np.testing.assert_array_equal(answers["label"], model.predict(FRESH * 3))
    np.testing.assert_allclose(answers["score"], model.decision_function(FRESH * 3), rtol=1e-9, atol=1e-9)


def test_a_model_of_a_data_frame_answers_dicts(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    model = LogisticRegression().fit(frame, SIGN)
    packed = sealift.pack(model, frame, name="kind", output=tmp_path / "kind.seal")
    row = {"d": 0.1, "c": 0.2, "b": 0.3, "a": 0.4}
    answer = packed.load().predict(row)["probability"]
    np.testing.assert_allclose(answer, model.predict_proba(pd.DataFrame([row])[["a", "b", "c", "d"]]), atol=1e-12)
