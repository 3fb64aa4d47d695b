"""scikit-learn as a framework, including other estimators that follow its API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealift.frameworks.base import Trust
from sealift.frameworks.sklearn.estimator_framework import EstimatorFramework

_METHODS = ("predict", "transform", "fit_predict", "score_samples")


class ScikitLearn(EstimatorFramework):
    """Estimators of scikit-learn, and other objects with the methods of an estimator."""

    name = "sklearn"
    extra = "sklearn"
    packages = ("sklearn",)
    converters = "sealift.frameworks.sklearn.converters"
    distributions = ("scikit-learn", "skl2onnx", "scipy")

    def owns(self, model: Any) -> bool:
        """Whether the model is of scikit-learn, or has a method that predicts or transforms."""
        return super().owns(model) or any(hasattr(model, method) for method in (*_METHODS, "fit"))

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is a .skops file or a pickle, by its suffix."""
        del head
        return path.suffix.lower() in (".skops", ".joblib", ".pkl", ".pickle")

    def open(self, path: Path, trust: Trust) -> Any:
        """The model in a .skops file, or in a pickle if `trust` permits it."""
        from sealift.frameworks.sklearn import files

        return files.from_skops(path, trust) if path.suffix.lower() == ".skops" else files.from_pickle(path, trust)

    def version_note(self, warning: Warning | str) -> str | None:
        """A note for an `InconsistentVersionWarning`."""
        if not hasattr(warning, "original_sklearn_version"):
            return None
        old, new = warning.original_sklearn_version, getattr(warning, "current_sklearn_version", "another version")
        return (
            f"The model was saved with scikit-learn {old}, and {new} is installed. It may answer differently here than "
            "where it was trained: what is sealed is proved against the answers it gives here."
        )


FRAMEWORK = ScikitLearn()
