"""The rows that one run of `pack` compares its file with: those given to verify with, and the training rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Stage
from sealift.errors import PackError
from sealift.frameworks import Conversion, Source
from sealift.graph.split_model import SplitModel
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.dataset import truth_of
from sealift.packing.inputs.detect import read_rows
from sealift.packing.privacy.detect import examine, single_answers
from sealift.packing.privacy.findings import Finding, PrivacyReport, merged
from sealift.packing.privacy.reference import Reference, reference_of
from sealift.packing.probes.free_text import Words, words_of


@dataclass
class Survey:
    """The caller's rows, and the references made of them.

    Attributes:
        input_rows: the rows given to verify with.
        truth: their target values, or None.
        training: the training rows, or None.
        training_truth: their target values, or None.
    """

    input_rows: InputRows
    truth: Any
    training: InputRows | None = None
    training_truth: Any = None
    _references: list[tuple[str, Reference]] = field(default_factory=list)

    @classmethod
    def of(cls, input_rows: InputRows, truth: Any, training: Any, source: Source, dtypes: Mapping[str, str]) -> Survey:
        """Read the training rows, with these dtypes of fields.

        Raises:
            PackError: E304 or E305 when they are not rows like those given.
        """
        if training is None:
            return cls(input_rows, truth)
        X, y = training if isinstance(training, tuple) and len(training) == 2 else (training, None)
        try:
            rows = read_rows(X, source).with_dtypes(dtypes)
            rows = rows.without({column.name for _, column in input_rows.dropped})
        except PackError as error:
            raise PackError(error.code, error.what, where="training", fix=error.fix) from None
        names = [column.name for column in input_rows.columns]
        if [column.name for column in rows.columns] != names:
            raise PackError(
                "E304",
                "The training rows have other columns than X.",
                where="training",
                fix="Give training=(X_train, y_train) with the columns of X, in their order.",
            )
        return cls(input_rows, truth, rows, truth_of(y, len(rows)))

    @property
    def has_training(self) -> bool:
        """Whether the training rows were given."""
        return self.training is not None

    @property
    def rare_in(self) -> InputRows:
        """The rows in which values are counted as rare: the training rows, where they were given."""
        return self.training if self.training is not None else self.input_rows

    def words(self, stages: Sequence[Stage]) -> tuple[dict[int, Words], list[Finding]]:
        """The words of each field of free text, and what the vocabularies retain."""
        return words_of(stages, self.rare_in, training=self.has_training)

    def examine(
        self, graph: SplitModel, conversion: Conversion, contract: Contract, strings: Collection[str]
    ) -> list[Finding]:
        """What the graph, which holds `strings`, and the contract retain of the rows."""
        given = [("rows given", self.input_rows, self.truth), ("training rows", self.training, self.training_truth)]
        if self.training is not None and self.training.values() == self.input_rows.values():
            given = given[1:]
        self._references = [
            (name, reference_of(input_rows, truth, conversion, graph))
            for name, input_rows, truth in given
            if input_rows is not None
        ]
        findings = examine(graph, conversion, contract, strings, self._references)
        # The rows in the units of every step take much memory, and only the targets are used after this.
        self._references = [(name, reference.without_rows()) for name, reference in self._references]
        return findings

    def single_answers(self, contract: Contract, answers: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.bool_]:
        """Which answers (N,) are one person's target value."""
        return single_answers(contract, answers, [reference for _, reference in self._references])

    def report(self, findings: Sequence[Finding]) -> PrivacyReport:
        """The report of the findings."""
        left_out = [
            f"{reference.rows - reference.compared:,} of the {reference.rows:,} {name} in the units of inner steps"
            for name, reference in self._references
            if reference.compared < reference.rows
        ]
        arrays = [column.name for column in self.input_rows.columns if column.type.axes]
        left_out += [f"the elements of arrays: {', '.join(arrays)}"] * bool(arrays)
        return PrivacyReport(
            rows=len(self.input_rows),
            training=None if self.training is None else len(self.training),
            targets=any(reference.targets for _, reference in self._references),
            findings=merged(findings),
            left_out=left_out,
        )
