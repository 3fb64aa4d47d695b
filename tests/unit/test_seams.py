"""Libraries of models are known behind `sealift.frameworks` alone: no attribute or method of an estimator outside.

Import-linter holds the imports; this holds the names, which need none: `getattr(model, "classes_", None)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sealift

SOURCE = Path(sealift.__file__).parent
# The demo trains a model, and so is a user of scikit-learn; sealift.sklearn has estimators of its own.
USERS = ("frameworks", "demo", "sklearn.py")
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if path.relative_to(SOURCE).parts[0] not in USERS]
assert len(FILES) > 100
# Methods and parameters of estimators, and scikit-learn's own hooks.
METHODS = frozenset(
    {"predict_proba", "predict_log_proba", "decision_function", "score_samples", "fit_predict", "fit_transform"}
    | {"named_steps", "transformer_list", "build_analyzer", "get_params", "get_feature_names_out", "_fit_X"}
    | {"strategy", "_estimator_type", "booster_", "get_booster"}
)
# Fitted attributes end in an underscore, as do these types of NumPy, and arguments that would hide a keyword.
FITTED = re.compile(r"(?!_)[a-z][a-zA-Z0-9_]*[a-z0-9]_")
# Keys of other things, by file.
FOREIGN = {
    "export/kubernetes.py": {"strategy"},  # how pods are replaced
    "packing/tokenizer/compile.py": {"strategy"},  # of truncation and padding
}
OTHERS = frozenset({"bool_", "object_", "bytes_", "str_", "class_"})


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The attributes that a module reads, by a dot or by a string, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("getattr", "hasattr", "setattr")
        ):
            yield from ((part.lineno, text) for part in node.args if (text := text_of(part)) is not None)
        elif isinstance(node, ast.Constant) and node.value in METHODS:
            yield node.lineno, node.value


def text_of(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def of_an_estimator(source: str) -> list[str]:
    return [
        f"line {line}: {name}"
        for line, name in names(ast.parse(source))
        if name in METHODS or name.startswith("__sklearn") or (FITTED.fullmatch(name) and name not in OTHERS)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_attribute_of_an_estimator(path: Path) -> None:
    foreign = FOREIGN.get(path.relative_to(SOURCE).as_posix(), set())
    named = of_an_estimator(path.read_text(encoding="utf-8"))
    assert [each for each in named if each.rpartition(" ")[2] not in foreign] == []


@pytest.mark.parametrize(
    "source",
    [
        "model.classes_",
        "getattr(model, 'n_features_in_', 0)",
        "METHODS = {'probability': 'predict_proba'}",
        "hasattr(step, '__sklearn_tags__')",
        "model.predict_proba(rows)",
        "step.strategy == 'constant'",
    ],
)
def test_the_test_itself(source: str) -> None:
    assert of_an_estimator(source)
    assert not of_an_estimator("np.bool_(x); output.class_; self.names; getattr(x, 'ndim', 0); step_ = 1")
