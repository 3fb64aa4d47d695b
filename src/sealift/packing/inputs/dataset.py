"""The rows given to `pack` with their true answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sealift.errors import PackError
from sealift.frameworks import Source
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.detect import read_rows


@dataclass(frozen=True)
class Dataset:
    """Rows in the model's format, and their true answers.

    Attributes:
        input_rows: the rows.
        truth: the true answers, (N,) or (N, k); None if they are not given.
        y: the true answers as given by the caller, with the names of a data frame.
    """

    input_rows: InputRows
    truth: Any = None
    y: Any = None

    @classmethod
    def read(cls, X: Any, y: Any, source: Source) -> Dataset:
        """Read X and y. Raises PackError E304 or E305, ContractError E104, as `read_rows` and `truth_of`."""
        input_rows = read_rows(X, source)
        return cls(input_rows, truth_of(y, len(input_rows)), y)

    def with_dtypes(self, dtypes: Mapping[str, str]) -> Dataset:
        """The same rows with other dtypes of fields. Raises PackError E304 as `InputRows.with_dtypes`."""
        return replace(self, input_rows=self.input_rows.with_dtypes(dtypes))

    def without(self, names: Collection[str]) -> Dataset:
        """The same rows, where the model drops the columns called `names`."""
        return replace(self, input_rows=self.input_rows.without(names))

    def __len__(self) -> int:
        return len(self.input_rows)


def truth_of(y: Any, count: int) -> Any:
    """y as an array (N,) or (N, k) for `count` rows. Raises PackError E305 when it does not fit."""
    if y is None:
        return None
    try:
        truth = np.asarray(y)
    except ValueError:
        truth = np.zeros(())
    if truth.ndim == 0 or truth.ndim > 2:
        raise PackError(
            "E305",
            "y must be a 1-D or 2-D array of true answers.",
            fix="Give one value of y for each row of X, or leave y out.",
        )
    if len(truth) != count:
        raise PackError(
            "E305", f"y has {len(truth)} values for {count} rows.", fix="Give one value of y for each row of X."
        )
    return truth[:, 0] if truth.ndim == 2 and truth.shape[1] == 1 else truth
