"""A case of the sweep: a model to be fitted, and rows for the proof."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Fit: TypeAlias = Callable[[], tuple[Any, Any]]


@dataclass(frozen=True)
class Case:
    """One model. It is fitted when it is tried, so that a list of all cases costs nothing.

    Attributes:
        library: the group in the table, such as "XGBoost".
        kind: the row of the table within it, such as "ranking".
        name: what is counted. It is verified when all its variants are.
        variant: other parameters or other data for the same name.
        fit: gives the fitted model and rows, best ones it was not fitted on.
    """

    library: str
    kind: str
    name: str
    variant: str
    fit: Fit

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the case on the committed page."""
        return f"{self.library}: {self.kind}", self.name, self.variant

    def fitted(self) -> tuple[Any, Any]:
        """The fitted model and rows; warnings about convergence are suppressed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.fit()


def named(library: str, kind: str, fits: Mapping[str, Fit]) -> Iterator[Case]:
    """Cases by name. The part after ` | ` in a name is the variant."""
    for title, fit in fits.items():
        name, _, variant = title.partition(" | ")
        yield Case(library, kind, name, variant, fit)
