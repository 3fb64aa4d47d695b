"""What a fitted step that is given dicts knows of their keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Keys:
    """The keys that a vectorizer of dicts answers to.

    Attributes:
        places: the column of each name: a key whose values are numbers, or `key=text`; None where names are hashed.
        split: every name that can be read as a key and a text, by the key.
    """

    places: dict[Any, int] | None
    separator: str
    split: dict[str, list[str]]

    def __contains__(self, key: Any) -> bool:
        return self.places is None or key in self.places or str(key) in self.split

    def texts(self, key: Any) -> Sequence[str]:
        """The texts that are known of a key, in the order of their columns."""
        return self.split.get(str(key), ())

    def tells_nan(self, key: Any) -> bool:
        """Whether a key that is None or NaN is answered differently from one that is absent."""
        return self.places is None or key in self.places

    def others(self, keys: Collection[Any], texts: Collection[Any]) -> list[Any]:
        """Keys that the vectorizer was fitted on beside `keys`, of which `texts` hold texts.

        It keeps no keys but names, so that a name with the separator could be several. Any of them gives the same
        column; the first part is taken for the key.
        """
        given, written = set(keys), {str(key) for key in texts}
        further: dict[Any, None] = {}
        for name in self.places or ():
            starts = self._starts(name)
            if name in given or any(start in written for start in starts):
                continue
            key = starts[0] if starts else name
            if key not in given:
                further[key] = None
        return list(further)

    def _starts(self, name: Any) -> list[str]:
        """What stands before each separator in a name, the shortest first."""
        parts = name.split(self.separator) if isinstance(name, str) and self.separator else [name]
        return [self.separator.join(parts[:i]) for i in range(1, len(parts))]
