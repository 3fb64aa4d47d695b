"""Columns of dates: users' functions of them, before models of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from bench.fidelity.case import Case, Fit


def cases() -> Iterator[Case]:
    """All of them."""
    for name, (function, gaps, model) in CASES.items():
        yield Case("pipelines", "dates", name, "", _fit(function, gaps, model))


def _fit(function: Callable[[Any], Any], gaps: bool, model: Callable[[], Any]) -> Fit:
    def fit() -> tuple[Any, Any]:
        X, y = stays(400, 0, gaps=gaps)
        parts = make_pipeline(FunctionTransformer(function), SimpleImputer(), StandardScaler())
        columns = ColumnTransformer(
            [
                ("dates", parts, ["admitted", "discharged"]),
                ("ward", OneHotEncoder(handle_unknown="ignore"), ["ward"]),
                ("age", "passthrough", ["age"]),
            ]
        )
        fitted = make_pipeline(columns, model())
        target = y if isinstance(fitted[-1], GradientBoostingRegressor | Ridge) else y > np.median(y)
        return fitted.fit(X, target), stays(200, 1, gaps=gaps)[0]

    return fit


def stays(count: int, seed: int, *, gaps: bool) -> tuple[pd.DataFrame, Any]:
    """Synthetic hospital stays: begin, end, ward, and age of the patient."""
    random = np.random.default_rng(seed)
    minutes = random.integers(0, 8 * 365 * 24 * 60, count).astype("timedelta64[m]")
    admitted = np.datetime64("2015-01-01T00:00", "us") + minutes
    length = random.integers(0, 40, count)
    discharged = admitted.astype("datetime64[D]").astype("datetime64[us]") + length.astype("timedelta64[D]")
    if gaps:
        discharged[random.random(count) < 0.1] = np.datetime64("NaT")
    frame = pd.DataFrame(
        {
            "admitted": admitted,
            "discharged": discharged,
            "ward": random.choice(["north", "south", "été"], count),
            "age": random.integers(0, 99, count).astype(float),
        }
    )
    return frame, length + 5.0 * (frame["admitted"].dt.dayofweek > 4) + random.normal(size=count)


def calendar(df: Any) -> Any:
    d = df["admitted"].dt
    return np.column_stack([d.year, d.month, d.day, d.dayofweek, d.hour])


def length_of_stay(df: Any) -> Any:
    return (df["discharged"] - df["admitted"]).dt.days.to_frame()


def hours_between(df: Any) -> Any:
    return ((df["discharged"] - df["admitted"]).dt.total_seconds() / 3600).to_frame()


def season(df: Any) -> Any:
    angle = 2 * np.pi * df["admitted"].dt.dayofyear / 365.25
    return np.column_stack([np.sin(angle), np.cos(angle)])


def since(df: Any) -> Any:
    return ((df["admitted"] - pd.Timestamp("2000-01-01")).dt.days / 365.25).to_frame()


def weekend(df: Any) -> Any:
    return ((df["admitted"].dt.dayofweek >= 5) & (df["admitted"].dt.hour < 8)).to_frame()


def still_here(df: Any) -> Any:
    return df["discharged"].isna().to_frame()


CASES: dict[str, tuple[Callable[[Any], Any], bool, Callable[[], Any]]] = {
    "parts of a date": (calendar, False, lambda: RandomForestClassifier(20, random_state=0)),
    "days between two dates": (length_of_stay, False, lambda: GradientBoostingRegressor(random_state=0)),
    "days between, some unknown": (length_of_stay, True, lambda: HistGradientBoostingClassifier(max_iter=20)),
    "hours between": (hours_between, False, Ridge),
    "season as an angle": (season, False, lambda: LogisticRegression(max_iter=2000)),
    "years since a day": (since, False, lambda: LogisticRegression(max_iter=2000)),
    "nights of weekends": (weekend, False, lambda: RandomForestClassifier(20, random_state=0)),
    "not yet discharged": (still_here, True, lambda: LogisticRegression(max_iter=2000)),
}
