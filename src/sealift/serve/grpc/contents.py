"""Tensors in the typed form of the protocol, `InferTensorContents`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from sealift.serve.v2 import tensors
from sealift.serve.v2.tensors import BYTES, InferTensor, unfit

_FIELDS = {
    "BOOL": "bool_contents",
    **{f"INT{bits}": "int_contents" for bits in (8, 16, 32)},
    "INT64": "int64_contents",
    **{f"UINT{bits}": "uint_contents" for bits in (8, 16, 32)},
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
"""Data type → the field that has its values. The protocol has none for FP16."""


def count(contents: Any) -> int:
    """The number of values in all fields."""
    return sum(len(values) for _, values in contents.ListFields())


def read(name: str, datatype: str, shape: Sequence[int], contents: Any) -> InferTensor:
    """A tensor from its contents. Raises ServeError E707."""
    field = _FIELDS.get(datatype)
    if field is None and tensors.is_datatype(datatype):
        raise unfit(name, f"{datatype} can only be sent in raw_input_contents")
    for described, _ in contents.ListFields():
        if field is not None and described.name != field:
            raise unfit(name, f"the values of {datatype} belong in {field}, not in {described.name}")
    values: list[Any] = [] if field is None else list(getattr(contents, field))
    if datatype == BYTES:
        values = [tensors.as_string(name, value) for value in values]
    return tensors.from_json(name, datatype, shape, values)


def write(array: npt.NDArray[Any], datatype: str, contents: Any) -> None:
    """Put the values of an array into contents, in row-major order."""
    values: list[Any] = array.reshape(-1).tolist()
    if datatype == BYTES:
        values = [str(value).encode() for value in values]
    getattr(contents, _FIELDS[datatype]).extend(values)
