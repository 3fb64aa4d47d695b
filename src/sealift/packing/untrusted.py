"""Models out of files of unknown origin: their graphs run in processes of their own while they are packed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sealift.runtime import Limits, confined

_P = ParamSpec("_P")
_T = TypeVar("_T")


def within_limits(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """`function` of a model, in which every graph made of the model has the model's `limits`, if it has any."""

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with confined(_limits_of(args[0] if args else kwargs.get("model"))):
            return function(*args, **kwargs)

    return called


def _limits_of(model: object) -> Limits | None:
    if type(model).__module__.partition(".")[0] == "onnx":  # a model of onnx's own, wherever its bytes come from
        return Limits()
    limits = getattr(model, "limits", None)
    return limits if isinstance(limits, Limits) else None
