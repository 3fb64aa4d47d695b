"""CatBoost: every loss and grow policy, statistics of categories, and its model files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from bench.fidelity import tables
from bench.fidelity.case import Case, Fit, named
from bench.fidelity.tables import amount, labels, on, on_all, pair, three, two, words
from sealift.packing.load_model import load_model

FEW = {
    "iterations": 15, "depth": 4, "thread_count": 1, "verbose": 0, "allow_writing_files": False, "random_seed": 0,
}  # fmt: skip
NAMED = ["town", "colour", "grade"]
_LOSSES = (
    *("MAE", "MAPE", "LogCosh", "Huber:delta=1", "Quantile:alpha=0.3", "Expectile:alpha=0.3", "Lq:q=1.5"),
    *("Poisson", "Tweedie:variance_power=1.5", "Cox"),
)
_RANKINGS = ("YetiRank", "PairLogit", "QueryRMSE", "QuerySoftMax", "LambdaMart")


def cases() -> Iterator[Case]:
    """All of them."""
    yield from named("CatBoost", "classes", _classes())
    yield from named("CatBoost", "numbers", _numbers())
    yield from named("CatBoost", "rankings", {loss: _ranked(loss) for loss in _RANKINGS})
    yield from named("CatBoost", "categories", _categories())
    yield from named("CatBoost", "text and embeddings", {"texts": _texts, "embeddings": _embeddings})
    yield from named("CatBoost", "own files", _files())


def classifier(**options: Any) -> Any:
    """A factory of a model with few trees."""
    return partial(CatBoostClassifier, **{**FEW, **options})


def regressor(**options: Any) -> Any:
    """A factory of a model with few trees."""
    return partial(CatBoostRegressor, **{**FEW, **options})


def _classes() -> dict[str, Fit]:
    return {
        **on_all("two classes", classifier(), two),
        **on_all("three classes", classifier(), three),
        "classes with names": on(classifier(), words),
        "booleans as classes": on(classifier(), lambda X: two(X) > 0),
        "missing is large | two": on(classifier(nan_mode="Max"), two),
        "missing is large | three": on(classifier(nan_mode="Max"), three),
        "level by level": on(classifier(grow_policy="Depthwise"), three),
        "leaf by leaf": on(classifier(grow_policy="Lossguide", max_leaves=9), three),
        "one against all": on(classifier(loss_function="MultiClassOneVsAll"), three),
        "several labels": on(classifier(loss_function="MultiLogloss"), labels),
        "cross entropy": on(classifier(loss_function="CrossEntropy"), two),
        "focal": on(classifier(loss_function="Focal:focal_alpha=0.5;focal_gamma=2"), two),
        "weighted classes": on(classifier(auto_class_weights="Balanced"), three, "ties"),
        "monotone": on(classifier(monotone_constraints=[1, 0, -1, 0]), two),
        "few borders": on(classifier(border_count=4), two, "continuous"),
        "own threshold": _threshold,
        "stopped early": _stopped,
        "single precision": _single,
        "CatBoost itself": on(lambda: CatBoost({**FEW, "loss_function": "Logloss"}), two),
    }


def _numbers() -> dict[str, Fit]:
    return {
        **on_all("RMSE", regressor(), amount),
        **{loss.partition(":")[0]: on(regressor(loss_function=loss), amount) for loss in _LOSSES},
        "several quantiles": on(regressor(loss_function="MultiQuantile:alpha=0.1,0.5,0.9"), amount),
        "several values": on(regressor(loss_function="MultiRMSE"), pair),
        "mean and variance": on(regressor(loss_function="RMSEWithUncertainty"), amount),
        "level by level": on(regressor(grow_policy="Depthwise"), amount),
        "leaf by leaf": on(regressor(grow_policy="Lossguide"), amount),
    }


def _categories() -> dict[str, Fit]:
    several: dict[str, Any] = {
        "max_ctr_complexity": 3,
        "simple_ctr": ["Borders", "Counter", "BinarizedTargetMeanValue", "Buckets"],
        "combinations_ctr": ["Borders", "Counter", "Buckets"],
    }
    return {
        "two classes": _framed(CatBoostClassifier, "two"),
        "three classes": _framed(CatBoostClassifier, "three"),
        "a number": _framed(CatBoostRegressor, "value"),
        "single columns": _framed(CatBoostClassifier, "two", max_ctr_complexity=1),
        "one by one | the small": _framed(CatBoostRegressor, "value", one_hot_max_size=3),
        "one by one | all": _framed(CatBoostRegressor, "value", one_hot_max_size=255),
        "leaf by leaf": _framed(CatBoostRegressor, "value", grow_policy="Lossguide"),
        "missing is large": _framed(CatBoostRegressor, "value", nan_mode="Max"),
        "counts": _framed(CatBoostClassifier, "two", simple_ctr="Counter", counter_calc_method="Full"),
        "everything combined | two": _framed(CatBoostClassifier, "two", **several),
        "everything combined | three": _framed(CatBoostClassifier, "three", **several),
        "rows without some categories": _framed(CatBoostClassifier, "two", shown=12),
    }


def _files() -> dict[str, Fit]:
    # Each file is first loaded in a separate process, which takes seconds, so not all are tested in both formats.
    return {
        "Logloss | .cbm": _saved(CatBoostClassifier, "Logloss", two, "cbm"),
        "MultiClass | .cbm": _saved(CatBoostClassifier, "MultiClass", three, "cbm"),
        "MultiClass | .json": _saved(CatBoostClassifier, "MultiClass", three, "json"),
        "MultiClassOneVsAll | .cbm": _saved(CatBoostClassifier, "MultiClassOneVsAll", three, "cbm"),
        "RMSE | .json": _saved(CatBoostRegressor, "RMSE", amount, "json"),
        "Poisson | .cbm": _saved(CatBoostRegressor, "Poisson", amount, "cbm"),
    }


def _threshold() -> tuple[Any, Any]:
    X = tables.numbers("ties")
    model = CatBoostClassifier(**FEW).fit(X, two(X))
    model.set_probability_threshold(0.3)
    return model, tables.numbers("ties", 1)


def _stopped() -> tuple[Any, Any]:
    X = tables.numbers()
    noise = np.random.default_rng(0).permutation(two(X))
    model = CatBoostClassifier(early_stopping_rounds=2, **{**FEW, "iterations": 40})
    return model.fit(X, two(X), eval_set=(X, noise)), tables.numbers(seed=1)


def _single() -> tuple[Any, Any]:
    X = tables.numbers().astype(np.float32)
    return CatBoostClassifier(**FEW).fit(X, two(X)), tables.numbers(seed=1).astype(np.float32)


def _ranked(loss: str) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        model = CatBoostRanker(loss_function=loss, **FEW)
        return model.fit(X, two(X), group_id=tables.groups(X)), tables.numbers(seed=1)

    return fit


def _framed(kind: Any, target: str, *, shown: int = 400, **options: Any) -> Fit:
    """`shown` of the training rows: the model stores only hashes, so its categories are taken from these rows."""

    def fit() -> tuple[Any, Any]:
        X = tables.mixed()
        value = tables.of_mixed(X)
        y = {"two": value > 1.5, "three": np.digitize(value, [1.0, 2.0]), "value": value}[target]
        return kind(cat_features=NAMED, **{**FEW, **options}).fit(X, y), X.iloc[:shown]

    return fit


def _texts() -> tuple[Any, Any]:
    X = tables.mixed()[["number", "town"]]
    X = X.assign(town=X["town"] + " is a town")
    return CatBoostClassifier(text_features=["town"], **FEW).fit(X, X["number"] > 0), X


def _embeddings() -> tuple[Any, Any]:
    X = tables.mixed()[["number"]]
    X = X.assign(vector=list(np.random.default_rng(0).normal(size=(len(X), 4))))
    return CatBoostClassifier(embedding_features=["vector"], **FEW).fit(X, X["number"] > 0), X


def _saved(kind: Any, loss: str, target: Any, suffix: str) -> Fit:
    def fit() -> tuple[Any, Any]:
        X = tables.numbers()
        model = kind(loss_function=loss, **FEW).fit(X, target(X))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"model.{suffix}"
            model.save_model(str(path), format=suffix)
            return load_model(str(path)), tables.numbers(seed=1)

    return fit
