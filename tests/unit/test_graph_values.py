"""Values of attributes and of tensors in sealed graphs that contradict their declared type, size or location."""

from __future__ import annotations

import hashlib
import struct

import pytest

from onnx_bytes import DOUBLE, INT, STRING, Bytes, attribute, content, node, number, simple, tensor, weight
from sealift.errors import SealError
from sealift.seal.graph import check

BODY = bytes(8)
MEMBER = f"weights/{hashlib.sha256(BODY).hexdigest()}"
# Of AttributeProto: f, i, s, t, g, floats, ints, strings.
VALUES = {
    "f": b"\x15" + struct.pack("<f", 1.0),
    "i": number(3, 1),
    "s": content(4, "a"),
    "t": content(5, tensor("", DOUBLE, [1], BODY)),
    "g": content(6, content(2, "g")),
    "floats": content(7, struct.pack("<f", 1.0)),
    "ints": content(8, b"\x01"),
    "strings": content(9, "a"),
}


def refusal(data: bytes, weights: dict[str, int] | None = None) -> tuple[str, str]:
    with pytest.raises(SealError) as caught:
        check(data, weights)
    return caught.value.code, caught.value.what


@pytest.mark.parametrize("other", [name for name in VALUES if name != "i"])
def test_an_attribute_with_a_second_value_is_refused(other: str) -> None:
    sound = node("Gather", ["x", "w"], ["y"], attribute("axis", INT, VALUES["i"]))
    index = tensor("w", 7, [1], struct.pack("<q", 0))
    check(simple([sound], [index]))
    double = node("Gather", ["x", "w"], ["y"], attribute("axis", INT, VALUES["i"] + VALUES[other]))
    code, what = refusal(simple([double], [index]))
    assert code == "E205"
    assert "the attribute axis of Gather is of another type" in what


@pytest.mark.parametrize("other", [name for name in VALUES if name != "f"])
def test_an_attribute_of_a_float_with_a_second_value_is_refused(other: str) -> None:
    check(simple([node("Elu", ["x"], ["y"], attribute("alpha", 1, VALUES["f"]))]))
    double = node("Elu", ["x"], ["y"], attribute("alpha", 1, VALUES["f"] + VALUES[other]))
    assert refusal(simple([double]))[0] == "E205"


def held(constant: Bytes) -> bytes:
    return simple([node("Add", ["x", "w"], ["y"])], [constant])


def test_weights_must_have_the_size_of_their_tensor() -> None:
    sound = held(weight("w", BODY, more=number(14, 1)))
    assert check(sound, {MEMBER: 8}).weights["w"].member == MEMBER
    for size in (0, 7, 9, 16):
        code, what = refusal(sound, {MEMBER: size})
        assert code == "E205"
        assert "do not match its weights" in what
    both = held(weight("w", BODY, more=number(14, 1) + content(9, BODY)))
    assert "do not match its weights" in refusal(both, {MEMBER: 8})[1]
    strings = held(weight("w", BODY, element=STRING, more=number(14, 1)))
    assert "do not match its weights" in refusal(strings, {MEMBER: 8})[1]


@pytest.mark.parametrize(
    ("element", "size"),
    [(1, 4), (2, 1), (3, 1), (4, 2), (5, 2), (6, 4), (7, 8), (8, None), (9, None), (10, 2), (11, 8), (12, 4), (13, 8),
     (16, None)],
)  # fmt: skip
def test_weights_are_numbers_of_these_types(element: int, size: int | None) -> None:
    """Types of TensorProto, each with the size of an element; strings, booleans and bfloat16 stay in the graph."""
    made = held(weight("w", BODY, element=element, more=number(14, 1)))
    if size is None:
        assert "do not match its weights" in refusal(made, {MEMBER: 8})[1]
    else:
        assert check(made, {MEMBER: size}).weights["w"].element == element
        assert "do not match its weights" in refusal(made, {MEMBER: size + 1})[1]


@pytest.mark.parametrize(
    ("location", "members"),
    [
        ("model.onnx", {"model.onnx": 8, MEMBER: 8}),
        ("weights/" + "0" * 64, {MEMBER: 8}),
        (MEMBER, {}),
        (MEMBER, None),
        (MEMBER + "0", {MEMBER: 8, MEMBER + "0": 8}),
    ],
)
def test_weights_must_be_a_member_of_their_digest(location: str, members: dict[str, int] | None) -> None:
    entry = content(13, content(1, "location") + content(2, location)) + number(14, 1)
    assert refusal(held(tensor("w", DOUBLE, [1, 1], more=entry)), members)[0] == "E208"
