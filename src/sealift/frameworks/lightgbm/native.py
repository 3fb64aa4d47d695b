"""A booster without an estimator, with the methods of one: LightGBM's own model files, of any origin."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from sealift.frameworks.boosting import as_categories, is_frame
from sealift.frameworks.lightgbm.model_text import parse


class NativeModel:
    """A booster with `predict`, and with `predict_proba` for a classifier, which take rows as estimators do.

    Attributes:
        booster: the `lightgbm.Booster`.
        classes_: 0 … k−1 for a classifier, else None.
    """

    def __init__(self, booster: Any) -> None:
        self.booster = booster
        parsed = self._parsed = parse(booster.model_to_string())
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
        return np.asarray(self.booster.predict(self._checked(X)))

    def _probability(self, X: Any) -> npt.NDArray[np.float64]:
        """The probability of each class (N, k)."""
        predicted = np.asarray(self.booster.predict(self._checked(X)))
        return predicted if predicted.ndim == 2 else np.column_stack([1.0 - predicted, predicted])

    def _checked(self, X: Any) -> Any:
        """The rows with the model's categories; columns in another order, which the library would take as they are."""
        if not is_frame(X):
            return X
        names = self.booster.feature_name()
        given = [str(name).replace(" ", "_") for name in X.columns]
        if given != names and not all(_UNNAMED.fullmatch(name) for name in names):
            raise ValueError(f"the model's columns are {', '.join(names)}, but X has {', '.join(given)}")
        places = self._parsed.categorical([i for i, kind in enumerate(X.dtypes) if kind.kind == "O"])
        return as_categories(X, dict(zip(places or (), self._parsed.categories or (), strict=False)))


_UNNAMED = re.compile(r"Column_[0-9]+")


def load(path: Path | str) -> NativeModel:
    """A model from LightGBM's own text file, written by Python, R or another interface."""
    # Files of other versions have parameters that this one does not know, which it prints.
    with contextlib.redirect_stdout(io.StringIO()):
        return NativeModel(lightgbm.Booster(model_file=str(path)))


def adapt(model: Any) -> Any:
    """A booster as a `NativeModel`; any other model unchanged."""
    return NativeModel(model) if type(model) is lightgbm.Booster else model
