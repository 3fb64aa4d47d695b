"""XGBoost: every booster, objective, and representation of missing values and categories; and its model files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from bench.fidelity import tables
from bench.fidelity.case import Case, Fit, named
from bench.fidelity.tables import amount, labels, on, on_all, pair, share, three, two
from sealift.packing.load_model import load_model

FEW = {"n_estimators": 15, "max_depth": 4, "n_jobs": 1, "random_state": 0}
DART = {"booster": "dart", "rate_drop": 0.3}
LINEAR = {"booster": "gblinear", "n_estimators": 9, "updater": "coord_descent"}
_LOSSES = (
    *("reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror", "reg:gamma"),
    *("reg:tweedie", "count:poisson"),
)
_RANKINGS = ("rank:ndcg", "rank:map", "rank:pairwise")


def cases() -> Iterator[Case]:
    """All of them."""
    yield from named("XGBoost", "classes", _classes())
    yield from named("XGBoost", "numbers", _numbers())
    yield from named("XGBoost", "rankings and survival", _rankings())
    yield from named("XGBoost", "categories", _categories())
    yield from named("XGBoost", "own files and bare boosters", _files())


def classifier(**options: Any) -> Any:
    """A factory of a model with few trees."""
    return partial(XGBClassifier, **{**FEW, **options})


def regressor(**options: Any) -> Any:
    """A factory of a model with few trees."""
    return partial(XGBRegressor, **{**FEW, **options})


def _classes() -> dict[str, Fit]:
    return {
        **on_all("two classes", classifier(), two),
        **on_all("three classes", classifier(), three),
        "dart | two": on(classifier(**DART), two),
        "dart | three": on(classifier(**DART), three),
        "gblinear | two": on(classifier(**LINEAR), two),
        "gblinear | three": on(classifier(**LINEAR), three),
        "forest (XGBRFClassifier) | two": on(partial(XGBRFClassifier, **FEW), two, "ties"),
        "forest (XGBRFClassifier) | three": on(partial(XGBRFClassifier, **FEW), three, "ties"),
        "boosted forests | two": on(classifier(num_parallel_tree=3, subsample=0.7), two),
        "boosted forests | three": on(classifier(num_parallel_tree=3, subsample=0.7), three),
        "softmax": on(classifier(objective="multi:softmax"), three),
        "hinge": on(classifier(objective="binary:hinge"), two),
        "margin (logitraw)": on(classifier(objective="binary:logitraw"), two),
        "start (base_score)": on(classifier(base_score=0.3), two),
        "monotone": on(classifier(monotone_constraints=(1, 0, -1, 0)), two),
        "interactions": on(classifier(interaction_constraints="[[0, 1], [2, 3]]"), three),
        "leaf by leaf": on(classifier(grow_policy="lossguide", max_leaves=9, max_depth=0), three),
        "exact splits": on(classifier(tree_method="exact"), two, "grid"),
        "approximate splits": on(classifier(tree_method="approx"), two, "grid"),
        "weighted classes": on(classifier(scale_pos_weight=4.0), two, "ties"),
        "zero is missing": on(classifier(missing=0.0), two, "ties"),
        "several labels | a tree each": on(classifier(multi_strategy="one_output_per_tree"), labels),
        "several labels | trees of vectors": on(classifier(multi_strategy="multi_output_tree"), labels),
        "stopped early": _stopped(XGBClassifier, two),
        "stopped early, dart": _stopped(XGBClassifier, three, **DART),
        "single precision": _single,
        "records with a boolean": _records,
    }


def _numbers() -> dict[str, Fit]:
    quantiles = {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}
    return {
        **on_all("squared error", regressor(), amount),
        **{loss: on(regressor(objective=loss), amount) for loss in _LOSSES[1:]},
        "reg:logistic": on(regressor(objective="reg:logistic"), share),
        "one quantile": on(regressor(objective="reg:quantileerror", quantile_alpha=0.9), amount),
        "several quantiles": on(regressor(**quantiles), amount),
        "several quantiles, trees of vectors": on(regressor(multi_strategy="multi_output_tree", **quantiles), amount),
        "dart": on(regressor(base_score=3.0, **DART), amount),
        "gblinear": on(regressor(**LINEAR), amount),
        "forest (XGBRFRegressor)": on(partial(XGBRFRegressor, **FEW), amount),
        "several values | a tree each": on(regressor(), pair),
        "several values | trees of vectors": on(regressor(multi_strategy="multi_output_tree"), pair),
        "several values | gblinear": on(regressor(**LINEAR), pair),
        "stopped early": _stopped(XGBRegressor, amount),
        "monotone, poisson": on(regressor(objective="count:poisson", monotone_constraints=(1, 0, -1, 0)), amount),
        "deep": on(regressor(max_depth=12, n_estimators=5), amount, "continuous"),
        "own objective": on(regressor(objective=_squared), amount),
    }


def _rankings() -> dict[str, Fit]:
    return {
        **{loss: _ranked(loss) for loss in _RANKINGS},
        "survival:cox": on(regressor(objective="survival:cox"), amount),
        **{f"survival:aft | {shape}": _bounded(shape) for shape in ("normal", "logistic", "extreme")},
    }


def _categories() -> dict[str, Fit]:
    partitions, one_hot = {"max_cat_to_onehot": 1}, {"max_cat_to_onehot": 100}
    return {
        "data frame, two classes": _framed(classifier(enable_categorical=True), classes=True),
        "data frame, a number | sets": _framed(regressor(enable_categorical=True, **partitions)),
        "data frame, a number | one by one": _framed(regressor(enable_categorical=True, **one_hot)),
        "data frame, dart": _framed(regressor(enable_categorical=True, **DART)),
        "category numbers | sets": _coded(regressor(enable_categorical=True, **partitions)),
        "category numbers | one by one": _coded(regressor(enable_categorical=True, **one_hot)),
        "category names outside ASCII": _outside_ascii,
    }


def _files() -> dict[str, Fit]:
    trained = {
        "binary:logistic": two, "binary:hinge": two, "multi:softprob": three, "multi:softmax": three,
        "reg:squarederror": amount, "count:poisson": amount, "rank:ndcg": two,
    }  # fmt: skip
    fits: dict[str, Fit] = {}
    for loss, target in trained.items():
        fits[f"{loss} | Booster"] = _trained(loss, target, "")
    # Each file is first loaded in a separate process, which takes seconds, so not all are tested in both formats.
    for loss in ("binary:logistic", "multi:softmax", "count:poisson"):
        fits[f"{loss} | .json"] = _trained(loss, trained[loss], ".json")
    for loss in ("binary:hinge", "multi:softprob"):
        fits[f"{loss} | .ubj"] = _trained(loss, trained[loss], ".ubj")
    fits["dart | .json"] = _trained("binary:logistic", two, ".json", booster="dart", rate_drop=0.3)
    fits["gblinear | .json"] = _trained("reg:squarederror", amount, ".json", booster="gblinear")
    return fits


def _squared(truth: Any, given: Any) -> Any:
    return given - truth, np.ones_like(truth)


def _stopped(kind: Any, target: Any, **options: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        noise = np.random.default_rng(0).permutation(target(X))
        model = kind(early_stopping_rounds=2, **{**FEW, "n_estimators": 40, **options})
        model.fit(X, target(X), eval_set=[(X, noise)], verbose=False)
        if "booster" not in options and model.best_iteration >= 37:
            raise AssertionError("it did not stop early")
        return model, tables.numbers(seed=1)

    return fit


def _single() -> tuple[Any, Any]:
    X = tables.numbers().astype(np.float32)
    return XGBClassifier(**FEW).fit(X, two(X)), tables.numbers(seed=1).astype(np.float32)


def _records() -> tuple[Any, Any]:
    kept = ["number", "grade", "flag"]
    X = tables.mixed()
    return XGBClassifier(**FEW).fit(X[kept], tables.of_mixed(X) > 1.5), tables.mixed(1)[kept]


def _ranked(loss: str) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        return XGBRanker(objective=loss, **FEW).fit(X, two(X), qid=tables.groups(X)), tables.numbers(seed=1)

    return fit


def _bounded(shape: str) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        rows = xgboost.DMatrix(X)
        rows.set_float_info("label_lower_bound", amount(X))
        rows.set_float_info("label_upper_bound", amount(X) * 2)
        options = {"objective": "survival:aft", "aft_loss_distribution": shape, "nthread": 1}
        return xgboost.train(options, rows, 15), tables.numbers(seed=1)

    return fit


def _framed(model: Any, *, classes: bool = False) -> Fit:
    def fit() -> tuple[Any, Any]:
        y = tables.of_mixed(tables.mixed())
        return model().fit(tables.categorical(), y > 1.5 if classes else y), tables.categorical(1)

    return fit


def _coded(model: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.coded()
        return model(feature_types=["q", "c", "c"]).fit(X, tables.of_coded(X)), tables.coded(1)

    return fit


def _outside_ascii() -> tuple[Any, Any]:
    X = tables.categorical()[["number", "colour"]]
    X["colour"] = X["colour"].cat.rename_categories({"green": "grün"})
    return XGBRegressor(enable_categorical=True, **FEW).fit(X, tables.of_mixed(tables.mixed())), X


def _trained(loss: str, target: Any, suffix: str, **options: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        rows = xgboost.DMatrix(X, target(X))
        if loss.startswith("rank:"):
            rows.set_group([40] * (len(X) // 40))
        classes = {"num_class": 3} if loss.startswith("multi:") else {}
        booster = xgboost.train({"objective": loss, "nthread": 1, "max_depth": 4, **classes, **options}, rows, 15)
        return _saved(booster, suffix) if suffix else booster, tables.numbers(seed=1)

    return fit


def _saved(booster: Any, suffix: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{suffix}"
        booster.save_model(path)
        return load_model(str(path))
