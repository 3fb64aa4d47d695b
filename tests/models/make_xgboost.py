"""Models and answers made by XGBoost's Python package; run with each of the versions in README.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import xgboost

from model_rows import HERE, ROWS, TRAIN, frame, save, targets

VERSION = xgboost.__version__
TARGETS = targets(TRAIN)
SMALL = {"max_depth": 2, "eta": 0.5, "nthread": 1, "verbosity": 0}
TYPES = ["q", "q", "c", "c"]


def make(name: str, target: Any, rounds: int = 3, **options: Any) -> None:
    given = {"feature_types": TYPES, "enable_categorical": True} if "max_cat_to_onehot" in options else {}
    booster = xgboost.train({**SMALL, **options}, xgboost.DMatrix(TRAIN, target, **given), rounds)
    keep(name, booster, booster.predict(xgboost.DMatrix(ROWS, **given)))


def keep(name: str, booster: Any, answers: Any) -> None:
    path = HERE / "xgboost" / f"{VERSION}-{name}"
    booster.save_model(str(path))
    save(path.with_name(path.name + ".answers"), answers)


def early() -> None:
    """Stopped early: the file has more rounds than are used, which R's package and Python's note alike."""
    noise = np.where(np.arange(len(TRAIN)) % 3, TARGETS["two"], 1 - TARGETS["two"])
    first, second = slice(0, 200), slice(200, 300)
    booster = xgboost.train(
        {**SMALL, "objective": "binary:logistic", "eval_metric": "logloss"},
        xgboost.DMatrix(TRAIN[first], TARGETS["two"][first]), 30, verbose_eval=False, early_stopping_rounds=2,
        evals=[(xgboost.DMatrix(TRAIN[second], noise[second]), "noise")],
    )  # fmt: skip
    best = int(booster.attr("best_iteration"))
    assert best + 1 < booster.num_boosted_rounds()
    booster.set_attr(niter=str(booster.num_boosted_rounds()), best_ntreelimit=str(best + 1))  # R's package adds these
    keep("early.json", booster, booster.predict(xgboost.DMatrix(ROWS), iteration_range=(0, best + 1)))


def named() -> None:
    """Categories by name, which the file keeps since 3.1."""
    train, rows = (frame(X)[["a", "c"]].astype({"c": "category"}) for X in (TRAIN, ROWS))
    options = {**SMALL, "tree_method": "hist", "max_cat_to_onehot": 1}
    booster = xgboost.train(options, xgboost.DMatrix(train, TARGETS["value"], enable_categorical=True), 3)
    keep("names.json", booster, booster.predict(xgboost.DMatrix(rows, enable_categorical=True)))


both = np.column_stack([TARGETS["value"], TARGETS["two"]])
vectors: dict[str, Any] = {"multi_strategy": "multi_output_tree", "tree_method": "hist"}
if VERSION.startswith("1.0"):
    make("logistic.json", TARGETS["two"], objective="binary:logistic", base_score=0.3)
    make("linear.json", TARGETS["value"], booster="gblinear", base_score=2.0)
elif VERSION.startswith("2."):
    make("sets.json", TARGETS["value"], tree_method="hist", max_cat_to_onehot=1)
    make("single.ubj", TARGETS["value"], tree_method="hist", max_cat_to_onehot=100)
    make("dart.ubj", TARGETS["two"], 6, objective="binary:logistic", booster="dart", rate_drop=0.5, one_drop=1)
    make("vectors.json", both, **vectors)
    make("vectors.ubj", both, **vectors)
    early()
else:
    make("quantiles.ubj", TARGETS["value"], objective="reg:quantileerror", quantile_alpha=[0.1, 0.9])
    make("vectors.ubj", both, **vectors)
    make("labels.json", np.column_stack([TARGETS["two"], TARGETS["three"] > 1]), objective="binary:logistic")
    named()
