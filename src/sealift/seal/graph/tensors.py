"""Check tensors and types in a graph: element types, dimensions that match the data, and no data outside the file."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from sealift.seal.graph.refusal import exceeded, malformed, refused, shown
from sealift.seal.graph.rules import rules
from sealift.seal.graph.wire import (
    Data,
    ModelBytes,
    RefusedFieldError,
    Run,
    Span,
    TooManyFieldsError,
    WireError,
    length,
    message,
)
from sealift.seal.graph.wire import integers as decoded

INT32, INT64, STRING = 6, 7, 8
# Bytes of an element in raw_data; strings have none.
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
# The field that holds the elements where raw_data does not, by element type; int32_data for all others (onnx.proto).
_FIELDS = {1: "float_data", 7: "int64_data", 8: "string_data", 11: "double_data", 12: "uint64_data", 13: "uint64_data"}
_KINDS = {"float_data": "floats", "double_data": "doubles"}
_DATA = ("float_data", "int32_data", "int64_data", "string_data", "double_data", "uint64_data", "raw_data")
# Element types of weights outside the graph: those that NumPy has, so that they can be used without a copy.
_WEIGHTS = frozenset({1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13})
_EXTERNAL = 1  # of onnx.TensorProto.DataLocation
_WEIGHT_NAME = re.compile(rb"weights/[0-9a-f]{64}")
_FEW = 64


@dataclass(frozen=True)
class Port:
    """An input or output of a graph.

    Attributes:
        element: the code of its element type (onnx.TensorProto.DataType).
        shape: its dimensions, None where one is free; None where the rank is not declared.
    """

    element: int
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Weight:
    """A constant of the graph whose elements are a member of the file.

    Attributes:
        member: the member's name.
        element: the code of its element type.
        shape: its dimensions.
    """

    member: str
    element: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class GraphConstant:
    """A constant of a graph.

    Attributes:
        name: its name, empty for the tensor of an attribute.
        held: its elements, as integers or bytes, where they are at most 64 integers of 32 or 64 bits; else None.
        width: the bytes of an element.
        weight: the member that holds its elements, where they are outside the graph.
    """

    name: bytes
    held: tuple[int, ...] | Data | None
    width: int = 8
    weight: Weight | None = None

    @cached_property
    def integers(self) -> tuple[int, ...] | None:
        """The elements, decoded on first use: few constants determine a size."""
        if self.held is None or isinstance(self.held, tuple):
            return self.held
        return struct.unpack(f"<{len(self.held) // self.width}{'q' if self.width == 8 else 'i'}", self.held)

    @cached_property
    def elements(self) -> int | None:
        """The product of the magnitudes, zeros counted as ones; None where the elements are not known."""
        return None if self.integers is None else product(self.integers)


def product(sizes: Iterable[int]) -> int:
    """The product of the magnitudes, zeros counted as ones."""
    return prod(filter(None, map(abs, sizes)))


def integers(source: ModelBytes, runs: list[Run]) -> list[int]:
    """The numbers of a short list of `ints`, each of which counts as a field. Raises SealError E203."""
    try:
        return decoded(source, runs)
    except TooManyFieldsError:
        raise _too_many_fields() from None


def fields_of(source: ModelBytes, span: Span, kind: str) -> dict[str, Any]:
    """The fields of a message.

    Raises:
        SealError: E205 where it is malformed, E208 where a field is not permitted, E203 beyond the limit of fields.
    """
    try:
        return message(source, span, rules().schemas[kind])
    except TooManyFieldsError:
        raise _too_many_fields() from None
    except WireError as error:
        raise malformed(f"{kind}: {error}") from None
    except RefusedFieldError as field:
        raise refused(f"{kind} with the field {field}") from None


def tensor(source: ModelBytes, span: Span, weights: Mapping[str, int] | None = None) -> GraphConstant:
    """Check a tensor.

    Args:
        source: the bytes of the model.
        span: the position of the tensor.
        weights: the size of each member that may hold the elements of this tensor; None where it must hold them itself.

    Raises:
        SealError: E203, E205, E208.
    """
    data = source.data
    fields = fields_of(source, span, "TensorProto")
    name = text(data, fields.get("name"))
    element = fields.get("data_type", 0)
    _check_element(element)
    if length(fields.get("dims", []), "ints") > rules().limits.dimensions:
        raise exceeded(f"a tensor has more than {rules().limits.dimensions} dimensions")
    dims = integers(source, fields.get("dims", []))
    if any(size < 0 for size in dims):
        raise malformed("a tensor has a negative dimension")
    count = prod(dims)
    held = [field for field in _DATA if field in fields]
    if "external_data" in fields or "data_location" in fields:
        member = _member(source, fields, weights)
        if held or element not in _WEIGHTS or (weights or {})[member] != count * _SIZES[element]:
            raise malformed(f"the type or dimensions of the tensor {shown(name)} do not match its weights")
        return GraphConstant(name, None, weight=Weight(member, element, tuple(dims)))
    wanted = _FIELDS.get(element, "int32_data")
    if len(held) > 1 or (held and held[0] not in ("raw_data", wanted)) or (held == ["raw_data"] and element == STRING):
        raise malformed(f"the data of the tensor {shown(name)} are not in the field of its type")
    if not _fits(fields, held, count, element):
        raise malformed(f"the dimensions of the tensor {shown(name)} do not match its data")
    if element not in (INT32, INT64) or count > _FEW:
        return GraphConstant(name, None)
    return GraphConstant(name, _few(source, fields, count, element), _SIZES[element])


def _member(source: ModelBytes, fields: Mapping[str, Any], weights: Mapping[str, int] | None) -> str:
    """The member that holds the data of a tensor. Raises SealError E208 for any other location."""
    entries = [fields_of(source, inner, "StringStringEntryProto") for inner in fields.get("external_data", [])]
    if len(entries) == 1 and fields.get("data_location") == _EXTERNAL:
        key, value = (text(source.data, entries[0].get(part)) for part in ("key", "value"))
        if key == b"location" and _WEIGHT_NAME.fullmatch(value) and value.decode() in (weights or {}):
            return value.decode()
    raise refused("a tensor whose data are outside the sealed file, in another file of this computer")


def port(source: ModelBytes, span: Span, *, required: bool) -> tuple[bytes, Port | None]:
    """Check a ValueInfoProto, and return its name and type. Raises SealError E203, E205, E208."""
    value = fields_of(source, span, "ValueInfoProto")
    name = text(source.data, value.get("name"))
    if "type" not in value:
        if required:
            raise malformed(f"{shown(name)} has no type")
        return name, None
    kind = fields_of(source, value["type"], "TypeProto")
    if "tensor_type" not in kind:
        raise malformed(f"{shown(name)} has no type")
    declared = fields_of(source, kind["tensor_type"], "TypeProto.Tensor")
    element = declared.get("elem_type", 0)
    _check_element(element)
    if "shape" not in declared:
        return name, Port(element, None)
    dims = fields_of(source, declared["shape"], "TensorShapeProto").get("dim", [])
    if len(dims) > rules().limits.dimensions:
        raise exceeded(f"{shown(name)} has more than {rules().limits.dimensions} dimensions")
    shape = tuple(fields_of(source, dim, "TensorShapeProto.Dimension").get("dim_value") for dim in dims)
    if any(size is not None and size < 0 for size in shape):
        raise malformed(f"{shown(name)} has a negative dimension")
    return name, Port(element, shape)


def text(data: Data, span: Span | None) -> bytes:
    """The bytes of a field; empty where it is absent."""
    return b"" if span is None else bytes(data[span[0] : span[1]])


def _check_element(element: int) -> None:
    if element not in rules().elements:
        raise refused(f"the element type {element}")


def _fits(fields: Mapping[str, Any], held: list[str], count: int, element: int) -> bool:
    """Whether the number of elements matches the dimensions, so that no small file declares a large tensor."""
    if not held:
        return count == 0
    content = fields[held[0]]
    if held[0] == "raw_data":
        return bool(content[1] - content[0] == count * _SIZES[element])
    if held[0] == "string_data":
        return len(content) == count
    kind = _KINDS.get(held[0], "ints")
    # Integers are not counted one by one: each has at least one byte.
    return length(content, kind) == count if kind != "ints" else length(content, kind) >= count


def _few(source: ModelBytes, fields: Mapping[str, Any], count: int, element: int) -> tuple[int, ...] | Data:
    if "raw_data" in fields:
        start, end = fields["raw_data"]
        return source.data[start:end]
    runs = fields.get(_FIELDS.get(element, "int32_data"), [])
    if length(runs, "ints") > 10 * count:
        raise malformed("the dimensions of a tensor do not match its data")
    values = integers(source, runs)
    if len(values) != count:
        raise malformed("the dimensions of a tensor do not match its data")
    return tuple(values)


def _too_many_fields() -> Exception:
    return exceeded(f"it has more than {rules().limits.fields} fields")
