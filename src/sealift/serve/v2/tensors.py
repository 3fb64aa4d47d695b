"""Tensors of the Open Inference Protocol: JSON and binary data to arrays, and back.

Specification: kserve/open-inference-protocol, "inference_rest.md" and "extension_binary_data.md".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.errors import ServeError
from sealift.serve import values

BYTES = "BYTES"
_DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    **{f"UINT{bits}": np.dtype(f"<u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": np.dtype(f"<i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"<f{bits // 8}") for bits in (16, 32, 64)},
}
DATATYPES_OF_REQUESTS = [*_DTYPES, BYTES]
"""The data types of the protocol."""
MOST_DIMENSIONS = 16
DATATYPES = {"float64": "FP64", "float32": "FP32", "int64": "INT64", "bool": "BOOL", "string": BYTES}
"""Data types by the contract's dtypes of outputs."""


@dataclass(frozen=True)
class InferTensor:
    """A tensor of a request.

    Attributes:
        name: its name.
        datatype: one of the protocol's data types.
        array: the values with the declared shape; of objects where a value is missing, and for BYTES, whose values are
            strings.
    """

    name: str
    datatype: str
    array: npt.NDArray[Any]


def from_json(name: str, datatype: str, shape: Sequence[int], data: Any) -> InferTensor:
    """A tensor whose data stands in JSON, flat or nested; null is a missing value. Raises ServeError E707."""
    if datatype != BYTES:
        _dtype(name, datatype)  # first: where it is unknown, a message of gRPC has no values
    flat = _flat(data, len(shape), name)
    _check_count(name, shape, len(flat))
    array: npt.NDArray[Any]
    if datatype == BYTES:
        if not all(value is None or isinstance(value, str) for value in flat):
            raise unfit(name, "the data of BYTES must be strings")
        array = _objects(flat)
    else:
        array = _numbers(name, datatype, flat)
    return InferTensor(name, datatype, array.reshape(tuple(shape)))


def from_binary(name: str, datatype: str, shape: Sequence[int], data: memoryview) -> InferTensor:
    """A tensor whose data follows the JSON. Raises ServeError E707."""
    array: npt.NDArray[Any]
    if datatype == BYTES:
        array = _objects(_strings(name, data))
        _check_count(name, shape, len(array))
    else:
        dtype = _dtype(name, datatype)
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise unfit(name, f"{len(data)} bytes are not {math.prod(shape)} values of {datatype}")
        if datatype == "BOOL" and not set(bytes(data)) <= {0, 1}:
            raise unfit(name, "the bytes of BOOL must be 0 or 1")
        array = np.frombuffer(data, dtype=dtype)
    return InferTensor(name, datatype, array.reshape(tuple(shape)))


def to_json(array: npt.NDArray[Any]) -> list[Any]:
    """The values in row-major order."""
    return values.plain(array.reshape(-1))


def to_binary(array: npt.NDArray[Any], datatype: str) -> bytes:
    """The values in row-major order, little endian; strings as UTF-8, each behind its length."""
    if datatype == BYTES:
        encoded = [str(value).encode() for value in array.reshape(-1)]
        return b"".join(struct.pack("<I", len(value)) + value for value in encoded)
    return array.astype(_DTYPES[datatype]).tobytes()


def is_datatype(datatype: str) -> bool:
    """Whether the protocol has a data type."""
    return datatype in DATATYPES_OF_REQUESTS


def as_string(name: str, data: bytes | memoryview) -> str:
    """A value of BYTES. Raises ServeError E707."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        raise unfit(name, "a string is not UTF-8") from None


def checked_shape(name: str, raw: Any) -> tuple[int, ...]:
    """The shape of a tensor. Raises ServeError E707."""
    if (
        not isinstance(raw, list)
        or not 0 < len(raw) <= MOST_DIMENSIONS
        or not all(type(size) is int and 0 <= size < 1 << 40 for size in raw)
    ):
        raise unfit(name, "its shape must be a list of sizes")
    return tuple(raw)


def unfit(name: str, reason: str) -> ServeError:
    """The error E707 for a tensor."""
    return ServeError("E707", f"The tensor {name!r:.80} cannot be used: {reason}.", fix="Correct the tensor.")


def _dtype(name: str, datatype: str) -> np.dtype[Any]:
    dtype = _DTYPES.get(datatype)
    if dtype is None:
        raise unfit(name, f"the data type {datatype!r:.40} is not one of {', '.join(DATATYPES_OF_REQUESTS)}")
    return dtype


def _numbers(name: str, datatype: str, flat: list[Any]) -> npt.NDArray[Any]:
    dtype = _dtype(name, datatype)
    if dtype.kind == "f":
        flat = [values.NON_FINITE.get(value, value) if isinstance(value, str) else value for value in flat]
    permitted: tuple[type, ...] = {"b": (bool,), "f": (int, float)}.get(dtype.kind, (int,))
    for value in flat:
        if value is not None and (not isinstance(value, permitted) or (isinstance(value, bool) and dtype.kind != "b")):
            raise unfit(name, f"{value!r:.40} is not a value of {datatype}")
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if any(value is not None and not limits.min <= value <= limits.max for value in flat):
            raise unfit(name, f"a value lies outside the range of {datatype}")
    if None in flat:
        return _objects(flat)
    with np.errstate(over="ignore"):  # an infinite value is refused as one
        return np.array(flat, dtype=dtype)


def _objects(flat: Sequence[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(flat), dtype=np.object_)
    array[:] = flat
    return array


def _flat(data: Any, depth: int, name: str) -> list[Any]:
    """Nested lists as one; they must have the depth of the shape, or be flat."""
    if not isinstance(data, list):
        raise unfit(name, "its data must be a list")
    for _ in range(depth - 1):
        if not data or not all(isinstance(item, list) for item in data):
            break
        data = [value for item in data for value in item]
    if any(isinstance(value, list | dict) for value in data):
        raise unfit(name, "its data is not nested as its shape says")
    flat: list[Any] = data
    return flat


def _check_count(name: str, shape: Sequence[int], count: int) -> None:
    if math.prod(shape) != count:
        raise unfit(name, f"its shape {list(shape)} has {math.prod(shape)} values, its data {count}")


def _strings(name: str, data: memoryview) -> list[str]:
    strings, at = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise unfit(name, "the length of a string is cut off")
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        if at + size > len(data):
            raise unfit(name, "a string is longer than the data")
        strings.append(as_string(name, data[at : at + size]))
        at += size
    return strings
