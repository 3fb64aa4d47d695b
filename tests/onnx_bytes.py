"""ONNX messages written by hand, so that everything in them can be wrong; onnx/onnx.proto gives the numbers.

Nothing of Sealift, onnx or protobuf is imported: the bytes are the same with every version of them.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Bytes: TypeAlias = bytes
FLOAT, INT32, INT64, STRING, BOOL, DOUBLE, COMPLEX = 1, 6, 7, 8, 9, 11, 15
INT, TENSOR, GRAPH, INTS = 2, 4, 5, 7


def varint(value: int) -> Bytes:
    value &= (1 << 64) - 1
    encoded = b""
    while value > 127:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def number(field: int, value: int) -> Bytes:
    return varint(field << 3) + varint(value)


def content(field: int, value: bytes | str) -> Bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def each(field: int, values: Iterable[bytes | str]) -> Bytes:
    return b"".join(content(field, value) for value in values)


def tensor(name: str, element: int, dims: Sequence[int], data: bytes = b"", *, more: bytes = b"") -> Bytes:
    raw = content(9, data) if data else b""
    return b"".join(number(1, size) for size in dims) + number(2, element) + content(8, name) + raw + more


def doubles(name: str, *values: float) -> Bytes:
    return tensor(name, DOUBLE, [len(values)], struct.pack(f"<{len(values)}d", *values))


def int64s(name: str, *values: int, dims: Sequence[int] | None = None) -> Bytes:
    return tensor(name, INT64, [len(values)] if dims is None else dims, struct.pack(f"<{len(values)}q", *values))


def truth(name: str) -> Bytes:
    return tensor(name, BOOL, [], b"\x01")


def external(name: str, location: str = "etc/passwd", size: int = 16) -> Bytes:
    pairs = (("location", location), ("offset", "0"), ("length", str(size)))
    return tensor(name, 2, [size], more=number(14, 1) + each(13, (content(1, k) + content(2, v) for k, v in pairs)))


def weight(name: str, body: bytes, element: int = DOUBLE, dims: Sequence[int] = (1, 1), *, more: bytes = b"") -> Bytes:
    """A tensor whose elements are the member `weights/<digest of body>`."""
    location = f"weights/{hashlib.sha256(body).hexdigest()}"
    return tensor(name, element, dims, more=content(13, content(1, "location") + content(2, location)) + more)


def value(name: str, element: int = DOUBLE, dims: Sequence[int | None] = (None, 1), *, kind: bytes = b"") -> Bytes:
    shape = each(1, (b"" if size is None else number(1, size) for size in dims))
    return content(1, name) + content(2, kind or content(1, number(1, element) + content(2, shape)))


def attribute(name: str, kind: int, held: bytes) -> Bytes:
    return content(1, name) + held + number(20, kind)


def integer(name: str, given: int) -> Bytes:
    return attribute(name, INT, number(3, given))


def integers(name: str, *given: int) -> Bytes:
    return attribute(name, INTS, b"".join(number(8, one) for one in given))


def tensor_attribute(name: str, given: bytes) -> Bytes:
    return attribute(name, TENSOR, content(5, given))


def graph_attribute(name: str, given: bytes) -> Bytes:
    return attribute(name, GRAPH, content(6, given))


def node(
    operator: str,
    inputs: Iterable[str],
    outputs: Iterable[str],
    *attributes: bytes,
    domain: str = "",
    more: bytes = b"",
) -> Bytes:
    where = content(7, domain) if domain else b""
    return each(1, inputs) + each(2, outputs) + content(4, operator) + each(5, attributes) + where + more


def graph(
    nodes: Iterable[bytes],
    inputs: Iterable[bytes] = (),
    outputs: Iterable[bytes] = (),
    initializers: Iterable[bytes] = (),
    more: bytes = b"",
) -> Bytes:
    return each(1, nodes) + content(2, "g") + each(5, initializers) + each(11, inputs) + each(12, outputs) + more


def opset(domain: str, version: int) -> Bytes:
    return (content(1, domain) if domain else b"") + number(2, version)


STANDARD = (opset("", 21), opset("ai.onnx.ml", 5))


def model(body: bytes, *, opsets: Iterable[bytes] = STANDARD, ir_version: int = 10, more: bytes = b"") -> Bytes:
    return number(1, ir_version) + content(7, body) + each(8, opsets) + more


def simple(
    nodes: Iterable[bytes], initializers: Iterable[bytes] = (), *, more: bytes = b"", outer: bytes = b""
) -> Bytes:
    """A model of one input `x` (N, 1) and one output `y`, both float64, that these nodes compute."""
    return model(graph(nodes, [value("x")], [value("y", dims=(None, None))], initializers, more), more=outer)


SOUND = simple([node("Identity", ["x"], ["y"])])


def holding(data: bytes) -> Bytes:
    """A sound model of the operator set 21 that holds these bytes in a constant."""
    constants = [tensor("held", 2, [len(data)], data)]
    return model(graph([node("Identity", ["x"], ["y"])], [value("x")], [value("y")], constants), opsets=[opset("", 21)])
