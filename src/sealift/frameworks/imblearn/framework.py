"""imbalanced-learn as a framework."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sealift.frameworks.base import Framework, Source


class ImbalancedLearn(Framework):
    """Pipelines and ensembles of imbalanced-learn, which follow scikit-learn's API."""

    name = "imblearn"
    extra = "imblearn"
    packages = ("imblearn",)
    distributions = ("imbalanced-learn",)

    def load(self) -> None:
        """Import the converters."""
        import_module("sealift.frameworks.imblearn.estimators")

    def source(self, model: Any, rows: Any = None) -> Source:
        """An estimator as a source."""
        from sealift.frameworks.sklearn.source import EstimatorSource

        del rows
        return EstimatorSource(model)


FRAMEWORK = ImbalancedLearn()
