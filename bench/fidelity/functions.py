"""FunctionTransformer with users' NumPy and pandas functions: single, in pipelines, and those that are refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from bench.fidelity import records, tables, xgboost_models
from bench.fidelity.case import Case, Fit
from bench.fidelity.records import on_records, positive, two

_LIBRARY = "own functions"


def cases() -> Iterator[Case]:
    """The functions without a pipeline."""
    for name, function in {**ARRAYS, **NO_ARRAYS}.items():
        kind = "NumPy arrays" if name in ARRAYS else "must be refused: use other rows"
        yield Case(_LIBRARY, kind, name, "", _on_array(function))
    for name, function in {**FRAMES, **NO_FRAMES}.items():
        kind = "data frames" if name in FRAMES else "must be refused: use other rows"
        yield Case(_LIBRARY, kind, name, "", _on_frame(function))


def inside() -> Iterator[Case]:
    """The functions in pipelines."""
    for name, make in INSIDE.items():
        target = positive if "number" in name else two
        yield Case("pipelines", "own functions inside", name, "", on_records(make, target))


def _on_array(function: Callable[[Any], Any]) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers("gaps", 2) * 3
        return FunctionTransformer(function).fit(X), X

    return fit


def _on_frame(function: Callable[[Any], Any]) -> Fit:
    return lambda: (FunctionTransformer(function).fit(records.frame()), records.frame(1))


def in_place(x: Any) -> Any:
    x = np.nan_to_num(x)
    x[x < 0] = 0
    x[:, 1] = np.log1p(x[:, 1])
    x[:, [0, 2]] /= 2
    x[x[:, 0] > 1, 2] = -1
    return x


def boxes(x: Any) -> Any:
    out = np.zeros((x.shape[0], 3))
    out[:, 0] = x[:, 0] - x[:, 1]
    out[:, 1:] = np.digitize(x[:, :2], [-1.0, 0.0, 1.5])
    return out


def angles(x: Any) -> Any:
    hour = x[:, 0] * 24
    return np.column_stack([np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24), np.arctan2(x[:, 1], x[:, 2])])


def pairs(x: Any) -> Any:
    return np.column_stack([x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i)])


def distance(x: Any) -> Any:
    """The distance of two places in kilometres, as in many notebooks."""
    a, b, c, d = (np.radians(x[:, i]) for i in range(4))
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return (6371 * 2 * np.arcsin(np.sqrt(np.clip(h, 0, 1)))).reshape(-1, 1)


ARRAYS: dict[str, Callable[[Any], Any]] = {
    "np.log1p of the size": lambda x: np.log1p(np.abs(x)),
    "np.nan_to_num": np.nan_to_num,
    "np.tanh": np.tanh,
    "np.sqrt, missing below zero": np.sqrt,
    "np.expm1": lambda x: np.expm1(x / 3),
    "np.where": lambda x: np.where(np.isnan(x), -1.0, x),
    "np.select": lambda x: np.select([x < 0, x > 1], [-1, x * 2], default=0.5),
    "np.clip": lambda x: np.clip(x, -1, 1),
    "np.round": lambda x: np.round(x, 1),
    "np.interp": lambda x: np.interp(x[:, 0], [-1.0, 0.0, 2.0], [5.0, 6.0, 4.0])[:, None],
    "np.isin": lambda x: np.isin(np.round(x), [0, 1, 2]),
    "np.floor_divide": lambda x: x // 0.5 + x % 0.3,
    "row sums": lambda x: np.c_[np.nansum(x, axis=1), np.nanmax(x, axis=1), x.mean(axis=1), x.std(axis=1)],
    "row median": lambda x: np.median(x, axis=1, keepdims=True),
    "row norm": lambda x: x / np.linalg.norm(x, axis=1, keepdims=True),
    "sorted rows": lambda x: np.sort(x, axis=1),
    "products with weights": lambda x: np.nan_to_num(x) @ np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0], [1.0, 1.0]]),
    "columns chosen and joined": lambda x: np.hstack([x[:, [2, 0]], x[:, ::-1] ** 2]),
    "whole numbers": lambda x: np.nan_to_num(x).astype(int) % 3,
    "single precision": lambda x: x.astype(np.float32) * np.float32(0.1),
    "guarded division": lambda x: np.divide(x[:, [0]], x[:, [1]], out=np.zeros((len(x), 1)), where=x[:, [1]] > 0),
    "constant of math": lambda x: x * math.pi + math.sqrt(2),
    "in place": in_place,
    "boxes": boxes,
    "angles": angles,
    "pairs": pairs,
    "distance": distance,
}


def enriched(df: Any) -> Any:
    df = df.copy()
    df["ratio"] = df["lab value"] / df["weight"]
    df["old"] = (df["age"] > 65).astype(int)
    df["log"] = np.log1p(df["lab value"])
    return df[["ratio", "old", "log", "visits"]]


def banded(df: Any) -> Any:
    conditions = [df["age"] < 30, df["age"].between(30, 60), df["visits"] <= 0]
    df = df[["age", "temperature"]].copy()
    df["band"] = np.select(conditions, [0, 1, 2], default=3)
    df.loc[df["age"] > 80, "temperature"] = 36.5
    return df


FRAMES: dict[str, Callable[[Any], Any]] = {
    "new columns": enriched,
    "bands": banded,
    "assign": lambda df: df[["age", "weight"]].assign(bmi=df["weight"] / 1.7**2, log=lambda d: np.log(d["age"])),
    "fillna": lambda df: df[["weight", "visits"]].fillna({"weight": 70.0, "visits": 0}),
    "dictionary": lambda df: df["code"].map({"A1": 1, "A2": 2, "B1": 10}).fillna(0).to_frame(),
    "words compared": lambda df: (df["ward"].fillna("none") == "ICU").to_frame(),
    "words in a list": lambda df: df["ward"].isin(["ICU", "Chirurgie"]).to_frame().astype(float),
    "missing as numbers": lambda df: df[["weight", "lab value", "visits"]].isna().astype(int),
    "row statistics": lambda df: df[["weight", "temperature", "visits"]].agg("mean", axis=1).to_frame(),
    "row sum and spread": lambda df: pd.DataFrame(
        {"sum": df[["weight", "visits"]].sum(axis=1), "spread": df["weight"] - df["visits"]}
    ),
    "clipped and rounded": lambda df: df[["lab value", "weight"]].clip(0, 80).round(1),
    "side by side": lambda df: pd.concat([df[["age"]], np.sqrt(df[["lab value"]])], axis=1),
    "to an array": lambda df: df[["age", "weight"]].to_numpy() ** 2,
    "boolean to number": lambda df: df["smoker"].astype(int).to_frame(),
    "where": lambda df: df[["visits"]].where(df[["visits"]] > 1, 0),
}


def decides(x: Any) -> Any:
    return -x if (x[:, 0] > 0).sum() else x


def loops(x: Any) -> Any:
    return np.array([[math.log1p(abs(row[0]))] for row in x])


def centred(x: Any) -> Any:
    return x - x.mean(axis=0)


def jittered(x: Any) -> Any:
    return x + np.random.default_rng(0).normal(size=x.shape)


NO_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "decides by all rows": decides,
    "loop over the rows": loops,
    "mean over the rows": centred,
    "random numbers": jittered,
    "number of the row": lambda x: np.c_[x, np.arange(len(x))],
}
NO_FRAMES: dict[str, Callable[[Any], Any]] = {
    "median over the rows": lambda df: df[["weight"]].fillna(df["weight"].median()),
    "previous row": lambda df: df[["age"]].shift(1),
    "grouped": lambda df: df.groupby("code")[["age"]].transform("mean"),
    "row by row": lambda df: df[["age", "weight"]].apply(lambda row: row["age"] + row["weight"], axis=1).to_frame(),
}


def _words() -> Any:
    return ("words", OneHotEncoder(handle_unknown="ignore"), ["ward", "code"])


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=2000)


def _filled_frame(df: Any) -> Any:
    return df.assign(ward=df["ward"].fillna("unknown"), weight=df["weight"].fillna(70.0))[["ward", "code", "weight"]]


INSIDE: dict[str, Callable[[], Any]] = {
    "before an imputer": lambda: make_pipeline(
        FunctionTransformer(enriched), SimpleImputer(), StandardScaler(), _logistic()
    ),
    "before encoders": lambda: make_pipeline(
        FunctionTransformer(_filled_frame),
        ColumnTransformer([_words(), ("weight", StandardScaler(), ["weight"])]),
        _logistic(),
    ),
    "with encoders": lambda: make_pipeline(
        ColumnTransformer(
            [
                _words(),
                ("log", FunctionTransformer(np.log1p, feature_names_out="one-to-one"), ["age"]),
                (
                    "ratio",
                    FunctionTransformer(lambda d: (d["age"] / d["temperature"]).to_frame()),
                    ["age", "temperature"],
                ),
            ]
        ),
        _logistic(),
    ),
    "with arguments": lambda: make_pipeline(
        ColumnTransformer([("p", FunctionTransformer(lambda d, power: d**power, kw_args={"power": 0.5}), ["age"])]),
        _logistic(),
    ),
    "in a union": lambda: make_pipeline(
        ColumnTransformer([("n", SimpleImputer(), ["age", "weight", "lab value"])]),
        make_union(FunctionTransformer(np.sqrt), FunctionTransformer(lambda x: x.sum(axis=1, keepdims=True))),
        _logistic(),
    ),
    "before XGBoost": lambda: make_pipeline(FunctionTransformer(enriched), XGBClassifier(**xgboost_models.FEW)),
    "logarithm before a forest": lambda: make_pipeline(
        ColumnTransformer([("log", FunctionTransformer(np.log1p), ["age", "lab value"])], remainder="drop"),
        RandomForestClassifier(10, random_state=0),
    ),
    "around a number's target": lambda: TransformedTargetRegressor(
        make_pipeline(records.prepare(), Ridge()),
        func=lambda y: np.log(y + 0.5),
        inverse_func=lambda z: np.maximum(np.exp(z) - 0.5, 0),
        check_inverse=False,
    ),
}
