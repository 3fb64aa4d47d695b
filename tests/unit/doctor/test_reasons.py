"""Refusals name the true reason, in a bounded message; the user's own transformers are traced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

import sealift
from sealift.errors import PackError, ParityError

RNG = np.random.default_rng(0)
X = pd.DataFrame({"s": RNG.choice(list("xyz"), 200), "a": RNG.normal(size=200), "b": RNG.normal(size=200)})
Y = (X["a"] > 0).astype(int)


class DropColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> DropColumns:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        return X.drop(columns=["s"])


class CenteredRatio(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> CenteredRatio:
        self.mean_ = np.asarray(X).mean(axis=0)
        return self

    def transform(self, X: Any) -> Any:
        X = np.asarray(X) - self.mean_
        return np.column_stack([X, X[:, 0] / (1.0 + np.abs(X[:, 1]))])


class Ranks(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Ranks:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        return X.drop(columns=["s"]).rank()


class Constant(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any) -> Constant:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.repeat(self.classes_[:1], len(X))


@pytest.mark.parametrize("step", [DropColumns(), make_pipeline(DropColumns(), CenteredRatio())], ids=["frame", "array"])
def test_own_transformers_are_traced(step: Any, tmp_path: Path) -> None:
    model = make_pipeline(step, LogisticRegression()).fit(X, Y)
    packed = sealift.pack(model, X, Y, name="m", output=tmp_path / "m.seal")
    assert "traced" in {entry["how"] for entry in packed.steps}
    np.testing.assert_allclose(packed.load().predict(X)["probability"], model.predict_proba(X), rtol=0, atol=1e-9)


def test_own_transformers_that_cannot_be_traced(tmp_path: Path) -> None:
    model = make_pipeline(Ranks(), LogisticRegression()).fit(X, Y)
    with pytest.raises(PackError) as caught:
        sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert "There is no converter for" in caught.value.what
    assert ".rank" in caught.value.what
    assert "own-estimator" in caught.value.fix


def test_an_unknown_predictor_beside_strings(tmp_path: Path) -> None:
    # The reason is the type of the step, not the column of strings.
    with pytest.raises(PackError) as caught:
        sealift.pack(Constant().fit(X, Y), X, name="m", output=tmp_path / "m.seal")
    assert "There is no converter for" in caught.value.what
    assert "Encode" not in str(caught.value)
    diagnosis = sealift.doctor(make_pipeline(DropColumns(), Constant()).fit(X, Y), X)
    marks = {step.name: step.supported for step in diagnosis.steps}
    assert marks["dropcolumns (DropColumns)"]
    assert not marks["constant (Constant)"]
    assert all("✓" not in line for line in diagnosis.text().splitlines() if "does not" in line)


def test_none_and_nan_as_two_categories(tmp_path: Path) -> None:
    values = np.array(["x", "y", None, np.nan], dtype=object)[RNG.integers(0, 4, 200)]
    rows = pd.DataFrame({"s": pd.Series(values, dtype=object), "a": X["a"]})
    y = pd.Series([value is None for value in values]).astype(int) ^ (RNG.random(200) < 0.1)
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["s"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression()).fit(rows, y)
    with pytest.raises(ParityError) as caught:
        sealift.pack(model, rows, name="m", output=tmp_path / "m.seal")
    assert "both None and NaN" in caught.value.what
    assert "fillna" in caught.value.fix or "where" in caught.value.fix


def test_distances_that_are_rounding_errors(tmp_path: Path) -> None:
    rows = load_breast_cancer().data[:300]
    with pytest.raises(ParityError) as caught:
        sealift.pack(KNeighborsTransformer(n_neighbors=5).fit(rows), rows, name="m", output=tmp_path / "m.seal")
    assert "rounding error" in caught.value.what
    assert "kd_tree" in caught.value.fix
    assert len(str(caught.value)) < 2000
    exact = KNeighborsTransformer(n_neighbors=5, algorithm="kd_tree").fit(rows)
    assert sealift.pack(exact, rows, name="m", output=tmp_path / "m.seal").report.passed


def many_obstacles(df: Any) -> Any:
    df = df.copy()
    df["rank"] = df["a"].rank()
    df["lag"] = df["b"].shift(1)
    df["sorted"] = np.sort(df["a"].to_numpy())
    df["code"] = df["s"].apply(ord)
    df["fine"] = df["a"] + df["b"]
    return df.drop(columns=["s"]).fillna(0.0)


def test_all_obstacles_of_a_function_at_once() -> None:
    model = make_pipeline(FunctionTransformer(many_obstacles), LogisticRegression()).fit(X, Y)
    diagnosis = sealift.doctor(model, X)
    reasons = " ".join(obstacle.what for obstacle in diagnosis.obstacles)
    for part in (".rank()", ".shift(1)", "np.sort", ".apply"):
        assert part in reasons
    assert "fine" not in reasons
    assert len(diagnosis.obstacles) == 4
    assert all(obstacle.fix for obstacle in diagnosis.obstacles)
    assert [step.supported for step in diagnosis.steps] == [True, False, True]
