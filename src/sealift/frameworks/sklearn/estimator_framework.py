"""The base of frameworks whose models are estimators in scikit-learn's sense, or are given the shape of one."""

from __future__ import annotations

from typing import Any

from sealift.frameworks.base import Framework, Source


class EstimatorFramework(Framework):
    """A library of estimators; nothing of scikit-learn is imported before one of them is examined."""

    def adapted(self, model: Any) -> Any:
        """A model that is no estimator in the shape of one; an estimator as it is."""
        return model

    def source(self, model: Any, rows: Any = None) -> Source:
        """The model, adapted, as a source; an estimator knows its rows itself."""
        from sealift.frameworks.sklearn.source import EstimatorSource

        del rows
        return EstimatorSource(self.adapted(model))
