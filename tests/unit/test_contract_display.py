"""What notebooks and messages show of a contract and its values."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

import numpy as np
import pytest

import seals
from sealift.contract.check import quoted
from sealift.contract.display import labels, summary, tables

CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.S)


def rows_of(html: str) -> list[list[str]]:
    return [[re.sub(r"<[^>]*>", "", cell) for cell in CELL.findall(row)] for row in html.split("<tr")[1:]]


def test_the_tables_of_inputs_and_outputs() -> None:
    rows = rows_of(tables(seals.CONTRACT))
    assert rows[0] == ["column", "type", "may be missing", "values", "unit"]
    assert [row[:3] for row in rows[1:4]] == [
        ["age", "float64", "yes"],
        ["weight", "float64", "no"],
        ["sex", "string", "no"],
    ]
    assert [row[-1] for row in rows[1:4]] == ["years", "", ""]
    assert rows[4] == ["name", "type", "columns"]  # without columns that are empty throughout
    assert [row[0] for row in rows[5:]] == ["label", "probability"]


def test_titles_have_a_column_of_their_own() -> None:
    titled = seals.CONTRACT.changed(age={"title": "Age at admission"})
    rows = rows_of(tables(titled))
    assert rows[0] == ["title", "column", "type", "may be missing", "values", "unit"]
    assert [row[:2] for row in rows[1:4]] == [["Age at admission", "age"], ["weight", "weight"], ["sex", "sex"]]
    assert labels(seals.CONTRACT.changed(age={"title": "sex"}).inputs) == ["age", "weight", "sex"]


def test_the_values_of_an_input() -> None:
    age, weight, sex = seals.CONTRACT.inputs
    plain = replace(weight, range=None, observed=(40.0, 120.5))
    shown = [
        rows_of(tables(replace(seals.CONTRACT, inputs=(field, sex))))[1][3]
        for field in (
            plain,
            replace(plain, observed=None),
            replace(plain, range=(0.5, None)),
            replace(age, range=(0, 9)),
        )
    ]
    assert shown == ["mostly 40 to 120.5", "", "0.5 to any", "0 to 9"]


def test_the_first_hundred_inputs_are_listed() -> None:
    field = seals.CONTRACT.inputs[1]
    for count, more in ((100, ""), (101, "… and 1 more inputs"), (1234, "… and 1,134 more inputs")):
        wide = replace(seals.CONTRACT, inputs=tuple(replace(field, name=f"c{i}") for i in range(count)))
        html = tables(wide)
        assert len(rows_of(html)) == 100 + 4
        assert ("more inputs" in html) == bool(more)
        assert more in html


def test_the_summary_has_the_first_names() -> None:
    assert summary(seals.CONTRACT) == "classification, 3 inputs (age, weight, sex) → label, probability"
    one = replace(seals.CONTRACT, inputs=seals.CONTRACT.inputs[:1])
    assert "1 input (age)" in summary(one)


def test_changed_fields_accept_tuples_and_ranges() -> None:
    changed = seals.CONTRACT.changed(age={"range": (1, 90)}, sex={"categories": ("a", "b")})
    assert [field.as_json().get("range") for field in changed.inputs] == [[1, 90], None, None]
    assert [field.as_json().get("categories") for field in changed.inputs] == [None, None, ["a", "b"]]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float64(1.5), "1.5"),
        (np.int64(3), "3"),
        (np.datetime64("2024-03-01"), "2024-03-01"),
        (datetime.date(2024, 3, 1), "2024-03-01"),
        ("a", "the text 'a'"),
        ("b" * 100, "the text '" + "b" * 59),
        (np.str_("a"), "the text 'a'"),
    ],
)
def test_values_in_messages_are_those_of_python(value: object, shown: str) -> None:
    assert quoted(value) == shown
