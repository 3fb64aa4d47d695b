"""Boosters behind sparse matrices: XGBoost reads an absent cell as missing, the others as 0."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import BaggingClassifier, RandomTreesEmbedding, StackingClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

import boosters
import sealift
from cases import same_fitted
from parity import answers
from sealift.frameworks import Conversion

xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed: pip install 'sealift[xgboost]'")

FEW = {"n_estimators": 10, "max_depth": 3, "n_jobs": 1}
NUMBERS, WORDS = ["a", "b", "c"], ["word"]


def frame(seed: int = 0, count: int = 300) -> pd.DataFrame:
    """Numbers, zeros and missing ones among them, and a column of words."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        rng.integers(-2, 3, size=(count, 3)) * rng.choice([1.0, 0.37], size=(count, 3)), columns=NUMBERS
    )
    table.loc[rng.random(count) < 0.1, "b"] = np.nan
    table["word"] = rng.choice(["red", "green", "blue"], size=count)
    return table


def target(X: pd.DataFrame) -> Any:
    return ((X["a"] > 0) ^ (X["word"] == "red") | X["b"].isna()).to_numpy().astype(int)


def rows() -> pd.DataFrame:
    """Other rows, with values that a scaler makes 0."""
    table = frame(1)
    table.loc[:20, "a"], table.loc[20:30, "c"], table.loc[30:40, "c"] = 5e-324, -0.0, 1e-320
    return table


def sparse_first(threshold: float = 1.0, **options: Any) -> ColumnTransformer:
    """Numbers as they are and words one by one, in a sparse matrix unless `threshold` is 0."""
    encoder = OneHotEncoder(handle_unknown="ignore")
    parts = [("numbers", "passthrough", NUMBERS), ("words", encoder, WORDS)]
    return ColumnTransformer(parts, sparse_threshold=threshold, **options)


def check(model: Any) -> Conversion:
    X = frame()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return same_fitted(model.fit(X, target(X)), X, rows(), relative=boosters.SINGLE)


FILL = SimpleImputer()
STEPS: dict[str, list[Any]] = {
    "none": [],
    "StandardScaler": [StandardScaler(with_mean=False)],
    "MaxAbsScaler": [MaxAbsScaler()],
    "RobustScaler": [RobustScaler(with_centering=False)],
    "Normalizer l1": [FILL, Normalizer("l1")],
    "Normalizer l2": [FILL, Normalizer()],
    "Normalizer max": [FILL, Normalizer("max")],
    "QuantileTransformer": [QuantileTransformer(n_quantiles=20, ignore_implicit_zeros=True)],
    "SimpleImputer": [SimpleImputer(add_indicator=True)],
    "MissingIndicator": [MissingIndicator(features="all"), FunctionTransformer(lambda X: X.astype(float))],
    "SelectKBest": [FILL, SelectKBest(k=4)],
    "VarianceThreshold": [VarianceThreshold(0.1)],
    "PolynomialFeatures": [FILL, Binarizer(), PolynomialFeatures(2)],
    "Binarizer": [FILL, Binarizer()],
    "RandomTreesEmbedding": [FILL, RandomTreesEmbedding(4, max_depth=3, random_state=0)],
    "SparseRandomProjection": [FILL, Binarizer(), SparseRandomProjection(6, random_state=0)],
    "dense SparseRandomProjection": [FILL, SparseRandomProjection(6, random_state=0, dense_output=True)],
    "GaussianRandomProjection": [FILL, GaussianRandomProjection(6, random_state=0)],
    "TruncatedSVD": [FILL, TruncatedSVD(4, random_state=0)],
    "toarray": [FunctionTransformer(lambda X: X.toarray())],
    "todense": [FunctionTransformer(lambda X: np.asarray(X.todense()))],
    "float32": [FunctionTransformer(lambda X: X.astype(np.float32))],
    "expm1": [FILL, MaxAbsScaler(), FunctionTransformer(np.expm1)],
    "FeatureUnion": [FILL, FeatureUnion([("a", MaxAbsScaler()), ("b", TruncatedSVD(2, random_state=0))])],
    "weights": [FILL, FeatureUnion([("a", MaxAbsScaler()), ("b", Binarizer())], transformer_weights={"a": 0.5})],
}


@pytest.mark.parametrize("name", STEPS)
def test_each_step_keeps_or_fills_the_absent_cells(name: str) -> None:
    model = make_pipeline(sparse_first(), *STEPS[name], xgboost.XGBClassifier(**FEW))
    conversion = check(model)
    for step in conversion.steps:
        if step.answer.features is not None and step.answer.label is None and hasattr(step.source.model, "transform"):
            given = _given(model, step.source.model)
            if given is not None:
                assert step.answer.features.sparse == sparse.issparse(step.source.model.transform(given)), step.path


def _given(model: Pipeline, estimator: Any) -> Any:
    """What a step of the pipeline itself is given."""
    X = frame()
    for _, step in model.steps:
        if step is estimator:
            return X
        if hasattr(step, "transform"):
            X = step.transform(X)
    return None


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0])
def test_the_threshold_decides_in_fit(threshold: float) -> None:
    conversion = check(make_pipeline(sparse_first(threshold), xgboost.XGBClassifier(**FEW)))
    inner = next(step for step in conversion.steps if isinstance(step.source.model, ColumnTransformer))
    assert inner.answer.features is not None
    assert inner.answer.features.sparse == inner.source.model.sparse_output_ == (threshold == 1.0)


def test_the_textbook_column_transformer() -> None:
    encode = OneHotEncoder(handle_unknown="ignore")
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    for words in (encode, make_pipeline(SimpleImputer(strategy="most_frequent"), encode)):
        first = ColumnTransformer([("n", numbers, NUMBERS), ("w", words, WORDS)], sparse_threshold=1)
        check(make_pipeline(first, xgboost.XGBClassifier(**FEW)))
        check(make_pipeline(ColumnTransformer([("w", words, WORDS)]), xgboost.XGBClassifier(**FEW)))


@pytest.mark.parametrize(
    "numbers",
    [
        make_pipeline(SimpleImputer(), KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")),
        "passthrough",
    ],
    ids=["KBinsDiscretizer", "passthrough"],
)
def test_nested_column_transformers(numbers: Any) -> None:
    inner = ColumnTransformer([("n", numbers, ["a", "b"])], remainder="passthrough", sparse_threshold=1)
    first = ColumnTransformer([("i", inner, NUMBERS), ("w", OneHotEncoder(), WORDS)], sparse_threshold=1)
    check(make_pipeline(first, xgboost.XGBClassifier(**FEW)))


@pytest.mark.parametrize(
    "make",
    [
        lambda booster: BaggingClassifier(booster, 3, max_features=0.6, random_state=0),
        lambda booster: CalibratedClassifierCV(booster, cv=2),
        lambda booster: StackingClassifier([("x", booster)], booster, passthrough=True, cv=2),
        lambda booster: StackingClassifier([("x", booster)], LogisticRegression(), passthrough=False, cv=2),
    ],
    ids=["bagging", "calibrated", "stack with its inputs", "stack"],
)
def test_inside_meta_estimators(make: Callable[[Any], Any]) -> None:
    check(make_pipeline(sparse_first(), SimpleImputer(), make(xgboost.XGBClassifier(**FEW))))


def test_a_chain_of_labels_whose_predictions_are_cells_too() -> None:
    X = frame()
    y = np.column_stack([target(X), X["a"] > 0, X["word"] == "blue"]).astype(int)
    model = make_pipeline(sparse_first(), SimpleImputer(), ClassifierChain(xgboost.XGBClassifier(**FEW)))
    same_fitted(model.fit(X, y), X, rows(), relative=boosters.SINGLE)


@pytest.mark.parametrize(
    "booster",
    [
        xgboost.XGBClassifier(missing=1.0, **FEW),
        xgboost.XGBClassifier(booster="dart", rate_drop=0.3, **FEW),
        xgboost.XGBRFClassifier(**FEW),
        LGBMClassifier(n_estimators=10, num_leaves=7, min_child_samples=5, n_jobs=1, verbose=-1),
        LGBMClassifier(n_estimators=10, zero_as_missing=True, min_child_samples=5, n_jobs=1, verbose=-1),
        CatBoostClassifier(iterations=10, depth=3, thread_count=1, verbose=False, allow_writing_files=False),
    ],
    ids=["missing=1", "dart", "forest", "LightGBM", "LightGBM, zeros missing", "CatBoost"],
)
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_each_booster_on_sparse_and_dense(booster: Any, threshold: float) -> None:
    check(make_pipeline(sparse_first(threshold), SimpleImputer(), booster))


WORDING = ["red red green", "blue red", "green green blue", "blue", "", "red red red", "yellow green"] * 20


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(),
        CountVectorizer(binary=True),
        TfidfVectorizer(sublinear_tf=True),
        # Few columns, so that terms of opposite signs meet: their sum is 0, and still a stored cell.
        HashingVectorizer(n_features=4, alternate_sign=True, norm=None),
    ],
    ids=lambda vectorizer: type(vectorizer).__name__,
)
def test_texts(vectorizer: Any) -> None:
    y = np.array([len(text) % 3 > 1 for text in WORDING]).astype(int)
    model = make_pipeline(vectorizer, xgboost.XGBClassifier(**FEW)).fit(WORDING, y)
    same_fitted(model, WORDING, [*WORDING, "green red", "zzz", "blue blue red yellow"], relative=boosters.SINGLE)


@pytest.mark.parametrize("dense", [False, True])
def test_dicts_whose_zeros_are_stored(dense: bool) -> None:
    rng = np.random.default_rng(0)
    dicts = [
        {"n": float(n), "word": w} for n, w in zip(rng.integers(-1, 2, 200), rng.choice(["p", "q"], 200), strict=True)
    ]
    for row in dicts[::3]:
        del row["n"]
    y = np.array([row.get("n", 5) == 0 for row in dicts]).astype(int)
    model = make_pipeline(DictVectorizer(sparse=not dense), xgboost.XGBClassifier(**FEW)).fit(dicts, y)
    table = pd.DataFrame(dicts).astype({"word": object})
    _, got = answers(model, table)
    np.testing.assert_array_equal(got["label"], model.predict(dicts))


@pytest.mark.parametrize(
    "kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.csr_array, sparse.csc_array]
)
@pytest.mark.parametrize("library", ["XGBoost", "LightGBM", "logistic"])
@pytest.mark.filterwarnings("ignore")  # LightGBM converts some forms, and says so
def test_rows_as_sparse_matrices(kind: Any, library: str, tmp_path: Path) -> None:
    models = {
        "XGBoost": xgboost.XGBClassifier(**FEW),
        "LightGBM": LGBMClassifier(n_estimators=5, min_child_samples=5, n_jobs=1, verbose=-1),
        "logistic": LogisticRegression(),
    }
    values = np.random.default_rng(0).poisson(0.6, (200, 4)).astype(float)
    X, y = kind(values), (values[:, 0] > 0) ^ (values[:, 1] > 1)
    model = models[library].fit(X, y.astype(int))
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert any("sparse matrix" in note for note in packed.notes)
    np.testing.assert_array_equal(packed.load().predict(values)["label"], model.predict(X))
