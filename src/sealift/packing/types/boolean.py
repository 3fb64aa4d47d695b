"""Booleans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealift.contract import Field
from sealift.packing.types.number import NumberPacking
from sealift.stats import Sketch

_WORDS = {"true": True, "false": False, "1": True, "0": False}


class BooleanPacking(NumberPacking):
    """bool. No threshold is searched for, since both values are generated anyway."""

    ordering = None
    is_discrete = True
    may_have_choices = False
    every_value = (False, True)

    def __init__(self) -> None:
        self.single = False

    def value(self, number: float) -> Any:
        """Every number except 0 is true."""
        return bool(number)

    def unseen(self, field: Field) -> Any:
        """The value that is not a category."""
        return True not in (field.categories or ())

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """Nothing: the share of true values is not stored."""
        del sketch, known
        return field

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """The value, if there is only one; empty for both, which are all possible values."""
        values = tuple({bool(value) for value in known if value in (0, 1)})
        return () if len(values) == 2 else values

    def extremes(self, low: float, width: float, far: Sequence[float]) -> list[Any]:
        """Both."""
        del low, width, far
        return [False, True]

    def few(self, field: Field) -> Sequence[Any]:
        """None: a drawn number becomes a boolean."""
        del field
        return ()

    def category(self, key: Any) -> Any:
        """The boolean that a string or a number represents."""
        if isinstance(key, str):
            return _WORDS[key.lower()]
        return bool(key) if key in (0, 1) else key


BOOL = BooleanPacking()
