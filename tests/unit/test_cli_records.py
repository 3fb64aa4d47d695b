"""`sealift records`: show, export and erase."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

import records
import seals
from sealift.cli.commands import app
from sealift.serve.records.record import ModelEntry, new_id
from sealift.serve.records.spill import SpillFile
from sealift.serve.records.stores import open_store
from sealift.serve.records.stores.base import RecordBatch
from sealift.serve.served import ServedModel

START = 1_795_780_000.0


def invoke(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["records", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def json_of(*arguments: object, code: int = 0) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(invoke(*arguments, "--json", code=code).stdout)
    return result


def fill(path: Path, model: ServedModel, mode: Any = "hash") -> None:
    store = open_store(str(path), create=True)
    written = [
        records.record(
            model,
            [{"age": 20.0 + k, "weight": 50.0 + k, "sex": "f"}, {"age": 60.5, "weight": None, "sex": "m"}],
            mode,
            START + k,
        )
        for k in range(5)
    ]
    written.append(written[0]._replace(id=new_id(START + 9), time=START + 9, status=400, error="E101"))
    store.write(RecordBatch("run", [ModelEntry.of(model)], written, counts={"written": 6}, ended=True))
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    fill(tmp_path / "records.db", records.served(tmp_path, records.PERSONAL))
    (tmp_path / "records.key").write_text(bytes(range(32)).hex())
    (tmp_path / "deployment.toml").write_text(
        '[[models]]\nfile = "tiny.seal"\n[records]\npersonal = "hash"\nkey_file = "records.key"\n'
    )
    return tmp_path / "records.db"


def test_show(store: Path) -> None:
    shown = json_of("show", store, "--last", 2)
    assert (shown["records"], shown["rows"]) == (2, 4)
    first = shown["listed"][0]
    assert (first["model"], first["version"], first["record_error"]) == ("tiny", "1", "E101")
    assert first["record_time"].startswith("2026-11-27T")
    assert shown["runs"][0]["written"] == 6
    assert json_of("show", store, "--error", "any")["records"] == 1
    assert json_of("show", store, "--model", "tiny", "--until", "2026-11-27T11:46:42")["records"] == 2
    text = invoke("show", store).stdout
    assert "weight=54 label=" in text
    assert "6 written, 0 dropped, 0 lost" in text
    assert "There are no such records." in invoke("show", store, "--error", "E207").stdout
    assert json_of("show", store, "--model", "other", code=1)["error"]["code"] == "E725"


def test_the_rows_of_one_record(store: Path) -> None:
    identifier = json_of("show", store, "--last", 1)["listed"][0]["record_id"]
    assert json_of("show", store, "--id", identifier)["rows"] == 2
    assert "--id needs" in invoke("show", store, "--id", "7", code=2).output


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_export(kind: str, store: Path) -> None:
    output = store.parent / f"out.{kind}"
    assert json_of("export", store, "-o", output)["rows"] == 12
    if kind == "csv":
        with output.open(newline="") as stream:
            rows: list[dict[str, Any]] = list(csv.DictReader(stream))
        assert {row["label"] for row in rows} == {"0", ""}
    elif kind == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    else:
        table = pyarrow.parquet.read_table(output)
        assert str(table.schema.field("record_time").type) == "timestamp[us, tz=UTC]"
        assert str(table.schema.field("weight").type) == "double"
        rows = table.to_pylist()
    assert [float(row["weight"] or 0) for row in rows[:4]] == [50.0, 0.0, 51.0, 0.0]
    assert list(rows[0])[:3] == ["record_id", "record_time", "record_seconds"]
    assert rows[1]["record_problems"] == "[R101] weight"
    assert float(rows[0]["probability_ill"]) == pytest.approx(seals.risk(20.0, 50.0, "f"))
    assert {row["record_personal"] for row in rows} == {"hash"}


def test_export_needs_a_file_and_one_model(store: Path, tmp_path: Path) -> None:
    assert "export needs -o" in invoke("export", store, code=2).output
    fill(store, records.served(tmp_path, records.PERSONAL, name="other"), "mask")
    refused = json_of("export", store, "-o", tmp_path / "out.csv", code=1)["error"]
    assert refused["code"] == "E725"
    assert "--model other --version 1" in refused["fix"]
    assert json_of("export", store, "-o", tmp_path / "out.csv", "--model", "other")["rows"] == 12


def test_erase_a_subject(store: Path) -> None:
    deployment = store.parent / "deployment.toml"
    assert json_of("erase", deployment, "--where", "age=60.5", "--dry-run")["rows"] == 6
    assert json_of("erase", deployment, "--where", "age=60.5") == {
        "ok": True, "store": str(store), "records": 6, "rows": 6, "unsearchable": 0, "dry_run": False,
    }  # fmt: skip
    assert json_of("erase", deployment, "--where", "age=60.5")["rows"] == 0
    assert json_of("show", store)["rows"] == 6


def test_without_the_key_hashed_fields_are_not_searched(store: Path) -> None:
    done = json_of("erase", store, "--where", "age=60.5", code=3)
    assert (done["rows"], done["unsearchable"]) == (0, 12)
    assert "could not be searched" in invoke("erase", store, "--where", "age=60.5", code=3).stdout
    assert json_of("erase", store, "--where", "age=60.5", "--key-file", store.parent / "records.key")["rows"] == 6
    assert json_of("erase", store, "--where", "weight=51")["rows"] == 1


def test_erase_by_id_and_by_time(store: Path) -> None:
    identifier = json_of("show", store, "--last", 1)["listed"][0]["record_id"]
    assert json_of("erase", store, "--id", identifier)["records"] == 1
    assert json_of("erase", store, "--until", "2026-11-27T11:46:43")["records"] == 3
    assert json_of("show", store)["records"] == 2


def test_erase_needs_a_selection(store: Path) -> None:
    assert "erase needs" in invoke("erase", store, code=2).output
    assert "erase needs" in invoke("erase", store, "--model", "tiny", code=2).output
    assert "FIELD=VALUE" in invoke("erase", store, "--where", "age", code=2).output
    assert json_of("erase", store, "--where", "height=1", code=1)["error"]["code"] == "E724"
    assert "ISO 8601" in invoke("erase", store, "--until", "yesterday", code=2).output
    assert json_of("show", store)["records"] == 6


def test_nothing_is_erased_while_records_wait_for_the_store(store: Path) -> None:
    spilled = SpillFile(store.parent / "records-waiting", "run-0")
    spilled.append(b"a record")
    for target in (store, store.parent / "deployment.toml"):
        assert json_of("erase", target, "--where", "weight=51", code=1)["error"]["code"] == "E722"
    spilled.close()


def test_targets_that_are_no_stores(tmp_path: Path) -> None:
    assert json_of("show", tmp_path / "none.db", code=1)["error"]["code"] == "E720"
    (tmp_path / "deployment.toml").write_text('[[models]]\nfile = "tiny.seal"\n')
    assert json_of("show", tmp_path / "deployment.toml", code=1)["error"]["code"] == "E720"
