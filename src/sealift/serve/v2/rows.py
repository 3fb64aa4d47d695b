"""What the encodings of an inference request have in common: rows from tensors, and the outputs to return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sealift.contract import Contract
from sealift.errors import ServeError
from sealift.serve.answered import Answered
from sealift.serve.calls import Call
from sealift.serve.exact import is_double, is_exact
from sealift.serve.http.messages import malformed
from sealift.serve.v2.tensors import InferTensor, unfit

_LISTED = 8  # problems of rows in one message


def answer(call: Call, inputs: Sequence[InferTensor]) -> Answered:
    """Answer the rows of tensors: one for each field, (N,) or (N, 1), or one matrix (N, fields).

    Raises:
        ServeError: E704, E707. ContractError: E101 to E105, R101 to R108. SealError: E207, E209.
    """
    answered = call.answer(_rows(call.model.contract, inputs))
    if answered.problems:  # the protocol has no answers to some of the rows
        problems = answered.problems
        first = problems[0].as_error()
        listed = " ".join(f"row {problem.row}: {problem.message}" for problem in problems[:_LISTED])
        more = f" {len(problems) - _LISTED} more problems." if len(problems) > _LISTED else ""
        raise type(first)(first.code, listed + more, fix="Correct the values, or leave the rows out.")
    return answered


def wanted(contract: Contract, asked: Iterable[tuple[Any, Mapping[str, Any]]]) -> Mapping[str, Mapping[str, Any]]:
    """The outputs to return, with their parameters; all of them where the request names none.

    Args:
        contract: the contract of the model.
        asked: the names that a request has, with their parameters.

    Raises:
        ServeError: E704 for an unknown name, E707 for the classification extension.
    """
    known = [output.name for output in contract.outputs]
    wanted: dict[str, Mapping[str, Any]] = {}
    for name, parameters in asked:
        if name not in known:
            raise malformed(f'"outputs" must be a list of objects with a name of {", ".join(known)}')
        if parameters.get("classification"):
            raise ServeError(
                "E707", "The classification extension is not supported.", fix="Ask for the output probability."
            )
        wanted[name] = parameters
    return wanted or {name: {} for name in known}


def _rows(contract: Contract, inputs: Sequence[InferTensor]) -> Any:
    """The rows: columns by field, or a matrix."""
    names = [tensor.name for tensor in inputs]
    if len(set(names)) != len(names):
        raise malformed("two inputs have the same name")
    if len(inputs) == 1 and names[0] not in contract.index:
        array = inputs[0].array
        if array.ndim != 2:
            raise unfit(names[0], "a matrix of rows must have two dimensions")
        if not is_exact(array):
            raise _inexact(names[0])
        return array
    columns: dict[str, Any] = {}
    for tensor in inputs:
        array = tensor.array
        at = contract.index.get(tensor.name)
        if array.ndim == 2 and array.shape[1] == 1 and (at is None or contract.inputs[at].type.feeds):
            array = array[:, 0]
        if is_double(contract, tensor.name) and not is_exact(array):
            raise _inexact(tensor.name)
        columns[tensor.name] = array
    if len({len(array) for array in columns.values()}) > 1:
        raise malformed("the inputs differ in their first dimension, the number of rows")
    if columns.keys() == contract.index.keys() and all(array.shape == (1,) for array in columns.values()):
        return [{name: array.item() for name, array in columns.items()}]  # one row is read faster than columns
    return columns


def _inexact(name: str) -> ServeError:
    return unfit(name, "an integer is not exact as a double")
