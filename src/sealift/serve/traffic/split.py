"""How requests without a version are distributed over the versions of a model."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import math
import random
from collections.abc import Mapping

_PRECISION = 1 << 32


class Split:
    """Weights of versions. It does not change, so threads may share it.

    Attributes:
        weights: version → its share of the requests; the shares add up to 1.
        sticky: the name of a header, in lower case, whose value always leads to the same version; None distributes
            each request by itself.
        single: the version that gets all requests; None where several share them.
    """

    def __init__(self, weights: Mapping[str, float], sticky: str | None = None) -> None:
        total = math.fsum(weights.values())
        if not weights or not total > 0 or any(not weight >= 0 for weight in weights.values()):
            raise ValueError("weights must be 0 or more, and one of them more than 0")
        self.weights = {version: weight / total for version, weight in weights.items() if weight > 0}
        self.sticky = sticky
        self._versions = list(self.weights)
        self._ends = list(itertools.accumulate(self.weights.values()))
        self.single = self._versions[0] if len(self._versions) == 1 else None

    @classmethod
    def all_to(cls, version: str) -> Split:
        """All requests to one version."""
        return cls({version: 1.0})

    def choose(self, headers: Mapping[str, str]) -> str:
        """The version for a request with these headers, whose names are in lower case."""
        key = headers.get(self.sticky) if self.sticky else None
        at = random.random() if key is None else _fraction(key)  # noqa: S311 -- not a secret
        return self._versions[min(bisect.bisect_right(self._ends, at), len(self._versions) - 1)]


def _fraction(key: str) -> float:
    """A number from 0 to 1 that depends only on the key, in every process and at any time."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big") / _PRECISION
