"""Every scikit-learn estimator with an inference API, fitted on data that suits it: by default and otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import is_classifier, is_outlier_detector, is_regressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer appear
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from bench.fidelity.case import Case, Fit

INFERENCE = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


def estimators() -> Iterator[Case]:
    """Each of them, by default and with its variants."""
    for name, kind in all_estimators():
        if any(hasattr(kind, method) for method in INFERENCE):
            for variant, parameters in [("default", {}), *VARIANTS.get(name, [])]:
                yield Case("scikit-learn", _kind(name, kind), name, variant, _fit(name, kind, parameters))


def _kind(name: str, kind: Any) -> str:
    """The row of the table, by what scikit-learn itself says of the class; the first that fits where several do."""
    if _OTHERS & set(signature(kind).parameters):
        return "made of other estimators"
    if kind.__module__ == "sklearn.feature_extraction.text":
        return "texts"
    names = {"OutlierMixin": "outlier detectors", "DensityMixin": "densities"}
    told = [text for base, text in names.items() if base in {parent.__name__ for parent in kind.__mro__}]
    told += [text for filtered, text in _KINDS.items() if name in _of_kind(filtered)]
    return told[0] if told else "densities"  # KernelDensity is of no kind


_OTHERS = {"estimator", "estimators", "regressor", "steps", "transformers", "transformer_list"}
_KINDS = {
    "classifier": "classifiers",
    "regressor": "regressors",
    "cluster": "clusterers",
    "transformer": "transformers",
}


@cache
def _of_kind(kind: str) -> frozenset[str]:
    return frozenset(name for name, _ in all_estimators(type_filter=kind))


def _fit(name: str, kind: Callable[..., Any], parameters: dict[str, Any]) -> Fit:
    def fit() -> tuple[Any, Any]:
        model = _make(name, kind, parameters)
        X, y = _data(name, model)
        return (model.fit(X) if y is None else model.fit(X, y)), X

    return fit


def _make(name: str, kind: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    given = {**REQUIRED.get(name, {}), **parameters}
    model = kind(**given)
    known = model.get_params(deep=False)
    if "random_state" in known:
        model.set_params(random_state=0)
    if known.get("n_estimators") == 100:
        model.set_params(n_estimators=20)
    if "max_iter" in known and isinstance(known["max_iter"], int) and known["max_iter"] < 500 and name in _PATIENT:
        model.set_params(max_iter=1000)
    return model


_PATIENT = {"LogisticRegression", "LinearSVC", "MLPClassifier", "MLPRegressor"}

_BINARY = datasets.load_breast_cancer()
_IRIS = datasets.load_iris()
_DIABETES = datasets.load_diabetes()

REQUIRED: dict[str, dict[str, Any]] = {
    "ClassifierChain": {"estimator": LogisticRegression(max_iter=1000)},
    "ColumnTransformer": {"transformers": [("a", "passthrough", [0, 1]), ("b", Ridge, [2])]},
    "FeatureUnion": {"transformer_list": [("a", "passthrough")]},
    "FixedThresholdClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    # By itself it may give 2**13 columns at most; its default of 2**20 is for what stands before a predictor.
    "HashingVectorizer": {"n_features": 2**10},
    "GridSearchCV": {"estimator": LogisticRegression(max_iter=1000), "param_grid": {"C": [0.1, 1.0]}},
    "RandomizedSearchCV": {
        "estimator": LogisticRegression(max_iter=1000),
        "param_distributions": {"C": [0.1, 1.0]},
        "n_iter": 2,
    },
    "HalvingGridSearchCV": {"estimator": LogisticRegression(max_iter=1000), "param_grid": {"C": [0.1, 1.0]}},
    "MultiOutputClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "MultiOutputRegressor": {"estimator": Ridge()},
    "OneVsOneClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "OneVsRestClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "OutputCodeClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "Pipeline": {"steps": [("model", LogisticRegression(max_iter=1000))]},
    "RFE": {"estimator": LogisticRegression(max_iter=1000)},
    "RFECV": {"estimator": LogisticRegression(max_iter=1000)},
    "RegressorChain": {"estimator": Ridge()},
    "SelectFromModel": {"estimator": DecisionTreeClassifier(random_state=0)},
    "SelfTrainingClassifier": {"estimator": LogisticRegression(max_iter=1000)},
    "SequentialFeatureSelector": {"estimator": DecisionTreeClassifier(max_depth=2), "n_features_to_select": 2, "cv": 2},
    "SparseCoder": {"dictionary": np.eye(4)},
    "StackingClassifier": {
        "estimators": [("a", LogisticRegression(max_iter=1000)), ("b", DecisionTreeClassifier(max_depth=3))]
    },
    "StackingRegressor": {"estimators": [("a", LinearRegression()), ("b", Ridge())]},
    "TunedThresholdClassifierCV": {"estimator": LogisticRegression(max_iter=1000)},
    "VotingClassifier": {
        "estimators": [("a", LogisticRegression(max_iter=1000)), ("b", DecisionTreeClassifier(max_depth=3))]
    },
    "VotingRegressor": {"estimators": [("a", LinearRegression()), ("b", Ridge())]},
    "LocalOutlierFactor": {"novelty": True},
    "GaussianRandomProjection": {"n_components": 2},
    "SparseRandomProjection": {"n_components": 2},
    "PatchExtractor": {"patch_size": (2, 2)},
}
REQUIRED["ColumnTransformer"] = {"transformers": [("a", "passthrough", [0, 1])], "remainder": "drop"}

VARIANTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "LogisticRegression": [("no intercept", {"fit_intercept": False})],
    "OneHotEncoder": [
        ("ignore", {"handle_unknown": "ignore"}),
        ("drop first", {"drop": "first"}),
        ("infrequent", {"handle_unknown": "infrequent_if_exist", "min_frequency": 0.2}),
    ],
    "OrdinalEncoder": [("unknown −1", {"handle_unknown": "use_encoded_value", "unknown_value": -1})],
    "SVC": [
        ("linear", {"kernel": "linear"}),
        ("poly", {"kernel": "poly"}),
        ("ovo", {"decision_function_shape": "ovo"}),
    ],
    "KNeighborsClassifier": [("distance", {"weights": "distance"}), ("manhattan", {"metric": "manhattan"})],
    "KNeighborsRegressor": [("distance", {"weights": "distance"})],
    "GradientBoostingClassifier": [("zero init", {"init": "zero"})],
    "HistGradientBoostingRegressor": [("poisson", {"loss": "poisson"}), ("absolute", {"loss": "absolute_error"})],
    "CalibratedClassifierCV": [("isotonic", {"method": "isotonic"}), ("one model", {"ensemble": False})],
    "GaussianMixture": [
        ("tied", {"covariance_type": "tied", "n_components": 2}),
        ("diag", {"covariance_type": "diag", "n_components": 2}),
        ("spherical", {"covariance_type": "spherical", "n_components": 2}),
    ],
    "MLPClassifier": [("tanh", {"activation": "tanh"}), ("logistic", {"activation": "logistic"})],
    "VotingClassifier": [("soft", {"voting": "soft"})],
    "StackingClassifier": [("passthrough", {"passthrough": True})],
    "SimpleImputer": [("median", {"strategy": "median"}), ("indicator", {"add_indicator": True})],
    "KBinsDiscretizer": [("ordinal", {"encode": "ordinal"}), ("uniform", {"strategy": "uniform", "encode": "ordinal"})],
    "PowerTransformer": [("box-cox", {"method": "box-cox"})],
    "QuantileTransformer": [("normal", {"output_distribution": "normal"})],
    "SplineTransformer": [("linear", {"extrapolation": "linear"}), ("periodic", {"extrapolation": "periodic"})],
    "PolynomialFeatures": [("interactions", {"interaction_only": True})],
    "Normalizer": [("l1", {"norm": "l1"}), ("max", {"norm": "max"})],
    "PCA": [("whiten", {"whiten": True})],
    "KernelPCA": [("rbf, five components", {"kernel": "rbf", "n_components": 5})],
    "LinearDiscriminantAnalysis": [("lsqr", {"solver": "lsqr"})],
    "TfidfVectorizer": [
        ("char_wb", {"analyzer": "char_wb", "ngram_range": (2, 3)}),
        ("accents", {"strip_accents": "unicode"}),
    ],
    "CountVectorizer": [("bigrams", {"ngram_range": (1, 2)}), ("binary", {"binary": True})],
}

_TEXT = {"CountVectorizer", "HashingVectorizer", "TfidfVectorizer"}
_POSITIVE = {
    "AdditiveChi2Sampler", "ComplementNB", "LatentDirichletAllocation", "MiniBatchNMF", "MultinomialNB", "NMF",
    "PowerTransformer", "SkewedChi2Sampler", "TfidfTransformer", "BernoulliRBM",
}  # fmt: skip
_TARGETS = {
    "CCA", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "MultiOutputRegressor",
    "PLSCanonical", "PLSRegression", "PLSSVD", "RegressorChain",
}  # fmt: skip
_COUNTS = {"GammaRegressor", "PoissonRegressor", "TweedieRegressor"}
_BINARY_ONLY = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}
_LABELS = {"LabelBinarizer", "LabelEncoder"}


def _data(name: str, model: Any) -> tuple[Any, Any]:
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
    if name in _TARGETS:
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
