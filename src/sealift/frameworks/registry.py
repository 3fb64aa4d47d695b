"""Converters by type: register, find and apply them; errors name the step."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from sealift.errors import LimitError, PackError, SealError
from sealift.frameworks.base import Source, Step
from sealift.frameworks.discovery import frameworks, load, owner, source_of
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table

Converter: TypeAlias = Callable[[Any, Table], "StepOutput | Table"]
Storage: TypeAlias = Callable[[Any, Table, Table], Table]
_C = TypeVar("_C", bound=Converter)
_S = TypeVar("_S", bound=Storage)
Explanation: TypeAlias = Callable[[Any], "tuple[str, str] | None"]
_E = TypeVar("_E", bound=Explanation)


_lock = threading.Lock()
_converters: dict[type, Converter] = {}
_storage: dict[type, Storage] = {}
_explanations: dict[type, Explanation] = {}
_strategies: dict[type, str] = {}


def converter(*types: type, replace: bool = False, how: str = "own") -> Callable[[_C], _C]:
    """Register a function `(estimator, table) -> StepOutput | Table` for exactly these types.

    Subclasses are not included, since they may override what the converter relies on. `how` is the way of conversion
    (`Step.how`).

    Raises:
        PackError: E306 when a type already has a converter and `replace` is not given.
    """

    def register(function: _C) -> _C:
        with _lock:
            for kind in types:
                known = _converters.get(kind)
                if known is not None and not replace and not _is_reimported(known, function):
                    raise PackError(
                        "E306",
                        f"{kind.__qualname__} already has the converter {known.__module__}.{known.__name__}.",
                        where=f"{function.__module__}.{function.__name__}",
                        fix="Register it with replace=True if it is to replace that one.",
                    )
            _converters.update(dict.fromkeys(types, function))
            _strategies.update(dict.fromkeys(types, how))
        return function

    return register


def _is_reimported(known: Converter, function: Converter) -> bool:
    """Whether both are the same function, whose module was imported again after a failed import."""
    same = (known.__module__, known.__qualname__) == (function.__module__, function.__qualname__)
    return known is function or (same and "<locals>" not in known.__qualname__)


def storage(*types: type) -> Callable[[_S], _S]:
    """Register a function `(estimator, input, output) -> output` that marks the output of these transformers as sparse.

    For other types, the table from their converter states it (`Table.sparse`).
    """

    def register(function: _S) -> _S:
        for kind in types:
            _storage[kind] = function
        return function

    return register


def explanation(*types: type) -> Callable[[_E], _E]:
    """Register a function `(estimator) -> (cause, remedy) | None`, called when the answers of these types differ.

    For originals whose answers depend on the processor or on the number of rows in a call.
    """

    def register(function: _E) -> _E:
        for kind in types:
            _explanations[kind] = function
        return function

    return register


def explain(model: Any) -> tuple[str, str] | None:
    """The result of the explanation that is registered for exactly this type; None without one."""
    function = _explanations.get(type(model))
    return None if function is None else function(model)


def registered() -> dict[type, Converter]:
    """All converters by type, of the libraries that are installed."""
    for framework in frameworks():
        if framework.installed:
            load(framework)
    return dict(_converters)


def apply(model: Any, table: Table, name: str = "") -> StepOutput:
    """Convert a fitted model, or one step of it, applied to `table`.

    The converter that is registered for its exact type is used, otherwise `Source.convert`.

    Args:
        model: the fitted object, or its source.
        table: its input.
        name: its name in the enclosing step.

    Raises:
        FileError: E405 when its library cannot be imported.
        PackError: E301 when it was never fitted, E302 when it cannot be converted, naming the step.
    """
    context, label = table.context, model.kind if isinstance(model, Source) else type(model).__name__
    with context.inside(f"{name} ({label})" if name else label):
        source = _source_of(model, context.path)
        framework, kind = owner(source.model), type(source.model)
        if framework is not None:
            load(framework)
        function = _converters.get(kind)
        try:
            given, how = (
                source.convert(table)
                if function is None
                else (function(source.model, table), _strategies.get(kind, "own"))
            )
        except LimitError:
            raise
        except Exception as error:
            placed = _placed(error, source, context.path)
            if context.on_unsupported is None:
                if placed is error:
                    raise
                raise placed from (error.__cause__ if isinstance(error, PackError) else error)
            given, how = context.on_unsupported(source, table, placed), "refused"
        answer = StepOutput(features=given) if isinstance(given, Table) else given
        stored = _storage.get(kind)
        if stored is not None and answer.features is not None and how != "refused":
            answer = dataclasses.replace(answer, features=stored(source.model, table, answer.features))
        context.steps.append(Step(context.path, source, table, answer, how))
        return answer


def _source_of(model: Any, where: str) -> Source:
    """The source for a step. Raises PackError E302 for an object that no framework owns."""
    try:
        return source_of(model)
    except PackError as error:
        kind = type(model)
        what = f"There is no converter for {kind.__module__}.{kind.__qualname__}."
        raise PackError("E302", what, where=where, fix=error.fix) from None


def _placed(error: Exception, source: Source, where: str) -> PackError:
    """The error with the path of its step. Any other exception is wrapped as PackError."""
    if isinstance(error, PackError):
        return error if error.where else PackError(error.code, error.what, where=where, fix=error.fix)
    if source.is_unfitted(error):
        return PackError("E301", "The step was never fitted.", where=where, fix="Call fit(X, y) before packing.")
    return PackError(
        "E302",
        f"The converter failed: {type(error).__name__}: {str(error).rstrip('.')}.",
        where=where,
        fix="Check that the model predicts on these rows; if it does, report the model's type and parameters.",
    )


def unsealable(error: SealError, where: str) -> PackError:
    """E302 for a graph that a sealed file must not contain, from the error of the graph check."""
    return PackError(
        "E302",
        f"The model cannot be sealed. {error.what}",
        where=where,
        fix="Use other steps, or export the ONNX model with other operators; `sealift docs spec/SEAL` "
        "lists in §7 those that a sealed file may use.",
    )


def transform(estimator: Any, table: Table, name: str = "") -> Table:
    """`estimator.transform(table)` in the graph. Raises PackError E302 when the step is not a transformer."""
    features = apply(estimator, table, name).features
    if features is None:
        raise PackError(
            "E302", "The step is not a transformer.", fix="Put predictors last in a pipeline.", where=table.context.path
        )
    return features


__all__ = [
    "Converter",
    "Step",
    "StepOutput",
    "apply",
    "converter",
    "explain",
    "explanation",
    "refuse",
    "registered",
    "transform",
    "unsealable",
]
