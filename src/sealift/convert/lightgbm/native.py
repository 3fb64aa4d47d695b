"""A booster without an estimator around it, in the shape of one: LightGBM's own model files, whoever wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from sealift.convert.lightgbm.model_text import parse


class NativeModel:
    """`predict` and, for a classifier, `predict_proba` over plain rows.

    Attributes:
        booster: the `lightgbm.Booster`.
        classes_: 0 … k−1 for a classifier, else None.
    """

    def __init__(self, booster: Any) -> None:
        self.booster = booster
        parsed = parse(booster.model_to_string())
        self.classes_: npt.NDArray[np.int64] | None = None
        if parsed.objective in ("binary", "multiclass", "multiclassova"):
            self.classes_ = np.arange(max(2, parsed.targets))
            self.predict_proba = self._probability

    @property
    def n_features_in_(self) -> int:
        """The number of columns."""
        return int(self.booster.num_feature())

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The class (N,), or the value (N,) or (N, k)."""
        if self.classes_ is not None:
            return np.asarray(self._probability(X).argmax(axis=1))
        return np.asarray(self.booster.predict(X))

    def _probability(self, X: Any) -> npt.NDArray[np.float64]:
        """The probability of each class (N, k)."""
        found = np.asarray(self.booster.predict(X))
        return found if found.ndim == 2 else np.column_stack([1.0 - found, found])


def load(path: Path | str) -> NativeModel:
    """A model from LightGBM's own text file, as Python, R and the others save it."""
    return NativeModel(lightgbm.Booster(model_file=str(path)))


def adapt(model: Any) -> Any:
    """A bare booster as something that predicts on plain rows; anything else as it is."""
    return NativeModel(model) if type(model) is lightgbm.Booster else model
