"""The functions that convert primitives, by the name of the primitive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from sealift.frameworks.jax.lowering.emitter import Emitter
from sealift.frameworks.jax.lowering.operands import Operand


class Walk(Protocol):
    """The conversion under way: its graph, and the way to convert an inner jaxpr."""

    graph: Emitter

    def inner(self, jaxpr: Any, consts: Sequence[Any], operands: Sequence[Operand]) -> list[Operand]:
        """The results of an inner jaxpr, whose equations are converted in place."""
        ...


Rule: TypeAlias = Callable[[Walk, Any, Sequence[Operand]], "Operand | list[Operand]"]
"""`(walk, equation, operands) -> results`. The graph of the walk takes the nodes."""
_R = TypeVar("_R", bound=Rule)
RULES: dict[str, Rule] = {}
"""The conversion of each primitive."""


def rule(*names: str) -> Callable[[_R], _R]:
    """Register a function as the conversion of these primitives."""

    def register(function: _R) -> _R:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register
