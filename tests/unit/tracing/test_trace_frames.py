"""Functions of pandas data frames give in the graph what they give in pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from parity import assert_same
from traces import traced


def people(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "income": np.round(rng.lognormal(7, 1, rows), 2),
            "debt": np.round(rng.normal(100, 300, rows), 2),
            "small": rng.normal(size=rows).astype(np.float32),
            "sex": rng.choice(["female", "male"], rows),
        }
    )
    frame.loc[3:6, "income"] = np.nan
    frame.loc[5:9, "debt"] = 0.0
    frame.loc[8:12, "sex"] = None
    return frame


def ratios(df: Any) -> Any:
    df = df.copy()
    df["ratio"] = df["debt"] / df["income"]
    df["log"] = np.log1p(df["income"])
    df["old"] = (df["age"] > 65).astype(int)
    return df.drop(columns=["sex"])


def tidy(X: pd.DataFrame, *, cap: float = 500.0) -> pd.DataFrame:
    X = X.assign(
        income=X["income"].fillna(X["income"] if cap < 0 else 0).clip(upper=cap),
        male=lambda d: (d.sex == "male") * 1.0,
        known=lambda d: d["sex"].notna(),
    )
    return X[["income", "male", "known"]].rename(columns={"income": "capped"}).astype(float)


def grouped(df: Any) -> Any:
    conditions = [df["age"] < 30, df["age"].between(30, 60), df["debt"] <= 0]
    df = df[["age", "debt"]].copy()
    df["band"] = np.select(conditions, [0, 1, 2], default=3)
    df.loc[:, "double"] = df["age"] * 2
    df.loc[df["age"] > 80, "double"] = 160
    del df["debt"]
    return df


FUNCTIONS: list[Callable[[Any], Any]] = [
    ratios,
    tidy,
    grouped,
    lambda df: df[["income", "debt"]],
    lambda df: np.log1p(df[["income", "age"]]),
    lambda df: df[["income"]] * 2 + 1,
    lambda df: df.drop(columns="sex").fillna(0) / 10,
    lambda df: df.drop("sex", axis=1).fillna({"income": -1.0}),
    lambda df: (df["income"] / df["age"]).to_frame("per_year"),
    lambda df: pd.DataFrame({"a": df["income"] - df["debt"], "one": 1.0, "flag": df["debt"] > 0}),
    lambda df: pd.concat([df[["age"]], np.sqrt(df[["income"]])], axis=1),
    lambda df: df[["age", "income"]].to_numpy() ** 2,
    lambda df: df[["age", "income"]].values[:, [1]],
    lambda df: np.c_[df["age"], df["income"]],
    lambda df: np.where(df[["debt"]] > 0, 1, 0),
    lambda df: np.where(df["sex"] == "male", 1.0, 2.0)[:, None],
    lambda df: df[["income", "debt"]].sum(axis=1).to_frame(),
    lambda df: df[["income", "debt", "age"]].mean(axis=1).to_frame("mean"),
    lambda df: df[["income", "debt"]].max(axis=1).to_frame("max"),
    lambda df: df[["income", "debt"]].sum(axis=1, skipna=False).to_frame(),
    lambda df: df[["income", "debt", "age"]].std(axis=1).to_frame(),
    lambda df: np.sum(df[["income", "debt"]], axis=1).to_frame(),
    lambda df: df[["income", "debt"]].clip(lower=0, upper=1000),
    lambda df: df[["income", "debt"]].div(df["age"], axis=0),
    lambda df: df[["debt"]].where(df[["debt"]] > 0, 0),
    lambda df: df[["debt"]].mask(df[["debt"]] > 0),
    lambda df: df[["income", "debt"]].isna().astype(int),
    lambda df: pd.isna(df["sex"]).to_frame(),
    lambda df: df["sex"].map({"male": 1, "female": 0}).to_frame(),
    lambda df: df["age"].map({18: 1.0, 30: 2.5}).to_frame(),
    lambda df: df["sex"].isin(["male", "other"]).to_frame(),
    lambda df: (df["sex"].fillna("none") == "none").to_frame(),
    lambda df: df[["age", "debt"]].apply(np.abs),
    lambda df: df[["age", "debt"]].apply(lambda column: column / 2),
    lambda df: df.filter(items=["age", "debt"]).add_prefix("raw_"),
    lambda df: df.iloc[:, [0, 2]].round(-1),
    lambda df: df.loc[:, "age":"debt"],
    lambda df: df[["age"]].pipe(lambda d: d + 1),
    lambda df: df[["small"]] * 3,
    lambda df: pd.DataFrame(np.log1p(df[["age", "income"]].to_numpy()), columns=["a", "b"]),
    lambda df: df[["age"]] if isinstance(df, pd.DataFrame) else df[:, [0]],
    lambda df: -df[["age", "debt"]] % 7,
    lambda df: np.clip(df[["debt"]], 0, 10),
    lambda df: np.round(df[["debt"]] / 3, 2),
    lambda df: df["income"].gt(1000).to_frame(),
    lambda df: df[["age"]].assign(x=df["age"].apply(np.log), y=2),
    lambda df: df[sorted(c for c in df.columns if c.startswith(("a", "d")))],
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=range(len(FUNCTIONS)))
def test_functions_of_frames(function: Any) -> None:
    traced(function, people())


def test_names_come_from_the_frame() -> None:
    conversion = traced(ratios, people())
    assert conversion.outputs[0].columns == ("age", "income", "debt", "small", "ratio", "log", "old")


def test_strings_are_passed_to_the_encoder() -> None:
    def chosen(df: Any) -> Any:
        return df.assign(sex=df["sex"].fillna("unknown"))[["sex", "age"]]

    model = make_pipeline(
        FunctionTransformer(chosen),
        ColumnTransformer(
            [("sex", OneHotEncoder(handle_unknown="ignore"), ["sex"]), ("age", StandardScaler(), ["age"])]
        ),
        LogisticRegression(),
    )
    X = people()
    steps = assert_same(model.fit(X, X["age"] > 50), X).steps
    assert {step.how for step in steps} == {"own", "traced"}


def test_functions_within_column_transformers_and_unions() -> None:
    X = people().fillna({"income": 1.0})
    columns = ColumnTransformer(
        [
            ("log", FunctionTransformer(np.log1p, feature_names_out="one-to-one"), ["income", "age"]),
            ("ratio", FunctionTransformer(lambda d: (d["debt"] / d["income"]).to_frame()), ["debt", "income"]),
            ("power", FunctionTransformer(lambda d, power: d**power, kw_args={"power": 2}), ["small"]),
            ("rest", "drop", ["sex"]),
        ]
    )
    model = make_pipeline(columns, FunctionTransformer(np.tanh), StandardScaler(), LogisticRegression())
    assert_same(model.fit(X, X["age"] > 50), X)
    numbers = X[["income", "debt"]].to_numpy()
    union = make_union(FunctionTransformer(np.sqrt), FunctionTransformer(lambda x: x.sum(axis=1, keepdims=True)))
    with np.errstate(invalid="ignore"):
        assert_same(make_pipeline(FunctionTransformer(np.abs), union).fit(numbers), numbers)


def test_a_thousand_columns_have_few_nodes() -> None:
    X = pd.DataFrame(np.abs(np.random.default_rng(0).normal(size=(5, 1000))), columns=[f"c{i}" for i in range(1000)])
    conversion = traced(lambda df: np.log1p(df).fillna(0) * 2, X)
    assert len(conversion.model().graph.node) < 60


def test_pandas_and_numpy_are_as_before() -> None:
    before = (np.asarray, np.zeros, np.c_, pd.DataFrame, pd.concat)
    traced(ratios, people())
    assert (np.asarray, np.zeros, np.c_, pd.DataFrame, pd.concat) == before


def test_frames_made_by_the_step_before() -> None:
    X = people()[["age", "debt"]]
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, FunctionTransformer(lambda df: df.assign(sum=df["age"] + df["debt"])))
    assert_same(model.fit(X), X)


def test_functions_of_the_library_itself() -> None:
    X = people()[["age", "debt"]]
    for function in (np.asarray, pd.DataFrame, pd.isna):
        traced(function, X)

    def made() -> Any:
        import numpy as inner

        return lambda x: inner.asarray(x) * inner.ones((len(x), 2))

    traced(made(), X.to_numpy())


def test_sparse_rows_are_spread_out() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["a small ship", "a sea", "small seas and ships", "nothing"] * 3
    model = make_pipeline(TfidfVectorizer(), FunctionTransformer(lambda x: x.toarray()), StandardScaler())
    assert_same(model.fit(texts), texts)
    model = make_pipeline(TfidfVectorizer(), FunctionTransformer(np.sqrt))
    assert_same(model.fit(texts), texts)
