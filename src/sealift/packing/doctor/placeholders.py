"""Placeholders for refused steps, so that the steps after them can be examined too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sealift.contract import Contract, Field, Output
from sealift.contract.outputs.features import FEATURES
from sealift.contract.outputs.probability import PROBABILITY
from sealift.contract.outputs.score import SCORE
from sealift.contract.outputs.value import VALUE
from sealift.errors import LimitError, PackError
from sealift.frameworks import Source, Step, StepOutput, Table, Tensor
from sealift.frameworks.base import FeatureMatrix
from sealift.graph.context import ConversionContext
from sealift.graph.inputs import FieldTensor
from sealift.graph.table import Block
from sealift.packing.doctor import source_scan
from sealift.packing.inputs.base import InputRows
from sealift.packing.probes.probe_rows import encoded
from sealift.packing.proof.replay import replayed
from sealift.warning_filters import no_warnings

MOST = 500
"""The maximum number of rows with which steps are replayed and the original is called."""


class Placeholders:
    """The output of a refused step: the original step's output for the same rows, as a constant.

    Attributes:
        input_rows: the rows that steps are replayed with.
        refused: the errors of the refused steps.
    """

    def __init__(self, input_rows: InputRows) -> None:
        self.input_rows = input_rows
        self.refused: list[PackError] = []
        self._context = ConversionContext()

    def new_context(self) -> ConversionContext:
        """The context of a conversion in which refused steps have placeholders."""
        self._context = ConversionContext(on_unsupported=self)
        return self._context

    @property
    def steps(self) -> Sequence[Step]:
        """The converted steps of the last conversion."""
        return self._context.steps

    def given(self, source: Source, table: Table) -> Any:
        """The input of a step for the rows."""
        graph = table.graph
        inputs = (tensor for tensor in graph.inputs if isinstance(tensor, FieldTensor))
        fed = {field.index: field.name for tensor in inputs for field in tensor.fields}
        columns = {column.name: column for column in self.input_rows.columns}
        first = {name: column.values[:MOST] for name, column in columns.items()}
        contract = Contract(
            inputs=tuple(Field(name=fed[i], dtype=columns[fed[i]].dtype, missing="allowed") for i in sorted(fed)),
            outputs=(Output(name=VALUE.name, kind=VALUE.name, dtype="float64"),),
            task="regression",
        )
        return replayed(graph, source, table, encoded(contract, first).only_good())

    def __call__(self, source: Source, table: Table, error: PackError) -> StepOutput:
        """An output for the step. Raises `error` if the original step cannot be run on the rows."""
        self.remember(error)
        for other in source_scan.others(source, error):
            self.remember(other)
        try:
            with no_warnings(), np.errstate(all="ignore"):
                return self._answer(source, table, self.given(source, table))
        except LimitError:
            raise
        except Exception:
            raise error from None

    def remember(self, error: PackError) -> None:
        """Record a refusal, unless it is recorded already."""
        if not any(known.where == error.where and known.what == error.what for known in self.refused):
            self.refused.append(error)

    def _answer(self, source: Source, x: Table, rows: Any) -> StepOutput:
        outputs = set(source.outputs)
        if FEATURES.name in outputs and VALUE.name not in outputs:
            return StepOutput(features=_features(x, source.features(rows)))
        predicted = source.answer(rows, (VALUE.name,))[VALUE.name]
        classes = source.classes
        if classes is None:
            return StepOutput(value=_constant(x, predicted.astype(np.float64)))
        chosen = np.searchsorted(classes, predicted) if len(classes) else predicted
        ratings: dict[str, Any] = {
            kind.name: _constant(x, np.asarray(source.answer(rows, (kind.name,))[kind.name], dtype=np.float64))
            for kind in (PROBABILITY, SCORE)
            if kind.name in outputs
        }
        choice = _constant(x, chosen.astype(np.int64))
        return replace(StepOutput(class_index=choice, classes=classes), **ratings)


def _features(x: Table, given: FeatureMatrix) -> Table:
    values, names, sparse = given
    if values.dtype != object:
        return x.with_values(_constant(x, values.astype(np.float64)), list(names)).stored(sparse=sparse)
    parts = [_column(x, values[:, i], name) for i, name in enumerate(names)]
    return Table.join([x.with_blocks(part) for part in parts])


def _column(x: Table, values: Any, name: str) -> Block:
    gone = np.array([value is None or value != value for value in values])  # noqa: PLR0124 - NaN
    if all(isinstance(value, str) for value in values[~gone]):
        filled = np.where(gone, "", values)
        return Block(_constant(x, filled[:, None]), _constant(x, gone[:, None]), (name,))
    numbers = np.array([np.nan if lost else float(value) for value, lost in zip(values, gone, strict=True)])
    return Block(_constant(x, numbers[:, None]), None, (name,))


def _constant(x: Table, values: Any) -> Tensor:
    held = x.graph.constant(values)
    return Tensor(x.graph, held.name, held.dtype, (None, *held.shape[1:]))
