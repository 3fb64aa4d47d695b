"""XGBoost: the very same margins, whatever the objective, the booster and the rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boosters
import sealift
from cases import refused, same_fitted
from parity import answers

xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed: pip install 'sealift[xgboost]'")

FEW = {"n_estimators": 15, "max_depth": 4, "n_jobs": 1}
VALUES = (
    *("reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror", "reg:gamma"),
    *("reg:tweedie", "count:poisson", "survival:cox"),
)


def check(model: Any, kind: str, y: Any) -> Any:
    X = boosters.table(kind)
    return same_fitted(model.fit(X, y), X, boosters.rows(kind), relative=boosters.SINGLE)


def exact(model: Any, X: Any, rows: Any) -> None:
    """The values are equal in every bit."""
    _, got = answers(model, X, rows)
    np.testing.assert_array_equal(got["value"].astype(np.float32), model.predict(rows))


@pytest.mark.parametrize("kind", boosters.KINDS)
def test_classes(kind: str) -> None:
    X = boosters.table(kind)
    for extra in ({}, {"base_score": 0.3}, {"booster": "dart", "rate_drop": 0.3}, {"num_parallel_tree": 3}):
        check(xgboost.XGBClassifier(**FEW, **extra), kind, boosters.two(X))
        check(xgboost.XGBClassifier(**FEW, **extra), kind, boosters.three(X))
    for objective in ("binary:hinge", "binary:logitraw"):
        check(xgboost.XGBClassifier(objective=objective, **FEW), kind, boosters.two(X))
    check(xgboost.XGBClassifier(objective="multi:softmax", **FEW), kind, boosters.three(X))
    check(xgboost.XGBRFClassifier(**FEW), kind, boosters.three(X))
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        labels = np.column_stack([boosters.two(X), boosters.three(X) > 1])
        check(xgboost.XGBClassifier(multi_strategy=strategy, **FEW), kind, labels)


@pytest.mark.parametrize("kind", boosters.KINDS)
def test_margins_in_every_bit(kind: str) -> None:
    X, rows = boosters.table(kind), boosters.rows(kind)
    y = boosters.value(X)
    for model in (
        xgboost.XGBRegressor(**FEW),
        xgboost.XGBRegressor(booster="dart", rate_drop=0.3, base_score=3.0, **FEW),
        xgboost.XGBRegressor(booster="gblinear", n_estimators=9),
        xgboost.XGBRFRegressor(**FEW),
        xgboost.XGBRegressor(missing=0.0, **FEW),
    ):
        exact(model.fit(X, y), X, rows)
    exact(xgboost.XGBRegressor(multi_strategy="multi_output_tree", **FEW).fit(X, np.column_stack([y, -y])), X, rows)
    exact(xgboost.XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9], **FEW).fit(X, y), X, rows)
    exact(xgboost.XGBRanker(**FEW).fit(X, boosters.two(X), qid=np.arange(len(X)) // 40), X, rows)
    linear = xgboost.XGBClassifier(booster="gblinear", n_estimators=9).fit(X, boosters.three(X))
    same_fitted(linear, X, np.clip(rows, -10, 10), relative=boosters.SINGLE)


@pytest.mark.parametrize("objective", VALUES)
def test_objectives(objective: str) -> None:
    check(xgboost.XGBRegressor(objective=objective, **FEW), "gaps", boosters.value(boosters.table("gaps")))


def test_shares_as_a_value() -> None:
    for objective in ("reg:logistic", "binary:logistic"):
        check(xgboost.XGBRegressor(objective=objective, **FEW), "ties", boosters.two(boosters.table("ties")))


@settings(max_examples=12)
@given(
    kind=st.sampled_from(boosters.KINDS),
    depth=st.integers(1, 7),
    rounds=st.integers(1, 12),
    rate=st.floats(0.01, 1.0),
    base=st.floats(0.05, 0.95),
    parallel=st.integers(1, 3),
    policy=st.sampled_from(["depthwise", "lossguide"]),
)
def test_parameters(kind: str, depth: int, rounds: int, rate: float, base: float, parallel: int, policy: str) -> None:
    model = xgboost.XGBClassifier(
        n_estimators=rounds, max_depth=depth, learning_rate=rate, base_score=base, num_parallel_tree=parallel,
        grow_policy=policy, tree_method="hist", n_jobs=1,
    )  # fmt: skip
    check(model, kind, boosters.two(boosters.table(kind)))


def test_the_best_round_answers() -> None:
    X = boosters.table("continuous")
    noise = np.random.default_rng(0).integers(0, 2, len(X))
    model = xgboost.XGBClassifier(early_stopping_rounds=2, **FEW)
    model.fit(X, boosters.two(X), eval_set=[(X, noise)], verbose=False)
    assert model.best_iteration < FEW["n_estimators"] - 1
    same_fitted(model, X, boosters.rows("continuous"), relative=boosters.SINGLE)


def test_slices_and_neighbours_of_thresholds() -> None:
    """A slice keeps the note of the best round, though it may have fewer."""
    from sealift.frameworks.xgboost.native import adapt

    X = boosters.table("grid")
    rows = boosters.neighbours(X)
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(X, boosters.value(X)), 9)
    booster.set_attr(best_iteration="6")
    for model in (booster, booster[:3], booster[2:8:3]):
        exact(adapt(model), X, rows)
    for marker in (0.1, -999.0):
        model = xgboost.XGBRegressor(missing=marker, **FEW).fit(np.where(X == 0.5, marker, X), boosters.value(X))
        exact(model, X, np.where(rows == 0.5, marker, rows))


def test_bare_leaves_among_the_trees() -> None:
    """ONNX Runtime up to 1.29 adds the wrong leaf for a tree without splits that stands among others."""
    from sealift.frameworks.xgboost.booster import parse

    X = boosters.table("grid")
    model = xgboost.XGBClassifier(gamma=9, subsample=0.5, random_state=0, **FEW).fit(X, boosters.three(X))
    bare = [len(tree.feature) == 1 for tree in parse(model.get_booster(), None, inplace=True).trees]
    assert any(bare[:-1])
    assert not all(bare)
    same_fitted(model, X, boosters.rows("grid"), relative=boosters.SINGLE)


def categorical(frame: Any) -> Any:
    return frame.astype({"town": "category", "colour": "category", "grade": "category"})


@pytest.mark.parametrize("one_hot", [1, 100])
def test_categories_of_a_data_frame(one_hot: int) -> None:
    frame = boosters.mixed()
    X = categorical(frame)
    X.loc[::9, "town"], X.loc[::11, "grade"] = np.nan, np.nan
    model = xgboost.XGBRegressor(enable_categorical=True, max_cat_to_onehot=one_hot, **FEW)
    exact(model.fit(X, boosters.outcome(frame)), X, X)


def test_categories_as_numbers() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=500), rng.integers(0, 90, 500), rng.integers(0, 4, 500)])
    types = ["q", "c", "c"]
    model = xgboost.XGBRegressor(enable_categorical=True, feature_types=types, max_cat_to_onehot=1, **FEW)
    model.fit(X, X[:, 1] % 3 + X[:, 0])
    rows = X.copy()
    rows[:100, 1], rows[100:200, 1] = rng.integers(-3, 200, 100), rows[100:200, 1] + 0.7
    rows[200:250, 2], rows[250:300, 2], rows[300:400, 1] = -0.5, 1e9, np.nan
    exact(model, X, rows)


def test_pack_lets_no_unseen_category_through(tmp_path: Path) -> None:
    frame = boosters.mixed()
    X = categorical(frame)
    model = xgboost.XGBClassifier(enable_categorical=True, **FEW).fit(X, boosters.outcome(frame) > 1.5)
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    colour = next(field for field in packed.contract.inputs if field.name == "colour")
    assert colour.unknown == "refused"
    assert colour.categories == ("blau", "gruen", "rot")


def test_names_outside_ascii_are_refused() -> None:
    X = pd.DataFrame({"x": np.arange(90.0), "c": pd.Categorical(["grün", "rot", "blau"] * 30)})
    model = xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(X, X["x"])
    refused(model, X, "outside ASCII", "encode them before this step")


def test_texts_without_kept_categories_are_refused() -> None:
    frame = boosters.mixed()
    numbers = frame[["number", "grade"]]
    model = xgboost.XGBRegressor(**FEW).fit(numbers, boosters.outcome(frame))
    refused(model, frame[["number", "colour"]], "holds text", "Encode text columns")
    codes = np.column_stack([frame["number"], frame["colour"].astype("category").cat.codes])
    coded = xgboost.XGBRegressor(enable_categorical=True, feature_types=["q", "c"], **FEW)
    coded.fit(codes, boosters.outcome(frame))
    refused(coded, frame[["number", "colour"]], "does not store its categories", "XGBoost 3.1 or later")


def test_model_files(tmp_path: Path) -> None:
    from sealift.packing.load_model import load_model

    X, rows = boosters.table("gaps"), boosters.rows("gaps")
    two, three = (xgboost.XGBClassifier(**FEW).fit(X, y) for y in (boosters.two(X), boosters.three(X)))
    third = xgboost.XGBRegressor(booster="dart", rate_drop=0.3, **FEW).fit(X, boosters.value(X))
    fourth = xgboost.XGBClassifier(objective="multi:softmax", **FEW).fit(X, boosters.three(X))
    for model in (two, three, third, fourth):
        for suffix in (".json", ".ubj"):
            path = tmp_path / f"model{suffix}"
            model.get_booster().save_model(path)  # 3.1 cannot save an estimator beside scikit-learn 1.8
            loaded: Any = load_model(str(path))
            same_fitted(loaded, X, rows, relative=boosters.SINGLE)
            if model is not third:
                np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    bounds = xgboost.DMatrix(X)
    bounds.set_float_info("label_lower_bound", boosters.value(X))
    bounds.set_float_info("label_upper_bound", boosters.value(X) * 2)
    survival = xgboost.train({"objective": "survival:aft", "nthread": 1}, bounds, 9)
    sealift.pack(survival, X, name="m", output=tmp_path / "m.seal")


def test_an_objective_of_another_kind_is_refused() -> None:
    from sealift.frameworks.xgboost import booster

    class Unknown:
        def save_raw(self, _: str) -> bytes:
            return b'{"learner": {"objective": {"name": "reg:new"}}}'

    with pytest.raises(sealift.SealiftError, match="'reg:new' is not known") as caught:
        booster.parse(Unknown(), None, inplace=True)
    assert "XGBoost's own objectives" in caught.value.fix


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = "import sys, sealift.frameworks; print(*{'xgboost', 'lightgbm', 'catboost', 'sklearn'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
