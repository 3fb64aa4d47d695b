"""Convert a model to a graph of the columns that it uses, and compute the original's answers for the given rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from sealift.contract import Field
from sealift.errors import PackError
from sealift.frameworks import Conversion, Source, convert
from sealift.graph.context import ConversionContext
from sealift.graph.split_model import SplitModel
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column
from sealift.packing.proof.oracle import Original, check_rows


@dataclass(frozen=True)
class Converted:
    """A model as a graph, and the original that the graph must equal.

    Attributes:
        conversion: the graph under construction, its outputs and steps.
        original: the original model; its `input_rows` are the given rows.
        answers: the original's answers for the given rows, by output name.
        graph: the ONNX model with the outputs of the contract.
    """

    conversion: Conversion
    original: Original
    answers: Mapping[str, npt.NDArray[Any]]
    graph: SplitModel

    @property
    def input_rows(self) -> InputRows:
        """The given rows, with the columns that the model uses."""
        return self.original.input_rows


def convert_model(
    source: Source, input_rows: InputRows, new_context: Callable[[], ConversionContext] = ConversionContext
) -> tuple[Conversion, InputRows]:
    """The converted model, whose inputs are the columns that its answers depend on, and the rows with these columns.

    A column is dropped if no output of the graph depends on it: a ColumnTransformer does not name it, or a
    selection drops everything computed from it. If a step was refused and has a placeholder
    (`ConversionContext.on_unsupported`), the graph does not show which columns are used, and none is dropped.

    Args:
        source: the model.
        input_rows: the given rows.
        new_context: makes the context of a conversion; the model is converted again after a column is dropped.

    Raises:
        PackError: E301, E302 as `convert`; E304 when the model uses a column that no contract can contain.
    """
    fields = _fields(input_rows)
    absent: dict[str, PackError | None] = {c.name: c.unfit for c in input_rows.columns if c.unfit is not None}
    needed: set[str] = set()
    while True:
        conversion = _converted(source, input_rows, fields, absent, new_context())
        if any(step.how == "refused" for step in conversion.steps):
            return conversion, input_rows
        # A graph with fewer inputs can be built differently, so the result of the first one is checked.
        needed |= conversion.lacking()
        more = conversion.unused() - needed
        if not more and needed.isdisjoint(absent):
            return conversion, input_rows.without(absent)
        absent = {name: reason for name, reason in {**absent, **dict.fromkeys(more)}.items() if name not in needed}


def ask_original(source: Source, conversion: Conversion, input_rows: InputRows) -> Converted:
    """Compute the original's answers for the given rows.

    Raises:
        PackError: E302 when the graph has operators that a sealed file must not have, E305 when the model fails on the
            rows.
    """
    original = Original(source, input_rows, conversion.outputs)
    answers = check_rows(original)
    floats = [c.type for c in input_rows.columns if c.type.is_plain and not c.type.is_whole]
    narrow = bool(floats) and all(kind.is_single for kind in floats)
    conversion = replace(conversion, single=conversion.single or narrow or bool(original.single))
    return Converted(conversion, original, answers, conversion.split())


def unfit_columns(source: Source, input_rows: InputRows) -> list[Column]:
    """The columns that the model uses and no contract can contain, as far as the converted steps show.

    They are found one at a time, each by a conversion that fails at it.
    """
    columns: list[Column] = []
    unfit = {column.name: column for column in input_rows.columns if column.unfit is not None}
    fields = _fields(input_rows)
    while unfit:
        absent = {name: column.unfit for name, column in unfit.items()}
        try:
            _converted(source, input_rows, fields, absent, ConversionContext())
        except PackError as error:
            named = [name for name, column in unfit.items() if column.unfit is error]
            if not named:
                break
            columns.append(unfit.pop(named[0]))
        else:
            break
    return columns


def notes_on_dropped(input_rows: InputRows) -> list[str]:
    """A note on the columns that the model drops."""
    names = [f'"{column.name:.60}"' for _, column in input_rows.dropped]
    if not names:
        return []
    listed = ", ".join(names[:8]) + f" and {len(names) - 8} more" * (len(names) > 8)
    return [
        f"The model drops these columns, so they are not inputs: {listed}. Rows may have them or not; the file "
        "contains only their names."
    ]


def _converted(
    source: Source,
    input_rows: InputRows,
    fields: Sequence[Field],
    absent: Mapping[str, PackError | None],
    context: ConversionContext,
) -> Conversion:
    conversion = convert(
        source,
        fields,
        input_rows.nulls,
        input_rows.seen,
        input_rows.dtypes,
        absent,
        sparse=input_rows.sparse,
        context=context,
    )
    _check_sizes(conversion)
    return conversion


def _check_sizes(conversion: Conversion) -> None:
    """Raise PackError E327 for an output whose size depends on a text, since rows answered together need one size."""
    if not any(stage.type.takes == "text" for stage in conversion.stages):
        return
    free = [output.name for output in conversion.outputs if any(isinstance(size, str) for size in output.shape or ())]
    if free:
        raise PackError(
            "E327",
            f"The output {free[0]!r:.80} has an entry for each token, and texts have any number of tokens.",
            where="outputs",
            fix="For classes of tokens give outputs=sealift.TokenLabels([…]), with names. Otherwise leave the output "
            f"out ({{{free[0]!r:.80}: None}}), or let the net compute one vector for each text.",
        )


def _fields(input_rows: InputRows) -> list[Field]:
    return [Field(name=column.name, dtype=column.dtype, missing="allowed") for column in input_rows.columns]
