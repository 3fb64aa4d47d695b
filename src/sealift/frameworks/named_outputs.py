"""The outputs of a model under the model's own names, as outputs of the contract."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sealift.contract import Output, Task
from sealift.contract.outputs import output_kinds
from sealift.contract.outputs.array import ARRAY
from sealift.contract.outputs.label import LABEL
from sealift.contract.outputs.value import VALUE
from sealift.graph.builder import Tensor
from sealift.graph.step import NamedOutput

# Names of other columns in a table of answers, and of inputs, constants and other tensors of the graph.
_TAKEN = re.compile(
    "row|caution|error|number|text|text_missing"
    "|(c|t|tensor|terms|counts|pixels|geometry|input_ids|attention_mask|token_type_ids|offsets)[0-9]+"
)


def contract_name(name: str) -> str:
    """The name of an output in the contract: the model's own, with `_output` where something else has that name."""
    return f"{name}_output" if _TAKEN.fullmatch(name) else name


def named_outputs(named: Sequence[NamedOutput]) -> tuple[Task, list[tuple[Output, Tensor]]]:
    """The task, and each output with its tensor."""
    pairs = [_output(output) for output in named]
    return _task([output for output, _ in pairs]), pairs


def _output(named: NamedOutput) -> tuple[Output, Tensor]:
    tensor = named.tensor
    floating = tensor.dtype.startswith("float")
    kind = named.kind or (ARRAY if len(tensor.shape) > 2 else VALUE if floating else LABEL).name
    given = dict(named.attributes)
    dtype = given.pop("dtype", "float64" if floating else "string" if tensor.dtype == "object" else tensor.dtype)
    if dtype != "string":
        tensor = tensor.cast(dtype)
    if output_kinds()[kind].has_axes:
        given["shape"] = named.sizes or _sizes(tensor)
    elif len(tensor.shape) == 2:
        given["width"] = tensor.width
    return Output(name=named.name, kind=kind, dtype=dtype, **given), tensor


def _sizes(tensor: Tensor) -> tuple[int | str, ...]:
    """The dimensions after the rows; those that are not fixed are called a, b, …"""
    return tuple(f"size_{chr(ord('a') + at)}" if size is None else size for at, size in enumerate(tensor.shape[1:]))


def _task(outputs: Sequence[Output]) -> Task:
    kinds = [output_kinds()[output.kind] for output in outputs]
    return next((kind.task for kind in kinds if kind.task is not None), "transformation")
