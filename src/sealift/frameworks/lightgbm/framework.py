"""LightGBM as a framework: its estimators, its bare boosters, and its model files."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from sealift import files
from sealift.frameworks.base import Trust
from sealift.frameworks.sklearn.estimator_framework import EstimatorFramework
from sealift.optional import need


class LightGBM(EstimatorFramework):
    """Estimators and boosters of LightGBM."""

    name = "lightgbm"
    extra = "lightgbm"
    packages = ("lightgbm", "sealift.frameworks.lightgbm")
    converters = "sealift.frameworks.lightgbm.estimators"
    distributions = ("lightgbm",)
    r_savers = (("lgb.Booster", 'lgb.save(model, "model.txt")'),)

    def adapted(self, model: Any) -> Any:
        """A booster as a `NativeModel`; any other model unchanged."""
        return import_module("sealift.frameworks.lightgbm.native").adapt(model)

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is LightGBM's text format; its dump in JSON is refused."""
        from sealift.frameworks.model_files import check_whole, refused

        if re.match(rb"tree\r?\n", head):
            data = files.read(path)
            ends = [b"\nend of trees", *([b"\nend of parameters"] if b"\nparameters:" in data else [])]
            check_whole(path, whole=all(end in data for end in ends))
            return True
        if head.lstrip().startswith(b"{"):
            data = files.read(path)
            if b'"tree_info"' in data and b'"tree_structure"' in data:
                raise refused(
                    path,
                    "The file is a JSON dump of LightGBM, which LightGBM itself cannot open.",
                    'Save the model as text: booster.save_model("model.txt") in Python, '
                    'lgb.save(model, "model.txt") in R.',
                )
        return False

    def open(self, path: Path, trust: Trust) -> Any:
        """The booster in a model file, as a `NativeModel`."""
        from sealift.frameworks.model_files import check_survives

        del trust
        need("lightgbm", self.extra, "Opening this file", where=str(path))
        check_survives(path, "lightgbm")
        return import_module("sealift.frameworks.lightgbm.native").load(path)

    def column_name(self, label: Any) -> str:
        """LightGBM replaces each space by an underscore (`src/io/dataset_loader.cpp`)."""
        return str(label).replace(" ", "_")


FRAMEWORK = LightGBM()
