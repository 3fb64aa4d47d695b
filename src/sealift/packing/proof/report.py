"""The report of a proof: the graph's answers compared with the original's, and the worst differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output
from sealift.contract.datetimes import text_of
from sealift.contract.outputs import OutputKind, Tolerance, matches, output_kind
from sealift.frameworks import Conversion
from sealift.packing.outputs import SetDifferences, packing_of
from sealift.runtime.engines.native import ENGINE

RELATIVE = {"float64": 1e-9, "float32": 1e-5}
"""The default tolerance: the relative difference allowed for a model that computes in float64 or in float32."""

_WORST = 5


@dataclass(frozen=True)
class Worst:
    """One row that differs: its kind, its values, and both answers."""

    kind: str
    row: Mapping[str, Any]
    output: str
    original: Any
    converted: Any


@dataclass(repr=False)
class Report:
    """The rows compared, and the differences.

    Attributes:
        compared: rows by kind (`caller`, `plausible`, `thresholds`, `missing`, …).
        refused: generated rows that the original itself refuses, which are not compared.
        misjudged: rows that only one of the two refuses because of a string that cannot be read.
        worst: output → the worst difference in units of max(|expected|, scale).
        tolerance: output → the tolerance.
        policy: the default relative tolerance of this model.
        stated: the relative tolerance that the caller stated instead.
        different: output → the number of rows that differ by more.
        rows: the worst rows.
        engines: the engines that ran the graph, with their versions.
        jumped: engine → generated rows at a discontinuity for which it gave the original's answer for a nearby input.
        step: the first step whose own result differs, when a difference was found.
        part: the first part of the model whose own result differs, such as a layer of a net, where that is known.
        times: column of dates → its type; their values are reported as dates.
        kinds: output → its kind, which compares its answers; numbers and labels by default.
        outputs: the outputs of the contract by name, for kinds whose comparison depends on the output.
        decided: output of classes or labels → it, and the output of the numbers that decide it.
        tied: output → rows whose answer differs because these numbers are equal within the tolerance.
        sets: output of boxes or masks → how its answers differ, although they agree.
    """

    tolerance: dict[str, Tolerance]
    compared: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    misjudged: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    different: dict[str, int] = field(default_factory=dict)
    rows: list[Worst] = field(default_factory=list)
    engines: dict[str, str] = field(default_factory=lambda: {ENGINE.key: ENGINE.version()})
    jumped: dict[str, list[int]] = field(default_factory=dict)
    step: str = ""
    part: str = ""
    policy: float = RELATIVE["float64"]
    stated: float | None = None
    times: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, OutputKind] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    decided: Mapping[str, tuple[Output, str]] = field(default_factory=dict)
    tied: dict[str, int] = field(default_factory=dict)
    sets: dict[str, SetDifferences] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether no compared row differs."""
        return not self.misjudged and not any(self.different.values())

    @property
    def total(self) -> int:
        """Rows compared."""
        return sum(self.compared.values())

    @property
    def verdict(self) -> str:
        """The result in a few words."""
        wrong = sum(self.different.values())
        return f"{self.total:,} rows compared, {f'{wrong:,} answers differ' if wrong else 'none differs'}"

    def __repr__(self) -> str:
        return f"<Report: {self.verdict}>"

    def add(
        self,
        kinds: Sequence[str],
        columns: Mapping[str, Sequence[Any]],
        original: Mapping[str, npt.NDArray[Any]],
        converted: Mapping[str, npt.NDArray[Any]],
    ) -> None:
        """Compare N rows; `kinds` and `columns` describe them."""
        for kind in kinds:
            self.compared[kind] = self.compared.get(kind, 0) + 1
        for name, expected in original.items():
            same, worst = self.compared_with(name, converted[name], expected)
            if not same.all() and name in self.decided:
                same, worst = self._with_ties(name, same, converted[name], original)
            self._count_sets(name, same, converted[name], expected)
            self.worst[name] = max(self.worst.get(name, 0.0), worst)
            bad = np.flatnonzero(~same)
            self.different[name] = self.different.get(name, 0) + len(bad)
            for i in bad[: max(0, _WORST - len(self.rows))].tolist():
                if i >= len(kinds):
                    break  # the original gave more answers than there are rows
                row = {key: self._reported(key, values[i]) for key, values in columns.items()}
                pair = (_shown(expected[i]), _shown(converted[name][i] if len(converted[name]) > i else None))
                self.rows.append(Worst(kinds[i], row, name, *pair))

    def _count_sets(
        self, name: str, same: npt.NDArray[np.bool_], got: npt.NDArray[Any], expected: npt.NDArray[Any]
    ) -> None:
        """Count how the rows that agree differ, of an output whose answers are sets."""
        output = self.outputs.get(name)
        for i in () if output is None else np.flatnonzero(same).tolist():
            assert output is not None
            difference = packing_of(output.kind).differences(output, got[i], expected[i])
            if difference is None:
                return
            self.sets[name] = self.sets[name].plus(difference) if name in self.sets else difference

    def _with_ties(
        self, name: str, same: npt.NDArray[np.bool_], got: npt.NDArray[Any], original: Mapping[str, npt.NDArray[Any]]
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Which rows agree, those that are decided by equal numbers included, and the worst difference."""
        output, numbers = self.decided[name]
        bad = np.flatnonzero(~same)
        given, expected = got[bad], original[name][bad]
        tied = packing_of(output.kind).is_tied(output, given, expected, original[numbers][bad], self.tolerance[numbers])
        same[bad[tied]] = True
        self.tied[name] = self.tied.get(name, 0) + int(tied.sum())
        return same, 0.0 if same.all() else np.inf

    def add_refusals(
        self,
        kind: str,
        columns: Mapping[str, Sequence[Any]],
        original: Sequence[bool],
        converted: Sequence[bool],
    ) -> None:
        """Compare which of N rows are refused: True where the original refuses one, and where the sealed file does."""
        self.compared[kind] = self.compared.get(kind, 0) + len(original)
        for i, (expected, got) in enumerate(zip(original, converted, strict=True)):
            if expected == got:
                continue
            self.misjudged += 1
            if len(self.rows) < _WORST:
                row = {key: self._reported(key, values[i]) for key, values in columns.items()}
                pair = ("refused" if refused else "answered" for refused in (expected, got))
                self.rows.append(Worst(kind, row, "the row", *pair))

    def compared_with(
        self, name: str, got: npt.NDArray[Any], expected: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Which rows of an output agree (N,), and the worst difference, as `OutputKind.compare`."""
        output = self.outputs.get(name)
        if output is not None:
            return output_kind(output).compare_as(output, got, expected, self.tolerance.get(name))
        kind = self.kinds.get(name)
        return (kind.compare if kind is not None else matches)(got, expected, self.tolerance.get(name))

    def _reported(self, name: str, value: Any) -> Any:
        kind = self.times.get(name)
        return value if kind is None or value is None else text_of(value, kind)

    def as_json(self) -> dict[str, Any]:
        """The report for evidence.json; it contains no row of the caller."""
        return {
            "compared": self.compared,
            "rows": self.total,
            "engines": self.engines,
            "jumps": {engine: len(self.jumped.get(engine, ())) for engine in self.engines},
            **({"ties": self.tied} if self.tied else {}),
            "refused_by_original": self.refused,
            "tolerance": {"policy": self.policy, "stated": self.stated},
            "outputs": {
                name: {
                    "different": self.different[name],
                    "worst": self.worst[name],
                    **({"sets": self.sets[name]._asdict()} if name in self.sets else {}),
                    **(t.as_dict() if (t := self.tolerance.get(name)) else {}),
                }
                for name in self.worst
            },
        }

    def lines(self) -> list[str]:
        """The worst rows, one sentence each."""
        sentences = []
        for worst in self.rows:
            shown = ", ".join(f"{key}={value!r:.40}" for key, value in list(worst.row.items())[:8])
            more = ", …" if len(worst.row) > 8 else ""
            pair = f"{worst.output} is {_short(worst.original)}, got {_short(worst.converted)}"
            sentences.append(f"{worst.kind} row ({shown}{more}): {pair}")
        return sentences


def tolerances(contract: Contract, answers: Mapping[str, npt.NDArray[Any]], *, relative: float) -> dict[str, Tolerance]:
    """The tolerance for each output of numbers; labels have none and must be equal.

    Args:
        contract: the outputs.
        answers: the original's answers, which show the usual magnitude.
        relative: the relative tolerance.
    """
    result: dict[str, Tolerance] = {}
    for output in contract.outputs:
        scale = packing_of(output.kind).scale(answers[output.name])
        if scale is not None and output_kind(output).has_tolerance(output):
            result[output.name] = Tolerance(relative, scale)
    return result


def policy(conversion: Conversion) -> float:
    """The default relative tolerance: that of the dtype in which the model computes, or a larger one of its steps."""
    stated = [step.source.tolerance for step in conversion.steps]
    return max(
        [RELATIVE["float32" if conversion.single else "float64"], *(each for each in stated if each is not None)]
    )


def _short(value: Any, entries: int = 6) -> str:
    """An answer for a message; a long one is shortened to its first entries and their number."""
    if isinstance(value, list) and len(value) > entries:
        listed = ", ".join(f"{entry!r:.40}" for entry in value[:entries])
        return f"[{listed}, … {len(value)} in all]"
    return f"{value!r:.200}"


def _shown(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
