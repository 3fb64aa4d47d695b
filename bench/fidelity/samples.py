"""Data that suits each of scikit-learn's estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import is_classifier, is_outlier_detector, is_regressor

_BINARY = datasets.load_breast_cancer()
_IRIS = datasets.load_iris()
_DIABETES = datasets.load_diabetes()
_TEXT = {"CountVectorizer", "HashingVectorizer", "TfidfVectorizer"}
_POSITIVE = {
    "AdditiveChi2Sampler", "ComplementNB", "LatentDirichletAllocation", "MiniBatchNMF", "MultinomialNB", "NMF",
    "PowerTransformer", "SkewedChi2Sampler", "TfidfTransformer", "BernoulliRBM",
}  # fmt: skip
SEVERAL = {
    "CCA", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "MultiOutputRegressor",
    "PLSCanonical", "PLSRegression", "PLSSVD", "RegressorChain",
}  # fmt: skip
_COUNTS = {"GammaRegressor", "PoissonRegressor", "TweedieRegressor"}
_BINARY_ONLY = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}
_LABELS = {"LabelBinarizer", "LabelEncoder"}


def sample(name: str, model: Any) -> tuple[Any, Any]:
    """X and y; y is None if the estimator needs none."""
    random = np.random.default_rng(0)
    iris, species = _IRIS.data, _IRIS.target
    if name in _TEXT:
        return TEXTS, None
    if name == "DictVectorizer":
        return [{"a": float(i), "b": "xyz"[i % 3]} for i in range(60)], None
    if name == "FeatureHasher":
        return [{"a": float(i), "b": 1.0} for i in range(60)], None
    if name in _LABELS:
        return np.array(["a", "b", "c"])[species], None
    if name == "MultiLabelBinarizer":
        return [("a", "b")[: 1 + i % 2] for i in range(60)], None
    if name == "PatchExtractor":
        return random.random((4, 6, 6)), None
    if name == "CategoricalNB":
        return random.integers(0, 4, (200, 3)).astype(float), random.integers(0, 3, 200)
    if name in ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"):
        words = np.array(["a", "b", "ç", "d", "e"], dtype=object)
        X = np.column_stack(
            [words[random.integers(0, 3, 200)], words[random.choice(5, 200, p=[0.4, 0.3, 0.2, 0.05, 0.05])]]
        )
        return X, (random.integers(0, 2, 200) if name == "TargetEncoder" else None)
    if name in ("SimpleImputer", "KNNImputer", "IterativeImputer", "MissingIndicator"):
        X = iris.copy()
        X[random.random(X.shape) < 0.1] = np.nan
        return X, None
    if name == "IsotonicRegression":
        return iris[:, :1], iris[:, 2]
    if name == "KernelCenterer":
        return iris @ iris.T, None
    if name in ("ClassifierChain", "MultiOutputClassifier"):
        return iris, np.column_stack([species > 0, species > 1]).astype(int)
    if name in SEVERAL:
        return _DIABETES.data, np.column_stack([_DIABETES.target, _DIABETES.data[:, 2] * 100 + random.normal(size=442)])
    if name in _COUNTS:
        return _DIABETES.data, _DIABETES.target / 100 + 0.1
    if name in _BINARY_ONLY:
        return _BINARY.data[:, :6], _BINARY.target
    if name in _POSITIVE:
        X = iris / iris.max() if name == "BernoulliRBM" else iris
        return X, (species if is_classifier(model) else None)
    if is_classifier(model):
        return iris, species
    if is_regressor(model):
        return _DIABETES.data, _DIABETES.target
    if is_outlier_detector(model):
        return iris, None
    return iris, species


TEXTS = [
    f"{a} {b} {c}"
    for a in ("The patient", "Élève malade", "No FEVER", "straße", "naïve re-test")
    for b in ("was seen", "coughs, coughs", "has 39.5 degrees", "denies pain")
    for c in ("today.", "and sleeps", "àé îô", "x")
]
