"""Sealed files that are as expensive to read as the format allows, or more; too large to keep in the repository."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import make
import member_cases

MIB = 1 << 20


def spell(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def filled(unit: bytes, size: int, start: bytes = b"[", end: bytes = b"]") -> bytes:
    """A JSON member of `size` bytes at most: `unit` over and over, with commas between."""
    count = (size - len(start) - len(end) + 1) // (len(unit) + 1)
    return start + b",".join([unit] * count) + end


def sealed(**members: bytes) -> bytes:
    contract = {"contract__json": spell(member_cases.CONTRACT), "golden___examples__json": spell(member_cases.GOLDEN)}
    return make.archive(make.whole(**{**contract, **members}))


def inputs(count: int, **more: Any) -> bytes:
    """A contract of many numbers."""
    return spell(
        {
            "inputs": [{"name": f"i{i}", "dtype": "float64", **more} for i in range(count)],
            "outputs": [{"name": "value", "kind": "value", "dtype": "float64"}],
            "task": "regression",
            "tensors": [{"name": "number", "dtype": "float64", "shape": ["rows", count], "fields": list(range(count))}],
        }
    )


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
        "outputs": [{"name": f"o{i}", "kind": "label", "dtype": "int64"} for i in range(100_000)],
    }
    full = 16 * MIB
    names = ("evidence__json", "provenance__json", "sbom__cdx__json", "reference___sketches__json")
    five = (*names, "reference___background__json")
    yield "five members of 16 MiB", lambda: sealed(**dict.fromkeys(five, filled(b"1", full))), "E203"
    yield "two million empty objects", lambda: sealed(evidence__json=filled(b"{}", 3 * 1_048_000)), None
    yield "too many empty objects", lambda: sealed(evidence__json=filled(b"{}", 12 * MIB)), "E203"
    yield "786,000 small objects", lambda: sealed(evidence__json=filled(b'{"a":0}', 8 * 786_000)), None
    yield "too many small objects", lambda: sealed(evidence__json=filled(b'{"a":0}', full)), "E203"
    yield "786,000 keys", lambda: sealed(provenance__json=spell({f"{i:x}": 0 for i in range(786_000)})), None
    yield "two million numbers of 7 digits", lambda: sealed(evidence__json=filled(b"1.34567", 8 * 2_090_000)), None
    yield "numbers that the parser must look at", lambda: sealed(evidence__json=filled(b"-0", 3 * 2_090_000)), None
    yield "nothing but quotes", lambda: sealed(provenance__json=b'["' + b'\\"' * (8 * MIB - 8) + b'"]'), None
    yield "a wide text", lambda: sealed(evidence__json='["😀'.encode() + b"a" * (full - 16) + b'"]'), None
    yield "a million notes", lambda: sealed(evidence__json=b'{"notes":' + filled(b'"n"', full // 4) + b"}"), None
    step = b'{"how":"","path":"p"}'
    yield "many steps", lambda: sealed(evidence__json=b'{"steps":' + filled(step, 6 * MIB) + b"}"), None
    yield "65,536 inputs", lambda: sealed(contract__json=inputs(1 << 16)), None
    rest = {"units": "mg/dl", "observed": [0, 1], "typical": 1}
    yield "65,536 described inputs", lambda: sealed(contract__json=inputs(1 << 16, **rest)), None
    yield "200,000 inputs", lambda: sealed(contract__json=inputs(200_000)), "E106"
    yield "100,000 outputs", lambda: sealed(contract__json=spell(many)), "E106"
    yield "a million columns", lambda: sealed(contract__json=spell(wide)), None
    stages = member_cases.with_stages([member_cases.CHAR] * 4096)
    yield "4,096 stages", lambda: sealed(contract__json=spell(stages)), None
    yield (
        "a million terms",
        lambda: sealed(contract__json=spell(vocabulary(1_000_000))),
        None,
    )
