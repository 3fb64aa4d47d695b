"""The keys of dicts that a fitted step knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Keys:
    """The keys that a vectorizer of dicts knows.

    Attributes:
        places: the column of each name: a key whose values are numbers, or `key=string`; None if names are hashed.
        split: the strings of all names that can be split into a key and a string, by the key.
    """

    places: dict[Any, int] | None
    separator: str
    split: dict[str, list[str]]

    def __contains__(self, key: Any) -> bool:
        return self.places is None or key in self.places or str(key) in self.split

    def texts(self, key: Any) -> Sequence[str]:
        """The known strings of a key, in the order of their columns."""
        return self.split.get(str(key), ())

    def distinguishes_nan(self, key: Any) -> bool:
        """Whether the value None or NaN of a key has another result than an absent key."""
        return self.places is None or key in self.places

    def others(self, keys: Collection[Any], texts: Collection[Any]) -> list[Any]:
        """Further keys that the vectorizer was fitted on, not in `keys`; `texts` are the keys with strings as values.

        The vectorizer stores names, not keys, so that a name with several separators is ambiguous. All of its splits
        give the same column; the first part is used as the key.
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
        """The part of a name before each separator, the shortest first."""
        parts = name.split(self.separator) if isinstance(name, str) and self.separator else [name]
        return [self.separator.join(parts[:i]) for i in range(1, len(parts))]
