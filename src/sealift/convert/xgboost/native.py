"""A booster without an estimator around it, in the shape of one: XGBoost's own model files, whoever wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost


class NativeModel:
    """`predict` and, for a classifier, `predict_proba` over plain rows.

    Attributes:
        booster: the `xgboost.Booster`.
        iterations: the rounds used: up to the best one where the model knows it, else None for all.
        classes_: 0 … k−1 for a classifier, else None.
    """

    def __init__(self, booster: Any) -> None:
        self.booster = booster
        best = booster.attr("best_iteration")
        config = json.loads(booster.save_config())["learner"]
        linear = config["gradient_booster"]["name"] == "gblinear"
        self.iterations = None if best is None or linear else int(best) + 1
        objective = config["objective"]["name"]
        self.classes_: npt.NDArray[np.int64] | None = None
        if objective.startswith("multi:"):
            self.classes_ = np.arange(int(config["learner_model_param"]["num_class"]))
        elif objective in ("binary:logistic", "binary:hinge"):
            self.classes_ = np.arange(2)
        self._softmax = objective == "multi:softmax"
        if self.classes_ is not None and objective != "binary:hinge":
            self.predict_proba = self._probability

    @property
    def n_features_in_(self) -> int:
        """The number of columns."""
        return int(self.booster.num_features())

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class (N,), or the value (N,) or (N, k)."""
        found = self._answer(X)
        if self.classes_ is None:
            return found
        if found.ndim == 2 and found.shape[1] > 1:
            return np.asarray(found.argmax(axis=1))
        if self._softmax:
            return found.astype(np.int64)
        return (found.reshape(-1) > np.float32(0.5)).astype(np.int64)

    def _probability(self, X: Any) -> npt.NDArray[Any]:
        """The probability of each class (N, k)."""
        if self._softmax:
            margin = self._answer(X, output_margin=True)
            power = np.exp(margin - margin.max(axis=1, keepdims=True))
            return np.asarray(power / power.sum(axis=1, keepdims=True))
        found = self._answer(X)
        return found if found.ndim == 2 and found.shape[1] > 1 else np.column_stack([1 - found, found])

    def _answer(self, X: Any, *, output_margin: bool = False) -> npt.NDArray[np.float32]:
        rows = xgboost.DMatrix(X, enable_categorical=True, nthread=1)
        # Files written elsewhere name their features; an array has no names to compare.
        named = hasattr(X, "columns")
        return np.asarray(
            self.booster.predict(
                rows,
                output_margin=output_margin,
                iteration_range=(0, self.iterations or 0),
                validate_features=named,
            )
        )


def load(path: Path | str) -> NativeModel:
    """A model from XGBoost's own file, `.json` or `.ubj`, as Python, R and the others save it."""
    booster = xgboost.Booster()
    booster.load_model(str(path))
    return NativeModel(booster)


def adapt(model: Any) -> Any:
    """A bare booster as something that predicts on plain rows; anything else as it is."""
    return NativeModel(model) if type(model) is xgboost.Booster else model
