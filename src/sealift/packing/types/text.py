"""Strings: those for which tokenisers, trimming, case folding and markers of missing values often differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.packing.types.base import TypePacking
from sealift.stats import Categories, Sketch, sketch_strings

_TEXTS = ("", " ", "é", "e\u0301", "ẞ", "İ", "NaN", "None", "nan", "0", "\u200b", "日本", "a\nb", "x" * 300)
_UNSEEN = "\u2042 unseen"


class TextPacking(TypePacking):
    """string."""

    is_discrete = True

    def unseen(self, field: Field) -> Any:
        """A string that does not occur in data."""
        del field
        return _UNSEEN

    def sketch(self, values: Sequence[Any]) -> Sketch:
        """The frequent strings and their shares."""
        return sketch_strings(values)

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """The frequent strings as categories, and the most frequent as the typical value."""
        assert isinstance(sketch, Categories)
        if known:
            return dataclasses.replace(field, categories=tuple(str(value) for value in known))
        if not sketch.values:
            return field
        typical = sketch.values[int(np.argmax(sketch.shares))]
        return dataclasses.replace(field, categories=sketch.values, typical=typical)

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """The strings."""
        return tuple(value for value in known if isinstance(value, str))

    def edges(self, field: Field, sketch: Sketch, few: int) -> Mapping[str, Sequence[Any]]:
        """Unusual strings, and strings that differ from a category only in case, blanks or accents."""
        del sketch
        near = [text for value in (field.categories or ())[:2] for text in _near(str(value))]
        return {"text": (*_TEXTS, *near)[: 4 * few]}

    def fitted(self, field: Field, drawn: Sequence[Any]) -> list[Any]:
        """As drawn; the typical value for a missing one, if the field refuses missing values."""
        typical: Any = field.typical if field.typical is not None else (field.categories or [""])[0]
        return [typical if value is None and field.missing == "refused" else value for value in drawn]


def _near(text: str) -> list[str]:
    variants = [f"{text} ", f" {text}", text.upper(), text.lower(), text.swapcase(), f"{text}\u0301"]
    return [variant for variant in dict.fromkeys(variants) if variant != text]


STRING = TextPacking()
