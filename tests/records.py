"""Records for tests: calls of the small sealed model, and readers of stores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import seals
from sealift.contract import Contract
from sealift.runtime import load
from sealift.serve.calls import Call
from sealift.serve.records.personal import FieldProtection, Key, Mode, Protection
from sealift.serve.records.record import ModelEntry, Record, record_of
from sealift.serve.records.stores.base import Selection, Store
from sealift.serve.records.table import RecordTable
from sealift.serve.served import ServedModel

KEY = Key(bytes(range(32)))
PERSONAL = replace(
    seals.CONTRACT, inputs=tuple(replace(field, personal=field.name != "weight") for field in seals.CONTRACT.inputs)
)
"""The contract of the small model with two personal fields: age and sex."""


def served(folder: Path, contract: Contract = seals.CONTRACT, name: str = "tiny") -> ServedModel:
    model = ServedModel(name, load(seals.write(folder / f"{name}.seal", contract=contract)))
    model.prepare()
    return model


def call(model: ServedModel, rows: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Call:
    made = Call(model, "predict", headers or {})
    made.answer(rows)
    made.end(status)
    return made


def protection(model: ServedModel, mode: Mode) -> FieldProtection | None:
    return Protection(mode, KEY).of(model.contract)


def record(model: ServedModel, rows: Any, mode: Mode = "mask", begun: float | None = None) -> Record:
    made = call(model, rows)
    if begun is not None:
        made.begun = begun
    return record_of(made, ModelEntry.of(model), protection(model, mode))


def json_of(row: Any) -> bytes:
    return json.dumps(row).encode()


def rows_of(store: Store, key: Key | None = None, selection: Selection | None = None) -> list[dict[str, Any]]:
    """All rows of a store as objects, model after model."""
    rows: list[dict[str, Any]] = []
    for model in store.models():
        table = RecordTable(model, key)
        names = [column.name for column in table.columns]
        for columns in store.tables(table, selection or Selection()):
            rows += [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return rows


def values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]
