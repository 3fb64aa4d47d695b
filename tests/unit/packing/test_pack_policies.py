"""Missing values and unknown categories: the contract refuses exactly what the original raises on."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract import encode

RANDOM = np.random.default_rng(4)
N = 120
PLAIN = pd.DataFrame({"a": RANDOM.normal(size=N), "b": RANDOM.normal(size=N)})
HOLES = PLAIN.mask(RANDOM.random((N, 2)) < 0.2)
Y = (PLAIN["a"] > 0).astype(int).to_numpy()
CITY = np.array(["x", "y", "z"], dtype=object)[RANDOM.integers(0, 3, N)]
SPOTTY = np.array([None if i % 9 == 0 else value for i, value in enumerate(CITY)], dtype=object)


def agree(packed: sealift.packing.Packed, model: Any, tried: dict[str, list[Any]], base: pd.DataFrame) -> None:
    """For each value in each column: the original raises if and only if the contract refuses."""
    for name, values in tried.items():
        for value in values:
            row = base.iloc[[1]].copy()
            if value is None and row[name].dtype.kind in "fiub":
                value = np.nan  # noqa: PLW2901
            kind = row[name].dtype
            if isinstance(kind, pd.CategoricalDtype):
                known = pd.CategoricalDtype(
                    list(kind.categories) + [v for v in [value] if v not in kind.categories and v]
                )
                row[name] = pd.Series(pd.Categorical([value], dtype=known), index=row.index)
            else:
                row[name] = pd.Series([value], index=row.index, dtype=kind if kind.kind == "f" else object)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    model.predict(row)
                    accepted = True
                except (ValueError, TypeError):
                    accepted = False
            columns = {str(column): row[column].astype(object).tolist() for column in row}
            assert bool(encode(packed.contract, columns).good[0]) == accepted, (name, value, accepted)


NUMERIC: dict[str, tuple[Any, Any, str]] = {
    "no imputer": (LogisticRegression(), PLAIN, "refused"),
    "a scaler": (make_pipeline(StandardScaler(), LogisticRegression()), PLAIN, "refused"),
    "an imputer": (make_pipeline(SimpleImputer(), LogisticRegression()), PLAIN, "allowed"),
    "an imputer and holes": (make_pipeline(SimpleImputer(), LogisticRegression()), HOLES, "allowed"),
    "histograms": (HistGradientBoostingClassifier(max_iter=3), PLAIN, "allowed"),
    "histograms and holes": (HistGradientBoostingClassifier(max_iter=3), HOLES, "allowed"),
    "a tree": (DecisionTreeClassifier(max_depth=3), PLAIN, "allowed"),
    "a forest with holes": (RandomForestClassifier(3, random_state=0), HOLES, "allowed"),
    "boosting": (GradientBoostingClassifier(n_estimators=3), PLAIN, "refused"),
}


@pytest.mark.parametrize("kind", NUMERIC)
def test_missing_numbers(kind: str, tmp_path: Path) -> None:
    model, X, expected = NUMERIC[kind]
    model.fit(X, Y)
    packed = sealift.pack(model, X, name="p", output=tmp_path / "p.seal")
    assert {f.missing for f in packed.contract.inputs} == {expected}
    agree(packed, model, {"a": [None, 0.0, 1e6], "b": [None]}, X)


ENCODERS: dict[str, tuple[Any, Any, str, str]] = {
    "one-hot that refuses": (OneHotEncoder(), CITY, "refused", "refused"),
    "one-hot that ignores": (OneHotEncoder(handle_unknown="ignore"), CITY, "allowed", "allowed"),
    "one-hot that saw none": (OneHotEncoder(), SPOTTY, "refused", "allowed"),
    "one-hot by frequency": (
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=45),
        CITY,
        "allowed",
        "allowed",
    ),
    "ordinal that refuses": (OrdinalEncoder(), CITY, "refused", "refused"),
    "ordinal with a number for the unknown": (
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        CITY,
        "allowed",
        "allowed",
    ),
    "an imputer before": (
        make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), OneHotEncoder()),
        SPOTTY,
        "refused",
        "allowed",
    ),
}


@pytest.mark.parametrize("kind", ENCODERS)
def test_texts(kind: str, tmp_path: Path) -> None:
    encoder, column, unknown, missing = ENCODERS[kind]
    X = PLAIN.assign(city=pd.Series(column, dtype=object))
    encoded = make_column_transformer((encoder, ["city"]), ("passthrough", ["a", "b"]))
    model = make_pipeline(encoded, LogisticRegression()).fit(X, Y)
    packed = sealift.pack(model, X, name="p", output=tmp_path / "p.seal")
    city = packed.contract.inputs[2]
    assert (city.unknown, city.missing) == (unknown, missing)
    assert set(city.categories or ()) == {"x", "y", "z"}
    agree(packed, model, {"city": ["x", "z", "Z", "", " x", "new", None], "a": [None]}, X)


@pytest.mark.parametrize("with_imputer", [False, True])
@pytest.mark.parametrize("handle", ["error", "ignore"])
def test_categories_that_are_numbers(handle: str, with_imputer: bool, tmp_path: Path) -> None:
    grade = pd.Series(RANDOM.integers(1, 4, N)).astype(float)
    X = PLAIN.assign(grade=grade.mask(RANDOM.random(N) < 0.1) if with_imputer else grade)
    encoder: Any = OneHotEncoder(handle_unknown=handle)
    if with_imputer:
        encoder = make_pipeline(SimpleImputer(strategy="most_frequent"), encoder)
    model = make_pipeline(make_column_transformer((encoder, ["grade"])), LogisticRegression()).fit(X, Y)
    packed = sealift.pack(model, X, name="p", output=tmp_path / "p.seal")
    (field,) = packed.contract.inputs
    assert field.categories == (1.0, 2.0, 3.0)
    agree(packed, model, {"grade": [1.0, 3.0, 4.0, 1.5, None]}, X)


def test_a_boolean_of_which_one_was_seen(tmp_path: Path) -> None:
    X = PLAIN.assign(ill=True)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["ill"]), ("passthrough", ["a"])), LogisticRegression()
    ).fit(X, Y)
    packed = sealift.pack(model, X, name="p", output=tmp_path / "p.seal")
    assert packed.contract.inputs[1].categories == (True,)
    assert packed.contract.inputs[1].unknown == "refused"
    agree(packed, model, {"ill": [True, False]}, X)


def test_a_column_of_categories_for_histograms(tmp_path: Path) -> None:
    X = PLAIN.assign(city=pd.Series(SPOTTY, dtype="category"))
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype").fit(X, Y)
    packed = sealift.pack(model, X, name="p", output=tmp_path / "p.seal")
    city = packed.contract.inputs[2]
    assert (city.unknown, city.missing) == ("allowed", "allowed")
    agree(packed, model, {"city": ["x", "new", None], "a": [None]}, X)


def test_policies_of_many_columns_one_by_one(tmp_path: Path) -> None:
    """Every second column is filled where missing: neither all nor none may be missing."""
    X = pd.DataFrame(RANDOM.normal(size=(60, 40)), columns=[f"c{i}" for i in range(40)])
    filled = [f"c{i}" for i in range(0, 40, 2)]
    columns = make_column_transformer((SimpleImputer(), filled), remainder="passthrough")
    model = make_pipeline(columns, LogisticRegression()).fit(X, X["c1"] > 0)
    packed = sealift.pack(model, X, name="p", output=tmp_path / "p.seal")
    assert [f.name for f in packed.contract.inputs if f.missing == "allowed"] == filled
