"""CatBoost: numbers, categories and what is computed from them, every grow policy and every link."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boosters
import sealift
from cases import refused, same_fitted
from parity import answers
from sealift.packing.load_model import load_model

catboost = pytest.importorskip("catboost", reason="CatBoost is not installed: pip install 'sealift[catboost]'")

FEW = {"iterations": 15, "depth": 4, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
VALUES = (
    *("RMSE", "MAE", "MAPE", "LogCosh", "Huber:delta=1", "Quantile:alpha=0.3", "MultiQuantile:alpha=0.1,0.9"),
    *("Poisson", "Tweedie:variance_power=1.5", "RMSEWithUncertainty", "Cox"),
)
TEXTS = ["town", "colour"]
CATEGORIES = [*TEXTS, "grade"]


def check(model: Any, kind: str, y: Any) -> Any:
    X = boosters.table(kind)
    return same_fitted(model.fit(X, y), X, boosters.rows(kind))


@pytest.mark.parametrize("kind", boosters.KINDS)
def test_classes(kind: str) -> None:
    X = boosters.table(kind)
    two, three = boosters.two(X), boosters.three(X)
    for extra in ({}, {"nan_mode": "Max"}, {"grow_policy": "Depthwise"}, {"grow_policy": "Lossguide"}):
        check(catboost.CatBoostClassifier(**FEW, **extra), kind, two)
        check(catboost.CatBoostClassifier(**FEW, **extra), kind, three)
    for labels in (np.where(two, "oui", "nón"), two * 1.5, two > 0):
        check(catboost.CatBoostClassifier(**FEW), kind, labels)
    check(catboost.CatBoostClassifier(loss_function="MultiClassOneVsAll", **FEW), kind, three)
    for loss in ("CrossEntropy", "Focal:focal_alpha=0.5;focal_gamma=2"):
        check(catboost.CatBoostClassifier(loss_function=loss, **FEW), kind, two)
    both = np.column_stack([two, three > 1]).astype(int)
    check(catboost.CatBoostClassifier(loss_function="MultiLogloss", **FEW), kind, both)


def test_threshold_and_the_best_round() -> None:
    X = boosters.table("ties")
    model = catboost.CatBoostClassifier(**FEW).fit(X, boosters.two(X))
    model.set_probability_threshold(0.3)
    same_fitted(model, X, boosters.rows("ties"))
    noise = np.random.default_rng(0).integers(0, 2, len(X))
    model = catboost.CatBoostClassifier(early_stopping_rounds=2, **FEW)
    model.fit(X, boosters.two(X), eval_set=(X, noise))
    assert model.tree_count_ < FEW["iterations"]
    same_fitted(model, X, boosters.rows("ties"))


@pytest.mark.parametrize("loss", VALUES)
def test_losses(loss: str) -> None:
    check(catboost.CatBoostRegressor(loss_function=loss, **FEW), "gaps", boosters.value(boosters.table("gaps")))


def test_several_values_and_rankings() -> None:
    X = boosters.table("grid")
    y = boosters.value(X)
    check(catboost.CatBoostRegressor(loss_function="MultiRMSE", **FEW), "grid", np.column_stack([y, -y]))
    ranker = catboost.CatBoostRanker(loss_function="YetiRank", **FEW)
    ranker.fit(X, boosters.two(X), group_id=np.arange(len(X)) // 40)
    same_fitted(ranker, X, boosters.rows("grid"))
    plain = catboost.CatBoost({**FEW, "loss_function": "Logloss"}).fit(X, boosters.two(X))
    same_fitted(plain, X, boosters.rows("grid"))


@settings(max_examples=12)
@given(
    kind=st.sampled_from(boosters.KINDS),
    depth=st.integers(1, 7),
    rounds=st.integers(1, 12),
    borders=st.integers(1, 254),
    nan=st.sampled_from(["Min", "Max"]),
    policy=st.sampled_from(["SymmetricTree", "Depthwise", "Lossguide"]),
)
def test_parameters(kind: str, depth: int, rounds: int, borders: int, nan: str, policy: str) -> None:
    model = catboost.CatBoostClassifier(
        iterations=rounds, depth=depth, border_count=borders, nan_mode=nan, grow_policy=policy, thread_count=1,
        verbose=0, allow_writing_files=False,
    )  # fmt: skip
    check(model, kind, boosters.three(boosters.table(kind)))


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"max_ctr_complexity": 1},
        {"one_hot_max_size": 3},
        {"one_hot_max_size": 255},
        {"grow_policy": "Lossguide"},
        {"nan_mode": "Max"},
        {"simple_ctr": "Counter", "counter_calc_method": "Full"},
        {
            "max_ctr_complexity": 3,
            "simple_ctr": ["Borders", "Counter", "BinarizedTargetMeanValue", "Buckets"],
            "combinations_ctr": ["Borders", "Counter", "Buckets"],
        },
    ],
    ids=str,
)
def test_categories(extra: Any) -> None:
    X = boosters.mixed()
    y = boosters.outcome(X)
    unseen = X.assign(town=X["town"].where(X.index % 3 > 0, "nówhere"), grade=X["grade"].where(X.index % 5 > 0, -7))
    settings = {**FEW, **extra, "cat_features": CATEGORIES}
    for model, target in (
        (catboost.CatBoostClassifier(**settings), y > 1.5),
        (catboost.CatBoostClassifier(**settings), np.digitize(y, [1.0, 2.0])),
        (catboost.CatBoostRegressor(**settings), y),
    ):
        model.fit(X, target)
        same_fitted(model, X, X)
        same_fitted(model, X, unseen)


def test_categories_that_x_does_not_show_are_refused() -> None:
    X = boosters.mixed()
    for size in (2, 255):
        model = catboost.CatBoostClassifier(one_hot_max_size=size, cat_features=CATEGORIES, **FEW)
        model.fit(X, boosters.outcome(X) > 1.5)
        refused(model, X.iloc[:20], "keeps only hashes of its categories", "every category of the training data")


def test_too_many_combinations_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from sealift.frameworks.catboost import ctr

    X = boosters.mixed()
    model = catboost.CatBoostClassifier(cat_features=CATEGORIES, **FEW).fit(X, boosters.outcome(X) > 1.5)
    monkeypatch.setattr(ctr, "_MOST", 7)
    refused(model, X, "combines categories in 41 ways", "max_ctr_complexity=1")


def test_a_loss_of_its_own() -> None:
    class Squared:
        def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Any:
            return [(t - a, -1.0) for a, t in zip(approxes, targets, strict=True)]

    X = boosters.table("grid", 60)
    own = {**FEW, "iterations": 2, "loss_function": Squared(), "eval_metric": "RMSE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = catboost.CatBoostRegressor(**own).fit(X, boosters.value(X))
        classes = catboost.CatBoostClassifier(**own).fit(X, boosters.two(X))
    same_fitted(value, X, boosters.rows("grid"))
    refused(classes, X, "no class here", "Logloss")


def test_an_unknown_category_of_x_is_not_in_the_graph() -> None:
    X = boosters.mixed()
    model = catboost.CatBoostClassifier(cat_features=CATEGORIES, **FEW).fit(X, boosters.outcome(X) > 1.5)
    more = X.copy()
    more.loc[5, "town"] = "secret place"
    conversion, _ = answers(model, more)
    assert b"t17" in conversion.model().SerializeToString()
    assert b"secret place" not in conversion.model().SerializeToString()


def test_models_put_together(tmp_path: Path) -> None:
    X, rows = boosters.table("gaps"), boosters.rows("gaps")
    y = boosters.two(X)
    first, second = (catboost.CatBoostClassifier(random_seed=seed, **FEW).fit(X, y) for seed in (1, 2))
    both = catboost.sum_models([first, second], weights=[0.3, 2.0])
    same_fitted(both, X, rows)
    both.save_model(str(tmp_path / "both.cbm"))
    loaded: Any = load_model(str(tmp_path / "both.cbm"))
    same_fitted(loaded, X, rows)
    refused(catboost.to_classifier(both), X, "sum of models", "the raw value")
    first.set_scale_and_bias(0.5, 0.7)
    first.shrink(9, 2)
    same_fitted(first, X, rows)


def test_texts_are_refused() -> None:
    X = boosters.mixed()[["number", "town"]]
    X["town"] = X["town"] + " is a town"
    model = catboost.CatBoostClassifier(text_features=["town"], **FEW).fit(X, X["number"] > 0)
    refused(model, X, "text features", "into numbers")


def test_model_files(tmp_path: Path) -> None:
    X, rows = boosters.table("gaps"), boosters.rows("gaps")
    for model, y in (
        (catboost.CatBoostClassifier(**FEW), boosters.three(X)),
        (catboost.CatBoostRegressor(loss_function="Poisson", **FEW), boosters.value(X)),
    ):
        model.fit(X, y)
        for suffix in ("cbm", "json"):
            path = tmp_path / f"model.{suffix}"
            model.save_model(str(path), format=suffix)
            loaded: Any = load_model(str(path))
            same_fitted(loaded, X, rows)
            np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))


def test_pack(tmp_path: Path) -> None:
    X = boosters.mixed()
    y = np.where(boosters.outcome(X) > 1.5, "high", "low")
    model = catboost.CatBoostClassifier(cat_features=CATEGORIES, **FEW).fit(X, y)
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal")
    assert packed.report.passed
    town = next(field for field in packed.contract.inputs if field.name == "town")
    assert town.unknown == "allowed"
    assert town.missing == "refused"
