"""Models that carry training records say so, in words that a privacy officer understands."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import (
    calibration,
    cluster,
    decomposition,
    dummy,
    feature_extraction,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    manifold,
    neighbors,
    preprocessing,
    semi_supervised,
    svm,
)

from sealift.frameworks import source_of
from sealift.frameworks.sklearn.remembered import walk


def carries(model: Any, rows: Any = None) -> list[str]:
    return source_of(model).learned.sentences(rows)


RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X[:, 0] > 0
T = X @ [1.0, 2.0, 3.0]

RECORDS: list[tuple[Any, Any]] = [
    (neighbors.KNeighborsClassifier(), Y),
    (neighbors.KNeighborsRegressor(), T),
    (neighbors.RadiusNeighborsClassifier(9.0), Y),
    (neighbors.LocalOutlierFactor(novelty=True), None),
    (neighbors.KernelDensity(), None),
    (impute.KNNImputer(), None),
    (svm.SVC(), Y),
    (svm.SVR(), T),
    (svm.OneClassSVM(), None),
    (gaussian_process.GaussianProcessRegressor(), T),
    (kernel_ridge.KernelRidge(kernel="rbf"), T),
    (decomposition.KernelPCA(2, kernel="rbf"), None),
    (kernel_approximation.Nystroem(n_components=10), None),
    (semi_supervised.LabelPropagation(), Y),
    (semi_supervised.LabelSpreading(), Y),
    (cluster.AffinityPropagation(random_state=0), None),
    (manifold.Isomap(), None),
    (manifold.LocallyLinearEmbedding(), None),
]  # fmt: skip
OTHERS: list[tuple[Any, Any, Any, str]] = [
    (isotonic.IsotonicRegression(), X[:, 0], T, "thresholds are single values"),
    (preprocessing.QuantileTransformer(n_quantiles=40), X, None, "40 quantiles"),
    (preprocessing.MinMaxScaler(), X, None, "extremes"),
    (preprocessing.MaxAbsScaler(), X, None, "extremes"),
    (dummy.DummyRegressor(), X, T, "training targets"),
    (dummy.DummyClassifier(), X, Y, "training targets"),
    (preprocessing.OneHotEncoder(), [["a"], ["b"]], None, "2 categories"),
    (preprocessing.OrdinalEncoder(), [["a"], ["b"]], None, "2 categories"),
    (preprocessing.TargetEncoder(cv=2), [["a"], ["b"]] * 10, T[:20], "mean target"),
    (feature_extraction.text.CountVectorizer(), ["a word", "another"], None, "words"),
    (feature_extraction.text.TfidfVectorizer(), ["a word", "another"], None, "min_df"),
]
NOTHING = [
    preprocessing.StandardScaler().fit(X),
    linear_model.LogisticRegression().fit(X, Y),
    decomposition.PCA(2).fit(X),
    cluster.KMeans(2, n_init=1).fit(X),
    feature_extraction.text.HashingVectorizer().fit(["a"]),
    preprocessing.OneHotEncoder().fit([[1], [2]]),
    kernel_approximation.RBFSampler().fit(X),
]


@pytest.mark.parametrize(("model", "y"), RECORDS, ids=lambda value: type(value).__name__)
def test_models_that_hold_rows(model: Any, y: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reports = carries(model.fit(X) if y is None else model.fit(X, y))
    assert len(reports) == 1
    assert "training rows" in reports[0]
    assert "Whoever has the file can read them" in reports[0]


@pytest.mark.parametrize(("model", "rows", "y", "words"), OTHERS, ids=lambda value: type(value).__name__)
def test_models_that_hold_values(model: Any, rows: Any, y: Any, words: str) -> None:
    reports = carries(model.fit(rows) if y is None else model.fit(rows, y))
    assert any(words in sentence for sentence in reports), reports


@pytest.mark.parametrize("model", NOTHING, ids=lambda value: type(value).__name__)
def test_models_that_hold_none(model: Any) -> None:
    assert carries(model) == []


def test_inner_models_are_found() -> None:
    model = calibration.CalibratedClassifierCV(svm.SVC(), cv=2, method="isotonic").fit(X, Y)
    kinds = {type(member).__name__ for member in walk(model)}
    assert "SVC" in kinds


def test_no_sentence_names_a_value() -> None:
    reports = carries(preprocessing.OneHotEncoder().fit([["Ada Lovelace"], ["b"]]))
    assert "Ada" not in "".join(reports)


def test_the_keys_and_strings_of_dicts_are_reported() -> None:
    (warning,) = carries(feature_extraction.DictVectorizer().fit([{"city": "x", "age": 1.0}]))
    assert "2 keys of the training rows" in warning
    assert "min_df" not in warning
