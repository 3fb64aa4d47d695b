"""Every kind of table in and out, and every way a file can be wrong."""

from __future__ import annotations

import csv
import datetime
import io
import json
import resource
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import seals
from sealift.batch import Summary, score
from sealift.errors import SealiftError
from sealift.runtime import SealedModel, load

HEADER = ["id", "age", "weight", "sex"]
RECORDS: list[list[Any]] = [[f"p{i}", *row] for i, row in enumerate(seals.ROWS)]
BAD: list[Any] = ["=bad", 130.0, None, "x"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SealedModel:
    return load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal"))


def make(path: Path, records: list[list[Any]], header: list[str] = HEADER) -> Path:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([header, *records])
    elif path.suffix == ".jsonl":
        lines = [json.dumps(dict(zip(header, record, strict=True))) for record in records]
        path.write_text("\n".join(lines) + "\n", "utf-8")
    elif path.suffix == ".parquet":
        columns = {name: [record[i] for record in records] for i, name in enumerate(header)}
        pq.write_table(pa.table(columns), path)
    else:
        book = openpyxl.Workbook()
        for record in [header, *records]:
            book.active.append(record)
            if isinstance(record[0], str) and record[0].startswith("="):
                book.active.cell(book.active.max_row, 1).data_type = "s"
        book.save(path)
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The output, missing cells as None, whatever the kind."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as stream:
            return [{k: v if v != "" else None for k, v in row.items()} for row in csv.DictReader(stream)]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".parquet":
        return [dict(row) for row in pq.read_table(path).to_pylist()]
    sheet = openpyxl.load_workbook(path).active
    header, *records = sheet.iter_rows(values_only=True)
    return [dict(zip(header, record, strict=True)) for record in records]


@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet", "xlsx"])
def test_every_kind_to_every_kind(model: SealedModel, tmp_path: Path, source: str, target: str) -> None:
    given = make(tmp_path / f"in.{source}", [*RECORDS[:2], BAD, *RECORDS[2:]])
    out = tmp_path / f"out.{target}"
    reported: list[tuple[int, int, int]] = []
    summary = score(model, given, out, keep=["id"], chunk=2, progress=lambda *seen: reported.append(seen))
    assert (summary.rows, summary.refused, summary.output) == (5, 1, str(out))
    assert [(p.row, p.field, p.code) for p in summary.problems] == [
        (3, "age", "R103"),
        (3, "weight", "R101"),
        (3, "sex", "R104"),
    ]
    assert [rows for *_, rows in reported] == [2, 4, 5]
    rows = rows_of(out)
    assert list(rows[0]) == ["row", "id", "label", "label_name", "probability_healthy", "probability_ill", "error"]
    assert [int(row["row"]) for row in rows] == [1, 2, 3, 4, 5]
    assert [row["id"] for row in rows] == ["p0", "p1", "=bad", "p2", "p3"]
    bad = rows.pop(2)
    assert [bad[name] for name in ("label", "label_name", "probability_healthy", "probability_ill")] == [None] * 4
    assert bad["error"].startswith('[R103] "age" is 130, but must be at least 0 and at most 120 years. [R101] ')
    for row, given_row in zip(rows, seals.ROWS, strict=True):
        risk = seals.risk(*given_row)
        assert float(row["probability_ill"]) == pytest.approx(risk, rel=1e-12)
        assert int(row["label"]) == int(risk >= 0.5)
        assert row["label_name"] == seals.NAMES[int(risk >= 0.5)]
        assert not row["error"]


def test_the_numbers_in_csv_read_back_to_the_same_doubles(model: SealedModel, tmp_path: Path) -> None:
    ages = np.random.default_rng(1).uniform(0, 120, 200).tolist()
    given = make(tmp_path / "in.csv", [["a", age, 70, "f"] for age in ages])
    score(model, given, tmp_path / "out.csv", ignore_extra=True)
    expected = model.predict({"age": ages, "weight": [70] * 200, "sex": ["f"] * 200})["probability"]
    probabilities = [
        [float(row["probability_healthy"]), float(row["probability_ill"])] for row in rows_of(tmp_path / "out.csv")
    ]
    assert probabilities == expected.tolist()


def test_a_text_that_looks_like_a_formula_stays_text_in_a_workbook(model: SealedModel, tmp_path: Path) -> None:
    keys = ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0", "\tx", "a\x01b", "é"]
    given = make(tmp_path / "in.jsonl", [[key, 50, 70, "f"] for key in keys])
    score(model, given, tmp_path / "out.xlsx", keep=["id"])
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    cells = [sheet.cell(row, 2) for row in range(2, len(keys) + 2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells] == [key.replace("\x01", "_x0001_") for key in keys]


def test_a_csv_keeps_such_a_text_as_it_is(model: SealedModel, tmp_path: Path) -> None:
    keys = ["=1+1", 'a"b', "a,b", "a\nb", "a\rb", "a\r\nb", " a ", "é", "\u2028"]
    given = make(tmp_path / "in.csv", [[key, 50, 70, "f"] for key in keys])
    score(model, given, tmp_path / "out.csv", keep=["id"])
    assert [row["id"] for row in rows_of(tmp_path / "out.csv")] == keys


def test_typed_cells_of_a_workbook(model: SealedModel, tmp_path: Path) -> None:
    day = datetime.datetime(2024, 5, 1)
    records: list[list[Any]] = [
        [day, 50, 70, "f"],
        [day, "50.5", " 70 ", "f"],
        [day, "NA", 70, "f"],
        [day, day, 70, "f"],
        [1, 5, 7, 1],
    ]
    given = make(tmp_path / "in.xlsx", [*records, [None] * 4, [None] * 4])
    summary = score(model, given, tmp_path / "out.xlsx", keep=["id"])
    assert (summary.rows, summary.skipped) == (5, 2)
    assert [(p.row, p.field, p.code) for p in summary.problems] == [(4, "age", "R102"), (5, "sex", "R102")]
    assert [row["id"] for row in rows_of(tmp_path / "out.xlsx")] == [day] * 4 + [1]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
@pytest.mark.parametrize("chunk", [None, 1, 2])
def test_answers_are_in_the_rows_of_their_records(
    model: SealedModel, tmp_path: Path, kind: str, chunk: int | None
) -> None:
    given = tmp_path / f"in.{kind}"
    records: list[list[Any]] = [["a", 50, 70, "f"], [], [], ["b", 60, 80, "m"], [], ["c", 70, 90, "f"], [], []]
    if kind == "xlsx":
        make(given, [record or [None] * 4 for record in records])
    else:
        make(tmp_path / f"full.{kind}", [record for record in records if record])
        head, *lines = (tmp_path / f"full.{kind}").read_text().splitlines()
        left = iter([head, *lines] if kind == "jsonl" else lines)
        body = [next(left) if record else "" for record in records]
        given.write_text("\n".join(body if kind == "jsonl" else [head, *body]) + "\n")
    summary = score(model, given, tmp_path / "out.csv", keep=["id"], chunk=chunk)
    assert (summary.rows, summary.refused) == (6, 3)
    assert [(p.row, p.code) for p in summary.problems] == [(2, "R107"), (3, "R107"), (5, "R107")]
    rows = rows_of(tmp_path / "out.csv")
    assert [(int(row["row"]), row["id"]) for row in rows] == [
        *((1, "a"), (2, None), (3, None), (4, "b"), (5, None), (6, "c")),
    ]
    empty = "[R107] The record is empty."
    assert [row["error"] for row in rows] == [None, empty, empty, None, empty, None]


def test_inputs_are_kept_under_names_of_their_own(model: SealedModel, tmp_path: Path) -> None:
    given = make(tmp_path / "in.csv", [["a", 50, 70, "f"], ["b", "", 80, "m"]])
    score(model, given, tmp_path / "out.csv", keep=["id"], keep_inputs=True)
    rows = rows_of(tmp_path / "out.csv")
    assert list(rows[0])[:5] == ["row", "id", "age", "weight", "sex"]
    assert [(row["id"], row["age"], row["weight"], row["sex"]) for row in rows] == [
        ("a", "50", "70", "f"),
        ("b", None, "80", "m"),
    ]


def test_types_of_parquet(model: SealedModel, tmp_path: Path) -> None:
    table = pa.table(
        {
            "day": pa.array([datetime.date(2024, 5, 1), None], pa.date32()),
            "age": pa.array([50, None], pa.int8()),
            "weight": pa.array(["70.5", "60"]).cast(pa.decimal128(9, 2)),
            "sex": pa.array(["f", "m"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    summary = score(model, tmp_path / "in.parquet", tmp_path / "out.parquet", keep=["day", "age"])
    assert summary.refused == 0
    out = pq.read_table(tmp_path / "out.parquet")
    assert [out.schema.field(name).type for name in ("row", "day", "age", "label", "probability_ill", "error")] == [
        pa.int64(),
        pa.date32(),
        pa.int8(),
        pa.int64(),
        pa.float64(),
        pa.string(),
    ]
    assert out.column("day").to_pylist() == [datetime.date(2024, 5, 1), None]


def test_json_lines_that_cannot_be_read_are_bad_rows(model: SealedModel, tmp_path: Path) -> None:
    good = '{"age": 50, "weight": 70, "sex": "f"}'
    lines = [good, "{", "[1]", good[:-1] + ', "age": 5}', "", '{"age": NaN, "weight": 70, "sex": "m"}', '{"sex": "f"}']
    (tmp_path / "in.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"sex": "\xff"}\n')
    summary = score(model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [(p.row, p.code) for p in summary.problems] == [
        (2, "R106"),
        (3, "R106"),
        (4, "R106"),
        (5, "R107"),
        (7, "R101"),
        (8, "R106"),
    ]
    assert (summary.rows, summary.refused, summary.skipped) == (8, 6, 0)


def test_a_key_that_appears_late_is_a_bad_row(model: SealedModel, tmp_path: Path) -> None:
    good = {"age": 50, "weight": 70, "sex": "f"}
    lines = [json.dumps(good)] * 1000 + [json.dumps({**good, "Age": 3})]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    summary = score(model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [(p.row, p.code) for p in summary.problems] == [(1001, "R105")]


def test_streams(model: SealedModel) -> None:
    for text in ("age,weight,sex\n50,70,f\n", '\n{"age": 50, "weight": 70, "sex": "f"}\n'):
        out = io.BytesIO()
        summary = score(model, io.BytesIO(text.encode()), out)
        assert summary.rows == 1
        assert out.getvalue().startswith(
            b"row,label,label_name,probability_healthy,probability_ill,error\n1,0,healthy,0."
        )


def test_at_most_a_thousand_problems_are_listed(model: SealedModel) -> None:
    text = "age,weight,sex\n" + "x,70,f\n" * 1500
    summary = score(model, io.BytesIO(text.encode()), io.BytesIO())
    assert (summary.rows, summary.refused, len(summary.problems)) == (1500, 1500, 1000)
    assert summary.problems[-1].row == 1000


def refused(model: SealedModel, source: Path | IO[bytes], out: Path, **options: Any) -> SealiftError:
    with pytest.raises(SealiftError) as raised:
        score(model, source, out, **options)
    left = [path.name for path in out.parent.iterdir() if path.name.startswith(".sealift") or path == out]
    assert not left, "something half-written was left"
    return raised.value


GOOD = b"age,weight,sex\n50,70,f\n"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.csv", b"", "E404"),
        ("blank.csv", b"\n\n", "E404"),
        ("header.csv", b"age,weight,sex\n", "E105"),
        ("latin.csv", b"age,weight,sex\n50,70,f\n50,70,\xe9\n", "E404"),
        ("utf16.csv", "age,weight,sex\n50,70,f\n".encode("utf-16"), "E404"),
        ("utf16-bare.csv", "age,weight,sex\n50,70,f\n".encode("utf-16-le"), "E404"),
        ("garbage.csv", bytes(range(256)) * 20, "E404"),
        ("quote.csv", b'age,weight,sex\n50,70,"f\n', "E404"),
        ("cell.csv", b"age,weight,sex\n50,70," + b"f" * (2 << 20), "E404"),
        ("workbook.csv", b"PK\x03\x04" + b"\0" * 50, "E403"),
        ("old.xls", b"\xd0\xcf\x11\xe0", "E403"),
        ("old.csv", b"\xd0\xcf\x11\xe0" + b"\0" * 50, "E403"),
        ("columns.csv", b"PAR1" + b"\0" * 50, "E403"),
        ("paper.csv", b"%PDF-1.7", "E403"),
        ("packed.csv", b"\x1f\x8b\x08\0", "E403"),
        ("rows.dat", GOOD, "E403"),
        ("rows", GOOD, "E403"),
        ("lacking.csv", b"age,sex\n50,f\n", "E101"),
        ("misnamed.csv", b"age,Weight,sex\n50,70,f\n", "E101"),
        ("extra.csv", b"id,age,weight,sex\n1,50,70,f\n", "E102"),
        ("twice.csv", b"age,weight,sex,age\n50,70,f,50\n", "E103"),
        ("empty.jsonl", b"", "E404"),
        ("array.jsonl", b"[1, 2]\n", "E404"),
        ("csv.jsonl", GOOD, "E404"),
        ("lacking.jsonl", b'{"age": 50}\n', "E101"),
        ("empty.parquet", b"", "E404"),
        ("garbage.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "E404"),
        ("csv.parquet", GOOD, "E404"),
        ("empty.xlsx", b"", "E404"),
        ("garbage.xlsx", b"PK\x03\x04" + b"x" * 100, "E404"),
        ("csv.xlsx", GOOD, "E404"),
    ],
)
def test_a_file_that_cannot_be_used(model: SealedModel, tmp_path: Path, name: str, data: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(data)
    error = refused(model, tmp_path / name, tmp_path / "out.csv")
    assert error.code == code
    assert error.fix


def test_a_misspelt_column_is_named(model: SealedModel, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"age,Weigth,sex\n50,70,f\n")
    assert refused(model, tmp_path / "in.csv", tmp_path / "out.csv").fix == 'Rename the column "Weigth" to "weight".'


def test_damaged_tables_leave_nothing(model: SealedModel, tmp_path: Path) -> None:
    for suffix in ("parquet", "xlsx"):
        whole = make(tmp_path / f"in.{suffix}", RECORDS * 50).read_bytes()
        (tmp_path / f"in.{suffix}").write_bytes(whole[: len(whole) // 2])
        assert refused(model, tmp_path / f"in.{suffix}", tmp_path / "out.csv", ignore_extra=True).code == "E404"


def test_places_that_cannot_be_read_or_written(model: SealedModel, tmp_path: Path) -> None:
    given = tmp_path / "in.csv"
    assert refused(model, given, tmp_path / "out.csv").code == "E401"
    assert refused(model, tmp_path, tmp_path / "out.csv").code == "E403"
    given.write_bytes(GOOD)
    with pytest.raises(SealiftError, match="E402"):
        score(model, given, tmp_path / "no" / "out.csv")
    with pytest.raises(SealiftError, match="The output is the input"):
        score(model, given, given)
    assert given.read_bytes() == GOOD
    assert refused(model, given, tmp_path / "out.dat").code == "E403"


def test_an_existing_output_is_kept_when_the_new_one_fails(model: SealedModel, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"age,weight,sex\n" + b"50,70,f\n" * 9 + b"\xff")
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(SealiftError, match="E404"):
        score(model, tmp_path / "in.csv", tmp_path / "out.csv", chunk=2)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_kept_columns(model: SealedModel, tmp_path: Path) -> None:
    given = tmp_path / "in.csv"
    given.write_bytes(b"age,weight,sex,label\n50.10,70,f,7\n")
    assert "no column" in refused(model, given, tmp_path / "out.csv", keep=["nope"]).what
    assert refused(model, given, tmp_path / "out.csv", keep=["label"]).code == "E103"
    assert score(model, given, tmp_path / "out.csv", keep=["age", "age"], ignore_extra=True).refused == 0
    assert rows_of(tmp_path / "out.csv")[0]["age"] == "50.10"


def test_a_library_that_is_not_installed(model: SealedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.csv").write_bytes(GOOD)
    for module, suffix in (("pyarrow", "parquet"), ("openpyxl", "xlsx")):
        monkeypatch.setitem(__import__("sys").modules, module, None)
        error = refused(model, tmp_path / "in.csv", tmp_path / f"out.{suffix}")
        assert (error.code, error.fix) == ("E405", "Install it with: pip install 'sealift[tables]'")


def test_the_summary_as_data(model: SealedModel) -> None:
    summary: Summary = score(model, io.BytesIO(GOOD + b"\nx,70,f\n\n"), io.BytesIO())
    values = summary.as_dict()
    assert {key: values[key] for key in ("rows", "refused", "skipped")} == {"rows": 3, "refused": 2, "skipped": 1}
    assert [problem["code"] for problem in values["problems"]] == ["R107", "R102"]
    json.dumps(values)


def problems(model: SealedModel, source: Path, **options: Any) -> list[tuple[int, str, str]]:
    summary = score(model, source, io.BytesIO(), **options)
    return [(problem.row, problem.field, problem.code) for problem in summary.problems]


def test_a_formula_that_was_never_computed_is_refused(model: SealedModel, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for record in [HEADER, ["a", "=20+30", 70, "f"], ["=1", 50, 70, "f"], ["c", 50, 70, "f"], ["d", "", 70, "f"]]:
        book.active.append(record)
    book.save(tmp_path / "in.xlsx")  # openpyxl computes nothing
    assert problems(model, tmp_path / "in.xlsx", ignore_extra=True) == [(1, "age", "R102")]
    assert problems(model, tmp_path / "in.xlsx", keep=["id"]) == [(1, "age", "R102"), (2, "id", "R102")]
    out = tmp_path / "out.jsonl"
    score(model, tmp_path / "in.xlsx", out, ignore_extra=True)
    first, *others = rows_of(out)
    assert first["label"] is None
    assert "is a formula whose result is not in the file" in first["error"]
    assert all(row["label"] is not None for row in others)


def with_sheet(path: Path, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_the_result_of_a_formula_is_read(model: SealedModel, tmp_path: Path) -> None:
    given = make(tmp_path / "in.xlsx", [["a", 50, 70, "f"], ["b", 51, 70, "f"]])
    with_sheet(given, b't="n"><v>50</v>', b"><f>20+30</f><v>50</v>")
    with_sheet(given, b't="n"><v>51</v>', b't="str"><f>""</f><v></v>')  # the empty text: age may be missing
    expected = model.predict({"age": [50.0, None], "weight": [70.0] * 2, "sex": ["f"] * 2})["probability"]
    score(model, given, tmp_path / "out.jsonl", ignore_extra=True)
    assert [row["probability_ill"] for row in rows_of(tmp_path / "out.jsonl")] == expected[:, 1].tolist()


def test_rows_far_apart_have_the_empty_ones_between_them(model: SealedModel, tmp_path: Path) -> None:
    given = make(tmp_path / "in.xlsx", [["a", 50, 70, "f"], ["b", 51, 70, "f"]])
    with_sheet(given, b'<row r="3"', b'<row r="20003"')
    for column in "ABCD":
        with_sheet(given, f'r="{column}3"'.encode(), f'r="{column}20003"'.encode())
    summary = score(model, given, io.BytesIO(), ignore_extra=True)
    assert (summary.rows, summary.refused, summary.skipped) == (20_002, 20_000, 0)


@pytest.mark.parametrize("rows_before", [0, 2000])
def test_a_nul_anywhere_is_an_error_of_its_row(model: SealedModel, tmp_path: Path, rows_before: int) -> None:
    good, bad = b"50,70,f\n", b"50,70,f\0\n"
    (tmp_path / "in.csv").write_bytes(b"age,weight,sex\n" + good * rows_before + bad + good)
    assert problems(model, tmp_path / "in.csv") == [(rows_before + 1, "sex", "R102")]
    good, bad = b'{"age":50,"weight":70,"sex":"f"}\n', b'{"age":50,"weight":70,"sex":"f\0"}\n'
    (tmp_path / "in.jsonl").write_bytes(good * rows_before + bad + good)
    assert problems(model, tmp_path / "in.jsonl") == [(rows_before + 1, "", "R106")]


@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet", "xlsx"])
def test_a_kept_value_that_no_file_can_hold_is_a_flaw_of_its_row(
    model: SealedModel, tmp_path: Path, target: str
) -> None:
    records = [["a", 50, 70, "f"], ["\ud800", 50, 70, "f"], [int("9" * 4000), 50, 70, "f"], [10**30, 50, 70, "f"]]
    given = make(tmp_path / "in.jsonl", records)
    summary = score(model, given, tmp_path / f"out.{target}", keep=["id"])
    assert [(p.row, p.code) for p in summary.problems] == [(2, "R106"), (3, "R106")]
    assert [row["id"] for row in rows_of(tmp_path / f"out.{target}")][3] in (10**30, str(10**30))


@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet", "xlsx"])
def test_a_time_that_python_does_not_have_is_a_flaw_of_its_row(model: SealedModel, tmp_path: Path, target: str) -> None:
    days = pa.array([2**60, 0], pa.timestamp("us"))
    table = pa.table({"id": days, "age": [50.0, 50.0], "weight": [70.0, 70.0], "sex": ["f", "f"]})
    pq.write_table(table, tmp_path / "in.parquet")
    summary = score(model, tmp_path / "in.parquet", tmp_path / f"out.{target}", keep=["id"])
    assert [(p.row, p.field, p.code) for p in summary.problems] == [(1, "id", "R106")]
    assert rows_of(tmp_path / f"out.{target}")[1]["id"] in (datetime.datetime(1970, 1, 1), "1970-01-01T00:00:00")


def test_kept_numbers_keep_their_digits(model: SealedModel, tmp_path: Path) -> None:
    key = 12345678901234567890123456789
    table = pa.table({"id": pa.array([Decimal(key)], pa.decimal128(38)), "age": pa.array([Decimal("50.5")]),
                      "weight": [70.0], "sex": ["f"]})  # fmt: skip
    pq.write_table(table, tmp_path / "in.parquet")
    for target in ("csv", "jsonl", "parquet", "xlsx"):
        summary = score(
            model, tmp_path / "in.parquet", tmp_path / f"out.{target}", keep=["id", "age"], ignore_extra=True
        )
        assert summary.refused == 0
        assert int(rows_of(tmp_path / f"out.{target}")[0]["id"]) == key
    given = make(tmp_path / "in.jsonl", [[2**53 + 1, 50, 70, "f"]])
    score(model, given, tmp_path / "out.xlsx", keep=["id"])
    assert rows_of(tmp_path / "out.xlsx")[0]["id"] == str(2**53 + 1)


def test_a_disk_that_fills_up_leaves_nothing(
    model: SealedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = make(tmp_path / "in.csv", RECORDS * 5000)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, old[1]))
    try:
        for target in ("csv", "jsonl", "parquet", "xlsx"):
            with pytest.raises(SealiftError, match="File too large") as caught:
                score(model, given, tmp_path / f"out.{target}", keep=["id"])
            assert caught.value.code == "E402"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
