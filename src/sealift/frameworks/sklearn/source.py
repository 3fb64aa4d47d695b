"""A fitted estimator as a source: its answers come from scikit-learn's methods, other facts from its attributes.

The boosters' estimators follow the same API. scikit-learn is not imported before one of its estimators is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.features import FEATURES
from sealift.contract.outputs.label import LABEL
from sealift.contract.outputs.probability import PROBABILITY
from sealift.contract.outputs.score import SCORE
from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks import registry
from sealift.frameworks.base import FeatureMatrix, RowFormat, Source
from sealift.frameworks.learned import Learned
from sealift.frameworks.sklearn import fallback
from sealift.frameworks.sklearn.learned import LearnedByEstimator
from sealift.frameworks.sklearn.remembered import remembered
from sealift.frameworks.sklearn.row_format import check_first_steps, row_format
from sealift.graph.step import StepOutput
from sealift.graph.table import Table
from sealift.warning_filters import no_warnings

# The methods that compute an output; the first one that the estimator has is called.
_METHODS = {
    LABEL.name: ("predict",),
    PROBABILITY.name: ("predict_proba",),
    SCORE.name: ("decision_function", "score_samples"),
    VALUE.name: ("predict",),
    FEATURES.name: ("transform",),
}


class EstimatorSource(Source):
    """A fitted estimator or pipeline, and any object with the methods of one."""

    def check(self) -> None:
        """Raise PackError E301 for an estimator that was never fitted, E302 and E304 for one that cannot be packed."""
        if getattr(self.model, "refit", None) is False and hasattr(self.model, "cv_results_"):
            raise PackError(
                "E304",
                "The search did not fit the best estimator (refit=False).",
                where=self.kind,
                fix="Search with refit=True; or fit the estimator with best_params_ and pack that.",
            )
        if not any(hasattr(self.model, name) for name in ("predict", "transform", "fit_predict", "score_samples")):
            raise PackError(
                "E304",
                f"The type {self.kind} neither predicts nor transforms.",
                fix="Give a fitted model, such as a scikit-learn pipeline.",
            )
        if hasattr(self.model, "__sklearn_tags__") and hasattr(self.model, "get_params"):
            self._check_fitted()
        check_first_steps(self.model)

    def _check_fitted(self) -> None:
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            with no_warnings():
                check_is_fitted(self.model)
        except NotFittedError as error:
            raise PackError(
                "E301", "The model was never fitted.", where=self.kind, fix="Call fit(X, y) on it before packing."
            ) from error
        except Exception:  # noqa: S110 - an estimator with its own behaviour; the conversion reports it
            pass

    @cached_property
    def rows(self) -> RowFormat:
        """A table, unless the first step is a vectorizer of strings or dicts."""
        return row_format(self.model)

    @property
    def outputs(self) -> Collection[str]:
        """The outputs for which it has a method."""
        return {output for output, methods in _METHODS.items() if any(hasattr(self.model, m) for m in methods)}

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The outputs of the estimator's methods."""
        return {output: _dense(self._ask(output, rows)) for output in outputs}

    def _ask(self, output: str, rows: Any) -> Any:
        method = next(method for method in _METHODS[output] if hasattr(self.model, method))
        return getattr(self.model, method)(rows)

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Convert the estimator by skl2onnx, or trace its `transform`."""
        return fallback.convert(self.model, table)

    @property
    def classes(self) -> npt.NDArray[Any] | None:
        """`classes_` of a classifier of one target."""
        classes = getattr(self.model, "classes_", None)
        return classes if isinstance(classes, np.ndarray) else None

    def features(self, rows: Any) -> FeatureMatrix:
        """The output of `transform`, with the names of its data frame or of `get_feature_names_out`."""
        given = self._ask(FEATURES.name, rows)
        values = _dense(given)
        names: Sequence[Any] = list(getattr(given, "columns", ())) or self._names_out(values.shape[1])
        return FeatureMatrix(values, [str(name) for name in names], sparse=hasattr(given, "toarray"))

    def _names_out(self, width: int) -> list[str]:
        try:
            names = [str(name) for name in self.model.get_feature_names_out()]
        except Exception:  # a user's estimator can raise any exception
            names = []
        return names if len(names) == width else [f"x{i}" for i in range(width)]

    def is_unfitted(self, error: Exception) -> bool:
        """Whether it is a NotFittedError, or an AttributeError of an estimator that was never fitted."""
        if type(error).__name__ == "NotFittedError":
            return True
        check = getattr(sys.modules.get("sklearn.utils.validation"), "check_is_fitted", None)
        if check is None or not isinstance(error, AttributeError):
            return False
        try:
            check(self.model)
        except Exception as raised:  # a TypeError if it is not an estimator
            return type(raised).__name__ == "NotFittedError"
        return False

    def explain(self) -> tuple[str, str] | None:
        """The explanation registered for the estimator's type (`registry.explanation`)."""
        return registry.explain(self.model)

    @property
    def function(self) -> Callable[..., Any] | None:
        """The function of a FunctionTransformer, or `transform` of a user's class."""
        function = getattr(self.model, "func", None) or getattr(self.model, "transform", None)
        return function if callable(function) else None

    @property
    def learned(self) -> Learned:
        """The information in the fitted attributes."""
        return LearnedByEstimator(self.model)

    def remembered(self) -> list[tuple[str, Sequence[str]]]:
        """The columns that the estimator was fitted on, or the first inner one that stores them."""
        return remembered(self.model)


def _dense(given: Any) -> npt.NDArray[Any]:
    if isinstance(given, list):  # predict_proba of several targets: one matrix for each
        given = np.hstack(given)
    return np.asarray(given.toarray() if hasattr(given, "toarray") else given)
