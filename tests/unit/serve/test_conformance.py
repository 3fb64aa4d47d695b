"""Each kind of value over each route: it arrives unchanged, or is refused as docs/reference/server.md says."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import echo
from echo import OUTPUTS
from sealift import load
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from serve_routes import ROUTES, RefusedError, Spelled, post, table

PAGE = Path(__file__).parents[3] / "docs/reference/server.md"
USUAL = {"number": 0.5, "whole": 3, "flag": True, "text": "a", "note": "b"}
STRINGS = (
    *("é", "e\u0301\u0323", "😀", "👩\u200d👩\u200d👧", "\U0010ffff\uffff", "\u202eabc", "日本語", "ß", "İ"),
    *("\u2028\u2029", "\u00a0 a ", " ", "\ufeffa", "a\nb\r\nc\rd", "\"a\",'b';\t", "\x1c\x85\x0b\x0c\x7f\x01"),
    *("NA", "NaN", "null", "None", "true", "1.0", "-0", "\\u0041", "\\", "=1+1", "#", "<b>&amp;"),
)
CASES: dict[str, list[tuple[str, Any]]] = {
    "missing number or boolean": [("number", None), ("whole", None), ("flag", None)],
    "missing string": [("text", None), ("note", None)],
    "NaN, which is read as missing": [("number", math.nan)],
    "∞, −∞": [("number", math.inf), ("number", -math.inf)],
    "−0": [("number", -0.0)],
    "finite doubles": [("number", x) for x in (0.0, 0.1, -1 / 3, 5e-324, -1.7976931348623157e308, 1e22, 2.5e-7)],
    "integers that a double represents exactly": [
        *[("whole", value) for value in (0, -7, 2**53 - 1, 1 - 2**53)],
        *[("number", value) for value in (5, 2**53, -(2**53), 2**53 + 2, 2**62, -(2**63))],
    ],
    "other integers, for a `float64` field": [("number", x) for x in (2**53 + 1, -(2**53) - 1, 2**63 - 1)],
    "integers of magnitude 2⁵³ or more, for an `int64` field": [("whole", x) for x in (2**53, -(2**53), 2**62)],
    "booleans": [("flag", False), ("flag", True)],
    "empty string": [("note", "")],
    "strings of any Unicode characters": [("text", value) for value in STRINGS],
    "strings with U+0000": [("text", "\0"), ("text", "a\0b")],
    "strings with an unpaired surrogate": [("text", "\ud800"), ("text", "a\udc00b")],
}
"""Row of the table → examples: the field and its value in Python."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    folder = tmp_path_factory.mktemp("seals")
    models = []
    for output in OUTPUTS:
        model = ServedModel(output.name, load(echo.write(folder / f"{output.name}.seal", output.name)))
        model.prepare()
        models.append(model)
    return Service(Plane(models))


def documented(first: str) -> Iterator[tuple[str, str, str]]:
    """Row, column and cell of a table of the page, by the head of its first column."""
    lines = PAGE.read_text().split(f"| {first} |")[1].split("\n\n")[0].splitlines()
    head = [cell.strip() for cell in lines[0].strip("|").split("|")]
    for line in lines[2:]:
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        for column, cell in zip(head, cells, strict=True):
            yield name, column, cell


def sent(name: str, column: str, cell: str) -> Iterator[tuple[str, Any, Any, str | None]]:
    """What a cell of the table stands for: field, value in Python, value as it is sent, code of the refusal."""
    for part in [] if cell == "cannot be represented" else cell.split("; "):
        literal, code = re.match(r"`([^`]*)`", part), re.search(r"refused \((\w+)\)", part)
        for field, value in CASES[name]:
            yield field, value, value if literal is None else Spelled(literal[1]), code and code[1]
            if isinstance(value, str) and code is None and "JSON" in column:
                yield field, value, Spelled(json.dumps(value, ensure_ascii=False)), None


TABLE = [(name, column, cell) for name, column, cell in documented("value in a row")]
CELLS = [(name, column, route, cell) for name, column, cell in TABLE for route in ROUTES[column]]


def same(value: Any) -> Any:
    """A value that equals another one only if both are the same double, integer or string."""
    if isinstance(value, list | np.ndarray):
        return [same(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return ("NaN" if math.isnan(value) else value.hex()) if isinstance(value, float) else value


@pytest.mark.parametrize(("name", "column", "route", "cell"), CELLS)
def test_values_arrive_or_are_refused(service: Service, name: str, column: str, route: str, cell: str) -> None:
    model = service.plane.find("text_out").model
    ask = ROUTES[column][route]
    for field, value, form, code in sent(name, column, cell):
        row = {**USUAL, field: form}
        if code is not None:
            with pytest.raises(RefusedError, match=code):
                ask(service, row)
            continue
        expected = model.predict([{**USUAL, field: value}])
        got = ask(service, row)
        assert {output: same(answer) for output, answer in got.items()} == {
            output.name: same(expected[output.name][0]) for output in OUTPUTS
        }, row


def test_the_page_and_the_tests_have_the_same_rows() -> None:
    assert {name for name, _, _ in TABLE} == set(CASES)
    assert {column for _, column, _ in TABLE} == set(ROUTES)


def test_an_empty_cell_is_missing_by_default(service: Service) -> None:
    for route in ROUTES["CSV"].values():
        assert route(service, {**USUAL, "text": ""})["absent"] == 1
        assert route(service, {**USUAL, "text": None})["absent"] == 1


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("NaN", {**USUAL, "number": None}),
        ("∞, −∞", {**USUAL, "number": 0.0}),
        ("∞, −∞", {**USUAL, "number": -0.0}),
        ("−0", {**USUAL, "number": -0.0}),
        ("integers of magnitude 2⁵³ or more", {**USUAL, "whole": 2**53 - 1}),
    ],
)
def test_answers_are_written_as_documented(name: str, row: Mapping[str, Any], service: Service) -> None:
    cells = {column: cell for title, column, cell in documented("value in an answer") if title == name}
    whole = json.dumps({"text": "a", "note": "b", **row}).encode()
    datatypes = {"number": "FP64", "whole": "INT64", "flag": "BOOL", "text": "BYTES", "note": "BYTES"}
    tensors = [
        {"name": field, "datatype": datatype, "shape": [1], "data": [row[field]]}
        for field, datatype in datatypes.items()
    ]
    path = "/v1/models/text_out/predict"
    written = {
        "JSON": post(service, path, whole, "application/json"),
        "JSON Lines": post(service, path, whole + b"\n", "application/jsonl"),
        "tensors in JSON": post(service, "/v2/models/text_out/infer", json.dumps({"inputs": tensors}).encode(), ""),
        "CSV": post(service, path, table(row).encode(), "text/csv"),
    }
    for column, response in written.items():
        literals = re.findall(r"`([^`]*)`", cells[column]) or [str(2**54)]
        at = -1 if len(literals) > 1 and math.copysign(1, row["number"]) < 0 else 0
        assert re.search(rf"[\[,:] ?{re.escape(literals[at])}[\]}},\r]", response.body.decode()), response.body
