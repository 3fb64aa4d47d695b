"""imbalanced-learn as a framework."""

from __future__ import annotations

from sealift.frameworks.sklearn.estimator_framework import EstimatorFramework


class ImbalancedLearn(EstimatorFramework):
    """Pipelines and ensembles of imbalanced-learn, which follow scikit-learn's API."""

    name = "imblearn"
    extra = "imblearn"
    packages = ("imblearn",)
    converters = "sealift.frameworks.imblearn.estimators"
    distributions = ("imbalanced-learn",)


FRAMEWORK = ImbalancedLearn()
