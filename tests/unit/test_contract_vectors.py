"""The vectors of spec/vectors, which the TypeScript implementation reproduces too."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sealift.batch.csv_in import CsvReader
from sealift.contract import (
    Contract,
    Unreadable,
    encode,
    match_columns,
    percent,
    read_cell,
    read_column,
    readable,
    shown,
)
from sealift.contract.field import Field
from sealift.contract.numbers import exponential
from sealift.errors import ContractError, SealiftError

VECTORS = Path(__file__).parents[2] / "spec" / "vectors"


def _load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


CELLS: list[dict[str, Any]] = _load("cells.json")
ROWS: list[dict[str, Any]] = _load("rows.json")["cases"]
CSV: list[dict[str, Any]] = _load("csv.json")["cases"]
MALFORMED: list[dict[str, Any]] = _load("contracts.json")["malformed"]


FIELDS: dict[str, list[dict[str, Any]]] = _load("fields.json")


def _message(error: SealiftError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what


def _field_of(vector: dict[str, Any]) -> Field:
    return Field.from_json({"name": "x", "missing": "allowed", "dtype": vector["dtype"], **vector.get("field", {})})


def _contract_of(described: Field) -> Contract:
    field, dtype = described.as_json(), described.dtype
    text = dtype == "string"
    tensors = (
        [
            {"name": "text", "dtype": "string", "shape": ["rows", 1], "fields": [0]},
            {"name": "text_missing", "dtype": "bool", "shape": ["rows", 1], "fields": [0]},
        ]
        if text
        else [{"name": "number", "dtype": "float64", "shape": ["rows", 1], "fields": [0]}]
    )
    outputs = [{"name": "label", "kind": "label", "dtype": "int64"}]
    return Contract.from_json({"inputs": [field], "outputs": outputs, "task": "clustering", "tensors": tensors})


@pytest.mark.parametrize("case", _load("shown.json")["labels"], ids=repr)
def test_labels_are_shown_alike_everywhere(case: dict[str, Any]) -> None:
    assert shown(case["value"]) == case["text"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-9, "1e-9"), (1e-5, "1e-5"), (2.5e-6, "2.5e-6"), (0.01, "1e-2"), (3.0, "3e+0"), (0.0, "0e+0")],
)
def test_tolerances_are_written_as_the_page_writes_them(value: float, text: str) -> None:
    assert exponential(value) == text


@pytest.mark.parametrize("vector", CELLS, ids=lambda v: f"{v['dtype']}-{v['cell']!a}-{v.get('field', '')}")
def test_cells(vector: dict[str, Any]) -> None:
    field = _field_of(vector)
    contract = _contract_of(field)
    for column in ([read_cell(vector["cell"], field)], read_column([vector["cell"]], field)):
        batch = encode(contract, {"x": column})
        codes = [problem.code for problem in batch.problems]
        assert codes == ([vector["code"]] if vector["code"] else [])
        if vector["code"]:
            continue
        if vector["dtype"] == "string":
            assert batch.tensors["text_missing"][0, 0] == vector["missing"]
            assert batch.tensors["text"][0, 0] == (vector["value"] or "")
        else:
            value = float(batch.tensors["number"][0, 0])
            assert math.isnan(value) == vector["missing"]
            if not vector["missing"]:
                assert value == vector["value"]
                assert math.copysign(1, value) == math.copysign(1, vector["value"])


def test_a_column_reads_as_its_cells() -> None:
    fields = dict.fromkeys(_field_of(vector) for vector in CELLS)
    for field in fields:
        cells = [vector["cell"] for vector in CELLS if _field_of(vector) == field]
        together = read_column(cells, field)
        for cell, value in zip(cells, together, strict=True):
            alone = read_cell(cell, field)
            assert type(value) is type(alone)
            if not isinstance(alone, Unreadable):
                assert value == alone


@pytest.mark.parametrize("case", FIELDS["refused"], ids=lambda case: case["name"])
def test_a_malformed_field(case: dict[str, Any]) -> None:
    with pytest.raises(SealiftError) as raised:
        Field.from_json(case["field"])
    assert (raised.value.code, _message(raised.value)) == ("E106", case["message"])


@pytest.mark.parametrize("case", FIELDS["accepted"], ids=lambda case: case["name"])
def test_a_sound_field(case: dict[str, Any]) -> None:
    field = Field.from_json(case["field"])
    assert Field.from_json(field.as_json()) == field


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case["name"])
def test_rows(case: dict[str, Any]) -> None:
    contract = Contract.from_json(case["contract"])
    columns = {f.name: [row[i] for row in case["rows"]] for i, f in enumerate(contract.inputs)}
    batch = encode(contract, columns)
    assert [{"row": p.row, "field": p.field, "code": p.code} for p in batch.problems] == case["problems"]
    tensors = batch.only_good()
    assert set(tensors) == set(case["tensors"])
    for name, expected in case["tensors"].items():
        tensor = tensors[name]
        if name == "number":
            wanted = np.array([[math.nan if v == "NaN" else float(v) for v in row] for row in expected])
            np.testing.assert_array_equal(tensor, wanted, strict=True)
        else:
            assert tensor.tolist() == expected


@pytest.mark.parametrize("case", CSV, ids=lambda case: case["name"])
def test_csv(case: dict[str, Any]) -> None:
    contract = Contract.from_json(case["contract"])
    if case["error"]:
        with pytest.raises(SealiftError) as raised:
            _read_csv(contract, case["text"], extra=False)
        assert raised.value.code == case["error"]
        return
    rows, problems, extra = _read_csv(contract, case["text"], extra=bool(case["extra"]))
    assert rows == case["rows"]
    assert problems == case["problems"]
    assert extra == case["extra"]


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case["name"])
def test_malformed_contracts(case: dict[str, Any]) -> None:
    with pytest.raises(SealiftError) as raised:
        Contract.from_json(case["contract"])
    assert (raised.value.code, _message(raised.value)) == (case.get("code", "E106"), case["message"])


def _read_csv(contract: Contract, text: str, *, extra: bool) -> tuple[list[Any], list[dict[str, Any]], list[str]]:
    reader = CsvReader(io.BytesIO(text.encode()), "x.csv")
    others = match_columns(contract, reader.names, ignore_extra=extra)
    names = [field.name for field in contract.inputs]
    rows: list[Any] = []
    problems: list[dict[str, Any]] = []
    for chunk in reader.chunks(names, 2):  # small, so that chunks meet in the middle of things
        start = len(rows)
        sound = range(chunk.count) if chunk.sound is None else chunk.sound.tolist()
        piece: list[Any] = [None] * chunk.count
        for at, cells in zip(sound, zip(*(chunk.columns[name] for name in names), strict=True), strict=True):
            piece[at] = list(cells)
        rows += piece
        problems += [{"row": p.row, "field": p.field, "code": p.code} for p in chunk.faults]
        columns = {f.name: read_column(chunk.columns[f.name], f) for f in contract.inputs}  # type: ignore[arg-type]
        for problem in encode(contract, columns, first_row=0).problems:
            problems.append({"row": start + sound[problem.row] + 1, "field": problem.field, "code": problem.code})
    if not rows:
        raise SealiftError("E105", "There are no rows.", fix="Add one.")
    problems.sort(key=lambda problem: int(problem["row"]))
    return rows, problems, others


@pytest.mark.parametrize("case", _load("names.json"), ids=lambda case: case["why"])
def test_contracts(case: dict[str, Any]) -> None:
    if case["code"] is not None:
        with pytest.raises(ContractError) as raised:
            Contract.from_json(case["contract"])
        assert (raised.value.code, _message(raised.value)) == (case["code"], case["message"])
        return
    contract = Contract.from_json(case["contract"])
    assert contract.as_json() == case["contract"]
    names = [name for output in contract.outputs for name in output.column_names]
    assert names == case["columns"]
    assert len(set(names)) == len(names)


def test_numbers_for_people() -> None:
    vectors = _load("shown.json")
    assert [readable(case["value"]) for case in vectors["numbers"]] == [case["text"] for case in vectors["numbers"]]
    assert [percent(case["value"]) for case in vectors["shares"]] == [case["text"] for case in vectors["shares"]]
    assert (readable(math.inf), readable(-math.inf), readable(math.nan)) == ("∞", "-∞", "NaN")
