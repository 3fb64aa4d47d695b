"""The base of frameworks whose models are estimators in scikit-learn's sense, or are adapted to its API."""

from __future__ import annotations

from typing import Any

from sealift.frameworks.base import Framework, Source


class EstimatorFramework(Framework):
    """A library of estimators; scikit-learn is not imported before one of them is used."""

    def adapted(self, model: Any) -> Any:
        """A model with the methods of an estimator: an adapter, or an estimator itself."""
        return model

    def source(self, model: Any, rows: Any = None) -> Source:
        """The adapted model as a source; `rows` is not needed, since an estimator stores its columns."""
        from sealift.frameworks.sklearn.source import EstimatorSource

        del rows
        return EstimatorSource(self.adapted(model))
