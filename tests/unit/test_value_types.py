"""Types of values: known by their own modules alone, and open for those of other packages."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sealift
from sealift.contract import Contract, Field, Output, encode
from sealift.contract.types import value_type, value_types
from sealift.contract.values import OK, WRONG_TYPE
from sealift.errors import ContractError, PackError
from sealift.packing.types import type_packing

SOURCE = Path(sealift.__file__).parent
NAMES = frozenset({"float64", "float32", "int64", "bool", "string", "date", "datetime"})
# The implementations themselves, with the modules that only they use; and dtypes of arrays and tensors, which are no
# types of fields: those of NumPy, pandas and ONNX, and those of columns of answers.
OWNERS = (
    *("contract/types/", "packing/types/", "contract/datetimes.py", "contract/date_format.py"),
    *("graph/", "tracing/", "frameworks/", "runtime/frames.py", "packing/probes/special_values.py"),
    *("contract/outputs/", "contract/output.py", "runtime/answers.py", "batch/csv_out.py"),
)
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if not path.relative_to(SOURCE).as_posix().startswith(OWNERS)]
assert len(FILES) > 100


def compared_types(source: str) -> Iterator[str]:
    """Where a source compares something with the name of a type, or asks whether a field holds dates."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare | ast.MatchValue):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and part.value in NAMES:
                    yield f"line {part.lineno}: {part.value!r}"
        elif isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in ("is_time", "is_number"):
                yield f"line {node.lineno}: {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_type_is_compared_by_its_name(path: Path) -> None:
    assert list(compared_types(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("name", ["graph/table.py", "graph/inputs.py", "frameworks/conversion.py"])
def test_the_graph_uses_the_types_of_fields(name: str) -> None:
    assert "field.dtype ==" not in (SOURCE / name).read_text(encoding="utf-8")


def test_the_test_itself() -> None:
    assert list(compared_types('field.dtype == "string"')) == ["line 1: 'string'"]
    assert list(compared_types('x = field.dtype in ("int64", 1)')) == ["line 1: 'int64'"]
    assert list(compared_types("if field.is_time: pass")) == ["line 1: is_time"]
    assert list(compared_types('Field(name="x", dtype="date")')) == []


def test_those_of_the_format_are_installed_and_require_nothing() -> None:
    assert set(value_types()) >= NAMES
    assert {value_types()[name].capability for name in NAMES} == {""}
    assert all(name == kind.name for name, kind in value_types().items())
    assert all(type_packing(name) for name in NAMES)


def test_a_type_that_is_not_packed_is_refused() -> None:
    with pytest.raises(PackError, match=r"dtype 'colour\[3\]' cannot be packed") as caught:
        type_packing("colour[3]")
    assert caught.value.code == "E304"


@pytest.mark.parametrize("dtype", ["", "text", "float64[3]", "[3]", "float64]", "date[]"])
def test_an_unknown_type_is_refused(dtype: str) -> None:
    assert value_type(dtype) is None
    with pytest.raises(ContractError, match=r'the dtype ".*" is not known') as caught:
        Field(name="x", dtype=dtype)
    assert caught.value.code == "E106"
    with pytest.raises(ContractError, match=r'the dtype ".*" is not known'):
        Field.from_json({"name": "x", "dtype": dtype, "range": [0, 1]})


@pytest.mark.parametrize(
    ("dtype", "values", "wrong"),
    [
        ("float64", [1, 2.5, True, None, "1", np.inf], [4, 5]),
        ("float32", [1, 1e39], [1]),
        ("int64", [3.0, 2.5, 2**53 - 1, 2**53, "3"], [1, 3, 4]),
        ("bool", [True, 0, 1.0, 2, "true"], [3, 4]),
        ("string", ["", "x", 1, "\0", None], [2, 3]),
        ("date", ["2024-03-01", "2024-03-01T12:00", 5], [1, 2]),
        ("datetime", ["2024-03-01", "2024-03-01T12:00", "yesterday"], [2]),
    ],
)
def test_what_a_type_takes(dtype: str, values: list[Any], wrong: list[int]) -> None:
    kind = value_type(dtype)
    assert kind is not None
    array, missing, codes = kind.encode(values)
    assert np.flatnonzero(codes).tolist() == wrong
    assert set(codes.tolist()) <= {OK, WRONG_TYPE}
    assert missing.tolist() == [value is None for value in values]
    assert array.shape == (len(values),)


def test_a_field_knows_its_type_in_another_process_too() -> None:
    field = Field(name="x", dtype="date")
    assert not field.type.is_plain
    again: Field = pickle.loads(pickle.dumps(field))
    assert again == field
    column = again.type.encode(["2024-03-01T12:00"])
    assert column.codes.tolist() == [WRONG_TYPE]


def test_whole_numbers_of_an_array_are_compared_before_they_are_doubles() -> None:
    contract = Contract(
        inputs=(Field(name="n", dtype="int64"),),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
    )
    batch = encode(contract, {"n": np.array([2**53 + 1, 2**53 - 1])})
    assert [problem.row for problem in batch.problems] == [1]
