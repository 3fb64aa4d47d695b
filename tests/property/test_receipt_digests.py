"""The digest of rows does not depend on their form, and changes with every value."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import echo
from sealift import canonical, load
from sealift.receipts.rows import answered_by
from sealift.receipts.values import input_digest
from sealift.runtime import SealedModel

SALT = bytes(range(16))
TYPES = {"number": pa.float64(), "whole": pa.int64(), "flag": pa.bool_(), "text": pa.string(), "note": pa.string()}
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
row = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "whole": st.none() | st.integers(1 - 2**53, 2**53 - 1),
        "flag": st.none() | st.booleans(),
        "text": st.none() | texts,
        "note": st.none() | texts,
    }
)
rows_of = st.lists(row, min_size=1, max_size=5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SealedModel:
    return load(echo.write(tmp_path_factory.mktemp("echo") / "echo.seal", "numbers"))


def digest(model: SealedModel, rows: Any) -> str:
    return input_digest(model.contract, answered_by(model, rows), SALT)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of)
def test_the_digest_does_not_depend_on_the_form(rows: list[dict[str, Any]], model: SealedModel, tmp_path: Path) -> None:
    lists = [[each[name] for name in TYPES] for each in rows]
    expected = hashlib.sha256(SALT + canonical.dumps(lists)).hexdigest()
    columns = {name: [each[name] for each in rows] for name in TYPES}
    body, file = tmp_path / "rows.json", tmp_path / "rows.jsonl"
    body.write_text(json.dumps(rows), "utf-8")
    file.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")
    table = pa.table({name: pa.array(values, TYPES[name]) for name, values in columns.items()})
    for form in (rows, columns, lists, table, body, file):
        assert digest(model, form) == expected


@given(first=rows_of, second=rows_of)
def test_other_rows_have_other_digests(
    first: list[dict[str, Any]], second: list[dict[str, Any]], model: SealedModel
) -> None:
    assume(_text(first) != _text(second))  # -0 differs from 0
    assert digest(model, first) != digest(model, second)


def _text(rows: list[dict[str, Any]]) -> bytes:
    return canonical.dumps(rows)
