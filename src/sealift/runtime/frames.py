"""Messages between this process and one that runs a graph: a JSON header, and arrays as bytes.

A frame is the length of the header (u32, little-endian), the header, and `size` bytes, as stated in the header. Nothing
in it is executed or unpickled, so that a process that a hostile graph controls cannot gain control of its reader.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_LENGTH = struct.Struct("<I")
_LONGEST_HEADER = 64 << 20
_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "float16", "float32", "float64"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
}

Part = bytes | memoryview


class FrameError(ValueError):
    """A frame is truncated, too large or malformed."""


def send(stream: IO[bytes], header: Mapping[str, Any], parts: Sequence[Part] = ()) -> None:
    """Write a frame. Raises OSError."""
    head = json.dumps({**header, "size": sum(len(part) for part in parts)}).encode()
    stream.write(_LENGTH.pack(len(head)) + head)
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes], *, largest: int | None = None) -> tuple[dict[str, Any], bytes]:
    """Read a frame of at most `largest` bytes. Raises FrameError, OSError."""
    length = _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0]
    if length > _LONGEST_HEADER:
        raise FrameError("the header is too large")
    head = json.loads(_exactly(stream, length))
    size = head.get("size") if isinstance(head, dict) else None
    if not isinstance(size, int) or size < 0 or (largest is not None and size > largest):
        raise FrameError("the frame is too large")
    return head, _exactly(stream, size)


def as_parts(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[list[dict[str, Any]], list[Part]]:
    """The description of arrays for a header, and their contents. Strings (dtype object) are written as JSON."""
    described: list[dict[str, Any]] = []
    parts: list[Part] = []
    for name, array in arrays.items():
        part: Part
        if array.dtype.kind in "OU":
            dtype, part = "string", json.dumps(array.ravel().tolist()).encode()
        else:
            dtype, part = array.dtype.name, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        described.append({"name": name, "dtype": dtype, "shape": list(array.shape), "size": len(part)})
        parts.append(part)
    return described, parts


def as_arrays(described: Any, body: bytes | memoryview) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a frame, writable. Raises FrameError when description and contents do not agree."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    view, start = memoryview(body), 0
    try:
        for item in described:
            raw = view[start : start + item["size"]]
            start += item["size"]
            if item["dtype"] == "string":
                values = json.loads(bytes(raw))
                if not all(isinstance(value, str) for value in values):
                    raise FrameError("a string was expected")
                flat: npt.NDArray[Any] = np.empty(len(values), dtype=object)
                flat[:] = values
            else:
                flat = np.frombuffer(raw, dtype=_DTYPES[item["dtype"]]).copy()
            arrays[item["name"]] = flat.reshape(item["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise FrameError(f"the arrays are malformed: {error}") from error
    return arrays


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise FrameError("the frame is truncated")
    return data
