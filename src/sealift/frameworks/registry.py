"""Converters by type: how they are registered, found and applied, and applied so that a fault names its step."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias, TypeVar

from sealift.errors import PackError
from sealift.graph.step import Step, StepOutput, refuse
from sealift.graph.table import Table

Converter: TypeAlias = Callable[[Any, Table], "StepOutput | Table"]
Storage: TypeAlias = Callable[[Any, Table, Table], Table]
_C = TypeVar("_C", bound=Converter)
_S = TypeVar("_S", bound=Storage)
Explanation: TypeAlias = Callable[[Any], "tuple[str, str] | None"]
_E = TypeVar("_E", bound=Explanation)


_converters: dict[type, Converter] = {}
_storage: dict[type, Storage] = {}
_explanations: dict[type, Explanation] = {}
_rungs: dict[type, str] = {}
_FAMILIES = {
    "catboost": "sealift.frameworks.catboost",
    "imblearn": "sealift.frameworks.imblearn",
    "lightgbm": "sealift.frameworks.lightgbm",
    "sklearn": "sealift.frameworks.sklearn",
    "xgboost": "sealift.frameworks.xgboost",
}
_loaded: set[str] = set()


def converter(*types: type, replace: bool = False, how: str = "own") -> Callable[[_C], _C]:
    """Register a function `(estimator, table) -> StepOutput | Table` for exactly these types.

    A type's subclasses are not meant: they may override what the converter relies on. `how` is the rung of the
    ladder that it stands for (`Step.how`).

    Raises:
        PackError: E306 when a type has a converter already and `replace` is not given.
    """

    def register(function: _C) -> _C:
        for kind in types:
            known = _converters.get(kind)
            if known is not None and known is not function and not replace:
                raise PackError(
                    "E306",
                    f"{kind.__qualname__} has the converter {known.__module__}.{known.__name__} already.",
                    where=f"{function.__module__}.{function.__name__}",
                    fix="Register with replace=True if the new one is to take its place.",
                )
            _converters[kind] = function
            _rungs[kind] = how
        return function

    return register


def storage(*types: type) -> Callable[[_S], _S]:
    """Register a function `(estimator, input, output) -> output`, which marks what these transformers give as sparse.

    For types without one, the table that their converter gives says it (`Table.sparse`).
    """

    def register(function: _S) -> _S:
        for kind in types:
            _storage[kind] = function
        return function

    return register


def explanation(*types: type) -> Callable[[_E], _E]:
    """Register a function `(estimator) -> (cause, remedy) | None`, asked when the answers of these types differ.

    For originals whose answers depend on the processor or on how many rows are asked at once.
    """

    def register(function: _E) -> _E:
        for kind in types:
            _explanations[kind] = function
        return function

    return register


def explain(estimator: Any) -> tuple[str, str] | None:
    """Why the answers of a step may differ through no fault of its converter, and the remedy; None if not known."""
    function = _explanations.get(type(estimator))
    return None if function is None else function(estimator)


def registered() -> dict[type, Converter]:
    """All converters by type, of the libraries that are installed."""
    for family in _FAMILIES:
        if find_spec(family):
            _load(family)
    return dict(_converters)


def as_estimator(model: Any) -> Any:
    """The model as something that predicts on plain rows: a library's bare booster in the shape of an estimator."""
    family = type(model).__module__.partition(".")[0]
    if family not in _FAMILIES:
        return model
    adapt = getattr(import_module(_FAMILIES[family]), "adapt", None)
    return adapt(model) if adapt else model


def apply(estimator: Any, table: Table, name: str = "") -> StepOutput:
    """Convert one fitted step applied to `table`, climbing the ladder: own converter, skl2onnx, refusal.

    Raises:
        PackError: E301 when it was never fitted, E302 when it cannot be converted, naming the step.
    """
    graph, kind = table.graph, type(estimator).__name__
    with graph.inside(f"{name} ({kind})" if name else kind):
        for family in {base.__module__.partition(".")[0] for base in type(estimator).__mro__}:
            _load(family)
        function = _converters.get(type(estimator))
        how = _rungs.get(type(estimator), "skl2onnx")
        try:
            if function is not None:
                found = function(estimator, table)
            else:
                from sealift.frameworks import fallback

                found, how = fallback.convert(estimator, table)
        except Exception as error:
            placed = _placed(error, estimator, graph.where)
            if graph.rescue is None:
                if placed is error:
                    raise
                raise placed from (error.__cause__ if isinstance(error, PackError) else error)
            found, how = graph.rescue(estimator, table, placed), "refused"
        answer = StepOutput(features=found) if isinstance(found, Table) else found
        held = _storage.get(type(estimator))
        if held is not None and answer.features is not None and how != "refused":
            answer = dataclasses.replace(answer, features=held(estimator, table, answer.features))
        graph.steps.append(Step(graph.where, estimator, table, answer, how))
        return answer


def _placed(error: Exception, estimator: Any, where: str) -> PackError:
    """The error with the step that it arose in; whatever is no refusal of ours made one."""
    if isinstance(error, PackError):
        return error if error.where else PackError(error.code, error.what, where=where, fix=error.fix)
    if is_unfitted(estimator, error):
        return PackError("E301", "The step was never fitted.", where=where, fix="Call fit(X, y) before packing.")
    return PackError(
        "E302",
        f"The converter failed: {type(error).__name__}: {str(error).rstrip('.')}.",
        where=where,
        fix="Check that the model predicts on these rows; if it does, report the model's type and parameters.",
    )


def is_unfitted(estimator: Any, error: Exception) -> bool:
    """Whether an error comes of a step without what it learns in fit."""
    if type(error).__name__ == "NotFittedError":
        return True
    check = getattr(sys.modules.get("sklearn.utils.validation"), "check_is_fitted", None)
    if check is None or not isinstance(error, AttributeError):
        return False
    try:
        check(estimator)
    except Exception as found:  # a TypeError for what is no estimator
        return type(found).__name__ == "NotFittedError"
    return False


def transform(estimator: Any, table: Table, name: str = "") -> Table:
    """`estimator.transform(table)` in the graph. Raises PackError E302 when the step transforms nothing."""
    features = apply(estimator, table, name).features
    if features is None:
        raise PackError(
            "E302", "The step does not transform.", fix="Put predictors last in a pipeline.", where=table.graph.where
        )
    return features


def _load(family: str) -> None:
    if family in _FAMILIES and family not in _loaded:
        _loaded.add(family)
        import_module(_FAMILIES[family])


__all__ = [
    "Converter",
    "Step",
    "StepOutput",
    "apply",
    "as_estimator",
    "converter",
    "explain",
    "explanation",
    "refuse",
    "registered",
    "transform",
]
