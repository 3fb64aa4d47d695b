"""LightGBM: every objective, boosting type and kind of missing value; categories, linear leaves, its text files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor

from bench.fidelity import tables
from bench.fidelity.case import Case, Fit, named
from bench.fidelity.tables import amount, on, on_all, share, three, two, words
from sealift.packing.load_model import load_model

FEW = {"n_estimators": 15, "num_leaves": 12, "n_jobs": 1, "verbose": -1, "random_state": 0}
FOREST = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
DART = {"boosting_type": "dart", "drop_rate": 0.3}
SAMPLED = {"data_sample_strategy": "goss", "learning_rate": 0.5}
_LOSSES = ("regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie")


def cases() -> Iterator[Case]:
    """All of them."""
    yield from named("LightGBM", "classes", _classes())
    yield from named("LightGBM", "numbers", _numbers())
    yield from named("LightGBM", "rankings", _rankings())
    yield from named("LightGBM", "categories", _categories())
    yield from named("LightGBM", "own files and bare boosters", _files())


def classifier(**options: Any) -> Any:
    """A factory of a model with few trees."""
    return partial(LGBMClassifier, **{**FEW, **options})


def regressor(**options: Any) -> Any:
    """A factory of a model with few trees."""
    return partial(LGBMRegressor, **{**FEW, **options})


def _classes() -> dict[str, Fit]:
    return {
        **on_all("two classes", classifier(), two),
        **on_all("three classes", classifier(), three),
        "classes with names": on(classifier(), words),
        **on_all("zero is missing", classifier(zero_as_missing=True), two),
        **on_all("missing is zero", classifier(use_missing=False), two),
        "dart | two": on(classifier(**DART), two),
        "dart | three": on(classifier(**DART), three),
        "forest | two": on(classifier(**FOREST), two),
        "forest | three": on(classifier(**FOREST), three),
        "goss | two": on(classifier(**SAMPLED), two),
        "goss | three": on(classifier(**SAMPLED), three),
        "one against all": on(classifier(objective="multiclassova", sigmoid=0.7), three),
        "cross entropy": on(classifier(objective="cross_entropy"), two),
        "steeper sigmoid": on(classifier(sigmoid=2.5), two),
        "unbalanced": on(classifier(is_unbalance=True), two, "ties"),
        "random splits": on(classifier(extra_trees=True), three),
        "linear leaves | two": on(classifier(linear_tree=True), two),
        "linear leaves | three": on(classifier(linear_tree=True), three),
        "monotone": on(classifier(monotone_constraints=[1, 0, -1, 0]), two),
        "few bins": on(classifier(max_bin=7), two, "continuous"),
        "stopped early": _stopped(LGBMClassifier, three),
        "stopped early, dart": _stopped(LGBMClassifier, two, **DART),
        "single precision": _single,
        "records with a boolean": _records,
        "own objective": on(classifier(objective=_squared), two),
    }


def _numbers() -> dict[str, Fit]:
    return {
        **on_all("squared error", regressor(), amount),
        **{loss: on(regressor(objective=loss), amount) for loss in _LOSSES},
        "cross_entropy": on(regressor(objective="cross_entropy"), share),
        "cross_entropy_lambda": on(regressor(objective="cross_entropy_lambda"), share),
        "root of the target": on(regressor(reg_sqrt=True), amount),
        "own objective": on(regressor(objective=_squared), amount),
        **on_all("linear leaves", regressor(linear_tree=True), amount),
        "linear leaves, poisson": on(regressor(linear_tree=True, objective="poisson"), amount),
        "dart": on(regressor(**DART), amount),
        "forest": on(regressor(**FOREST), amount),
        "forest, absolute error": on(regressor(objective="regression_l1", **FOREST), amount),
        "goss": on(regressor(**SAMPLED), amount),
        "constant": on(regressor(min_child_samples=5000), amount),
        "stopped early": _stopped(LGBMRegressor, amount),
    }


def _rankings() -> dict[str, Fit]:
    return {loss: _ranked(loss) for loss in ("lambdarank", "rank_xendcg")}


def _categories() -> dict[str, Fit]:
    sets = {"min_data_per_group": 1, "cat_smooth": 1}
    return {
        "data frame, two classes": _framed(classifier(), classes=True),
        "data frame, a number | one by one": _framed(regressor(max_cat_to_onehot=100)),
        "data frame, a number | sets": _framed(regressor(**sets)),
        "data frame, linear leaves": _framed(regressor(linear_tree=True)),
        "data frame, dart": _framed(regressor(**DART)),
        "data frame, forest": _framed(regressor(**FOREST)),
        "category numbers": _coded(regressor(**sets)),
        "category names outside ASCII": _outside_ascii,
        "ambiguous categorical columns": _by_name,
    }


def _files() -> dict[str, Fit]:
    trained = {
        "binary": two, "multiclass": three, "multiclassova": three, "regression": amount, "poisson": amount,
        "cross_entropy": share, "lambdarank": two,
    }  # fmt: skip
    fits: dict[str, Fit] = {}
    for loss, target in trained.items():
        fits[f"{loss} | Booster"] = _trained(loss, target, file=False)
    # Each file is first loaded in a separate process, which takes seconds, so not all are tested.
    for loss in ("binary", "multiclassova", "poisson"):
        fits[f"{loss} | .txt"] = _trained(loss, trained[loss], file=True)
    fits["linear leaves | .txt"] = _trained("regression", amount, file=True, linear_tree=True)
    fits["forest | .txt"] = _trained("binary", two, file=True, boosting="rf", bagging_fraction=0.6, bagging_freq=1)
    return fits


def _squared(truth: Any, given: Any) -> Any:
    return given - truth, np.ones_like(truth)


def _stopped(kind: Any, target: Any, **options: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        noise = np.random.default_rng(0).permutation(target(X))
        model = kind(**{**FEW, "n_estimators": 40, **options})
        stop = lightgbm.early_stopping(2, verbose=False)
        model.fit(X, target(X), eval_X=(X,), eval_y=(noise,), callbacks=[stop])
        return model, tables.numbers(seed=1)

    return fit


def _single() -> tuple[Any, Any]:
    X = tables.numbers().astype(np.float32)
    return LGBMClassifier(**FEW).fit(X, two(X)), tables.numbers(seed=1).astype(np.float32)


def _records() -> tuple[Any, Any]:
    kept = ["number", "grade", "flag"]
    X = tables.mixed()
    return LGBMClassifier(**FEW).fit(X[kept], tables.of_mixed(X) > 1.5), tables.mixed(1)[kept]


def _ranked(loss: str) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        return LGBMRanker(objective=loss, **FEW).fit(X, two(X), group=[40] * (len(X) // 40)), tables.numbers(seed=1)

    return fit


def _framed(model: Any, *, classes: bool = False) -> Fit:
    def fit() -> tuple[Any, Any]:
        y = tables.of_mixed(tables.mixed())
        return model().fit(tables.categorical(), y > 1.5 if classes else y), tables.categorical(1)

    return fit


def _coded(model: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.coded()
        return model().fit(X, tables.of_coded(X), categorical_feature=[1, 2]), tables.coded(1)

    return fit


def _outside_ascii() -> tuple[Any, Any]:
    X = tables.categorical()
    X["colour"] = X["colour"].cat.rename_categories({"green": "grün"})
    return LGBMRegressor(**FEW).fit(X, tables.of_mixed(tables.mixed())), X


def _by_name() -> tuple[Any, Any]:
    X = tables.mixed()[["number", "grade"]]
    X = X.assign(other=X["grade"], grade=X["grade"].astype("category"))
    model = LGBMRegressor(min_data_per_group=1, **FEW)
    return model.fit(X, tables.of_mixed(tables.mixed()), categorical_feature=["grade", "other"]), X


def _trained(loss: str, target: Any, *, file: bool, **options: Any) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        groups = [40] * (len(X) // 40) if loss == "lambdarank" else None
        rows = lightgbm.Dataset(X, target(X), group=groups, params={"verbose": -1})
        classes = {"num_class": 3} if loss.startswith("multiclass") else {}
        settings = {"objective": loss, "num_leaves": 12, "num_threads": 1, "verbose": -1, "seed": 0}
        booster = lightgbm.train({**settings, **classes, **options}, rows, 15)
        return _saved(booster) if file else booster, tables.numbers(seed=1)

    return fit


def _saved(booster: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.txt"
        booster.save_model(path)
        return load_model(str(path))
