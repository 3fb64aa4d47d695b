"""The self-test: are the golden examples reproduced on the machine where the model stands? (spec/SEAL.md §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift import canonical
from sealift.contract import Contract
from sealift.errors import SealError


@dataclass(frozen=True)
class Tolerance:
    """|a − e| ≤ relative · max(|e|, scale), where `scale` is one number, or one for each column of the output."""

    relative: float
    scale: float | tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """As files hold it."""
        return {"relative": self.relative, "scale": self.scale if isinstance(self.scale, float) else list(self.scale)}

    @classmethod
    def from_json(cls, raw: Any, width: int | None) -> Tolerance:
        """For an output of `width` columns. Raises KeyError, TypeError, ValueError."""
        given = raw["scale"]
        if not isinstance(given, list):
            return cls(canonical.number(raw["relative"]), canonical.number(given))
        if len(given) != width:
            raise ValueError("a tolerance has another number of scales than its output has columns")
        return cls(canonical.number(raw["relative"]), tuple(canonical.number(scale) for scale in given))


@dataclass(frozen=True)
class Examples:
    """Example rows (input name → values) and the original's answers (output name → array)."""

    columns: Mapping[str, Sequence[Any]]
    answers: Mapping[str, npt.NDArray[Any]]
    tolerance: Mapping[str, Tolerance]
    source: str

    def __len__(self) -> int:
        return len(next(iter(self.answers.values())))


@dataclass(frozen=True)
class SelfTest:
    """How the golden examples came out here: rows that match, rows in all, and the worst relative difference."""

    rows: int
    matching: int
    worst: Mapping[str, float]

    @property
    def passed(self) -> bool:
        """Whether every example was reproduced."""
        return self.rows > 0 and self.matching == self.rows

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {"rows": self.rows, "matching": self.matching, "passed": self.passed, "worst": dict(self.worst)}


def read_examples(raw: Any, contract: Contract) -> Examples:
    """Parse `golden/examples.json`. Raises SealError E205."""
    try:
        columns, rows, answers = raw["columns"], raw["rows"], raw["answers"]
        if columns != [field.name for field in contract.inputs]:
            raise ValueError("its columns are not the contract's inputs")
        if set(answers) != {output.name for output in contract.outputs}:
            raise ValueError("its answers are not the contract's outputs")
        if not rows or any(len(row) != len(columns) for row in rows):
            raise ValueError("its rows are not as wide as its columns")
        return Examples(
            columns={name: [row[i] for row in rows] for i, name in enumerate(columns)},
            answers={o.name: _answer(answers[o.name], o.dtype, (len(rows), o.width)) for o in contract.outputs},
            tolerance={
                name: Tolerance.from_json(t, next((o.width for o in contract.outputs if o.name == name), None))
                for name, t in raw["tolerance"].items()
            },
            source=str(raw["source"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SealError(
            "E205",
            f"The golden examples are malformed: {error}.",
            where="golden/examples.json",
            fix="Ask its publisher for the original file.",
        ) from None


def matches(
    got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
) -> tuple[npt.NDArray[np.bool_], float]:
    """Which rows agree (N,), and the worst difference in units of max(|e|, scale); equal when no tolerance is given."""
    if got.shape != expected.shape:
        return np.zeros(len(expected), dtype=np.bool_), np.inf
    if tolerance is None:
        same = np.asarray(got == expected)
        worst = 0.0 if same.all() else np.inf
    else:
        got, expected = got.astype(np.float64), expected.astype(np.float64)
        with np.errstate(invalid="ignore"):
            equal = (got == expected) | (np.isnan(got) & np.isnan(expected))
            difference = np.abs(got - expected) / np.maximum(np.abs(expected), tolerance.scale)
        difference = np.where(equal, 0.0, np.where(np.isfinite(difference), difference, np.inf))
        same = difference <= tolerance.relative
        worst = float(difference.max(initial=0.0))
    return np.asarray(same.reshape(len(expected), -1).all(axis=1)), worst


def self_test(got: Mapping[str, npt.NDArray[Any]], examples: Examples) -> SelfTest:
    """Compare answers computed here with the golden ones."""
    good = np.ones(len(examples), dtype=np.bool_)
    worst: dict[str, float] = {}
    for name, expected in examples.answers.items():
        same, worst[name] = matches(np.asarray(got[name]), expected, examples.tolerance.get(name))
        good &= same
    return SelfTest(len(examples), int(good.sum()), worst)


def _answer(raw: Any, dtype: str, shape: tuple[int, int | None]) -> npt.NDArray[Any]:
    if dtype == "float64":
        flat = [[canonical.number(v) for v in row] if isinstance(row, list) else canonical.number(row) for row in raw]
        array = np.array(flat, dtype=np.float64)
    else:
        array = np.array(raw, dtype={"int64": np.int64, "bool": np.bool_, "string": np.object_}[dtype])
    if array.shape != tuple(size for size in shape if size is not None):
        raise ValueError(f"an answer has the shape {array.shape}")
    return array
