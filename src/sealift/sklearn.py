"""Sealed models as estimators of scikit-learn, for its pipelines, ensembles, metrics and displays.

    from sealift.sklearn import as_estimator

    classifier = as_estimator("heart-risk.seal")
    cross_val_score(classifier, X, y)

A sealed model has learned already. `fit` checks that the rows fit its contract, and learns nothing, as that of
`sklearn.frozen.FrozenEstimator`. Nothing else of Sealift imports this module, which needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.features import FEATURES
from sealift.contract.outputs.label import LABEL
from sealift.contract.outputs.probability import PROBABILITY
from sealift.contract.outputs.score import SCORE
from sealift.contract.outputs.value import VALUE
from sealift.errors import ContractError, MissingExtraError
from sealift.runtime import SealedModel, load
from sealift.seal import FileSource

try:
    from scipy.sparse import issparse
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        ClusterMixin,
        OutlierMixin,
        RegressorMixin,
        TransformerMixin,
    )
    from sklearn.utils import check_array, check_consistent_length
    from sklearn.utils.metaestimators import available_if
except ModuleNotFoundError:
    raise MissingExtraError(
        "E405",
        "sealift.sklearn needs scikit-learn, which is not installed.",
        fix="Install it with: pip install 'sealift[sklearn]'.",
    ) from None

__all__ = [
    "SealedClassifier",
    "SealedClusterer",
    "SealedOutlierDetector",
    "SealedRegressor",
    "SealedTransformer",
    "as_estimator",
]

_Model: TypeAlias = "SealedModel | FileSource"
_Array: TypeAlias = npt.NDArray[Any]


# In the words that scikit-learn's checks look for.
_MORE = {"R101": " NaN is a missing value.", "R102": " A number is neither inf nor -inf."}


def _has(kind: str) -> Any:
    """Whether the model has an output of a kind, for `available_if`."""

    def check(estimator: _Sealed) -> bool:
        estimator.sealed_.of_kind(kind)
        return True

    return check


class _Sealed(BaseEstimator):  # type: ignore[misc]
    """What the estimators share.

    Args:
        model: a sealed model, or what `sealift.load` takes: the path of a .seal file, its bytes, a stream.
        ignore_extra: ignore columns that are not inputs instead of raising E102.

    Attributes:
        sealed_: the sealed model.
        n_features_in_: the number of its inputs.
        feature_names_in_: their names.
    """

    def __init__(self, model: _Model, *, ignore_extra: bool = False) -> None:
        self.model = model
        self.ignore_extra = ignore_extra

    @property
    def sealed_(self) -> SealedModel:
        """The sealed model. Raises as `sealift.load`."""
        opened = self.__dict__.get("_opened")
        if opened is None or opened[0] is not self.model:
            sealed = self.model if isinstance(self.model, SealedModel) else load(self.model)
            self.__dict__["_opened"] = opened = (self.model, sealed)
        model: SealedModel = opened[1]
        return model

    @property
    def n_features_in_(self) -> int:
        """The number of inputs."""
        return self.sealed_.n_features_in_

    @property
    def feature_names_in_(self) -> npt.NDArray[np.object_]:
        """The names of the inputs (k,), in the contract's order."""
        return self.sealed_.feature_names_in_

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check that the rows fit the contract; nothing is learned.

        Args:
            X: rows, as `SealedModel.predict` takes them.
            y: passed over; as many entries as rows.

        Raises:
            ValueError: the rows do not fit.
        """
        if y is not None:
            check_consistent_length(X, y)
        self._answers(X)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.allow_nan = any(field.missing == "allowed" for field in self.sealed_.contract.inputs)
        tags.input_tags.string = any(field.type.feeds == "text" for field in self.sealed_.contract.inputs)
        return tags

    def _answers(self, X: Any) -> dict[str, _Array]:
        try:
            return self.sealed_.predict(self._checked(X), ignore_extra=self.ignore_extra)
        except ContractError as error:  # scikit-learn's functions expect a ValueError
            raise ValueError(f"{error}{_MORE.get(error.code, '')}") from error

    def _checked(self, X: Any) -> Any:
        """Rows; arrays as scikit-learn's own estimators check them, with its messages."""
        if not _is_matrix(X):
            return X
        matrix = check_array(X, dtype=None, ensure_all_finite=False, input_name="X", estimator=self)
        contract = self.sealed_.contract
        if matrix.shape[1] not in (len(contract.inputs), len(contract.inputs) + len(contract.ignored)):
            raise ValueError(
                f"X has {matrix.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input"
            )
        return matrix

    def _answer(self, kind: str, X: Any) -> _Array:
        return self._answers(X)[self.sealed_.of_kind(kind).name]


def _is_matrix(X: Any) -> bool:
    """Whether rows are an array, sparse or of lists, and no table, dicts or texts."""
    if issparse(X):  # of which one kind is a Mapping
        return True
    if isinstance(X, list | tuple):
        return len(X) == 0 or not isinstance(X[0], Mapping | str)
    return not isinstance(X, Mapping) and not hasattr(X, "columns") and not hasattr(X, "column_names")


class _WithScores(_Sealed):
    @available_if(_has(SCORE.name))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> _Array:
        """The scores (N,), or (N, K) of more than two classes. Raises ValueError for rows that do not fit."""
        return self._answer(SCORE.name, X)


class SealedClassifier(ClassifierMixin, _WithScores):  # type: ignore[misc]
    """A sealed classifier.

    Args:
        model: a sealed model, or what `sealift.load` takes: the path of a .seal file, its bytes, a stream.
        ignore_extra: ignore columns that are not inputs instead of raising E102.

    Attributes:
        sealed_: the sealed model.
        classes_: the classes (K,).
        n_features_in_: the number of its inputs.
        feature_names_in_: their names.
    """

    @property
    def classes_(self) -> _Array:
        """The classes (K,), in the order of `predict_proba`'s columns."""
        return self.sealed_.classes_

    def predict(self, X: Any) -> _Array:
        """The classes (N,) of N rows. Raises ValueError for rows that do not fit."""
        return self._answer(LABEL.name, X)

    @available_if(_has(PROBABILITY.name))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> _Array:
        """The probabilities (N, K) of the classes. Raises ValueError for rows that do not fit."""
        return self._answer(PROBABILITY.name, X)


class SealedRegressor(RegressorMixin, _Sealed):  # type: ignore[misc]
    """A sealed regressor. The arguments and attributes are those of `SealedClassifier`, without `classes_`."""

    def predict(self, X: Any) -> _Array:
        """The values (N,), or (N, k) of several targets. Raises ValueError for rows that do not fit."""
        return self._answer(VALUE.name, X)


class SealedTransformer(TransformerMixin, _Sealed):  # type: ignore[misc]
    """A sealed transformer. The arguments and attributes are those of `SealedClassifier`, without `classes_`."""

    def transform(self, X: Any) -> _Array:
        """The features (N, k) of N rows. Raises ValueError for rows that do not fit."""
        return self._answer(FEATURES.name, X)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """The names (k,) of the features, as in a table of answers."""
        del input_features
        return np.array(self.sealed_.of_kind(FEATURES.name).column_names, dtype=object)


class SealedClusterer(ClusterMixin, _Sealed):  # type: ignore[misc]
    """A sealed clusterer. The arguments and attributes are those of `SealedClassifier`, without `classes_`."""

    def predict(self, X: Any) -> _Array:
        """The clusters (N,) of N rows. Raises ValueError for rows that do not fit."""
        return self._answer(LABEL.name, X)

    def fit_predict(self, X: Any, y: Any = None) -> _Array:
        """As `predict`: nothing is learned."""
        return self.fit(X, y).predict(X)


class SealedOutlierDetector(OutlierMixin, _WithScores):  # type: ignore[misc]
    """A sealed outlier detector. The arguments and attributes are those of `SealedClassifier`, without `classes_`."""

    def predict(self, X: Any) -> _Array:
        """1 for inliers and -1 for outliers, (N,). Raises ValueError for rows that do not fit."""
        return self._answer(LABEL.name, X)


_BY_TASK: dict[str, type[_Sealed]] = {
    "classification": SealedClassifier,
    "regression": SealedRegressor,
    "transformation": SealedTransformer,
    "clustering": SealedClusterer,
    "outliers": SealedOutlierDetector,
}


def as_estimator(model: _Model, *, ignore_extra: bool = False) -> Any:
    """A sealed model as the estimator of its task.

    Args:
        model: a sealed model, or what `sealift.load` takes: the path of a .seal file, its bytes, a stream.
        ignore_extra: ignore columns that are not inputs instead of raising E102.

    Raises:
        FileError, SealError: as `sealift.load`.
    """
    sealed = model if isinstance(model, SealedModel) else load(model)
    return _BY_TASK[sealed.contract.task](sealed, ignore_extra=ignore_extra)
