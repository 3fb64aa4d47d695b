"""How well the model did on the rows given to `pack`, where the truth was given too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, is_missing
from sealift.errors import PackError


def metrics(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], y: Any) -> dict[str, float]:
    """The quality of the answers, by functions of `sklearn.metrics` with their defaults, under the functions' names.

    Classification: `accuracy_score` (for several targets the share of rows where all are right) and, with
    probabilities, `log_loss`, `brier_score_loss` and, for two classes, `roc_auc_score`. Regression: `r2_score`,
    `mean_absolute_error` and `root_mean_squared_error`, over several targets the mean. Rounded to four digits.

    Args:
        contract: the task and the classes.
        answers: the model's answers.
        y: the truth, (N,) or (N, k), an array.

    Raises:
        PackError: E305 when y has another form than the answers.
    """
    if contract.task == "classification" and answers["label"].shape == y.shape:
        if any(is_missing(value) for value in y.reshape(-1).tolist()):
            raise _unfit_truth("y lacks values.")
        found = _classification(contract, answers, y)
    elif contract.task == "regression" and y.shape == answers["value"].shape:
        found = _regression(answers["value"], _as_numbers(y))
    elif contract.task in ("classification", "regression"):
        raise _unfit_truth(f"y has the shape {y.shape}, unlike the model's answers.")
    else:
        return {}
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def baseline(contract: Contract, y: Any) -> dict[str, Any] | None:
    """The commonest class of y (N,) and its share: the accuracy of always answering it. None for other tasks."""
    if contract.task != "classification" or y.ndim > 1:
        return None
    counts = Counter(y.tolist())
    classes = [value for value in contract.output("label").classes or () if value in counts]
    if not classes:
        return None
    commonest = max(classes, key=lambda value: counts[value])
    return {"class": commonest, "accuracy_score": float(f"{counts[commonest] / len(y):.4g}")}


def _as_numbers(y: Any) -> npt.NDArray[np.float64]:
    try:
        truth = np.array([math.nan if is_missing(value) else value for value in y.reshape(-1)], dtype=np.float64)
    except (TypeError, ValueError):
        raise _unfit_truth("y holds what is no number.") from None
    if not np.isfinite(truth).all():
        raise _unfit_truth("y lacks values, or holds infinite ones.")
    return truth.reshape(y.shape)


def _unfit_truth(what: str) -> PackError:
    return PackError("E305", what, fix="Give the true answer for each row of X in the form of fit's y, or leave y out.")


def _classification(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: Any) -> dict[str, float]:
    same = np.asarray(answers["label"] == truth)
    found = {"accuracy_score": float(np.mean(same.reshape(len(truth), -1).all(axis=1)))}
    if truth.ndim > 1:  # several targets: the share of rows where all are right
        return found
    classes = list(contract.output("label").classes or ())
    places = {value: i for i, value in enumerate(classes)}
    if "probability" in answers and all(value in places for value in truth.tolist()):
        probability = answers["probability"]
        column = np.array([places[value] for value in truth.tolist()])
        own = probability[np.arange(len(truth)), column]
        smallest = np.finfo(np.float64).eps
        found["log_loss"] = float(-np.mean(np.log(np.clip(own, smallest, 1.0 - smallest))))
        squares = ((probability - np.eye(len(classes))[column]) ** 2).sum(axis=1)
        # Of two classes only one is counted, so that the score goes from 0 to 1.
        found["brier_score_loss"] = float(squares.mean()) / (2.0 if len(classes) == 2 else 1.0)
        if len(classes) == 2 and 0 < column.sum() < len(column):
            found["roc_auc_score"] = _auc(probability[:, 1], column == 1)
    return found


def _auc(score: npt.NDArray[Any], positive: npt.NDArray[np.bool_]) -> float:
    """The Mann–Whitney statistic over its maximum (Hanley & McNeil, 1982); ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    good, bad = int(positive.sum()), int((~positive).sum())
    return float((rank[positive].sum() - good * (good + 1) / 2) / (good * bad))


def _regression(value: npt.NDArray[Any], truth: npt.NDArray[Any]) -> dict[str, float]:
    error = value - truth
    # Over several targets each is the mean of the targets' own.
    found = {
        "mean_absolute_error": float(np.abs(error).mean()),
        "root_mean_squared_error": float(np.sqrt((error**2).mean(axis=0)).mean()),
    }
    if len(truth) < 2:
        return found
    squares, spread = (error**2).sum(axis=0), ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    # Where the truth is constant the ratio has no meaning, and only an exact answer counts.
    shares = np.where(spread > 0, squares / np.where(spread > 0, spread, 1.0), squares > 0)
    return {"r2_score": float(np.mean(1.0 - shares)), **found}
