"""Sealed files that are as expensive to read as the format allows, or more; too large to keep in the repository."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import make
import member_cases

import onnx_bytes as onnx

MIB = 1 << 20
VALUES, KEYS = (7 << 17) - 1200, (3 << 17) - 200
"""What the members may hold, less what the rest of a file holds."""
FIELDS = 3 << 15
KEYS_OF_CONTRACT = (1 << 17) - 200

DESCRIBED: dict[str, dict[str, Any]] = {
    "numbers": {
        "units": "mg/dl",
        "observed": [0, 1],
        "range": [-1.5, None],
        "typical": 1,
        "title": "T",
        "description": "D",
        "missing": "allowed",
        "missing_as": ["-", "NA"],
        "personal": True,
    },
    "booleans": {
        "dtype": "bool",
        "categories": [True, False],
        "category_names": ["y", "n"],
        "typical": True,
        "missing": "allowed",
        "unknown": "refused",
        "missing_as": ["-"],
        "true_as": ["yes"],
        "false_as": ["no"],
    },
    "datetimes": {
        "dtype": "datetime",
        "observed": ["2020-01-01T01:02:03.25", "2021-01-01T01:02:03.25"],
        "range": ["2019-01-01T01:02:03.25", "2022-01-01T01:02:03.25"],
        "typical": "2020-06-01T01:02:03.25",
        "date_format": "%d.%m.%Y %H:%M:%S",
        "missing": "allowed",
        "missing_as": ["-"],
        "title": "T",
        "units": "d",
    },
}


def spell(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def filled(unit: bytes, size: int, start: bytes = b"[", end: bytes = b"]") -> bytes:
    """A JSON member of `size` bytes at most: `unit` over and over, with commas between."""
    count = (size - len(start) - len(end) + 1) // (len(unit) + 1)
    return start + b",".join([unit] * count) + end


def sealed(staged: dict[str, Any] = member_cases.CONTRACT, /, **members: bytes) -> bytes:
    """A file of these members; the contract is `staged`, which has its stages in full, unless it is among them."""
    held, blobs = member_cases.parted(staged)
    contract = {"contract__json": spell(held), "golden___examples__json": spell(member_cases.GOLDEN)}
    return make.archive(make.whole(blobs, **{**contract, **members}))


def inputs(count: int, prefix: str = "i", **more: Any) -> bytes:
    """A contract of many numbers."""
    return spell(
        {
            "inputs": [{"name": f"{prefix}{i}", "dtype": "float64", **more} for i in range(count)],
            "outputs": [{"name": "value", "kind": "value", "dtype": "float64"}],
            "task": "regression",
            "tensors": [{"name": "number", "dtype": "float64", "shape": ["rows", count], "fields": list(range(count))}],
        }
    )


def categories(count: int, *, names: bool) -> bytes:
    """A contract of one string with many categories."""
    words = [f"{i:x}" for i in range(count)]
    field = {"name": "t", "dtype": "string", "categories": words} | ({"category_names": words} if names else {})
    contract = json.loads(inputs(1))
    tensors = [
        {"name": "text", "dtype": "string", "shape": ["rows", 1], "fields": [0]},
        {"name": "text_missing", "dtype": "bool", "shape": ["rows", 1], "fields": [0]},
    ]
    return spell({**contract, "inputs": [field], "tensors": tensors})


def graphs() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Graphs of about as many fields as a model may have."""
    end = onnx.node("Identity", ["x"], ["y"])
    used = 60  # by the rest of the model

    def repeated(one: bytes, fields: int) -> Callable[[], bytes]:
        return lambda: onnx.simple([*[one] * ((FIELDS - used) // fields), end])

    yield (
        "nodes",
        lambda: onnx.simple([*(onnx.node("Identity", ["x"], [str(i)]) for i in range((FIELDS - used) // 4)), end]),
    )
    yield "nodes without outputs", repeated(onnx.node("Identity", ["x"], []), 3)
    yield (
        "nodes with an attribute",
        repeated(onnx.node("Elu", ["x"], [], onnx.attribute("alpha", 1, b"\x15" + bytes(4))), 7),
    )
    yield "nodes of many inputs", repeated(onnx.node("Sum", ["x"] * 1000, []), 1002)
    pads = onnx.attribute("pads", onnx.INTS, onnx.content(8, (b"\x81" + b"\x80" * 8 + b"\0") * 64))
    yield "nodes with 64 sizes", repeated(onnx.node("Conv", ["x"], [], pads), 7 + 64)
    texts = onnx.content(1, "keys_strings") + onnx.content(9, b"") * (FIELDS - used - 20) + b"\xa0\x01\x08"
    yield "texts", lambda: onnx.simple([onnx.node("LabelEncoder", ["x"], ["y"], texts, domain="ai.onnx.ml")])
    yield (
        "constants",
        lambda: onnx.simple([end], [onnx.int64s(f"c{i}", *range(64)) for i in range((FIELDS - used) // 6)]),
    )
    sized = [onnx.int64s(f"c{i}", *[1] * 64) for i in range((FIELDS - used) // 10)]
    reading = [onnx.node("Expand", ["x", f"c{i}"], []) for i in range((FIELDS - used) // 10)]
    yield "constant sizes", lambda: onnx.simple([*reading, end], sized)
    yield "declared values", lambda: onnx.simple([end], more=onnx.each(13, [onnx.value("v")] * ((FIELDS - used) // 10)))
    inner = onnx.graph([onnx.node("Identity", ["x"], ["q"])], [], [onnx.value("q")])
    both = [onnx.graph_attribute(name, inner) for name in ("then_branch", "else_branch")]
    yield "subgraphs", repeated(onnx.node("If", ["x"], [], *both), 49)


def everything() -> bytes:
    """Contract, graph, evidence and reference data that are together at several limits."""
    contract = inputs(KEYS_OF_CONTRACT // 12, **DESCRIBED["datetimes"])
    values, keys = contract.count(b",") + contract.count(b"[") + contract.count(b"{"), contract.count(b":")
    evidence = filled(b"1e300", MIB)
    held = b",".join(b'"%x":0' % i for i in range(KEYS - keys - 1000))
    fractions = VALUES - values - evidence.count(b",") - (KEYS - keys)
    sketches = b'{"a":' + filled(b"1e300", 6 * fractions) + b',"b":{' + held + b"}}"
    return sealed(
        contract__json=contract,
        evidence__json=evidence,
        reference___sketches__json=sketches,
        model__onnx=dict(graphs())["nodes"](),
    )


def described(kind: str) -> bytes:
    """A contract of as many inputs with all optional keys as it may have."""
    return sealed(contract__json=inputs(KEYS_OF_CONTRACT // (len(DESCRIBED[kind]) + 2), **DESCRIBED[kind]))


def referring(made: Callable[[], bytes]) -> bytes:
    """A file of large reference data."""
    return sealed(reference___sketches__json=made())


def holding(made: Callable[[], bytes]) -> bytes:
    return sealed(model__onnx=made())


def vocabulary(count: int) -> dict[str, Any]:
    """A contract with a stage of many terms."""
    spec = {key: value for key, value in member_cases.CHAR.items() if key != "hash"}
    return member_cases.with_stages([{**spec, "vocabulary": [f"{i:x}" for i in range(count)]}])


def cases() -> Iterator[tuple[str, Callable[[], bytes], str | None]]:
    """Name, what makes the file, and the code with which `sealift inspect` refuses it (None: it is shown)."""
    wide = {
        **member_cases.CONTRACT,
        "outputs": [{"name": "features", "kind": "features", "dtype": "float64", "width": 1 << 20}],
    }
    many = {
        **member_cases.CONTRACT,
        "outputs": [{"name": f"o{i}", "kind": "label", "dtype": "int64"} for i in range(20_000)],
    }
    full, size = 16 * MIB, 16 * MIB - 4096
    names = ("evidence__json", "provenance__json", "sbom__cdx__json", "reference___sketches__json")
    five = (*names, "reference___background__json")
    yield "five members of 16 MiB", lambda: sealed(**dict.fromkeys(five, filled(b"1", full))), "E203"
    yield (
        "members that are too large together",
        lambda: sealed(**dict.fromkeys(names[:2], filled(b"1", full // 2))),
        "E203",
    )
    yield "450,000 empty objects", partial(referring, lambda: filled(b"{}", 3 * (VALUES // 2))), None
    yield "too many empty objects", partial(referring, lambda: filled(b"{}", 12 * MIB)), "E203"
    yield "390,000 small objects", partial(referring, lambda: filled(b'{"a":0}', 8 * KEYS)), None
    yield "too many small objects", partial(referring, lambda: filled(b'{"a":0}', full)), "E203"
    keys = b",".join(b'"%x":0' % i for i in range(KEYS))
    yield "390,000 keys", partial(referring, lambda: b"{" + keys + b"}"), None
    yield "390,000 keys, one twice", partial(referring, lambda: b"{" + keys + b',"0":-0}'), "E205"
    yield "a million numbers of 7 digits", partial(referring, lambda: filled(b"1.34567", 8 * VALUES)), None
    yield "a million zeros with a sign", partial(referring, lambda: filled(b"-0", 3 * VALUES)), None
    yield "a million numbers near the largest", partial(referring, lambda: filled(b"1e300", 6 * VALUES)), None
    fraction = b"1.2345678901234567e-100"
    yield "a MiB of long fractions that are shown", lambda: sealed(evidence__json=filled(fraction, MIB)), None
    yield "16 MiB of long fractions", partial(referring, lambda: filled(fraction, size)), None
    yield "a million long integers", partial(referring, lambda: filled(b"10000000000000000", 18 * VALUES)), None
    yield "the deepest lists", partial(referring, lambda: filled(b"[" * 31 + b"]" * 31, 63 * (VALUES // 32))), None
    deep = b'{"a":' * 31 + b"0" + b"}" * 31
    yield "the deepest objects", partial(referring, lambda: filled(deep, (len(deep) + 1) * (KEYS // 31))), None
    yield "nothing but quotes", partial(referring, lambda: b'["' + b'\\"' * (size // 2 - 8) + b'"]'), None
    yield "nothing but escapes", partial(referring, lambda: b'["' + b"\\u00e9" * (size // 6 - 8) + b'"]'), None
    pairs = b'["' + b"\\ud83d\\ude00" * (size // 12 - 8) + b'"]'
    yield "nothing but surrogate pairs", partial(referring, lambda: pairs), None
    yield "a wide text", partial(referring, lambda: '["😀'.encode() + b"a" * (size - 16) + b'"]'), None
    notes = b'{"notes":' + filled(b'"n"', MIB - 16) + b"}"
    yield "260,000 notes", lambda: sealed(evidence__json=notes), None
    nested = b'{"notes":[' + b",".join([filled(b"1.5", (MIB - 64) // 31)] * 31) + b"]}"
    yield "notes that are lists", lambda: sealed(evidence__json=nested), None
    compared = b'{"parity":{"compared":{' + b",".join(b'"%x":7' % i for i in range(90_000)) + b"}}}"
    yield "90,000 kinds of compared rows", lambda: sealed(evidence__json=compared), None
    members = [*names, "reference___background__json"]
    each = filled(b"-0.5", 5 * VALUES // 5 - 100)
    yield "five members together", lambda: sealed(**dict.fromkeys(members, each)), None
    yield "a large manifest", lambda: make.spelled(filled(b"{}", MIB)), "E205"
    step = b'{"how":"","path":"p"}'
    yield "many steps", lambda: sealed(evidence__json=b'{"steps":' + filled(step, MIB - 64) + b"}"), None
    yield "20,480 inputs", lambda: sealed(contract__json=inputs(5 << 12)), None
    for kind in DESCRIBED:
        yield f"described {kind}", partial(described, kind), None
    crowded = inputs(5 << 12, **DESCRIBED["numbers"])
    yield "a contract of too many keys", lambda: sealed(contract__json=crowded), "E203"
    yield "the longest names", lambda: sealed(contract__json=inputs(2000, "é" * 4000)), None
    ignored = [{"name": "é" * 100 + str(i), "position": 1 + i} for i in range(65_000)]
    yield (
        "65,000 ignored columns",
        lambda: sealed(contract__json=spell({**json.loads(inputs(1)), "ignored": ignored})),
        None,
    )
    yield "900,000 categories", lambda: sealed(contract__json=categories(900_000, names=False)), None
    yield "categories with names", lambda: sealed(contract__json=categories(450_000, names=True)), None
    yield "30,000 inputs", lambda: sealed(contract__json=inputs(30_000)), "E106"
    yield "150,000 inputs", lambda: sealed(contract__json=inputs(150_000)), "E203"
    yield "20,000 outputs", lambda: sealed(contract__json=spell(many)), "E106"
    yield "a million columns", lambda: sealed(contract__json=spell(wide)), None
    stages = member_cases.with_stages([member_cases.CHAR] * 4096)
    yield "4,096 stages", lambda: sealed(stages), None
    yield (
        "900,000 terms",
        lambda: sealed(vocabulary(900_000)),
        None,
    )
    for name, made in graphs():
        yield f"graph of {name}", partial(holding, made), None
    yield "everything at once", everything, None
