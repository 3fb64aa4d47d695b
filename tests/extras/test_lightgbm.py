"""LightGBM: every kind of missing value, categories, linear leaves, every objective."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boosters
import sealift
from cases import fitted, refused, same_fitted
from sealift.packing.load_model import load_model

lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed: pip install 'sealift[lightgbm]'")

FEW = {"n_estimators": 15, "num_leaves": 12, "n_jobs": 1, "verbose": -1}
OBJECTIVES = (
    *("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"),
    *("cross_entropy", "cross_entropy_lambda"),
)


def edges(kind: str) -> Any:
    """Rows around what LightGBM takes for zero."""
    X = boosters.rows(kind)
    tiny = float(np.float32(1e-35))
    X[100:110, 0], X[110:120, 1], X[120:130, 2] = tiny, -tiny, np.nextafter(-tiny, -1)
    return X


def check(model: Any, kind: str, y: Any) -> Any:
    X = boosters.table(kind)
    return same_fitted(model.fit(X, y), X, edges(kind))


@pytest.mark.parametrize("kind", boosters.KINDS)
def test_classes(kind: str) -> None:
    X = boosters.table(kind)
    two, three = boosters.two(X), boosters.three(X)
    for extra in (
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"boosting_type": "dart"},
        {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1},
    ):
        check(lightgbm.LGBMClassifier(**FEW, **extra), kind, two)
        check(lightgbm.LGBMClassifier(**FEW, **extra), kind, three)
    check(lightgbm.LGBMClassifier(sigmoid=2.5, is_unbalance=True, **FEW), kind, np.where(two, "oui", "nón"))
    check(lightgbm.LGBMClassifier(objective="multiclassova", sigmoid=0.7, **FEW), kind, three)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_objectives(objective: str) -> None:
    y = boosters.value(boosters.table("gaps"))
    y = np.minimum(y, 1.0) if objective.startswith("cross") else y
    check(lightgbm.LGBMRegressor(objective=objective, **FEW), "gaps", y)


def test_other_regressions() -> None:
    X = boosters.table("grid")
    y = boosters.value(X)
    check(lightgbm.LGBMRegressor(reg_sqrt=True, **FEW), "grid", y)
    own = lightgbm.LGBMRegressor(objective=lambda y, p: (p - y, np.ones_like(y)), **FEW)
    check(own, "grid", y)
    check(lightgbm.LGBMRegressor(min_child_samples=5000, **FEW), "grid", y)
    for objective in ("lambdarank", "rank_xendcg"):
        model = lightgbm.LGBMRanker(objective=objective, **FEW).fit(X, boosters.two(X), group=[40] * 10)
        same_fitted(model, X, edges("grid"))


@pytest.mark.parametrize("kind", boosters.KINDS)
def test_linear_leaves(kind: str) -> None:
    X = boosters.table(kind)
    for model, y in (
        (lightgbm.LGBMRegressor(linear_tree=True, **FEW), boosters.value(X)),
        (lightgbm.LGBMClassifier(linear_tree=True, **FEW), boosters.three(X)),
    ):
        model.fit(X, y)
        same_fitted(model, X, np.clip(edges(kind), -9, 9))
        same_fitted(model, X, boosters.table("gaps"))


@settings(max_examples=12)
@given(
    kind=st.sampled_from(boosters.KINDS),
    leaves=st.integers(2, 40),
    rounds=st.integers(1, 12),
    rate=st.floats(0.01, 1.0),
    smallest=st.integers(1, 60),
    bins=st.integers(2, 255),
    zero=st.booleans(),
)
def test_parameters(kind: str, leaves: int, rounds: int, rate: float, smallest: int, bins: int, zero: bool) -> None:
    model = lightgbm.LGBMClassifier(
        n_estimators=rounds, num_leaves=leaves, learning_rate=rate, min_child_samples=smallest, max_bin=bins,
        zero_as_missing=zero, extra_trees=True, n_jobs=1, verbose=-1,
    )  # fmt: skip
    check(model, kind, boosters.two(boosters.table(kind)))


def test_the_best_round_answers() -> None:
    X = boosters.table("continuous")
    noise = np.random.default_rng(0).integers(0, 2, len(X))
    model = lightgbm.LGBMClassifier(**FEW)
    stop = lightgbm.early_stopping(2, verbose=False)
    recent = "eval_X" in inspect.signature(model.fit).parameters  # since 4.7, which warns of the other
    watched = {"eval_X": (X,), "eval_y": (noise,)} if recent else {"eval_set": [(X, noise)]}
    model.fit(X, boosters.two(X), callbacks=[stop], **watched)
    assert model.best_iteration_ < FEW["n_estimators"]
    same_fitted(model, X, edges("continuous"))


@pytest.mark.parametrize(
    "extra",
    [{}, {"linear_tree": True}, {"max_cat_to_onehot": 100}, {"min_data_per_group": 1, "cat_smooth": 1}],
    ids=str,
)
def test_categories_of_a_data_frame(extra: Any) -> None:
    frame = boosters.mixed()
    X = frame.astype({"town": "category", "colour": "category", "grade": "category"})
    X["colour"] = X["colour"].cat.rename_categories({"gruen": "grün"})
    X.loc[::9, "town"], X.loc[::11, "grade"] = np.nan, np.nan
    model = lightgbm.LGBMRegressor(**FEW, **extra).fit(X, boosters.outcome(frame))
    same_fitted(model, X, X)
    unseen = X.assign(town=pd.Categorical(["nowhere"] * len(X)))
    same_fitted(model, X, unseen)


def test_categories_as_numbers() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=500), rng.integers(0, 90, 500), rng.integers(0, 4, 500)])
    model = lightgbm.LGBMRegressor(min_data_per_group=1, cat_smooth=1, **FEW)
    model.fit(X, X[:, 1] % 3 + X[:, 0], categorical_feature=[1, 2])
    rows = X.copy()
    rows[:100, 1], rows[100:200, 1] = rng.integers(-3, 200, 100), rows[100:200, 1] + 0.7
    rows[200:250, 2], rows[250:300, 2], rows[300:400, 1], rows[400:450, 1] = -0.5, 1e9, np.nan, 1e300
    rows[450:470, 1], rows[470:490, 1] = 2.0**31, 2.0**32 + 5  # beyond what its whole numbers hold
    same_fitted(model, X, rows)


def test_ambiguous_categorical_columns_are_refused() -> None:
    frame = boosters.mixed()
    X = frame[["number", "grade"]].assign(grade=frame["grade"].astype("category"), other=frame["grade"])
    model = lightgbm.LGBMRegressor(min_data_per_group=1, **FEW)
    model.fit(X, boosters.outcome(frame), categorical_feature=["grade", "other"])
    refused(model, X, "categories of 1 columns", "the type category")


def test_a_custom_objective_has_no_classes() -> None:
    X = boosters.table("continuous")
    model = lightgbm.LGBMClassifier(objective=lambda y, p: (p - y, np.ones_like(y)), **FEW)
    model = fitted(model, X, boosters.two(X))
    refused(model, X, "scores instead of classes", "booster_")


def test_trees_left_out_for_certain_rows_are_refused() -> None:
    X = boosters.table("continuous")
    model = fitted(lightgbm.LGBMClassifier(pred_early_stop=True, **FEW), X, boosters.two(X))
    refused(model, X, "skips trees", "pred_early_stop=False")


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # LightGBM 4.6 has names of its own
def test_model_files(tmp_path: Path) -> None:
    X, rows = boosters.table("gaps"), edges("gaps")
    for model, y in (
        (lightgbm.LGBMClassifier(**FEW), boosters.two(X)),
        (lightgbm.LGBMClassifier(**FEW), boosters.three(X)),
        (lightgbm.LGBMRegressor(objective="poisson", linear_tree=False, **FEW), boosters.value(X)),
    ):
        model.fit(X, y)
        path = tmp_path / "model.txt"
        model.booster_.save_model(path)
        loaded: Any = load_model(str(path))
        same_fitted(loaded, X, rows)
        np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    path.write_text("tree\nbut not one", encoding="utf-8")
    with pytest.raises(sealift.SealiftError) as caught:
        load_model(str(path))
    assert caught.value.code == "E308"


def test_a_changed_booster() -> None:
    """Rounds taken back, leaves changed by hand, a best round set: the text says what is left."""
    from sealift.frameworks.lightgbm.native import adapt

    X = boosters.table("grid")
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, boosters.two(X)), 9
    )
    booster.rollback_one_iter()
    booster.set_leaf_output(0, 0, 3.0)
    same_fitted(adapt(booster), X, edges("grid"))
    booster.best_iteration = 4
    same_fitted(adapt(booster), X, boosters.neighbours(X))


def test_pack(tmp_path: Path) -> None:
    frame = boosters.mixed()
    X = frame.astype({"town": "category", "colour": "category", "grade": "category"})
    model = lightgbm.LGBMClassifier(**FEW).fit(X, np.where(boosters.outcome(frame) > 1.5, "high", "low"))
    assert sealift.pack(model, X, name="m", output=tmp_path / "m.seal").report.passed
    assert sealift.pack(model.booster_, X, name="m", output=tmp_path / "n.seal").report.passed
