"""The fields of tensors and lists in sealed graphs, each in every encoding that Protocol Buffers permits."""

from __future__ import annotations

import struct

import pytest

from onnx_bytes import (
    DOUBLE,
    FLOAT,
    INT64,
    INTS,
    STRING,
    Bytes,
    attribute,
    content,
    each,
    graph,
    graph_attribute,
    int64s,
    integer,
    integers,
    model,
    node,
    number,
    simple,
    tensor,
    truth,
    value,
    varint,
)
from sealift.errors import SealError
from sealift.seal.graph import check
from sealift.seal.graph.rules import rules
from sealift.seal.graph.wire import ModelBytes, WireError, signed
from sealift.seal.graph.wire import integers as read_integers
from sealift.seal.graph.wire import varint as read_varint

UINT32, UINT64, INT32 = 12, 13, 6


def held(constant: Bytes) -> bytes:
    return simple([node("Identity", ["x"], ["y"])], [constant])


def refusal(data: bytes) -> str:
    with pytest.raises(SealError) as caught:
        check(data)
    return f"{caught.value.code} {caught.value.what}"


def packed_doubles(*values: float) -> bytes:
    return content(10, struct.pack(f"<{len(values)}d", *values))


def single_doubles(*values: float) -> bytes:
    return b"".join(varint(10 << 3 | 1) + struct.pack("<d", value) for value in values)


def packed_ints(field: int, *values: int) -> bytes:
    return content(field, b"".join(map(varint, values)))


SOUND = {
    "doubles in one list": (DOUBLE, packed_doubles(1.0, 2.0)),
    "doubles one by one": (DOUBLE, single_doubles(1.0, 2.0)),
    "doubles in two lists": (DOUBLE, packed_doubles(1.0) + packed_doubles(2.0)),
    "doubles in both encodings": (DOUBLE, packed_doubles(1.0) + single_doubles(2.0)),
    "floats in one list": (FLOAT, content(4, struct.pack("<2f", 1.0, 2.0))),
    "floats one by one": (FLOAT, 2 * (varint(4 << 3 | 5) + struct.pack("<f", 1.0))),
    "int64 in one list": (INT64, packed_ints(7, 1, 127)),
    "int64 one by one": (INT64, number(7, -1) + number(7, 127)),
    "int32": (INT32, packed_ints(5, 300, 127)),
    "uint32": (UINT32, packed_ints(11, 1, 127)),
    "uint64": (UINT64, packed_ints(11, 1, 127)),
    "strings": (STRING, each(6, ["a", ""])),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_tensor_of_two_elements(name: str) -> None:
    element, data = SOUND[name]
    check(held(tensor("w", element, [2], more=data)))
    # Of integers only an upper bound of the number is known, which is that of the bytes.
    for wrong in ([40],) if "int" in name else ([3], [1], [2, 2]):
        assert "do not match" in refusal(held(tensor("w", element, wrong, more=data)))


@pytest.mark.parametrize("name", SOUND)
def test_elements_are_in_the_field_of_their_type(name: str) -> None:
    element, data = SOUND[name]
    fields = {DOUBLE: 10, FLOAT: 4, INT64: 7, INT32: 5, UINT32: 11, UINT64: 11, STRING: 6}
    other = next(kind for kind, field in fields.items() if field != fields[element] and kind != STRING)
    assert "not in the field of its type" in refusal(held(tensor("w", other, [2], more=data)))
    twice = data + content(9, bytes(16))
    assert "not in the field of its type" in refusal(held(tensor("w", element, [2], more=twice)))


def test_raw_data_have_two_bytes_for_each_bfloat16() -> None:
    check(held(tensor("w", 16, [3], bytes(6))))
    assert "do not match" in refusal(held(tensor("w", 16, [3], bytes(12))))


def test_a_list_of_doubles_ends_with_a_whole_one() -> None:
    assert "malformed" in refusal(held(tensor("w", DOUBLE, [2], more=content(10, bytes(15)))))
    assert "malformed" in refusal(held(tensor("w", INT64, [2], more=content(7, b"\x01\x80"))))


@pytest.mark.parametrize("given", [0, 1, 127, 128, 300, 2**31 - 1, 2**62, 2**63 - 1, -1, -(2**63)])
def test_numbers_of_any_size(given: int) -> None:
    encoded = varint(given)
    read, end = read_varint(encoded, 0, len(encoded))
    assert (signed(read), end) == (given, len(encoded))
    source = ModelBytes(encoded * 3, 10)
    assert read_integers(source, [(0, 3 * len(encoded), 0)]) == [given] * 3
    assert source.left == 7


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 9, b"\xff" * 9 + b"\x02", b"\xff" * 10 + b"\x01"])
def test_numbers_of_more_than_64_bits_and_those_cut_short_are_malformed(data: bytes) -> None:
    with pytest.raises(WireError):
        read_varint(data, 0, len(data))


def test_a_dimension_below_zero_is_malformed() -> None:
    assert refusal(held(tensor("w", DOUBLE, [-1], more=packed_doubles(1.0)))).startswith("E205")


def test_a_loop_has_a_constant_number_of_iterations() -> None:
    body = graph(
        [node("Identity", ["c"], ["c2"]), node("Identity", ["s"], ["s2"])],
        [value("i", INT64, []), value("c", 9, []), value("s")],
        [value("c2", 9, []), value("s2")],
    )
    made = node("Loop", ["turns", "going", "x"], ["y"], graph_attribute("body", body))
    check(simple([made], [int64s("turns", 5, dims=[]), truth("going")]))
    computed = node("Size", ["x"], ["turns"])
    assert "a Loop whose number of iterations is not a constant" in refusal(simple([computed, made], [truth("going")]))
    for wrong in (int64s("turns", -1, dims=[]), int64s("turns", 1, 2)):
        assert "not a constant" in refusal(simple([made], [wrong, truth("going")]))


# Limits and forms of graphs.


def test_both_encodings_of_dimensions_and_of_integers_are_valid() -> None:
    rules.cache_clear()  # the schemas are made again
    made = content(1, varint(1) + varint(2)) + number(2, DOUBLE) + content(8, "w") + packed_doubles(1.0, 2.0)
    check(held(made))
    packed = attribute("kernel_shape", INTS, content(8, varint(1) + varint(1)))
    for given in (packed, integers("kernel_shape", 1, 1)):
        check(simple([node("MaxPool", ["x"], ["y"], given)]))


def test_the_dimensions_of_tensors_and_of_inputs_have_a_limit() -> None:
    for count, fits in ((16, True), (17, False)):
        port = graph([node("Identity", ["x"], ["y"])], [value("x", dims=[None] * count)], [value("y")])
        constant = held(tensor("w", DOUBLE, [1] * count, struct.pack("<d", 1.0)))
        for data in (model(port), constant):
            if fits:
                check(data)
                continue
            with pytest.raises(SealError, match="more than 16 dimensions") as caught:
                check(data)
            assert (caught.value.code, caught.value.where) == ("E203", "model.onnx")


def test_intermediate_values_may_be_declared_without_a_type() -> None:
    check(simple([node("Identity", ["x"], ["y"])], more=content(13, content(1, "v"))))
    untyped = graph([node("Identity", ["x"], ["y"])], [content(1, "x")], [value("y")])
    assert "has no type" in refusal(model(untyped))


def test_the_integers_of_an_attribute_have_a_limit() -> None:
    def pool(*sizes: int) -> bytes:
        return simple([node("MaxPool", ["x"], ["y"], integers("kernel_shape", *sizes))])

    check(pool(*[1] * 64))
    assert "more than 64 numbers" in refusal(pool(*[1] * 641))


@pytest.mark.parametrize(("count", "known"), [(1, True), (64, True), (65, False)])
def test_constants_of_few_integers_are_known(count: int, known: bool) -> None:
    ones = node("Constant", [], ["size"], integers("value_ints", *[1] * count))
    made = simple([ones, node("Expand", ["x", "size"], ["y"])])
    if known:
        check(made)
    else:
        assert "constant size" in refusal(made)


def test_the_element_type_that_is_not_permitted_is_named() -> None:
    assert "the element type 99" in refusal(simple([node("Cast", ["x"], ["y"], integer("to", 99))]))


def test_a_field_of_another_type_is_malformed_and_an_unknown_one_refused() -> None:
    for field, code, what in (
        (4, "E205", "the field op_type has another type"),
        (5, "E205", "has another type"),
        (99, "E208", "number 99"),
    ):
        made = simple([node("Identity", ["x"], ["y"], more=number(field, 1))])
        refused = refusal(made)
        assert refused.startswith(code)
        assert what in refused
