"""Records of calls: what they hold, and what is done with personal fields."""

from __future__ import annotations

import tempfile
import uuid
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

import records
import seals
from sealift.errors import ServeError
from sealift.serve.calls import Call, Observer
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.records.personal import Key, Mode
from sealift.serve.records.record import (
    ModelEntry,
    Record,
    as_message,
    decode_rows,
    earliest_id,
    new_id,
    of_message,
    record_of,
)
from sealift.serve.records.table import PERSONAL, RecordTable
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

ROWS = [
    {"age": 61.5, "weight": 80.0, "sex": "f"},
    {"age": None, "weight": 70.25, "sex": "m"},
    {"age": "old", "weight": 1.0, "sex": "f"},
    {"age": 200, "weight": -0.0, "sex": "x"},
]


def test_a_record_has_what_was_asked_and_answered(tmp_path: Path) -> None:
    model = records.served(tmp_path)
    call = records.call(model, ROWS, {"x-request-id": "r-1", "traceparent": "00-ab-cd-01"})
    record = record_of(call, ModelEntry.of(model), None)
    again = of_message(as_message(record))
    assert again == record
    assert (record.status, record.route, record.request_id, record.trace) == (200, "predict", "r-1", "00-ab-cd-01")
    assert (record.rows, record.first) == (4, 1)
    table = RecordTable(ModelEntry.of(model))
    rows = [
        dict(zip((c.name for c in table.columns), row, strict=True)) for row in zip(*table.of([record]), strict=True)
    ]
    assert [row["age"] for row in rows] == [61.5, None, None, 200.0]
    assert [row["weight"] for row in rows] == [80.0, 70.25, 1.0, 0.0]
    assert [row["sex"] for row in rows] == ["f", "m", "f", "x"]
    assert [row["probability_ill"] for row in rows[:2]] == pytest.approx(
        [seals.risk(61.5, 80.0, "f"), seals.risk(None, 70.25, "m")], abs=1e-15
    )
    assert [row["label_name"] for row in rows] == ["ill", "ill", None, None]
    assert [row["record_problems"] for row in rows] == ["", "", "[R102] age", "[R103] age [R104] sex"]
    assert [row["record_row"] for row in rows] == [1, 2, 3, 4]
    assert uuid.UUID(rows[0]["record_id"]).version == 7


class Collected(Observer):
    """An observer that keeps the records."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def observe(self, call: Call) -> None:
        self.records.append(record_of(call, ModelEntry.of(call.model), None))


CSV = b"age,weight,sex\n61.5,80,f\nold,1,f\n,70.25,m\n"
LINES = (
    b'{"age": 61.5, "weight": 80, "sex": "f"}\n{"age": "old", "weight": 1, "sex": "f"}\n{"weight": 70.25, "sex": "m"}\n'
)


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/v1/models/tiny/predict", "application/json", b"[%b]" % LINES.strip().replace(b"\n", b",")),
        ("/v1/models/tiny/predict", "text/csv", CSV),
        ("/v1/models/tiny/predict", "application/jsonl", LINES),
        ("/invocations", "text/csv", CSV.replace(b"old", b"")),
    ],
)
def test_the_rows_of_every_route_are_recorded(path: str, media_type: str, body: bytes, tmp_path: Path) -> None:
    collected = Collected()
    service = Service(Plane([records.served(tmp_path)]), observers=[collected])
    response = respond(service, Request("POST", path, {"content-type": media_type}, body))
    assert response.status == 200, response.body
    (record,) = collected.records
    assert (record.status, record.rows) == (200, 3)
    table = RecordTable(ModelEntry.of(service.plane.find("tiny")))
    columns = dict(zip((c.name for c in table.columns), table.of([record]), strict=True))
    assert columns["age"] == [61.5, None, None]
    assert columns["weight"] == [80.0, 1.0, 70.25]
    assert columns["probability_ill"][::2] == pytest.approx(
        [seals.risk(61.5, 80.0, "f"), seals.risk(None, 70.25, "m")], abs=1e-15
    )
    assert columns["record_problems"] == ["", "[R102] age" if "old" in body.decode() else "", ""]


@given(st.lists(st.tuples(st.lists(st.integers(0, 3), max_size=3), st.sampled_from(["mask", "hash", "encrypt"]))))
@settings(max_examples=60, deadline=None)
def test_records_are_decoded_together_as_one_by_one(calls: list[tuple[list[int], Mode]]) -> None:
    model = small_model()
    made = []
    for rows, mode in calls:
        call = Call(model, "predict", {})
        if rows:
            call.answer([ROWS[at] for at in rows])
        made.append(record_of(call, ModelEntry.of(model), records.protection(model, mode)))
    for key in (None, records.KEY):
        table = RecordTable(ModelEntry.of(model), key)
        single = [table.of([record]) for record in made]
        expected = [[value for columns in single for value in columns[at]] for at in range(len(table.columns))]
        assert table.of(made) == expected


@cache
def small_model() -> ServedModel:
    with tempfile.TemporaryDirectory() as folder:
        return records.served(Path(folder), records.PERSONAL)


def test_a_model_is_described_once(tmp_path: Path) -> None:
    model = records.served(tmp_path)
    entry = ModelEntry.of(model)
    assert of_message(as_message(entry)) == entry
    assert RecordTable(entry).contract == model.contract
    assert ModelEntry.of(records.served(tmp_path, name="other")).number != entry.number


@pytest.mark.parametrize("message", [b"", b"M", b"\x00", b"M\x93\x01\x02\x03", b"\x9d" * 20])
def test_malformed_messages_are_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        of_message(message)


def test_ids_begin_with_the_time() -> None:
    ids = [new_id(1_795_780_482.25 + k) for k in range(100)]
    assert ids == sorted(ids)
    assert len({new_id(1.0) for _ in range(10_000)}) == 10_000
    for identifier in ids:
        parsed = uuid.UUID(bytes=identifier)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert earliest_id(1_795_780_482.25) <= ids[0] < earliest_id(1_795_780_482.26)
    assert ids[0][:6] == (1_795_780_482_250).to_bytes(6, "big")


@pytest.mark.parametrize("mode", ["mask", "hash", "encrypt"])
def test_personal_values_are_not_in_the_bytes(mode: Mode, tmp_path: Path) -> None:
    model = records.served(tmp_path, records.PERSONAL)
    rows = [{"age": 61.515625, "weight": 80.5, "sex": "f"}, {"age": None, "weight": 70.25, "sex": "m"}]
    made = records.call(model, rows)
    before = {name: array.copy() for name, array in made.answered[0].batch.tensors.items()}
    record = record_of(made, ModelEntry.of(model), records.protection(model, mode))
    for name, array in made.answered[0].batch.tensors.items():
        np.testing.assert_array_equal(array, before[name])  # what others observe is not changed
    assert np.float64(61.515625).tobytes() not in record.payload
    assert np.float64(80.5).tobytes() in record.payload
    _, parts = decode_rows(record.payload)
    assert parts[0].tensors["text"].ravel().tolist() == ["", ""]
    assert parts[0].tensors["text_missing"].all()
    assert np.isnan(parts[0].tensors["number"][:, 0]).all()
    without = RecordTable(ModelEntry.of(model))
    columns = dict(zip((c.name for c in without.columns), without.of([record]), strict=True))
    assert columns["age"] == columns["sex"] == [None, None]
    assert columns["weight"] == [80.5, 70.25]
    table = RecordTable(ModelEntry.of(model), records.KEY)
    columns = dict(zip((c.name for c in table.columns), table.of([record]), strict=True))
    if mode == "encrypt":
        assert columns["age"] == [61.515625, None]
        assert columns["sex"] == ["f", "m"]
        assert len(set(columns[PERSONAL])) == 2
    else:
        assert columns[PERSONAL] == [mode, mode]
        assert columns["age"] == [None, None]


def test_hashes_are_hmac_sha256_with_a_derived_key(tmp_path: Path) -> None:
    model = records.served(tmp_path, records.PERSONAL)
    rows = [{"age": 61.5, "weight": 80.5, "sex": "f"}, {"age": None, "weight": 70.25, "sex": "m"}]
    table = RecordTable(ModelEntry.of(model))
    record = records.record(model, rows, "hash")
    columns = dict(zip((c.name for c in table.columns), table.of([record]), strict=True))
    derived = HKDF(hashes.SHA256(), 32, None, b"sealift records: hash").derive(bytes(range(32)))
    expected = []
    for text in (b"f", b"m"):
        code = hmac.HMAC(derived, hashes.SHA256())
        code.update(b"sex\0" + text)
        expected.append(code.finalize()[:16].hex())
    assert columns["sex_hash"] == expected
    assert columns["age_hash"][1] is None
    again = records.record(model, rows[:1], "hash")
    assert dict(zip((c.name for c in table.columns), table.of([again]), strict=True))["sex_hash"] == expected[:1]


def test_another_key_does_not_decrypt(tmp_path: Path) -> None:
    model = records.served(tmp_path, records.PERSONAL)
    record = records.record(model, {"age": 61.5, "weight": 80.5, "sex": "f"}, "encrypt")
    table = RecordTable(ModelEntry.of(model), Key(bytes(32)))
    with pytest.raises(ServeError) as caught:
        table.of([record])
    assert caught.value.code == "E723"
    moved = record._replace(id=new_id(1.0))  # the values are bound to their record
    with pytest.raises(ServeError, match="E723"):
        RecordTable(ModelEntry.of(model), records.KEY).of([moved])


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "ab" * 32 + "cd", "é" * 32])
def test_malformed_keys(text: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(ServeError) as caught:
        Key.read(tmp_path / "key")
    assert caught.value.code == "E723"


def test_a_key_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(bytes(range(32)).hex() + "\n")
    assert Key.read(tmp_path / "key").hashed("age", b"1") == records.KEY.hashed("age", b"1")
