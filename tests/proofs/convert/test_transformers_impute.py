"""Imputers: by a statistic, by neighbours, by rounds of regressions; and indicators of what was missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer appear
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import cases
import tables
from sealift.contract import Field
from sealift.frameworks import convert

STATISTICS = [
    SimpleImputer(),
    SimpleImputer(strategy="median"),
    SimpleImputer(strategy="most_frequent", add_indicator=True),
    SimpleImputer(strategy="constant", fill_value=-1.0),
    SimpleImputer(strategy="constant"),
    SimpleImputer(keep_empty_features=True, add_indicator=True),
]


def _with_empty() -> Any:
    X = tables.gaps()
    X[:, 1] = np.nan
    return X


def _some_missing() -> Any:
    X = tables.mixed()
    return np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)


@pytest.mark.parametrize("model", STATISTICS, ids=repr)
def test_statistics(model: Any) -> None:
    tables.same(model, tables.gaps())
    tables.same(model, tables.numbers(), tables.gaps())
    tables.same(model, _with_empty())
    tables.same(model, tables.gaps().astype(np.float32), relative=tables.SINGLE)


def test_other_markers() -> None:
    X = np.where(np.isnan(tables.gaps()), 0.1, tables.gaps())
    tables.same(SimpleImputer(missing_values=0.1), X)
    tables.same(SimpleImputer(missing_values=0.1, add_indicator=True), X.astype(np.float32), relative=tables.SINGLE)
    hidden = np.where(np.isnan(_some_missing()), 0.1, _some_missing())
    tables.same(KNNImputer(missing_values=0.1), hidden)
    tables.same(MissingIndicator(missing_values=0.1), X)


@pytest.mark.parametrize("null", [None, np.nan], ids=repr)
@pytest.mark.parametrize(
    "imputer",
    [
        SimpleImputer(strategy="most_frequent"),
        SimpleImputer(strategy="constant", fill_value="é"),
        SimpleImputer(strategy="constant", fill_value="", missing_values="Köln"),
        SimpleImputer(strategy="most_frequent", missing_values=None, add_indicator=True),
        SimpleImputer(strategy="constant", missing_values=-1),
    ],
    ids=repr,
)
def test_texts(imputer: Any, null: float | None) -> None:
    frame = tables.words(null)[["city", "unit"]]
    looks_for_nan = isinstance(imputer.missing_values, float)
    if null is not None and not looks_for_nan:
        frame = tables.words(missing=False)[["city", "unit"]]
    tables.same(make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore")), frame)


def test_none_among_numbers() -> None:
    frame = tables.words(missing=False)[["count", "city"]]
    frame["count"] = frame["count"].astype(object).mask(frame.index % 5 == 0, None)
    encode = OneHotEncoder(handle_unknown="ignore")
    for marker in (np.nan, None):
        imputer = SimpleImputer(strategy="most_frequent", missing_values=marker)
        tables.same(make_pipeline(imputer, encode), frame)
        tables.same(make_pipeline(imputer, encode), frame[["count"]])
    tables.same(encode, frame)
    tables.same(SimpleImputer(), frame[["count"]])
    tables.same(MissingIndicator(features="all"), frame)


def test_kinds_that_do_not_mix_are_refused() -> None:
    frame = tables.words()
    model = SimpleImputer(strategy="constant", fill_value="none").fit(frame)
    cases.refused(model, frame, "fills columns of numbers with text", "imputer of their own")
    model = SimpleImputer(strategy="constant", fill_value=0).fit(frame)
    cases.refused(model, frame, "fills columns of text with numbers")


@pytest.mark.parametrize("features", ["missing-only", "all"])
def test_indicator(features: Any) -> None:
    tables.same(MissingIndicator(features=features), tables.gaps())
    tables.same(MissingIndicator(features=features, sparse=True), tables.gaps())
    tables.same(MissingIndicator(features="all"), tables.words())


def test_nothing_left_is_refused() -> None:
    X = np.full((5, 2), np.nan)
    X[0] = 1.0
    empty = cases.fitted(SimpleImputer(), np.full((5, 2), np.nan))
    cases.refused(empty, X, "keeps no column")
    cases.refused(MissingIndicator().fit(np.ones((5, 2))), X, "no columns")


@pytest.mark.parametrize(
    "model", [KNNImputer(), KNNImputer(n_neighbors=2), KNNImputer(n_neighbors=500, add_indicator=True)], ids=repr
)
def test_nearest(model: Any) -> None:
    X, Xn = tables.mixed(), _some_missing()
    nothing = np.vstack([Xn[:20], np.full((1, 8), np.nan)])
    tables.same(model, Xn, nothing)
    tables.same(model, X, nothing)
    Xn[:, 2] = np.nan
    tables.same(model, Xn)
    tables.same(model.set_params(keep_empty_features=True), Xn)
    tables.same(model, Xn.astype(np.float32), relative=tables.SINGLE)


def test_nearest_that_cannot_be_repeated_is_refused() -> None:
    X = tables.mixed()
    cases.refused(KNNImputer(weights="distance").fit(X), X, "1 / distance", "weights='uniform'")
    cases.refused(KNNImputer(weights=lambda d: d).fit(X), X, "function")
    grid, _ = cases.data("grid")
    cases.refused(KNNImputer().fit(grid), grid, "Equally near", "IterativeImputer")


@pytest.mark.parametrize(
    "model",
    [
        IterativeImputer(),
        IterativeImputer(Ridge(), max_iter=3, imputation_order="random", random_state=0, n_nearest_features=2),
        IterativeImputer(add_indicator=True, min_value=-50, max_value=50, imputation_order="arabic"),
        IterativeImputer(initial_strategy="median", skip_complete=True, keep_empty_features=True),
        IterativeImputer(RandomForestRegressor(5, max_depth=4, random_state=0), max_iter=2, random_state=0),
        IterativeImputer(max_iter=0),
    ],
    ids=repr,
)
def test_rounds(model: Any) -> None:
    tables.same(model, tables.gaps())
    nothing = np.vstack([tables.gaps()[:30], np.full((1, 5), np.nan)])
    tables.same(model, tables.gaps(), nothing)
    tables.same(model, tables.gaps(), nothing[-1:])
    tables.same(model, _with_empty())


def test_rounds_at_random_are_refused() -> None:
    X = tables.gaps()
    cases.refused(cases.fitted(IterativeImputer(sample_posterior=True), X), X, "draws at random", "sample_posterior")


def test_a_wide_table_has_a_small_graph() -> None:
    X = np.random.default_rng(0).normal(size=(20, 1500))
    fields = [Field(name=f"x{i}", dtype="float64", missing="allowed") for i in range(1500)]
    assert len(convert(SimpleImputer().fit(X), fields).model().graph.node) < 10
