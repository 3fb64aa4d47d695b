"""One architecture of the table: how it is made, and the rows that it is packed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS = 24
SIZE = 64
RANDOM = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """An architecture.

    Attributes:
        name: its name, as its library calls it.
        group: the heading of the table.
        make: makes the model, which is then trained for a few steps, and X.
        trained: whether `make` returns a trained model.
    """

    name: str
    group: str
    make: Callable[[], tuple[Any, Any]]
    trained: bool = False


def images(size: int = SIZE, channels: int = 3) -> Any:
    """Images (rows, channels, size, size), normalised."""
    return RANDOM.normal(size=(ROWS, channels, size, size)).astype(np.float32)


def tokens(words: int, length: int = 16) -> Any:
    """Token ids (rows, length)."""
    return RANDOM.integers(1, words, size=(ROWS, length))


def masks(length: int = 16) -> Any:
    """1 for the tokens of a text, 0 for the padding after them (rows, length)."""
    return (np.arange(length) < RANDOM.integers(2, length + 1, size=(ROWS, 1))).astype(np.int64)
