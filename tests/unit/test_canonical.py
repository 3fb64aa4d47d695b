from __future__ import annotations

import json
import math
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from sealift import canonical

VECTORS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[2] / "spec/vectors/seal/json.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("text", VECTORS["accepted"])
def test_json_is_accepted(text: str) -> None:
    assert canonical.loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize("text", VECTORS["refused"])
def test_what_only_some_parsers_accept_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.loads(text.encode())


CANONICAL: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[2] / "spec/vectors/seal/canonical.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CANONICAL["numbers"], ids=lambda case: case["text"])
def test_a_number_has_one_spelling_and_reads_back(case: dict[str, str]) -> None:
    value = struct.unpack(">d", bytes.fromhex(case["bits"]))[0]
    assert canonical.dumps(value).decode() == canonical.number_text(value) == case["text"]
    assert struct.pack(">d", canonical.loads(case["text"].encode())).hex() == case["bits"]


@pytest.mark.parametrize("case", CANONICAL["values"], ids=lambda case: case["why"])
def test_values_have_one_spelling(case: dict[str, str]) -> None:
    assert canonical.dumps(canonical.loads(case["json"].encode())).decode() == case["text"]
    assert canonical.dumps(canonical.loads(case["text"].encode())).decode() == case["text"]


@pytest.mark.parametrize("text", CANONICAL["inexact"])
def test_an_integer_that_no_double_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="exact"):
        canonical.loads(text.encode())


@pytest.mark.parametrize("data", [b"\xff", b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b"{\0}", b'"\xc0\xaf"'])
def test_bytes_that_are_not_utf8_json_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.loads(data)


def test_minus_zero_is_kept() -> None:
    assert math.copysign(1, canonical.loads(b"-0")) == -1


def test_brackets_in_strings_are_not_levels() -> None:
    text = json.dumps(["[" * 100, '\\"[[[[' * 20, "{" * 99])
    assert canonical.loads(text.encode(), depth=1) == json.loads(text)
    with pytest.raises(ValueError, match="deeper than 1"):
        canonical.loads(b'["\\"", []]', depth=1)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * (1 << 20),
        b"[" * (1 << 19) + b"]" * (1 << 19),
        b'"' * (1 << 20),
        b'"' + b'\\"' * (1 << 19),
        b'\\"' * (1 << 19),
        b"[" + b"1" * (1 << 20) + b"]",
        b"[" + b"1" * 4000 + b",1" * (1 << 18) + b"]",
        b'["' + b"\\ud800" * (1 << 17) + b'"]',
        b"{" + b'"a":1,' * (1 << 17) + b'"a":1}',
    ],
    ids=["opened", "nested", "quotes", "escapes", "stray escapes", "digits", "many digits", "surrogates", "keys"],
)
def test_a_mebibyte_of_spite_is_refused_in_linear_time(data: bytes) -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match=r"."):
        canonical.loads(data)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ({"\ufb33": 2, "😀": 1}, '{"😀":1,"\ufb33":2}'.encode()),  # by UTF-16 units, as RFC 8785 says
        ([math.nan, math.inf, -math.inf], b'["NaN","Infinity","-Infinity"]'),
        ((0.1, 1e22, -0.0), b"[0.1,1e+22,-0]"),
        ("é\n\x01\x7f/", '"é\\n\\u0001\x7f/"'.encode()),
    ],
)
def test_a_value_has_one_spelling(value: object, expected: bytes) -> None:
    assert canonical.dumps(value) == expected


@pytest.mark.parametrize("value", [{1: 2}, {"a": {None: 1}}, object(), {1, 2}, b"x"])
def test_what_json_lacks_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        canonical.dumps(value)


@pytest.mark.parametrize("value", [2**53 + 1, [-(2**53) - 1], 10**400, "\ud800", {"\udfff": 1}])
def test_what_could_not_be_read_again_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.dumps(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 1.0), (0.5, 0.5), ("Infinity", math.inf), ("-Infinity", -math.inf)]
)
def test_numbers_are_read_with_the_names_json_lacks(value: object, expected: float) -> None:
    assert canonical.number(value) == expected


def test_nan_is_read() -> None:
    assert math.isnan(canonical.number("NaN"))


@pytest.mark.parametrize("value", [True, None, "1", "nan", "inf", [], {}, 10**400])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.number(value)


def test_marks_are_counted_outside_of_strings_and_before_parsing() -> None:
    assert canonical.parse(b'{"a,[{:":",[{:","b":[1,2,{}]}')[1] == canonical.Marks(values=6, keys=2)
    assert canonical.parse(b"1", before=canonical.Marks(3, 4))[1] == canonical.Marks(3, 4)
    most = canonical.Marks(values=3, keys=1)
    assert canonical.parse(b"[1,2,3]", most=most)[0] == [1, 2, 3]
    for text in (b"[1,2,3,4]", b'{"a":1,"b":2}', b"[" * 5):
        with pytest.raises(canonical.TooManyError, match="more than 3 values, or 1 keys"):
            canonical.parse(text, most=most)


@pytest.mark.parametrize(
    "text", ["-0", "[-0]", "[1,-0 ]", '{"a":-0}', "9007199254740993", "[ 12345678901234567890]", "1e400", "[-1E+400]"]
)
def test_numbers_that_the_parser_would_change_are_never_missed(text: str) -> None:
    parsed: Any
    try:
        parsed = canonical.loads(text.encode())
    except ValueError:
        return
    parsed = parsed[-1] if isinstance(parsed, list) else parsed["a"] if isinstance(parsed, dict) else parsed
    assert str(parsed) == "-0.0"
