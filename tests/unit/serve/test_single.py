"""Requests of a single row: the reader for the contract gives the bytes of the general path, or no answer."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import seals
from sealift import load
from sealift.contract import Field, RowReader
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.single import _reader

GOOD = {"age": 61.5, "weight": 80, "sex": "f"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    return Service(Plane([model]))


def both(service: Service, body: bytes) -> tuple[bytes | None, int, bytes]:
    """The answer of the reader for single rows, and the status and answer of the general path."""
    single = service.plane.find("tiny").single
    assert single is not None
    tensors = single.read(body)
    response = respond(service, Request("POST", "/v1/models/tiny/predict", {}, body))
    if tensors is None:
        return None, response.status, response.body
    _, quick = single.answer(tensors)
    assert single.answer_joined([tensors])[1] == [quick]
    return quick, response.status, response.body


def test_a_usual_row_is_read(service: Service) -> None:
    quick, status, body = both(service, json.dumps(GOOD).encode())
    assert status == 200
    assert quick == body


def test_spaces_and_another_order_of_the_keys(service: Service) -> None:
    quick, status, body = both(service, b' {\n"sex":"f" ,\t"weight":8e1, "age": 61.5}\n ')
    assert status == 200
    assert quick == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"age": 61.5, "weight": 80, "sex": "f", "age": 61.5}',
        b'{"age": -0, "weight": 80, "sex": "f"}',
        b'{"age": 9007199254740993, "weight": 80, "sex": "f"}',
        b'{"age": true, "weight": 80, "sex": "f"}',
        b'{"age": 1e400, "weight": 80, "sex": "f"}',
        b'{"age": 61.5, "weight": 80, "sex": "\\u0066"}',
        b'{"age": 61.5, "weight": 80, "sex": "\\ud800"}',
        b'{"age": 61.5, "weight": 80, "sex": "\xff"}',
        b'{"age": 61.5, "weight": 80, "sex": "z"}',
        b'{"age": 61.5, "weight": 80}',
        b'{"age": 61.5, "weight": 80, "sex": "f"} x',
        b"[]",
        b"",
    ],
)
def test_what_the_general_path_has_to_judge(body: bytes, service: Service) -> None:
    quick, _, _ = both(service, body)
    assert quick is None


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.from_regex(re.compile(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?"), fullmatch=True),
    st.sampled_from(["-0", "-0.0", "0", "1e5", "null", "true", "61.5"]),
)
STRINGS = st.one_of(
    st.sampled_from(['"f"', '"m"', "null", '"\\u0066"', '"F"', "1"]),
    st.text(max_size=3).map(lambda text: json.dumps(text, ensure_ascii=False)),
)
SPACE = st.sampled_from(["", "", " ", "\n\t"])


@st.composite
def bodies(draw: Any) -> bytes:
    """Objects with most of the fields, and sometimes with other keys or something behind."""
    pairs = [(name, draw(STRINGS if name == "sex" else NUMBERS)) for name in GOOD if draw(st.integers(0, 9))]
    if not draw(st.integers(0, 9)):
        pairs.append((draw(st.sampled_from([*GOOD, "other", "age "])), draw(NUMBERS)))
    pairs = draw(st.permutations(pairs))
    space = draw(SPACE)
    inside = ",".join(f'{space}"{key}"{space}:{space}{value}' for key, value in pairs)
    text = "{" + inside + "}" + draw(st.sampled_from(["", "", "", " ", "]", "\0"]))
    encoded: bytes = text.encode("utf-8", "surrogatepass")
    return encoded


@settings(max_examples=1500, deadline=None)
@given(body=bodies())
@example(body=b'{"age":-0,"weight":80,"sex":"f"}')
def test_both_paths_agree(body: bytes, service: Service) -> None:
    quick, status, answer = both(service, body)
    if quick is not None:
        assert status == 200
        assert quick == answer


@settings(max_examples=500, deadline=None)
@given(body=st.binary(max_size=60))
def test_random_bytes(body: bytes, service: Service) -> None:
    quick, status, answer = both(service, body)
    assert quick is None or (status, quick) == (200, answer)


@st.composite
def many_rows(draw: Any) -> bytes:
    """Lists of objects, lists of lists and objects of lists, sometimes with something wrong."""
    count, space = draw(st.integers(0, 4)), draw(SPACE)
    values = [[draw(STRINGS if name == "sex" else NUMBERS) for name in GOOD] for _ in range(count)]
    names = list(GOOD) if draw(st.integers(0, 9)) else draw(st.permutations([*GOOD, "other"]))[:3]
    form = draw(st.sampled_from(["objects", "lists", "columns"]))
    if form == "objects":
        rows = ["{" + ",".join(f'{space}"{k}":{v}' for k, v in zip(names, row, strict=True)) + "}" for row in values]
        text = "[" + f",{space}".join(rows) + "]"
    elif form == "lists":
        extra = draw(st.sampled_from(["", "", "", ",1"]))
        text = "[" + ",".join("[" + f",{space}".join(row) + extra + "]" for row in values) + "]"
    else:
        columns = [f'"{k}":{space}[' + ",".join(row[at] for row in values) + "]" for at, k in enumerate(names)]
        text = "{" + ",".join(columns) + "}"
    encoded: bytes = (space + text + draw(st.sampled_from(["", "", "", " ", "]"]))).encode("utf-8", "surrogatepass")
    return encoded


@settings(max_examples=1500, deadline=None)
@given(body=many_rows())
@example(body=b'[{"age": -0, "weight": 80, "sex": "f"}]')
@example(body=b'[{"age": 1, "weight": 80, "sex": "f", "age": 1}]')
@example(body=b'{"age": [1, 2], "weight": [80], "sex": ["f", "m"]}')
@example(body=b'[["a", 1, 2], [1, 80, "f"]]')
def test_rows_are_read_with_types_as_in_general(body: bytes, service: Service) -> None:
    model = service.plane.find("tiny")
    request = Request("POST", "/v1/models/tiny/predict", {}, body)
    fast = respond(service, request)
    typed, model.typed = model.typed, None
    assert typed is not None
    try:
        general = respond(service, request)
    finally:
        model.typed = typed
    assert (fast.status, fast.body) == (general.status, general.body)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"age": 61.5, "weight": 80, "sex": "f"}, {"age": null, "weight": 8e1, "sex": "m"}]',
        b'[[61.5, 80, "f"], [null, 8e1, "m"]]',
        b'{"age": [61.5, null], "weight": [80, 8e1], "sex": ["f", "m"]}',
    ],
)
def test_usual_forms_of_rows_are_read_with_types(body: bytes, service: Service) -> None:
    typed = service.plane.find("tiny").typed
    assert typed is not None
    assert typed.read(body, 10) is not None
    assert typed.read(body, 8) is None  # too many values


DOUBLES = st.floats(-(2.0**53), 2.0**53, allow_nan=False, exclude_min=True, exclude_max=True)


@settings(deadline=None)
@given(st.tuples(DOUBLES, st.none() | DOUBLES, DOUBLES))
def test_doubles_without_rules_are_read_as_others(row: tuple[float, float | None, float]) -> None:
    fields = [Field(name=name, dtype="float64", missing="allowed" if name == "b" else "refused") for name in "abc"]
    reader = RowReader(dataclasses.replace(seals.CONTRACT, inputs=tuple(fields)))
    assert reader.any_numbers
    tensors, expected = _reader(reader)(row), reader.one((row,))
    assert tensors is not None
    assert expected is not None
    assert tensors["number"].tobytes() == expected["number"].tobytes()
    assert tensors["number"].shape == expected["number"].shape
    assert tensors["number"].dtype == expected["number"].dtype


@pytest.mark.parametrize(
    "field",
    [
        Field(name="a", dtype="int64"),
        Field(name="a", dtype="float32"),
        Field(name="a", dtype="bool"),
        Field(name="a", dtype="date"),
        Field(name="a", dtype="string"),
        Field(name="a", dtype="float64", range=(0.0, 1.0)),
        Field(name="a", dtype="float64", categories=(1.0, 2.0), unknown="refused"),
    ],
)
def test_other_fields_have_rules(field: Field) -> None:
    inputs = (Field(name="b", dtype="float64"), field)
    assert not RowReader(dataclasses.replace(seals.CONTRACT, inputs=inputs)).any_numbers
