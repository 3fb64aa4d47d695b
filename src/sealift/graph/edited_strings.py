"""Strings that are edited before the graph: a text stage does to them what no operator of the graph does exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError
from sealift.graph.inputs import InputField, field_of, stage_tensors
from sealift.graph.tensor import Builder, Tensor, where
from sealift.stages.text import TextStage, text_stage

Edit: TypeAlias = Mapping[str, Any]
"""One entry of a stage's `edits` (spec/TEXT.md §1)."""


class EditedStrings(Tensor):
    """A column of strings, as a matrix (N, 1) or a vector (N,), that is a field's text after some edits.

    It has no value in the graph: encoders, vectorizers and comparisons read it through stages. With no edits it has
    the value `plain`, a vector.

    Attributes:
        field: the field that the strings come from.
        edits: what a stage does to the field's text, in order.
        missing: where the field is missing, bool (N, 1).
        instead: what a missing value is by now, None while it is missing.
    """

    def __init__(
        self,
        graph: Builder,
        field: InputField,
        edits: Sequence[Edit],
        missing: Tensor,
        instead: str | None,
        *,
        plain: Tensor | None = None,
        vector: bool = True,
    ) -> None:
        self._plain = plain
        super().__init__(graph, "", "object", (None,) if vector else (None, 1))
        self.field, self.edits, self.missing, self.instead = field, tuple(edits), missing, instead

    def materialize(self) -> Tensor:
        """The strings themselves. Raises PackError E302 where they were edited."""
        if self._plain is None:
            raise PackError(
                "E302",
                "It uses strings that a function changed (.str) in a way that is not supported.",
                fix="Give them to OneHotEncoder, OrdinalEncoder or a text vectorizer, compare them with ==, .isin or "
                ".map; or change them before the model.",
            )
        return self._plain if len(self.shape) == 1 else self._plain.matrix()

    @property
    def origin(self) -> tuple[Tensor, Sequence[int]]:
        """The column itself."""
        return self, (0,)

    def columns(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The one column, (N, 1)."""
        return self.matrix() if list(indices) == [0] else super().columns(indices)

    def only(self, indices: Sequence[int] | npt.NDArray[Any]) -> Tensor:
        """The one column, (N, 1)."""
        return self.columns(indices)

    def column(self, index: int) -> Tensor:
        """The one column, (N,)."""
        del index
        return self._shaped(vector=True)

    def matrix(self) -> Tensor:
        """The one column, (N, 1)."""
        return self._shaped(vector=False)

    def edited(self, edit: Edit, instead: str | None) -> EditedStrings:
        """The strings after one more edit; `instead` is the same for what takes the place of a missing value."""
        return EditedStrings(self.graph, self.field, (*self.edits, edit), self.missing, instead)

    def codes(self, known: Mapping[str, int], unknown: int) -> Tensor:
        """The number that `known` gives each string, int64 (N, 1); `unknown` for other strings."""
        result = self.graph.constant(np.array([[unknown]]))
        if known:
            spec = {"analyzer": "whole", "ngrams": [1, 1], "vocabulary": list(known)}
            terms, _ = self.staged(spec)
            place = _first(terms)
            numbers = np.array([*known.values(), unknown], dtype=np.int64)
            result = where(place < 0, np.array(len(known)), place).take_from(numbers)
        if self.instead is None:
            return where(self.missing, np.array(unknown), result)
        return where(self.missing, np.array(known.get(self.instead, unknown)), result)

    def counted(self, spec: Mapping[str, Any], instead: float) -> Tensor:
        """How often a stage of one column counts, float64 (N,); `instead` where the field is missing."""
        _, counts = self.staged({**spec, "ngrams": [1, 1], "hash": {"columns": 1, "signs": False}})
        return where(self.missing, np.array(instead), _first(counts)).column(0)

    def value(self, spec: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """What a stage of numbers or times reads, float64 (N,), and where it reads nothing, bool (N,).

        A missing value is read as what takes its place, and else as nothing.
        """
        full = {**spec, "ngrams": [1, 1]}
        terms, counts = self.staged(full)
        value, nothing = _first(counts), _first(terms) < 0
        if self.instead is None:
            return value.column(0), (nothing | self.missing).column(0)
        read = TextStage(full).count(self.instead).get(0)
        instead = self.graph.constant(np.array(0.0 if read is None else read))
        # ONNX Runtime has no Where of booleans.
        none = nothing | self.missing if read is None else nothing & ~self.missing
        return where(self.missing, instead, value).column(0), none.column(0)

    def staged(self, spec: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """The tensors (N, L) of a stage over the edited strings."""
        edits = {"edits": [dict(edit) for edit in self.edits]} if self.edits else {}
        terms, counts = stage_tensors(self.graph, text_stage(self.field.index, {**edits, **spec}))
        return terms, counts

    def _shaped(self, *, vector: bool) -> EditedStrings:
        """The same column in one of its two forms; `plain` is a vector."""
        return EditedStrings(
            self.graph, self.field, self.edits, self.missing, self.instead, plain=self._plain, vector=vector
        )


def _first(values: Tensor) -> Tensor:
    """The first column (N, 1) of a stage's tensor (N, L), whose L is at least 1."""
    return values.op("Slice", np.array([0]), np.array([1]), np.array([1]), shape=(None, 1))


def edited(values: Tensor, missing: Tensor) -> EditedStrings | None:
    """A column of strings as one that can be edited; None when it is not a field as it was given.

    Args:
        values: the strings (N,) or (N, 1).
        missing: where one is missing, of the same shape.
    """
    if isinstance(values, EditedStrings):
        return values
    column = values.matrix() if len(values.shape) == 1 else values
    field = field_of(column)
    if field is None or column.dtype != "object":
        return None
    gap = missing.matrix() if len(missing.shape) == 1 else missing
    plain = values if len(values.shape) == 1 else column.column(0)
    return EditedStrings(values.graph, field, (), gap, None, plain=plain)
