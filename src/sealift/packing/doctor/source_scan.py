"""Find further obstacles in a refused function's source, so that all of them are reported in one run.

A trace ends at the first operation that it cannot follow. The others are found in the source by name: methods of
pandas that need all rows or are not supported, and functions of NumPy and pandas that are not supported.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sealift.errors import PackError
from sealift.frameworks import Source
from sealift.tracing.supported import obstacle_of_function, obstacle_of_method
from sealift.tracing.unsupported import is_library, unwrapped

_MOST = 20


def others(source: Source, error: PackError) -> list[PackError]:
    """Further obstacles in the source of the function that the step calls, which `error` refused.

    Empty where the source is not the user's own. The obstacle that `error` names is left out.
    """
    function = source.function
    if error.code != "E302" or "cannot be traced" not in error.what or function is None:
        return []
    obstacles: list[PackError] = []
    for line, what, fix in _obstacles(function):
        if line not in error.what and all(line not in known.what for known in obstacles):
            obstacles.append(PackError("E302", f"The same function {what} ({line}).", where=error.where, fix=fix))
    return obstacles[:_MOST]


def _obstacles(function: Callable[..., Any]) -> Iterator[tuple[str, str, str]]:
    """The place, the reason, and the remedy."""
    function = unwrapped(function)
    code = getattr(function, "__code__", None)
    if code is None or is_library(code.co_filename):
        return
    try:
        lines, start = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):  # no source, or a lambda in the middle of a line
        return
    names = function.__globals__
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
        known = (
            obstacle_of_function(owner, node.attr) if isinstance(owner, ModuleType) else obstacle_of_method(node.attr)
        )
        if known is not None:
            number = start + node.lineno - 1
            text = linecache.getline(code.co_filename, number).strip()
            yield f"{Path(code.co_filename).name}, line {number}: {text:.160}", *known
