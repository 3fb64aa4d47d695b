"""Functions that read numbers and dates from strings, and raise if they cannot, in pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from bench.fidelity.case import Case, named

_ROWS = 300


def cases() -> Iterator[Case]:
    """All of them."""
    fits = {name: lambda make=make, gaps=gaps: _fitted(make, gaps=gaps) for name, (make, gaps) in READ.items()}
    yield from named("pipelines", "strings read as values", fits)


def frame(*, gaps: bool) -> pd.DataFrame:
    """Laboratory values, dates and times as an export writes them: all of them strings."""
    random = np.random.default_rng(3)
    days = pd.Timestamp("1940-01-01") + pd.to_timedelta(random.integers(0, 28_000, _ROWS), unit="D")
    times = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 500_000, _ROWS), unit="min")
    X = pd.DataFrame(
        {
            "crp": [f"{value:.1f}" for value in random.lognormal(2, 1, _ROWS)],
            "weight": [f"{value:.1f}".replace(".", ",") for value in random.normal(75, 15, _ROWS)],
            "grade": random.choice(["1", "2", "3"], _ROWS),
            "born": days.strftime("%d.%m.%Y"),
            "admitted": times.strftime("%Y-%m-%d %H:%M"),
        }
    ).astype(object)
    return X.mask(random.random(X.shape) < 0.1, None) if gaps else X


def _fitted(make: Callable[[], Any], *, gaps: bool) -> tuple[Any, Any]:
    X = frame(gaps=gaps)
    crp = pd.to_numeric(X["crp"]).fillna(5.0)
    return make().fit(X, ((crp > 8) ^ (X["grade"] == "3")).astype(int)), X


def _comma(column: Any) -> Any:
    return pd.to_numeric(column.str.strip().str.replace(",", ".", regex=False))


def _numbers(df: Any) -> Any:
    return df.assign(crp=pd.to_numeric(df["crp"]), grade=pd.to_numeric(df["grade"]))[["crp", "grade"]]


def _dates(df: Any) -> Any:
    born = pd.to_datetime(df["born"], format="%d.%m.%Y")
    admitted = pd.to_datetime(df["admitted"], format="%Y-%m-%d %H:%M")
    return pd.DataFrame(
        {"age": (admitted - born).dt.days, "hour": admitted.dt.hour, "grade": pd.to_numeric(df["grade"])}
    )


def _every(df: Any) -> Any:
    return _dates(df).assign(crp=np.log1p(pd.to_numeric(df["crp"])), weight=_comma(df["weight"]))


def _filled(df: Any) -> Any:
    return pd.DataFrame({"crp": pd.to_numeric(df["crp"].fillna("5")), "weight": _comma(df["weight"].fillna("75"))})


def _coerced(df: Any) -> Any:
    return pd.DataFrame({name: pd.to_numeric(df[name], errors="coerce") for name in ("crp", "grade")})


def _behind(function: Callable[[Any], Any], *rest: Any) -> Callable[[], Any]:
    return lambda: make_pipeline(FunctionTransformer(function), *rest)


_IMPUTED = (SimpleImputer(), StandardScaler(), LogisticRegression())
_TREE = DecisionTreeClassifier(max_depth=5, random_state=0)
READ: dict[str, tuple[Callable[[], Any], bool]] = {
    "numbers before a logistic": (_behind(_numbers, StandardScaler(), LogisticRegression()), False),
    "numbers with gaps before an imputer": (_behind(_numbers, *_IMPUTED), True),
    "numbers before a tree": (_behind(_numbers, _TREE), True),
    "decimal commas": (_behind(lambda df: _comma(df["weight"]).to_frame(), _TREE), False),
    "dates before boosted trees": (_behind(_dates, HistGradientBoostingClassifier(max_iter=20)), True),
    "numbers and dates before an imputer": (_behind(_every, *_IMPUTED), True),
    "numbers and dates before a forest": (_behind(_every, RandomForestClassifier(20, random_state=0)), True),
    "filled before they are read": (_behind(_filled, StandardScaler(), LogisticRegression()), True),
    "coerced before a logistic": (_behind(_coerced, StandardScaler(), LogisticRegression()), False),
    "coerced before a tree": (_behind(_coerced, _TREE), True),
}
