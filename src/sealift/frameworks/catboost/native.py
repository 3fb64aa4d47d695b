"""CatBoost's own model files as estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import catboost

_CLASSIFY = {"Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll", "MultiLogloss", "MultiCrossEntropy"}
_RANK = ("YetiRank", "PairLogit", "QueryRMSE", "QuerySoftMax", "QueryCrossEntropy", "LambdaMart", "StochasticRank")


def load(path: Path | str) -> Any:
    """A model from CatBoost's own file, `.cbm` or `.json`, written by Python, R or another interface."""
    with Path(path).open("rb") as stream:
        kind = "cbm" if stream.read(4) == b"CBM1" else "json"
    plain = catboost.CatBoost().load_model(str(path), format=kind)
    loss = loss_of(plain)
    chosen = catboost.CatBoostRegressor if loss else catboost.CatBoost
    if loss in _CLASSIFY:
        chosen = catboost.CatBoostClassifier
    elif loss.startswith(_RANK):
        chosen = catboost.CatBoostRanker
    return chosen().load_model(str(path), format=kind)


def loss_of(model: Any) -> str:
    """The name of a fitted model's loss without its parameters; empty for a custom loss or a sum of models."""
    try:
        loss = model.get_all_params().get("loss_function")
    except catboost.CatBoostError:
        return ""
    return loss.partition(":")[0] if isinstance(loss, str) else ""
