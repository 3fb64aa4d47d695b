"""XGBoost as a framework: its estimators, its bare boosters, and its model files."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sealift import files
from sealift.frameworks.base import Trust
from sealift.frameworks.sklearn.estimator_framework import EstimatorFramework
from sealift.optional import need

_BINARY = ".bin", ".deprecated", ".model", ".raw", ".xgb"
# The number after a tree's size_leaf_vector, in JSON and in UBJSON.
_VECTOR = re.compile(rb'size_leaf_vector(?:"\s*:\s*"|S[iUIlL][\0-\x08]{1,8})([0-9]+)', re.DOTALL)


class XGBoost(EstimatorFramework):
    """Estimators and boosters of XGBoost."""

    name = "xgboost"
    extra = "xgboost"
    packages = ("xgboost", "sealift.frameworks.xgboost")
    converters = "sealift.frameworks.xgboost.estimators"
    distributions = ("xgboost", "xgboost-cpu")
    r_savers = (("xgb.Booster", 'xgb.save(model, "model.json")'),)

    def adapted(self, model: Any) -> Any:
        """A booster as a `NativeModel`; any other model unchanged."""
        return import_module("sealift.frameworks.xgboost.native").adapt(model)

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is XGBoost's JSON or UBJSON; dumps and its old binary format are refused."""
        text = head.lstrip()
        if text.startswith(b"{"):
            data = files.read(path)
            if b"learner" not in data or b"gradient_booster" not in data:
                return False
            _refuse_old_vectors(path, data)
            return True
        _refuse_dumps(path, text)
        _refuse_old_binary(path, head)
        return False

    def open(self, path: Path, trust: Trust) -> Any:
        """The booster in a model file, as a `NativeModel`."""
        del trust
        need("xgboost", self.extra, "Opening this file", where=str(path))
        return import_module("sealift.frameworks.xgboost.native").load(path)

    def column_name(self, label: Any) -> str:
        """XGBoost joins the levels of a column (`data.py`)."""
        return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _refuse_old_vectors(path: Path, data: bytes) -> None:
    """XGBoost 3.2 stores leaves with several numbers differently, and crashes when it reads the older format."""
    from sealift.frameworks.model_files import refused

    if b"leaf_weights" in data or not any(int(size) > 1 for size in _VECTOR.findall(data)):
        return
    if find_spec("xgboost") and not import_module("xgboost").__version__.startswith(("3.0.", "3.1.")):
        raise refused(
            path,
            "The leaves of its trees have several numbers, in a format on which XGBoost 3.2 and later crash.",
            'Pack it where XGBoost 3.0 or 3.1 is installed, or train it with multi_strategy="one_output_per_tree".',
        )


def _refuse_dumps(path: Path, text: bytes) -> None:
    from sealift.frameworks.model_files import refused

    if text.startswith(b"booster[") or (text.startswith(b"[") and b'"nodeid"' in text[:2000]):
        raise refused(
            path,
            "The file is a text dump of XGBoost, which lacks the objective and cannot be opened.",
            'Save the model itself: model.save_model("model.json") in Python, xgb.save(model, "model.json") in R.',
        )


def _refuse_old_binary(path: Path, head: bytes) -> None:
    from sealift.frameworks.model_files import refused

    # Without a signature it begins with 136 bytes of numbers, followed by the names of objective and booster.
    named = any(name in head[130:400] for name in (b"gbtree", b"gblinear", b"dart"))
    ending = path.suffix.lower() in {*_BINARY, ".ubj", ".json", ""}
    if head.startswith((b"binf", b"bs64\t")) or (named and ending):
        raise refused(
            path,
            "The file is in XGBoost's old binary format, which XGBoost no longer reads.",
            'Load it with the version that wrote it, before 3.1, and save it again: model.save_model("model.json") in '
            'Python, xgb.save(xgb.load("old.model"), "model.json") in R.',
        )


FRAMEWORK = XGBoost()
