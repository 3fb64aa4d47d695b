"""How well the model did on the rows given to `pack`, where the truth was given too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.errors import PackError


def metrics(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], y: Any) -> dict[str, float]:
    """Accuracy and, with probabilities, log loss and Brier score; or R², MAE and RMSE. Rounded to four digits.

    Brier: mean squared distance to the one-hot truth (Brier, 1950). Raises PackError E305 when y does not fit.
    """
    truth = np.asarray(y)
    if truth.ndim == 2 and truth.shape[1] == 1:
        truth = truth[:, 0]
    first = next(iter(answers.values()))
    if len(truth) != len(first):
        raise PackError(
            "E305", f"y has {len(truth)} values for {len(first)} rows.", fix="Give one value of y for each row of X."
        )
    if contract.task == "classification" and truth.ndim == 1 and answers["label"].ndim == 1:
        found = _classification(contract, answers, truth)
    elif contract.task == "regression" and truth.shape == answers["value"].shape:
        found = _regression(answers["value"], truth.astype(np.float64))
    else:
        return {}
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def _classification(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: Any) -> dict[str, float]:
    found = {"accuracy": float(np.mean(answers["label"] == truth))}
    classes = list(contract.output("label").classes or ())
    places = {value: i for i, value in enumerate(classes)}
    if "probability" in answers and all(value in places for value in truth.tolist()):
        probability = answers["probability"]
        column = np.array([places[value] for value in truth.tolist()])
        own = probability[np.arange(len(truth)), column]
        found["log_loss"] = float(-np.mean(np.log(np.clip(own, 1e-15, 1.0))))
        found["brier"] = float(np.mean(((probability - np.eye(len(classes))[column]) ** 2).sum(axis=1)))
        if len(classes) == 2 and 0 < column.sum() < len(column):
            found["roc_auc"] = _auc(probability[:, 1], column == 1)
    return found


def _auc(score: npt.NDArray[Any], positive: npt.NDArray[np.bool_]) -> float:
    """The Mann–Whitney statistic over its maximum (Hanley & McNeil, 1982); ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    good, bad = int(positive.sum()), int((~positive).sum())
    return float((rank[positive].sum() - good * (good + 1) / 2) / (good * bad))


def _regression(value: npt.NDArray[Any], truth: npt.NDArray[Any]) -> dict[str, float]:
    error = value - truth
    spread = float(((truth - truth.mean(axis=0)) ** 2).sum())
    found = {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error**2).mean()))}
    return {"r2": 1.0 - float((error**2).sum()) / spread, **found} if spread else found
