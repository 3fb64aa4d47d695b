"""`Contract.json_schema` accepts the rows that `predict` accepts, and refuses those that it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seals
from sealift import load
from sealift.contract import Contract, Field, Ignored, RowReader, columns_of
from sealift.errors import ContractError

NUMBERS = st.one_of(
    st.integers(-5, 5), st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1, 0.5, 1e300, -1e300, 3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38,
                     2**53 - 1, 2**53, -(2**53), 0.0, -0.0, 1e-320, 0.30000001192092896, 0.3]),
)  # fmt: skip
DATES = st.one_of(
    st.dates().map(str),
    st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat()),
    st.sampled_from(["2024-03-01", "2023-02-30", "2024-13-01", "2024-04-31", "0000-01-01", "2024-03-01T00:00",
                     "2024-03-01T00:00:00.000", "2024-03-01T24:00", "2024-03-01 12:00", "2024-03-01T12:30Z",
                     "2024-03-01\n", "2024-03-01T12:30:00.1234567", "20240301", "２024-03-01"]),
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(max_size=4), DATES,
    st.sampled_from(["a", "b", "", "\0", "\ud800", "a\n", "😀"]),
)  # fmt: skip
POLICY = st.sampled_from(["allowed", "refused"])


@st.composite
def fields(draw: st.DrawFn) -> Field:
    dtype = draw(st.sampled_from(["float64", "float32", "int64", "bool", "string", "date", "datetime"]))
    extra: dict[str, Any] = {}
    if dtype in ("float64", "float32", "int64", "bool") and draw(st.booleans()):
        whole = dtype in ("int64", "bool")
        bounds = st.integers(-3, 3) if whole else st.sampled_from([-2.5, 0.1, 0.3, 1.0, 1e38, 1e300])
        extra["range"] = tuple(sorted([draw(bounds), draw(bounds)]))
        if draw(st.booleans()):
            extra["range"] = (None, extra["range"][1])
    choices: dict[str, list[Any]] = {
        "float64": [0.0, 0.1, 1.0, 2.5], "float32": [0.0, 0.1, 0.3, 1.0], "int64": [0, 1, 3], "bool": [False, True],
        "string": ["a", "b", ""],
    }  # fmt: skip
    if dtype in choices and draw(st.booleans()):
        extra["categories"] = tuple(draw(st.lists(st.sampled_from(choices[dtype]), min_size=1, unique=True)))
    return Field(name="x", dtype=dtype, missing=draw(POLICY), unknown=draw(POLICY), **extra)  # type: ignore[arg-type]


def contract_of(*inputs: Field, ignored: tuple[Ignored, ...] = ()) -> Contract:
    return Contract(inputs=inputs, outputs=seals.CONTRACT.outputs, task="classification", ignored=ignored)


def valid(contract: Contract, row: Any) -> bool:
    schema = json.loads(json.dumps(contract.json_schema(), allow_nan=False))
    jsonschema.Draft202012Validator.check_schema(schema)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(row))


def accepted(contract: Contract, row: Any) -> bool:
    """What `predict` does with a row before the graph is asked."""
    try:
        return not RowReader(contract).encode(columns_of(contract, [row])).problems
    except ContractError:
        return False


def beyond(field: Field, value: Any) -> bool:
    """What a schema cannot say (docs/reference/python.md): leap years, and which microseconds a double holds."""
    return field.type.has_date_format and isinstance(value, str) and ("-02-29" in value or "." in value)


@settings(max_examples=1500, deadline=None)
@given(fields(), VALUES)
def test_a_value_is_valid_where_predict_accepts_it(field: Field, value: Any) -> None:
    contract = contract_of(field)
    if isinstance(value, float) and not math.isfinite(value):
        return
    loose = isinstance(value, bool) if field.dtype != "bool" else type(value) in (int, float)
    if loose and field.type.is_plain:
        assert not valid(contract, {"x": value})  # `predict` takes booleans for numbers, and 0 and 1 for booleans
    elif not beyond(field, value):
        assert valid(contract, {"x": value}) == accepted(contract, {"x": value}), contract.json_schema()
    elif accepted(contract, {"x": value}):
        assert valid(contract, {"x": value})


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["need", "may", "dropped", "needs"]), st.sampled_from([1.5, None, "a"]), max_size=4)
)
def test_keys(row: dict[str, Any]) -> None:
    contract = contract_of(
        Field(name="need", dtype="float64"), Field(name="may", dtype="string", missing="allowed"),
        ignored=(Ignored("dropped", 1),),
    )  # fmt: skip
    assert valid(contract, row) == accepted(contract, row)


def test_a_row_without_keys() -> None:
    contract = contract_of(Field(name="may", dtype="float64", missing="allowed"))
    assert valid(contract, {})
    assert accepted(contract, {})


@pytest.mark.parametrize("row", [3, "a", None, [1.0]])
def test_what_is_no_object_is_no_row(row: Any) -> None:
    assert not valid(contract_of(Field(name="x", dtype="float64", missing="allowed")), row)


@pytest.mark.parametrize("value", [[1.0], {"a": 1.0}, []])
def test_containers_are_no_values(value: Any) -> None:
    for dtype in ("float64", "string", "bool", "date"):
        contract = contract_of(Field(name="x", dtype=dtype, missing="allowed"))
        assert not valid(contract, {"x": value})
        assert not accepted(contract, {"x": value})


def test_predict_agrees(tiny: Path) -> None:
    model = load(tiny)
    names = [field.name for field in model.contract.inputs]
    good = ((61.5, 80.0, "f"), (None, 70, "m"))
    for values in (
        *good,
        (61.5, 80.0, "f"),
        (None, 70, "m"),
        (130.0, 80.0, "f"),
        (61.5, None, "f"),
        (61.5, 80.0, "x"),
        (1, "2", "f"),
    ):
        row = dict(zip(names, values, strict=True))
        try:
            model.predict([row])
        except ContractError:
            assert not valid(model.contract, row)
        else:
            assert valid(model.contract, row)


def test_it_describes_the_fields_for_people() -> None:
    contract = contract_of(
        Field(
            name="age", dtype="float64", title="Age", description="At the visit.", units="years",
            range=(0.0, 120.0), typical=50.0
        ),
        Field(name="smoker", dtype="int64", categories=(0, 1), category_names=("no", "yes"), unknown="refused"),
        Field(name="born", dtype="date", missing="allowed", range=("1900-01-01", None)),
    )  # fmt: skip
    schema = contract.json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["age", "smoker"]
    age = schema["properties"]["age"]
    assert (age["title"], age["description"], age["examples"]) == ("Age", "At the visit. Unit: years.", [50.0])
    assert schema["properties"]["smoker"]["enum"] == [0, 1]
    assert schema["properties"]["smoker"]["description"] == "0 = no, 1 = yes."
    assert schema["properties"]["born"]["description"] == "From 1900-01-01 to any time."
    assert schema["additionalProperties"] is False
