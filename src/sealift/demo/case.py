"""What a demo consists of: real data, a model trained on them, and how a person enters them into the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from playwright.sync_api import FrameLocator

Enter: TypeAlias = "Callable[[FrameLocator, Path], None]"
"""Enters the data at a path, a file or a folder, into the page."""


@dataclass(frozen=True)
class Trained:
    """A trained model with everything that the later steps need.

    Attributes:
        summary: what was trained, for the reader.
        model, X, y: the arguments of `pack`; X and y were not used in training.
        options: the other arguments of `pack`.
        rows: the file of a table, or the folder of pictures, which is predicted.
        labels: the answers of the original to `rows`, integers (rows,).
        probability: the same, (rows, classes).
    """

    summary: str
    model: Any
    X: Any
    y: Any
    rows: Path
    labels: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A kind of demo.

    Attributes:
        name: of the model and of the files.
        extras: the extras of Sealift that it needs, as pip takes them.
        modules: the modules that it needs, by the names of their packages.
        train: trains the model, and writes the rows to the given folder.
        class_names: the names of the classes, in the order of the probabilities.
        original: whose answers those of the page are compared with.
        proved: the original that `pack` compared with, and on what, with "{}" for the number of rows.
        close: the permitted difference of a probability from the original's.
        first: makes the page's first prediction.
        all_rows: gives the page all rows to predict.
    """

    name: str
    extras: str
    modules: Mapping[str, str]
    train: Callable[[Path], Trained]
    class_names: Sequence[str]
    original: str
    proved: str
    close: float
    first: Enter
    all_rows: Enter
