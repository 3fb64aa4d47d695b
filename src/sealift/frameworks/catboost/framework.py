"""CatBoost as a framework: its estimators and its model files."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from sealift import files
from sealift.frameworks.base import Trust
from sealift.frameworks.sklearn.estimator_framework import EstimatorFramework
from sealift.optional import need


class CatBoost(EstimatorFramework):
    """Estimators of CatBoost."""

    name = "catboost"
    extra = "catboost"
    packages = ("catboost",)
    converters = "sealift.frameworks.catboost.estimators"
    distributions = ("catboost",)
    r_savers = (("catboost.Model", 'catboost.save_model(model, "model.cbm")'),)

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is CatBoost's binary format or its JSON."""
        from sealift.frameworks.model_files import check_whole

        if head.startswith(b"CBM1"):
            return True
        if not head.lstrip().startswith(b"{"):
            return False
        data = files.read(path)
        if b'"features_info"' not in data or (b"learner" in data and b"gradient_booster" in data):
            return False
        check_whole(path, whole=_parses(data))  # CatBoost reads a truncated file as a smaller model
        return True

    def open(self, path: Path, trust: Trust) -> Any:
        """The estimator in a model file."""
        from sealift.frameworks.model_files import check_survives

        del trust
        need("catboost", self.extra, "Opening this file", where=str(path))
        check_survives(path, "catboost")
        return import_module("sealift.frameworks.catboost.native").load(path)


def _parses(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


FRAMEWORK = CatBoost()
