"""Check the graph and its answers against the contract (spec/SEAL.md §7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract import Contract, Output
from sealift.errors import SealError
from sealift.seal import GraphInfo, Port

# The codes of onnx.TensorProto.DataType.
_ELEMENTS = {"float64": 11, "float32": 1, "int64": 7, "bool": 9, "string": 8}
# ONNX Runtime gives strings as an array of objects.
_DTYPES = {"float64": np.dtype(np.float64), "int64": np.dtype(np.int64), "bool": np.dtype(np.bool_)}
_OBJECTS = np.dtype(object)


def check_graph(info: GraphInfo, contract: Contract) -> None:
    """Raise SealError E209 unless the graph declares the contract's tensors as inputs, and its outputs as outputs."""
    wanted = {
        tensor.name: (tensor.dtype, tuple(None if isinstance(size, str) else size for size in tensor.shape))
        for tensor in contract.tensors
    }
    for name in sorted(wanted.keys() ^ info.inputs.keys()):
        state = "has no" if name in wanted else "has an unknown"
        raise _misfit(f"the graph {state} input {name!r:.80}")
    for name, (dtype, shape) in wanted.items():
        _check_port("input", name, info.inputs[name], dtype, shape)
    for output in contract.outputs:
        if output.name not in info.outputs:
            raise _misfit(f"the graph has no output {output.name!r:.80}")
        _check_port("output", output.name, info.outputs[output.name], output.dtype, (None, *output.axes))


def check_answers(outputs: Sequence[Output], names: Sequence[str], answers: Sequence[Any], count: int) -> None:
    """Raise SealError E209 unless each answer to `count` rows has the shape and type that its output declares.

    Args:
        outputs: the contract's outputs; empty for a graph without a contract, whose answers are not checked.
        names: the requested outputs.
        answers: their answers, in the same order.
        count: the number of rows.
    """
    for output in outputs:
        if output.name not in names:
            continue
        answer = answers[names.index(output.name)]
        shape = (count, *output.axes)
        if not isinstance(answer, np.ndarray):
            raise _misfit(f"the answer {output.name!r:.80} is not an array but {type(answer).__name__}")
        fits = answer.shape == shape or (None in shape and _is_shaped(answer.shape, shape))
        if answer.dtype != _DTYPES.get(output.dtype, _OBJECTS) or not fits:
            raise _misfit(
                f"the answer {output.name!r:.80} to {count} rows has the type {answer.dtype} and the shape "
                f"{list(answer.shape)}, not {output.dtype} and {list(shape)}"
            )


def _is_shaped(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether a shape has these sizes; None is any size."""
    return len(shape) == len(wanted) and all(b in (None, a) for a, b in zip(shape, wanted, strict=True))


def _check_port(kind: str, name: str, port: Port, dtype: str, shape: tuple[int | None, ...]) -> None:
    declared = port.shape
    # A free dimension of the graph accepts every size; a fixed one must equal the contract's. Rows are always free.
    fits = declared is not None and len(declared) == len(shape) and declared[0] is None
    if declared is not None:
        fits = fits and all(size in (None, wanted) for size, wanted in zip(declared, shape, strict=False))
    if port.element != _ELEMENTS[dtype] or not fits:
        raise _misfit(f"the {kind} {name!r:.80} of the graph is declared with another type or shape")


def _misfit(what: str) -> SealError:
    return SealError(
        "E209",
        f"The graph does not fit its contract: {what}.",
        where="model.onnx",
        fix="Do not use this file, and inform its publisher. Nothing was answered.",
    )
