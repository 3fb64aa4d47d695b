"""Golden examples that refer to arrays in members of their own, most of them malformed."""

from __future__ import annotations

import copy
import hashlib
import struct
from collections.abc import Iterator
from typing import Any

import member_cases

Json = dict[str, Any]

BODY = struct.pack("<2d", -4.0, 2.5)
MEMBER = f"arrays/{hashlib.sha256(BODY).hexdigest()}"
REFERENCE: Json = {"dtype": "float64", "member": MEMBER, "shape": [2]}


def golden(value: Any, **more: Any) -> Json:
    """The examples with these answers of the output `value`, and more keys."""
    examples = copy.deepcopy(member_cases.GOLDEN)
    examples["answers"]["value"] = value
    examples.update(more)
    return examples


def background(body: bytes) -> Json:
    """Background rows that refer to the elements, so that no case is refused for an array that nobody refers to."""
    return {"columns": ["x", "t"], "rows": [], "source": "generated", "arrays": {"x": of(body, "uint8")}}


def of(body: bytes, dtype: str) -> Json:
    """A reference to two numbers."""
    return {"dtype": dtype, "member": f"arrays/{hashlib.sha256(body).hexdigest()}", "shape": [2]}


def cases() -> Iterator[tuple[str, Json, bytes, str | None, str]]:
    """Name, golden examples, elements in a member, the code with which opening is refused, and why."""
    yield "sound", golden(REFERENCE), BODY, None, "answers as doubles"
    for dtype, code, numbers in (("float32", "<2f", (-4.0, 2.5)), ("uint8", "<2B", (4, 255))):
        body = struct.pack(code, *numbers)
        yield f"sound-{dtype}", golden(of(body, dtype)), body, None, f"answers as {dtype}"
    body = struct.pack("<2d", float("nan"), float("-inf"))
    yield "sound-nan", golden(of(body, "float64")), body, None, "answers that are no numbers"
    for name, change, why in _references():
        yield name, golden({**REFERENCE, **change}), BODY, "E205", f"a reference to an array: {why}"
    less = {key: value for key, value in REFERENCE.items() if key != "dtype"}
    yield "key-less", golden(less), BODY, "E205", "a reference to an array: without an element type"
    answers = member_cases.GOLDEN["answers"]
    label = golden(answers["value"], answers={**answers, "label": REFERENCE})
    yield "label", label, BODY, "E205", "an array of labels, which are integers"
    for name, arrays, why in (
        ("number", {"x": REFERENCE}, "an array of an input of numbers"),
        ("other", {"y": REFERENCE}, "an array of what is no input"),
        ("none", {}, "no array of any input"),
        ("list", [REFERENCE], "arrays of inputs as a list"),
        ("null", None, "null in place of arrays of inputs"),
    ):
        yield f"inputs-{name}", golden(answers["value"], arrays=arrays), BODY, "E205", why
    vast = golden({**REFERENCE, "shape": [(1 << 31) - 1] * 9})
    yield "vast", vast, BODY, "E203", "a reference to 2^279 numbers"
    many = {str(i): {**REFERENCE, "shape": [1 << 20]} for i in range(33)}
    yield "often", golden(answers["value"], arrays=many), BODY, "E203", "33 references to 2^20 numbers each"


def _references() -> Iterator[tuple[str, Json, str]]:
    for name, shape, why in (
        ("long", [3], "more numbers than there are"),
        ("short", [1], "fewer numbers than there are"),
        ("column", [2, 1], "another shape than that of the output"),
        ("none", [], "no dimension"),
        ("0", [0], "the size 0"),
        ("negative", [-2], "a negative size"),
        ("two-negative", [-1, -2], "two negative sizes"),
        ("fraction", [1.5], "half a size"),
        ("true", [True, 2], "a size that is true"),
        ("text", ["2"], "a size as text"),
        ("number", 2, "a number in place of a list"),
        ("2-31", [1 << 31], "a size of 2^31"),
        ("axes", [2, *[1] * 9], "ten dimensions"),
    ):
        yield f"shape-{name}", {"shape": shape}, why
    for name, dtype, why in (
        ("float16", "float16", "an element type that is not known"),
        ("big", ">f8", "big-endian numbers"),
        ("object", "O", "objects of Python"),
        ("list", ["float64"], "a list of element types"),
        ("property", "constructor", "a property of every object of JavaScript"),
    ):
        yield f"dtype-{name}", {"dtype": dtype}, why
    for name, member, why in (
        ("absent", f"arrays/{'0' * 64}", "a member that is missing"),
        ("model", "model.onnx", "another member"),
        ("digest", MEMBER.removeprefix("arrays/"), "the digest without the folder"),
        ("list", [MEMBER], "a list of members"),
        ("null", None, "no member"),
    ):
        yield f"member-{name}", {"member": member}, why
    yield "key-more", {"offset": 0}, "a key that is not known"
