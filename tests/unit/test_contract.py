"""Contracts as objects and as JSON, and the forms that rows may have."""

from __future__ import annotations

import dataclasses
import datetime
import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import seals
from sealift.contract import Contract, Field, Headline, Output, columns_of, encode, is_missing, shown
from sealift.contract.capabilities import check_required
from sealift.contract.output import MOST_WIDTH
from sealift.errors import ContractError

OUTPUTS = (Output(name="label", kind="label", dtype="int64"),)


def one(**options: Any) -> Contract:
    return Contract(inputs=(Field(name="x", **options),), outputs=OUTPUTS, task="clustering")


def refused(action: Any, *arguments: Any, **options: Any) -> ContractError:
    with pytest.raises(ContractError) as raised:
        action(*arguments, **options)
    assert raised.value.fix
    return raised.value


def test_json_and_back() -> None:
    assert Contract.from_json(seals.CONTRACT.as_json()) == seals.CONTRACT
    assert "missing" not in seals.CONTRACT.as_json()["inputs"][1], "defaults are left out"


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": []},
        {"outputs": []},
        {"inputs": None},
        {"inputs": [1]},
        {"task": "guessing"},
        {"headline": {"output": "nope", "class": None}},
        {"headline": {"output": "probability", "class": 7}},
        {"headline": "probability"},
        {"tensors": []},
        {"title": 1},
        {"nope": 1},
        {"inputs": [{"name": "a"}]},
        {"inputs": [{"name": "", "dtype": "bool"}]},
        {"inputs": [{"name": "a", "dtype": "int8"}]},
        {"inputs": [{"name": "a", "dtype": "bool", "nope": 1}]},
        {"inputs": [{"name": "a", "dtype": "bool"}, {"name": "a", "dtype": "bool"}]},
        {"inputs": [{"name": "a", "dtype": "string", "range": [0, 1]}]},
        {"inputs": [{"name": "a", "dtype": "float64", "range": [1, 0]}]},
        {"inputs": [{"name": "a", "dtype": "float64", "range": [1]}]},
        {"inputs": [{"name": "a", "dtype": "float64", "range": ["NaN", 1]}]},
        {"inputs": [{"name": "a", "dtype": "date", "range": [0, 1]}]},
        {"inputs": [{"name": "a", "dtype": "date", "range": ["2024-02-30", None]}]},
        {"inputs": [{"name": "a", "dtype": "date", "range": ["2024-02-01T12:00:00", None]}]},
        {"inputs": [{"name": "a", "dtype": "datetime", "range": ["2024-02-01", "2024-01-01"]}]},
        {"inputs": [{"name": "a", "dtype": "datetime", "observed": [None, 1.7e15]}]},
        {"inputs": [{"name": "a", "dtype": "date", "typical": 0}]},
        {"inputs": [{"name": "a", "dtype": "datetime", "typical": "noon"}]},
        {"inputs": [{"name": "a", "dtype": "date", "categories": ["2024-01-01"]}]},
        {"inputs": [{"name": "a", "dtype": "float64", "range": ["2024-01-01", None]}]},
        {"inputs": [{"name": "a", "dtype": "float64", "categories": []}]},
        {"inputs": [{"name": "a", "dtype": "float64", "categories": ["x"]}]},
        {"inputs": [{"name": "a", "dtype": "int64", "categories": [1, 1.0]}]},
        {"inputs": [{"name": "a", "dtype": "int64", "categories": [2**53]}]},
        {"inputs": [{"name": "a", "dtype": "string", "missing": "maybe"}]},
        {"inputs": [{"name": "a", "dtype": "string", "units": 3}]},
        {"inputs": [{"name": "a", "dtype": "string", "personal": "yes"}]},
        {"outputs": [{"name": "label", "kind": "label", "dtype": "float32"}]},
        {"outputs": [{"name": "label", "kind": "label", "dtype": "int64", "width": 0}]},
        {"outputs": [{"name": "label", "kind": "label", "dtype": "int64", "width": True}]},
        {"outputs": [{"name": "label", "kind": "label", "dtype": "int64", "classes": [0], "class_names": ["a", "b"]}]},
        {"outputs": [{"name": "features", "kind": "features", "dtype": "float64", "width": 2, "columns": ["a"]}]},
    ],
)
def test_a_malformed_contract(change: dict[str, Any]) -> None:
    assert refused(Contract.from_json, {**seals.CONTRACT.as_json(), **change}).code == "E106"


def test_a_contract_is_enriched() -> None:
    better = seals.CONTRACT.changed(age={"units": "a", "range": (1, 99)}, sex={"personal": True})
    assert (better.inputs[0].units, better.inputs[0].range, better.inputs[2].personal) == ("a", (1.0, 99.0), True)
    assert refused(seals.CONTRACT.changed, nope={}).code == "E106"
    assert refused(seals.CONTRACT.changed, age={"nope": 1}).code == "E106"


def test_names_of_columns() -> None:
    named = Output(name="probability", kind="probability", dtype="float64", width=3, classes=(True, 1.5, "a"))
    assert named.column_names == ["probability_true", "probability_1.5", "probability_a"]
    assert Output(name="value", kind="value", dtype="float64", width=2).column_names == ["value_0", "value_1"]
    assert Output(name="features", kind="features", dtype="float64", width=1, columns=("pc",)).column_names == [
        "features_pc"
    ]
    assert [shown(value) for value in (True, 1.0, 1.5, 3, "x", -0.0)] == ["true", "1", "1.5", "3", "x", "0"]
    assert seals.CONTRACT.headline == Headline("probability", 1)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([[1.0]], "E104"),
        ([1.0, 2.0, "f"], "E104"),
        ([[1.0, 2.0, "f"], [1.0]], "E104"),
        ("age", "E104"),
        (3, "E104"),
        ({"age": [1], "weight": [1, 2], "sex": ["f"]}, "E104"),
        ([], "E104"),
        ({"age": [], "weight": [], "sex": []}, "E105"),
        (np.empty((0, 3)), "E105"),
        ({"age": [1], "weight": [1]}, "E101"),
        ([{"age": 1, "weight": 1, "sex": "f", "id": 3}], "E102"),
        (pd.DataFrame([[1, 2, "f", 3]], columns=["age", "weight", "sex", "age"]), "E103"),
    ],
)
def test_rows_that_are_no_table_of_the_contract(rows: Any, code: str) -> None:
    assert refused(columns_of, seals.CONTRACT, rows).code == code


def test_a_list_of_arrays_is_a_table_of_rows() -> None:
    numbers = one(dtype="float64")
    for rows in ([np.array([1.0]), np.array([2.0])], [[1.0], np.array([2.0])], ((1.0,), range(2, 3))):
        assert np.array_equal(columns_of(numbers, rows)["x"], [1.0, 2.0])
    record = np.array([(1.0,)], dtype=[("x", "f8")])
    for rows in ([np.zeros((1, 1))] * 2, [np.array(1.0)], [record, record], [np.array([1.0]), np.array([1.0, 2.0])]):
        assert refused(columns_of, numbers, rows).code == "E104"


def test_a_contract_requires_at_most_64_capabilities() -> None:
    names = [f"stage:none{i:02}/1" for i in range(65)]
    assert refused(check_required, names[:64]).code == "E107"
    for malformed in (
        names,
        names[1::-1],
        [names[0]] * 2,
        [*names[:2], 3],
        "stage:none00/1",
        ["none/1"],
        ["stage:a/0"],
    ):
        assert refused(check_required, malformed).code == "E106"
    assert check_required([]) == ()


@pytest.mark.parametrize("width", [1, 2, MOST_WIDTH])
def test_an_output_has_one_to_2_to_the_20_columns(width: int) -> None:
    assert MOST_WIDTH == 2**20
    value = Output(name="value", kind="value", dtype="float64", width=2)
    raw = Contract(inputs=(Field(name="x", dtype="float64"),), outputs=(value,), task="regression").as_json()
    raw["outputs"][0]["width"] = width
    assert Contract.from_json(raw).outputs[0].width == width
    for other in (0, -1, MOST_WIDTH + 1, 2.5):
        raw["outputs"][0]["width"] = other
        assert refused(Contract.from_json, raw).code == "E106"


def test_absent_keys_of_dicts_are_missing_where_the_contract_allows_it() -> None:
    rest = {"weight": 2, "sex": "f"}
    assert columns_of(seals.CONTRACT, rest)["age"] == [None]
    assert columns_of(seals.CONTRACT, [rest, rest])["age"] == [None, None]
    table = {name: [value] for name, value in rest.items()}
    for rows in (table, pd.DataFrame(table), pl.DataFrame(table)):
        assert refused(columns_of, seals.CONTRACT, rows).code == "E101"
    assert refused(columns_of, seals.CONTRACT, [{**rest, "Age": 1}]).fix == 'Rename the column "Age" to "age".'
    for row in ({"age": 1, "sex": "f"}, {}):
        assert refused(columns_of, seals.CONTRACT, [row]).code == "E101"


def test_keys_that_are_numbers_are_read_as_their_names() -> None:
    numbered = dataclasses.replace(
        seals.CONTRACT, inputs=tuple(dataclasses.replace(f, name=str(i)) for i, f in enumerate(seals.CONTRACT.inputs))
    )
    for rows in ([{0: 5, 1: 6, 2: "f"}], {0: 5, 1: 6, 2: "f"}, {0: [5], 1: [6], 2: ["f"]}):
        assert columns_of(numbered, rows) == {"0": [5], "1": [6], "2": ["f"]}
    assert refused(columns_of, numbered, [{0: 5, "0": 5, 1: 6, 2: "f"}]).code == "E103"


def test_arrays_of_other_kinds() -> None:
    record = np.array([("f", 5.0, 6.0)], dtype=[("sex", "U1"), ("age", "f8"), ("weight", "f8")])
    columns = columns_of(seals.CONTRACT, record)
    assert {name: list(values) for name, values in columns.items()} == {"age": [5.0], "weight": [6.0], "sex": ["f"]}
    wide = np.zeros(2, dtype=[("age", "f8", (2,)), ("weight", "f8"), ("sex", "U1")])
    assert refused(columns_of, seals.CONTRACT, wide).code == "E104"
    numbers = one(dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        matrix = np.matrix([[1.0], [2.0]])
    assert encode(numbers, columns_of(numbers, matrix)).tensors["number"].tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize("close", ["Weight", " weight", "weigth", "wieght "])
def test_a_close_name_is_named(close: str) -> None:
    error = refused(columns_of, seals.CONTRACT, {"age": [1], close: [1], "sex": ["f"]})
    assert error.fix == f'Rename the column "{close}" to "weight".'
    other = refused(columns_of, seals.CONTRACT, {"age": [1], "blood": [1], "sex": ["f"]})
    assert other.fix == "Add the columns with these exact names."


def test_extra_columns_are_ignored_on_request() -> None:
    rows = pl.DataFrame({"id": [1], "sex": ["f"], "weight": [2.0], "age": [3]})
    assert list(columns_of(seals.CONTRACT, rows, ignore_extra=True)) == ["age", "weight", "sex"]


@pytest.mark.parametrize(
    "nothing",
    [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT", "s"), np.timedelta64("NaT", "s")],
)
def test_missing_values_are_recognised(nothing: Any) -> None:
    assert is_missing(nothing)
    for dtype in ("float64", "float32", "int64", "bool", "string"):
        batch = encode(one(dtype=dtype, missing="allowed"), {"x": [nothing]})
        assert not batch.problems


@pytest.mark.parametrize("value", ["1", b"1", [1], datetime.date(2024, 5, 1), 1j, np.datetime64("2024"), object()])
def test_what_is_no_number(value: Any) -> None:
    for dtype in ("float64", "float32", "int64", "bool"):
        column = np.empty(1, dtype=object)
        column[0] = value
        assert [p.code for p in encode(one(dtype=dtype), {"x": column}).problems] == ["R102"]


def test_arrays_of_every_kind() -> None:
    for array in (np.array([1, 0], dtype=kind) for kind in ("?", "i1", "u8", "f2", "f4", "f8", "O", "m8[s]")):
        batch = encode(one(dtype="float64"), {"x": array})
        if array.dtype.kind == "m":
            assert len(batch.problems) == 2
        else:
            assert batch.tensors["number"].tolist() == [[1.0], [0.0]]


def test_large_whole_numbers() -> None:
    for column in (np.array([2**53]), np.array([2**63], dtype=np.uint64), [2**53], [np.int64(2**53)], [10**400]):
        assert [p.code for p in encode(one(dtype="int64"), {"x": column}).problems] == ["R102"]
    for column in (np.array([2**53 + 1]), [2**53 + 1], [np.int64(2**53 + 1)]):
        assert encode(one(dtype="float64"), {"x": column}).tensors["number"].tolist() == [[float(2**53)]]


def test_a_mask_means_missing() -> None:
    masked = np.ma.masked_array([1.0, 2.0], mask=[False, True])
    assert [p.code for p in encode(one(dtype="float64"), {"x": masked}).problems] == ["R101"]


def test_the_caller_s_array_is_not_changed() -> None:
    array = np.array([math.inf, math.nan, 3.5])
    before = array.copy()
    encode(one(dtype="int64", missing="allowed"), {"x": array})
    np.testing.assert_array_equal(array, before)


def test_messages_name_the_field_the_value_and_the_rule() -> None:
    def message(value: Any, **options: Any) -> str:
        return encode(one(**options), {"x": [value]}).problems[0].message

    assert message(None, dtype="float64") == '"x" is required but missing.'
    assert message("a", dtype="int64") == "\"x\" is the text 'a', but must be a whole number."
    assert message(200, dtype="float64", range=(0, 120), units="years") == (
        '"x" is 200, but must be at least 0 and at most 120 years.'
    )
    assert message("z", dtype="string", categories=("a", "b"), unknown="refused") == (
        "\"x\" is the text 'z', which the model does not know. It knows: a, b."
    )
    many = tuple(str(i) for i in range(30))
    assert message("z", dtype="string", categories=many, unknown="refused").endswith("7 and 22 more.")
    assert len(message("z" * 5000, dtype="float64")) < 200


def test_a_problem_as_error_and_as_data() -> None:
    problem = encode(one(dtype="float64"), {"x": [1.0, "a"]}).problems[0]
    assert problem.as_error().where == "row 2"
    assert problem.as_dict()["row"] == 2
    assert dataclasses.replace(problem, row=9).as_dict()["row"] == 9
