"""The rules of `rules.json`: which parts of ONNX a sealed graph may use (spec/SEAL.md §7).

The page's reader imports the same file, so that both readers refuse the same graphs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[int, tuple[str, str, int]]
"""Tag of a field → its name, its kind, and the tag of its packed form or 0."""

# Kind of a field → its wire type. Any other kind is the name of a message, followed by * where it is repeated.
WIRE = {"int": 0, "ints": 0, "float": 5, "floats": 5, "doubles": 1, "bytes": 2, "strings": 2}


@dataclass(frozen=True)
class GraphLimits:
    """Limits of a whole graph, subgraphs included.

    Attributes:
        fields: fields of all messages; a list of numbers counts as one.
        depth: nesting depth of subgraphs.
        turns: iterations of a loop, multiplied by those of the loops around it.
        elements: elements of a tensor whose size is a constant.
        dimensions: dimensions of a tensor.
    """

    fields: int
    depth: int
    turns: int
    elements: int
    dimensions: int


@dataclass(frozen=True)
class Rules:
    """The permitted parts of ONNX.

    Attributes:
        operators: domain → operator → attribute → kind.
        opsets: domain → the oldest and the newest permitted operator set.
        ir_version: the oldest and the newest permitted version of the ONNX format.
        elements: the codes of the permitted element types.
        attributes: kind of an attribute → its code and the field that holds its value.
        sizes: operator → the inputs and attributes that determine the size of its output.
        restoring: operators that may convert a weight that is stored in fewer bits.
        schemas: message → its permitted and its refused fields.
        limits: limits in numbers.
    """

    operators: Mapping[str, Mapping[str, Mapping[str, str]]]
    opsets: Mapping[str, tuple[int, int]]
    ir_version: tuple[int, int]
    elements: Mapping[int, str]
    attributes: Mapping[str, tuple[int, str]]
    sizes: Mapping[str, Mapping[str, Any]]
    restoring: frozenset[str]
    schemas: Mapping[str, Schema]
    limits: GraphLimits


@cache
def rules() -> Rules:
    """The rules, read once."""
    raw = json.loads(files("sealift.seal.graph").joinpath("rules.json").read_bytes())
    return Rules(
        operators=raw["operators"],
        opsets={domain: (least, most) for domain, (least, most) in raw["opsets"].items()},
        ir_version=(raw["ir_version"][0], raw["ir_version"][1]),
        elements={code: name for name, code in raw["elements"].items()},
        attributes={kind: (code, field) for kind, (code, field) in raw["attributes"].items()},
        sizes=raw["sizes"],
        restoring=frozenset(raw["restoring"]),
        schemas={name: _schema(fields) for name, fields in raw["messages"].items()},
        limits=GraphLimits(**raw["limits"]),
    )


def _schema(fields: Mapping[str, tuple[str, str]]) -> Schema:
    schema: dict[int, tuple[str, str, int]] = {}
    for number, (name, kind) in fields.items():
        base = int(number) << 3
        if kind == "refused":
            schema |= {base | wire: (name, kind, 0) for wire in (0, 1, 2, 5)}
            continue
        tag, packed = base | WIRE.get(kind, 2), base | 2
        schema[tag] = (name, kind, 0)
        if kind in ("ints", "floats", "doubles"):  # both encodings of a repeated number are valid
            schema[packed] = (name, kind, packed)
    return schema
