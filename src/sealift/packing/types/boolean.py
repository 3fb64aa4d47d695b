"""Booleans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealift.contract import Field
from sealift.packing.types.number import NumberPacking
from sealift.stats import Sketch

_WORDS = {"true": True, "false": False, "1": True, "0": False}


class BooleanPacking(NumberPacking):
    """bool. No threshold is searched for: both values are tried anyway."""

    ordering = None
    is_discrete = True
    may_have_choices = False
    every_value = (False, True)

    def __init__(self) -> None:
        self.single = False

    def value(self, number: float) -> Any:
        """Any number but 0 is true."""
        return bool(number)

    def unseen(self, field: Field) -> Any:
        """The other one."""
        return True not in (field.categories or ())

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """Nothing: how many are true is nobody's business."""
        del sketch, known
        return field

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """The one value, where there is only one: both is what any boolean may be."""
        values = tuple({bool(value) for value in known if value in (0, 1)})
        return () if len(values) == 2 else values

    def extremes(self, low: float, width: float, far: Sequence[float]) -> list[Any]:
        """Both."""
        del low, width, far
        return [False, True]

    def few(self, field: Field) -> Sequence[Any]:
        """None: a number that was drawn becomes a boolean."""
        del field
        return ()

    def category(self, key: Any) -> Any:
        """The boolean that a text or a number names."""
        if isinstance(key, str):
            return _WORDS[key.lower()]
        return bool(key) if key in (0, 1) else key


BOOL = BooleanPacking()
