"""A booster without an estimator, with the methods of one: XGBoost's own model files, of any origin."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from sealift.frameworks.boosting import as_categories, is_frame
from sealift.frameworks.xgboost.booster import categories, rounds_used
from sealift.warning_filters import no_warnings


class NativeModel:
    """A booster with `predict`, and with `predict_proba` for a classifier, which take rows as estimators do.

    Attributes:
        booster: the `xgboost.Booster`.
        iterations: the number of rounds used, up to the best one if the model stores it; None for all.
        classes_: 0 … k−1 for a classifier, else None. None also for several labels, whose answers are probabilities.
    """

    def __init__(self, booster: Any) -> None:
        self.booster = booster
        self._known: list[list[Any]] | None = None
        config = json.loads(booster.save_config())["learner"]
        self.iterations = rounds_used(booster, linear=config["gradient_booster"]["name"] == "gblinear")
        objective = config["objective"]["name"]
        self.classes_: npt.NDArray[np.int64] | None = None
        if objective.startswith("multi:"):
            self.classes_ = np.arange(int(config["learner_model_param"]["num_class"]))
        elif objective in ("binary:logistic", "binary:hinge") and int(config["learner_model_param"]["num_target"]) <= 1:
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
        answer = self._answer(X)
        if self.classes_ is None:
            return answer
        if answer.ndim == 2 and answer.shape[1] > 1:
            return np.asarray(answer.argmax(axis=1))
        if self._softmax:
            return answer.astype(np.int64)
        return (answer.reshape(-1) > np.float32(0.5)).astype(np.int64)

    def _probability(self, X: Any) -> npt.NDArray[Any]:
        """The probability of each class (N, k)."""
        if self._softmax:
            margin = self._answer(X, output_margin=True)
            power = np.exp(margin - margin.max(axis=1, keepdims=True))
            return np.asarray(power / power.sum(axis=1, keepdims=True))
        answer = self._answer(X)
        return answer if answer.ndim == 2 and answer.shape[1] > 1 else np.column_stack([1 - answer, answer])

    def _categories(self) -> list[list[Any]]:
        """The categories of each column that the model stores."""
        if self._known is None:
            self._known = categories(self.booster)
        return self._known

    def _answer(self, X: Any, *, output_margin: bool = False) -> npt.NDArray[np.float32]:
        if is_frame(X):
            X = as_categories(X, {i: known for i, known in enumerate(self._categories()) if known})
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
    """A model from XGBoost's own file, `.json` or `.ubj`, written by Python, R or another interface."""
    path = Path(path)
    with path.open("rb") as stream:
        is_json = re.match(rb'\s*\{\s*["}]', stream.read(200)) is not None
    booster = xgboost.Booster()
    with no_warnings():  # for files from before 1.6
        # The library distinguishes the two formats by the file's suffix.
        named = path.suffix.lower() == (".json" if is_json else ".ubj")
        booster.load_model(str(path) if named else bytearray(path.read_bytes()))
    return NativeModel(booster)


def adapt(model: Any) -> Any:
    """A booster as a `NativeModel`; any other model unchanged."""
    return NativeModel(model) if type(model) is xgboost.Booster else model
