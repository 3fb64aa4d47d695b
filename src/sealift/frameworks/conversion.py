"""Convert a fitted model to one graph with the contract's outputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from sealift.contract import Field, Output, Stage, Task
from sealift.contract.outputs import OutputKind
from sealift.contract.outputs.features import FEATURES
from sealift.contract.outputs.label import LABEL
from sealift.contract.outputs.probability import PROBABILITY
from sealift.contract.outputs.score import SCORE
from sealift.contract.outputs.value import VALUE
from sealift.contract.scalars import MAX_SAFE_INTEGER, shown
from sealift.errors import PackError, SealError
from sealift.frameworks.base import Source, Step
from sealift.frameworks.discovery import source_of
from sealift.frameworks.named_outputs import named_outputs
from sealift.frameworks.registry import apply, unsealable
from sealift.graph.builder import Graph, Tensor, concat, stack
from sealift.graph.context import ConversionContext
from sealift.graph.inputs import ArrayTensor, FieldTensor, stages_of
from sealift.graph.sparse import stages_needed
from sealift.graph.split_model import SplitModel
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import input_table
from sealift.seal.graph import check as check_graph

# A proof with a million columns needs too much memory.
_MOST_FEATURES = 1 << 13


@dataclass(frozen=True)
class Conversion:
    """A converted model.

    Attributes:
        task: the task of the model.
        outputs: the outputs of the contract.
        steps: the converted steps, inner ones first; their tensors belong to `graph`.
        graph: the graph under construction, from which models with other outputs can be extracted.
        tensors: output name → its tensor.
        stages: the text stages before the graph, for the contract.
        unfed_fields: the fields of columns that are not inputs, by the name of the column's tensor.
        integer_fields: the dtype of the fields that the graph uses as integers.
        closed_categories: the categories of the fields that accept no other value.
        special_operands: operands of users' functions, and the values at which the function is special.
        decided: output of classes or labels → the output of the numbers that decide it (`NamedOutput.decided_by`).
        single: whether an answer was computed in float32, in the graph or by the original.
    """

    task: Task
    outputs: tuple[Output, ...]
    steps: Sequence[Step]
    graph: Graph
    tensors: dict[str, Tensor]
    stages: tuple[Stage, ...]
    unfed_fields: Mapping[str, str]
    integer_fields: Mapping[str, str]
    closed_categories: Mapping[str, tuple[Any, ...]]
    special_operands: Sequence[tuple[Tensor, tuple[float, ...]]]
    decided: Mapping[str, str] = field(default_factory=dict)
    single: bool = False

    def unused(self) -> set[str]:
        """The fields that no output depends on, because the model drops their columns.

        Empty if no output depends on any column, as for a constant prediction.
        """
        read = self.graph.columns_read(self.tensors.values())
        arrays = [tensor for tensor in self.graph.inputs if isinstance(tensor, ArrayTensor)]
        inputs = [tensor for tensor in self.graph.inputs if isinstance(tensor, FieldTensor) and tensor not in arrays]
        names = {field.index: field.name for tensor in (*inputs, *arrays) for field in tensor.fields}
        used = {tensor.fields[column].name for tensor in inputs for column in read[tensor.name]}
        used |= {names[stage.field] for stage in stages_of(self.graph) if stage.field in names}
        needed = self.graph.names_read(self.tensors.values())
        used |= {tensor.fields[0].name for tensor in arrays if tensor.name in needed}
        return set(names.values()) - used if used else set()

    def lacking(self) -> set[str]:
        """The fields in `unfed_fields` that an output depends on; such a graph cannot be run."""
        read = self.graph.names_read(self.tensors.values())
        return {field for name, field in self.unfed_fields.items() if name in read}

    def model(self) -> onnx.ModelProto:
        """The model of `split`, with all constants inside."""
        return self.split().whole()

    def split(self) -> SplitModel:
        """The ONNX model with the contract's outputs.

        Raises:
            PackError: E302 when a sealed file must not contain it, for example because of an operator that is not in
                the list of spec/SEAL.md §7.
        """
        model = self.graph.split(self.tensors, {})
        try:
            check_graph(model.serialized, model.sizes)
        except SealError as error:
            raise unsealable(error, " › ".join(step.path for step in self.steps[-1:])) from None
        return model


def convert(
    model: Any,
    fields: Sequence[Field],
    nulls: Mapping[str, float | None] | None = None,
    seen: Mapping[str, Collection[Any]] | None = None,
    dtypes: Mapping[str, str] | None = None,
    absent: Mapping[str, PackError | None] | None = None,
    *,
    sparse: bool = False,
    context: ConversionContext | None = None,
) -> Conversion:
    """Convert a fitted model whose inputs are `fields`.

    Args:
        model: the fitted model, or its source.
        fields: its inputs, in the order of the columns.
        nulls: the representation of a missing string in the original's rows, None or NaN (the default), by field name.
        seen: distinct values of the caller's rows by field name, for models that store only hashes of their
            categories; a value that the model does not know is not stored in the graph.
        dtypes: the dtype in the original's rows of dates (`datetime64[ns]`; microseconds by default), whole numbers and
            booleans (`int8`, pandas' `Int64`; floats by default), by field name.
        absent: fields that are columns of the original's rows but not inputs of the graph; for those that a contract
            cannot describe, with the error that is raised if a step uses the column.
        sparse: whether the original takes its rows as a sparse matrix.
        context: a new context, for a caller that examines steps which cannot be converted.

    Raises:
        PackError: E301 when a step was never fitted, E302 when one cannot be converted; `where` names the step.
    """
    context, source = context or ConversionContext(), source_of(model)
    answer = apply(source, input_table(context, fields, nulls or {}, seen, dtypes, absent, sparse=sparse))
    return finished(context, _offered(source, answer), source.kind)


def _offered(source: Source, answer: StepOutput) -> StepOutput:
    """The answer without outputs that the original does not compute, since these could not be proved."""
    offered = set(source.outputs)
    return replace(
        answer,
        probability=answer.probability if PROBABILITY.name in offered else None,
        score=answer.score if SCORE.name in offered else None,
        targets=tuple(_offered(source, target) for target in answer.targets),
        named=tuple(output for output in answer.named if output.name in offered),
    )


def finished(context: ConversionContext, answer: StepOutput, name: str) -> Conversion:
    """The conversion with the last step's output `answer`. Raises PackError E302 if no output kind describes it."""
    try:
        task, pairs = _outputs(answer)
    except PackError as error:
        if error.where:
            raise
        raise PackError(error.code, error.what, where=name, fix=error.fix) from None
    tensors = {output.name: tensor for output, tensor in pairs}
    # If an inner step rounds to float32, the result has that precision.
    inner = (step.answer for step in context.steps if step.answer.features is None)
    single = answer.single or any(member.single for member in inner)
    return Conversion(
        task=task,
        outputs=tuple(output for output, _ in pairs),
        steps=tuple(context.steps),
        graph=context.graph,
        tensors=tensors,
        stages=stages_needed(context.graph, tensors.values()),
        unfed_fields=dict(context.unfed_fields),
        integer_fields=dict(context.integer_fields),
        closed_categories=dict(context.closed_categories),
        special_operands=tuple(context.special_operands),
        decided={output.name: output.decided_by for output in answer.named if output.decided_by},
        single=single,
    )


def _outputs(answer: StepOutput) -> tuple[Task, list[tuple[Output, Tensor]]]:
    if answer.named:
        return named_outputs(answer.named)
    if answer.targets:
        return "classification", _several(answer.targets)
    if answer.classes is not None:
        return "classification", _classification(answer)
    if answer.value is not None:
        return "regression", [_wide(VALUE, answer.value)]
    if answer.label is not None:
        label = (_output(LABEL, dtype="int64"), answer.label.cast("int64"))
        if answer.score is None:
            shares = [] if answer.probability is None else [_wide(PROBABILITY, answer.probability)]
            return "clustering", [label, *shares]
        return "outliers", [label, _wide(SCORE, answer.score)]
    if answer.features is not None:
        features = answer.features
        if features.width > _MOST_FEATURES:
            raise PackError(
                "E302",
                f"The transformer returns {features.width} columns, too many for the examples in a file.",
                where=features.context.path or "the last step",
                fix="Pack the whole model instead of only its transformer, or reduce it to at most "
                f"{_MOST_FEATURES} columns (n_features=2**12).",
            )
        names = tuple(str(name) for name in features.names)
        unique = names if len(set(names)) == len(names) and all(names) else None
        matrix = features.numbers().cast("float64")
        return "transformation", [(_output(FEATURES, width=matrix.width, columns=unique), matrix)]
    raise refuse("It neither predicts nor transforms.", "Pack a predictor or a transformer.")


def _classification(answer: StepOutput) -> list[tuple[Output, Tensor]]:
    classes = np.asarray(answer.classes)
    values, dtype = _classes(classes)
    label = _output(LABEL, dtype=dtype, classes=values)
    table = np.array(values, dtype=object) if dtype == "string" else np.array(values)
    numbered = dtype == "int64" and values == tuple(range(len(values)))
    labels = (
        answer.label
        if answer.class_index is None
        else answer.class_index
        if numbered
        else answer.class_index.take_from(table)
    )
    assert labels is not None
    outputs: list[tuple[Output, Tensor]] = [(label, labels)]
    if answer.probability is not None:
        output = _output(PROBABILITY, width=len(values), classes=values)
        outputs.append((output, answer.probability.cast("float64")))
    elif answer.score is not None:
        output, tensor = _wide(SCORE, answer.score)
        if output.width is not None:
            output = _output(SCORE, width=output.width, classes=values)
        outputs.append((output, tensor))
    return outputs


def _several(targets: tuple[StepOutput, ...]) -> list[tuple[Output, Tensor]]:
    """One column of labels for each target; the columns of probabilities or scores are named `target_class`."""
    each = [_classification(target) for target in targets]
    names = tuple(str(i) for i in range(len(each)))
    dtypes = {outputs[0][0].dtype for outputs in each}
    if len(dtypes) > 1 and "string" in dtypes:
        raise refuse("Some of its targets are strings and some are numbers.", "Pack one model for each target.")
    dtype = dtypes.pop() if len(dtypes) == 1 else "float64"
    labels = stack([outputs[0][1].cast("object" if dtype == "string" else dtype) for outputs in each])
    result = [(_output(LABEL, dtype=dtype, width=len(each), columns=names), labels)]
    for kind in (PROBABILITY, SCORE):
        parts = [tensor for outputs in each for output, tensor in outputs if output.kind == kind.name]
        if len(parts) < len(each):
            continue
        matrices = [part if len(part.shape) == 2 else part.matrix() for part in parts]
        columns: list[str] = []
        for name, matrix, outputs in zip(names, matrices, each, strict=True):
            classes = outputs[0][0].classes or ()
            columns += [name] if matrix.width == 1 else [f"{name}_{shown(value)}" for value in classes]
        wide = concat(matrices)
        result.append((_output(kind, width=wide.width, columns=tuple(columns)), wide))
        break
    return result


def _wide(kind: OutputKind, tensor: Tensor) -> tuple[Output, Tensor]:
    width = None if len(tensor.shape) == 1 else tensor.width
    return _output(kind, width=width), tensor.cast("float64")


def _output(kind: OutputKind, *, dtype: Any = "float64", **rest: Any) -> Output:
    """An output that has the name of its kind."""
    return Output(name=kind.name, kind=kind.name, dtype=dtype, **rest)


def _classes(classes: Sequence[Any] | npt.NDArray[Any]) -> tuple[tuple[Any, ...], Any]:
    values = tuple(value.item() if isinstance(value, np.generic) else value for value in classes)
    if any(type(value) is int and abs(value) > MAX_SAFE_INTEGER for value in values):
        raise refuse(
            "Its classes are integers beyond 2**53, which float64 does not represent exactly.",
            "Train it with smaller integers or with strings as classes.",
        )
    for kind, dtype in ((bool, "bool"), (int, "int64"), (float, "float64"), (str, "string")):
        if all(type(value) is kind for value in values):
            return values, dtype
    raise refuse("Its classes are neither all numbers nor all strings.", "Train it with labels of one type.")
