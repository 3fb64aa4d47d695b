"""Who gets which columns: pipelines, column transformers and unions, with every way to name columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import AffinityPropagation, KMeans
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA, KernelPCA, LatentDirichletAllocation
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
)

import cases
import tables

TEXT = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
NUMBERS = make_pipeline(SimpleImputer(), StandardScaler())


@pytest.mark.parametrize(
    "columns",
    [
        (["city", "unit"], ["count", "half"]),
        ([0, 1], [2, 3]),
        ([1, 0], [-1]),
        (slice(0, 2), slice(2, None)),
        (slice("city", "unit"), slice("count", "half")),
        ([True, True, False, False], [False, False, True, True]),
        (make_column_selector(dtype_include=object), make_column_selector(dtype_include=np.number)),
        (lambda frame: ["unit"], lambda frame: [name for name in frame if name != "unit" and name != "city"]),
        (["city"], []),
    ],
    ids=cases.named,
)
def test_columns(columns: Any) -> None:
    texts, numbers = columns
    frame = tables.words()
    tables.same(ColumnTransformer([("texts", TEXT, texts), ("numbers", NUMBERS, numbers)]), frame, tables.unseen(frame))


@pytest.mark.parametrize(
    "given",
    [
        {"remainder": "drop"},
        {"remainder": "passthrough"},
        {"remainder": SimpleImputer()},
        {"sparse_threshold": 0},
        {"sparse_threshold": 1, "transformer_weights": {"texts": 2.0}},
        {"verbose_feature_names_out": False, "n_jobs": 1},
    ],
    ids=cases.named,
)
def test_remainder_and_weights(given: Any) -> None:
    frame = tables.words(None)
    model = ColumnTransformer([("texts", OneHotEncoder(handle_unknown="ignore"), ["city", "unit"])], **given)
    tables.same(model, frame, tables.unseen(frame))


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_nested_with_frames_between(output: str) -> None:
    frame = tables.words()
    inner = make_column_transformer((TEXT, ["city"]), ("drop", ["unit"]), remainder="passthrough")
    scaled = make_column_transformer((MinMaxScaler(), [-1, -2]), remainder=SimpleImputer())
    model = Pipeline([("inner", inner), ("fill", SimpleImputer()), ("scaled", scaled), ("none", None)])
    if output == "pandas":
        model.set_output(transform="pandas")
    tables.same(model, frame, tables.unseen(frame))


def test_names_after_a_frame() -> None:
    frame = tables.words()
    first = make_column_transformer(
        (SimpleImputer(strategy="most_frequent"), ["city", "unit"]),
        remainder=SimpleImputer(),
        verbose_feature_names_out=False,
    )
    second = make_column_transformer((TEXT, ["unit", "city"]), (StandardScaler(), ["half"]), remainder="passthrough")
    tables.same(make_pipeline(first, second).set_output(transform="pandas"), frame, tables.unseen(frame))


def test_union_and_predictor() -> None:
    X = tables.mixed()
    union = make_union(PCA(2), "passthrough", StandardScaler())
    tables.same(union, X)
    weighted = FeatureUnion(
        [("pca", PCA(3)), ("gone", "drop"), ("raw", FunctionTransformer())], transformer_weights={"pca": 10.0}
    )
    tables.same(weighted, X)
    y = (X[:, 0] > X[:, 0].mean()).astype(int)
    tables.same(make_pipeline(weighted, "passthrough", LogisticRegression()), X, y=y)


def test_precision_of_mixed_columns() -> None:
    frame = tables.words(missing=False)[["count", "half"]].astype({"half": np.float32})
    tables.same(FunctionTransformer(np.exp, feature_names_out="one-to-one"), frame, relative=tables.SINGLE)
    tables.same(StandardScaler(), frame)
    tables.same(make_pipeline(OrdinalEncoder(dtype=np.float32), StandardScaler()), frame, relative=tables.SINGLE)


@pytest.mark.parametrize(
    "model",
    [
        StandardScaler(with_mean=False),
        PCA(2),
        KernelPCA(2, kernel="rbf"),
        Nystroem(n_components=5, random_state=0),
        QuantileTransformer(n_quantiles=20),
        AffinityPropagation(random_state=0),
        KMeans(3, random_state=0),
        SelectKBest(chi2, k=3),
        LatentDirichletAllocation(2, random_state=0, max_iter=2),
    ],
    ids=cases.named,
)
def test_after_a_sparse_step(model: Any) -> None:
    frame = tables.words(missing=False)
    encoder = ColumnTransformer(
        [("texts", OneHotEncoder(handle_unknown="ignore"), ["city", "count"]), ("numbers", MaxAbsScaler(), ["half"])],
        sparse_threshold=1,
    )
    y = np.random.default_rng(0).integers(0, 2, 160)
    tables.same(make_pipeline(encoder, model), frame, tables.unseen(frame), y)


def test_no_column_is_refused() -> None:
    frame = tables.words(missing=False)
    model = ColumnTransformer([("gone", "drop", ["city"])]).fit(frame)
    cases.refused(model, frame, "keeps no column")
    X = tables.numbers()
    cases.refused(FeatureUnion([("gone", "drop")]).fit(X), X, "keeps no column")


def test_text_where_numbers_are_needed_is_refused() -> None:
    frame = tables.words(missing=False)
    model = make_pipeline(StandardScaler(), PCA(1)).fit(frame[["count", "half"]])
    error = cases.refused(model, frame[["city", "half"]], "'city', which holds text", "OneHotEncoder")
    assert "standardscaler" in error.where
