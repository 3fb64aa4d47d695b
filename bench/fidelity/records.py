"""A ward's records with missing values, and the preparation with which most pipelines begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from bench.fidelity.case import Case, Fit

_ROWS = 400


def frame(seed: int = 0) -> pd.DataFrame:
    """A ward's records: numbers, whole numbers, booleans, words with accents, None, NaN and pandas categories."""
    random = np.random.default_rng(seed)
    n = _ROWS
    X = pd.DataFrame(
        {
            "age": random.integers(18, 95, n),
            "weight": random.normal(75, 15, n).round(1),
            "lab value": random.lognormal(1, 1, n),
            "temperature": random.normal(37, 0.8, n).round(1),
            "smoker": random.random(n) < 0.3,
            "ward": pd.Series(random.choice(["Chirurgie", "Pädiatrie", "Urgences médicales", "ICU"], n), dtype=object),
            "insurance": pd.Series(random.choice(["public", "private"], n, p=[0.8, 0.2])).astype("category"),
            "code": pd.Series(
                random.choice(["A1", "A2", "B1", "B2", "C9"], n, p=[0.4, 0.3, 0.2, 0.07, 0.03]), dtype=object
            ),
            "visits": random.poisson(2, n).astype(float),
        }
    )
    for name, share in {"weight": 0.1, "lab value": 0.15, "visits": 0.05}.items():
        X.loc[random.random(n) < share, name] = np.nan
    X.loc[random.random(n) < 0.08, "ward"] = None
    return X


def _risk(X: pd.DataFrame) -> Any:
    random = np.random.default_rng(1)
    risk = (X["age"] - 50) / 20 + X["lab value"].fillna(3) / 5 + X["smoker"] + (X["ward"] == "ICU") * 1.5
    return risk.to_numpy() + random.normal(0, 0.5, len(X))


NUMBERS = make_column_selector(dtype_include=[np.number])
WORDS = ["ward", "code", "insurance"]


def prepare(numbers: Any = None, words: Any = None, **other: Any) -> ColumnTransformer:
    """Numbers imputed and scaled, strings one-hot encoded, unless other steps are given."""
    numbers = numbers if numbers is not None else make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = words if words is not None else OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)], **other)


def ordinal() -> OrdinalEncoder:
    """Ordinal codes of strings, also for unknown and missing ones."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)


def filled(scaler: Any) -> Pipeline:
    """Missing numbers replaced by means, then `scaler`."""
    return make_pipeline(SimpleImputer(), scaler)


def classifiers(kind: str, makes: dict[str, Callable[[], Any]]) -> Iterator[Case]:
    """Fitted in turn on two classes, on three, and on three with names."""
    for i, (name, make) in enumerate(makes.items()):
        yield Case("pipelines", kind, name, "", _fit(make, i % 3))


def regressors(kind: str, makes: dict[str, Callable[[], Any]]) -> Iterator[Case]:
    """Fitted on a positive number."""
    for name, make in makes.items():
        yield Case("pipelines", kind, name, "", _fit(make, 3))


def on_records(make: Callable[[], Any], target: Callable[[Any], Any] = lambda _: None) -> Fit:
    """A function that fits a model on one half of the records, with `target` of the risk; it returns the other."""

    def fit() -> tuple[Any, Any]:
        X = frame()
        y = target(_risk(X))
        model = make()
        return (model.fit(X.iloc[::2]) if y is None else model.fit(X.iloc[::2], y[::2])), X.iloc[1::2]

    return fit


def _fit(make: Callable[[], Any], target: int) -> Fit:
    return on_records(make, (two, three, named, positive)[target])


def two(risk: Any) -> Any:
    """Two classes."""
    return (risk > np.median(risk)).astype(int)


def three(risk: Any) -> Any:
    """Three classes."""
    return np.digitize(risk, np.quantile(risk, [0.33, 0.66]))


def named(risk: Any) -> Any:
    """Three classes with names."""
    return np.array(["low", "médium", "high"])[three(risk)]


def positive(risk: Any) -> Any:
    """A positive number."""
    return np.exp(risk - risk.mean())
