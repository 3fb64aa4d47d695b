"""Models of unknown origin, such as ONNX files: their graphs run in separate processes while they are packed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

from sealift.errors import SealiftError
from sealift.frameworks import source_of
from sealift.packing.load_model import opened
from sealift.runtime import confined

_READ_BEFORE = ["a picture or a text"]
"""In place of rows that a preprocessing reads: arrays of pictures are not what the net gets, so they are no example."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def within_limits(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """A decorator of functions with the arguments `model` and `X`: replaces the model, or its path, by its `Source`.

    All graphs made from the model run within the `limits` of the source, if it has any. An exception that is not a
    SealiftError gets a note that names the source.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # raises a TypeError that names the function
        rows = given.arguments.get("X")
        if given.arguments.get("preprocess") is not None and isinstance(rows, list | np.ndarray):
            rows = _READ_BEFORE
        source = source_of(opened(given.arguments["model"]), rows)
        given.arguments["model"] = source
        with confined(source.limits):
            try:
                return function(*given.args, **given.kwargs)
            except SealiftError:
                raise
            except Exception as error:  # such as a TypeError in the source of another package
                kind = type(source)
                error.add_note(f"Raised for a model of the type {source.kind}, by {kind.__module__}.{kind.__name__}.")
                raise

    return called
