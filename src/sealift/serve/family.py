"""A metric with its samples, independent of how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple


class Histogram(NamedTuple):
    """A histogram of durations in seconds.

    Attributes:
        bounds: the upper bounds of the buckets; one more bucket has no bound.
        buckets: the number of values in each bucket.
        sum: the sum of the values.
    """

    bounds: Sequence[float]
    buckets: Sequence[float]
    sum: float


class Family(NamedTuple):
    """A metric with its samples.

    Attributes:
        name: its name.
        kind: its type.
        text: what it is, as a sentence.
        samples: labels and value of each sample; the values of a histogram are `Histogram`.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    samples: Sequence[tuple[Mapping[str, str], float | Histogram]]


def single(name: str, kind: Literal["counter", "gauge"], text: str, value: float) -> Family:
    """A metric of one sample without labels."""
    return Family(name, kind, text, [({}, value)])
