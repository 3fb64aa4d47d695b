"""Dates from every kind of X: sealed, proved, answered as the original, and given back to it as what they were."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import sealift
from packs import member, no_node
from sealift.batch.job import score
from sealift.cli.read_data import read_data
from sealift.contract.datetimes import DAY
from sealift.errors import ContractError, PackError, SealiftError
from sealift.packing.inputs.detect import read_rows
from sealift.packing.proof.report import Report
from sealift.packing.types.datetime import DATE, DATETIME
from sealift.runtime import Tolerance
from sealift.runtime.engines import wasm
from sealift.stats import Numbers

__all__ = ["no_node"]

N = 240
RANDOM = np.random.default_rng(11)
WHEN = pd.Timestamp("2021-01-01") + pd.to_timedelta(RANDOM.integers(0, 3 * 365 * 86_400, N), unit="s")
BORN = pd.Timestamp("1930-01-01") + pd.to_timedelta(RANDOM.integers(0, 80 * 365, N), unit="D")
X = pd.DataFrame({"when": WHEN, "born": BORN, "age": RANDOM.normal(50, 9, N), "ward": RANDOM.choice(["a", "b"], N)})
X.loc[::9, "when"] = pd.NaT
Y = ((X["when"].dt.hour.fillna(3) > 11) ^ (X["born"].dt.month > 6)).astype(int)


def calendar(df: Any) -> Any:
    when = pd.to_datetime(df["when"]).dt
    return pd.DataFrame({"hour": when.hour, "day": when.day_of_week, "month": when.month, "end": when.is_month_end})


def ages(df: Any) -> Any:
    when, born = pd.to_datetime(df["when"]), pd.to_datetime(df["born"])
    return pd.DataFrame({"days": (when - born).dt.days, "year": born.dt.year, "late": when > "2022-06-30"})


def model(last: Any) -> Any:
    parts = [
        ("calendar", FunctionTransformer(calendar), ["when"]),
        ("ages", FunctionTransformer(ages), ["when", "born"]),
        ("ward", OneHotEncoder(handle_unknown="ignore"), ["ward"]),
    ]
    return make_pipeline(ColumnTransformer(parts, remainder="passthrough"), last)


LINEAR = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
BOOSTED = HistGradientBoostingClassifier(max_iter=20, random_state=0)


def packed(rows: Any, tmp_path: Path, last: Any = BOOSTED, **options: Any) -> tuple[Any, Any]:
    fitted_model = model(last).fit(rows, Y)
    return fitted_model, sealift.pack(fitted_model, rows, Y, name="t", output=tmp_path / "t.seal", **options)


@pytest.mark.parametrize("last", [LINEAR, BOOSTED], ids=["linear", "boosted"])
def test_a_pipeline_as_people_build_it(last: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # WebAssembly too, where Node is
    original, sealed = packed(X, tmp_path, last)
    answers = sealed.load().predict(X)
    np.testing.assert_array_equal(answers["label"], original.predict(X))
    np.testing.assert_allclose(answers["probability"], original.predict_proba(X), rtol=1e-9)
    assert ("webassembly" in sealed.report.engines) == (wasm.node() is not None)
    assert sealed.report.compared["dates"] > 40
    when, born, *_ = sealed.contract.inputs
    assert (when.dtype, when.missing, born.dtype) == ("datetime", "allowed", "date")
    assert sealed.load().self_test().passed


def test_single_rows_of_every_kind_of_date(tmp_path: Path) -> None:
    original, sealed = packed(X, tmp_path)
    loaded = sealed.load()
    row = X.iloc[[4]]
    (wanted,) = original.predict_proba(row)
    when, born = row["when"].iloc[0], row["born"].iloc[0]
    plain = {"age": row["age"].iloc[0], "ward": row["ward"].iloc[0]}
    for one, other in [
        (when, born),
        (when.to_pydatetime(), born.date()),
        (when.to_datetime64(), born.to_datetime64().astype("datetime64[D]")),
        (when.isoformat(), born.date().isoformat()),
        (when.isoformat(), f"{born.date().isoformat()}T00:00"),
    ]:
        answers = loaded.predict({"when": one, "born": other, **plain})["probability"]
        np.testing.assert_allclose(answers[0], wanted, rtol=1e-9)
    for wrong in (12, True, 1.7e15, "2024-02-30", when.tz_localize("UTC"), when + pd.Timedelta(1, "ns"), "", "soon"):
        with pytest.raises(ContractError, match="must be a date with its time as 2024-03-01T12:30:00") as caught:
            loaded.predict({"when": wrong, "born": born, **plain})
        assert caught.value.code == "R102"
    with pytest.raises(ContractError, match=r"tz_convert"):
        loaded.predict({"when": when.tz_localize("UTC"), "born": born, **plain})


TABLES: dict[str, Callable[[Any], Any]] = {
    "pandas": lambda df: df,
    "pandas ns": lambda df: df.astype({"when": "datetime64[ns]", "born": "datetime64[s]"}),
    "polars": pl.from_pandas,
    "polars dates": lambda df: pl.from_pandas(df).with_columns(pl.col("born").cast(pl.Date)),
    "arrow": pa.Table.from_pandas,
    "dicts": lambda df: df.to_dict("records"),
    "columns": lambda df: {name: df[name].to_numpy() for name in df},
}


@pytest.fixture(scope="module", name="sealed")
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    return packed(X, tmp_path_factory.mktemp("sealed"))


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_dates_are_answered(kind: str, sealed: Any) -> None:
    original, file = sealed
    np.testing.assert_array_equal(file.load().predict(TABLES[kind](X))["label"], original.predict(X))


@pytest.mark.parametrize("library", ["polars", "arrow", "pandas"])
def test_a_zone_is_not_dropped_in_silence(library: str, sealed: Any) -> None:
    rows = X.assign(when=X["when"].dt.tz_localize("Europe/Berlin", ambiguous="NaT", nonexistent="NaT"))
    given = {"polars": pl.from_pandas, "arrow": pa.Table.from_pandas, "pandas": lambda df: df}[library](rows)
    with pytest.raises(ContractError, match="Time zones are not supported"):
        sealed[1].load().predict(given)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_files_of_dates_are_answered(suffix: str, sealed: Any, tmp_path: Path) -> None:
    original, file = sealed
    path = tmp_path / f"rows.{suffix}"
    whens: Any = [None if pd.isna(value) else value.isoformat() for value in X["when"]]
    texts = X.assign(
        when=whens,
        born=X["born"].dt.strftime("%Y-%m-%d"),
    )
    if suffix == "csv":
        texts.to_csv(path, index=False)
    elif suffix == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in texts.to_dict("records")), "utf-8")
    elif suffix == "parquet":
        X.to_parquet(path)
    else:
        X.to_excel(path, index=False)
    summary = score(file.load(), path, tmp_path / "out.csv", keep=["when"])
    assert (summary.rows, summary.refused) == (N, 0)
    answers = pd.read_csv(tmp_path / "out.csv")
    np.testing.assert_array_equal(answers["label"], original.predict(X))


FORMS: dict[str, Callable[[], Any]] = {
    "pandas s": lambda: X.astype({"when": "datetime64[s]"}),
    "pandas ms": lambda: X.astype({"when": "datetime64[ms]"}),
    "pandas us": lambda: X.astype({"when": "datetime64[us]"}),
    "pandas ns": lambda: X.astype({"when": "datetime64[ns]", "born": "datetime64[ns]"}),
    "objects": lambda: X.assign(born=X["born"].dt.date.astype(object)),
    "arrow": lambda: X.astype({"when": "timestamp[us][pyarrow]"}),
    "arrow ns": lambda: X.astype({"when": "timestamp[ns][pyarrow]"}),
    "arrow date": lambda: X.assign(born=X["born"].dt.date.astype(pd.ArrowDtype(pa.date32()))),
    "polars": lambda: pl.from_pandas(X),
    "polars ms": lambda: pl.from_pandas(X).with_columns(
        pl.col("when").cast(pl.Datetime("ms")), pl.col("born").cast(pl.Date)
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_generated_rows_are_of_the_callers_kind(kind: str) -> None:
    rows = FORMS[kind]()
    form = read_rows(rows)
    assert [column.dtype for column in form.columns[:2]] == ["datetime", "date"]
    again = form.build(form.values())
    if isinstance(rows, pl.DataFrame):
        assert again.schema == rows.schema
        assert again.equals(rows)
    else:
        pd.testing.assert_frame_equal(again, rows)
        assert [type(value) for value in again["born"]] == [type(value) for value in rows["born"]]
    built = form.build({**{name: values[:2] for name, values in form.values().items()}, "when": [None, 0.0]})
    kinds = built.schema if isinstance(rows, pl.DataFrame) else built.dtypes
    assert kinds["when"] == (rows.schema if isinstance(rows, pl.DataFrame) else rows.dtypes)["when"]


def test_an_array_of_dates(tmp_path: Path) -> None:
    A = np.column_stack([X["born"].to_numpy(), WHEN.to_numpy()]).astype("datetime64[s]")
    days = FunctionTransformer(lambda A: (A[:, [1]] - A[:, [0]]) / np.timedelta64(1, "D"))
    step = make_pipeline(days, StandardScaler(), LogisticRegression()).fit(A, Y)
    sealed = sealift.pack(step, A, Y, name="t", output=tmp_path / "t.seal").load()
    np.testing.assert_array_equal(sealed.predict(A)["label"], step.predict(A))


def test_a_function_that_leaves_polars(tmp_path: Path) -> None:
    rows = pl.from_pandas(X[["when", "age"]])
    step = FunctionTransformer(lambda df: df.to_pandas().assign(when=lambda each: each["when"].dt.hour))
    original = make_pipeline(step, HistGradientBoostingClassifier(max_iter=10, random_state=0)).fit(rows, Y)
    sealed = sealift.pack(original, rows, Y, name="t", output=tmp_path / "t.seal").load()
    np.testing.assert_array_equal(sealed.predict(rows)["label"], original.predict(rows))


def test_no_record_is_in_the_file(sealed: Any) -> None:
    file = sealed[1]
    moments = {value.isoformat() for value in X["when"].dropna()}
    for name in ("golden/examples.json", "reference/background.json"):
        rows = member(file, name)["rows"]
        assert not moments & {row[0] for row in rows}
        assert all(row[1] is None or len(row[1]) == 10 for row in rows)
    when, born, *_ = file.contract.inputs
    assert str(when.observed[0]).endswith("T00:00:00")
    assert pd.Timestamp(born.observed[0]) > X["born"].min()
    assert pd.Timestamp(born.observed[1]) < X["born"].max()
    assert max(member(file, "reference/sketches.json")["when"]["quantiles"]) < 20_000  # days


def test_real_rows_are_stored_on_request(tmp_path: Path) -> None:
    _, sealed = packed(X, tmp_path, privacy=sealift.PrivacyOptions(keep_rows=True))
    moments = {None, *(value.isoformat() for value in X["when"].dropna())}
    assert {row[0] for row in member(sealed, "golden/examples.json")["rows"]} <= moments
    assert sealed.load().self_test().passed


def test_options_of_date_fields(tmp_path: Path) -> None:
    fields: dict[str, dict[str, Any]] = {
        "when": {"range": (datetime.datetime(2020, 1, 1), None), "missing": "refused", "units": "local time"},
        "born": {"range": [np.datetime64("1900-01-01"), pd.Timestamp("2024-12-31")], "personal": True},
    }
    _, sealed = packed(X, tmp_path, contract=sealift.ContractOptions(fields=fields))
    when, born, *_ = sealed.contract.inputs
    assert when.range == ("2020-01-01T00:00:00", None)
    assert born.range == ("1900-01-01", "2024-12-31")
    row = X.iloc[[4]].to_dict("records")[0]
    with pytest.raises(ContractError, match="must be at least 1900-01-01 and at most 2024-12-31") as caught:
        sealed.load().predict({**row, "born": "1899-12-31"})
    assert caught.value.code == "R103"
    assert "1900-01-01 to 2024-12-31" in bytes(sealed.load().seal.members["card.md"]).decode()


@pytest.mark.parametrize(
    "options",
    [{"range": (1900, 2000)}, {"range": ("01.01.1900", None)}, {"range": ("2024-01-01", "2023-01-01")},
     {"range": ("2024-01-01T12:00:00", None)}, {"categories": ["2024-01-01"]}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_said_of_dates(options: Any, tmp_path: Path) -> None:
    with pytest.raises(SealiftError) as caught:
        packed(X, tmp_path, contract=sealift.ContractOptions(fields={"born": options}))
    assert caught.value.code == "E106"


def test_the_doctor_examines_dates() -> None:
    diagnosis = sealift.doctor(model(BOOSTED).fit(X, Y), X)
    assert diagnosis.obstacles == []
    assert [step.how for step in diagnosis.steps if "calendar" in step.path] == ["traced"]


def test_the_doctor_continues_after_a_refused_function_of_dates() -> None:
    named = FunctionTransformer(lambda df: df.assign(month=df["born"].dt.month_name().str.len())[["month"]])
    shifted = FunctionTransformer(lambda df: df.apply(lambda day: day + pd.Timedelta(days=1)))
    steps = ColumnTransformer([("names", make_pipeline(shifted, named), ["born"]), ("n", "passthrough", ["age"])])
    diagnosis = sealift.doctor(make_pipeline(steps, LINEAR).fit(X, Y), X)
    (obstacle,) = diagnosis.obstacles
    assert obstacle.code == "E302"
    assert "month_name" in obstacle.what
    assert len(diagnosis.steps) > 3


def test_differing_rows_are_reported_with_dates() -> None:
    report = Report({"value": Tolerance(1e-9, 1.0)}, times={"born": "date"})
    report.add(["caller"], {"born": [0.0], "n": [1.0]}, {"value": np.ones(1)}, {"value": np.zeros(1)})
    assert "born='1970-01-01', n=1.0" in report.lines()[0]


CELLS = "when,born,text,none\n2024-03-01T12:00:00,1960-02-29,2024-03-01x,\n,1961-01-01,,\n"


def test_a_table_file_of_the_command_line_holds_dates(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(CELLS)
    (tmp_path / "rows.jsonl").write_text('{"when": "2024-03-01T12:00:00", "born": "1960-02-29"}\n{"when": null}\n')
    X[["when", "born"]].to_parquet(tmp_path / "rows.parquet")
    for suffix in ("csv", "jsonl", "parquet"):
        rows, _ = read_data(tmp_path / f"rows.{suffix}", target=None, drop=[])
        assert [kind.kind for kind in rows.dtypes[["when", "born"]]] == ["M", "M"]
    rows, _ = read_data(tmp_path / "rows.csv", target=None, drop=[])
    assert rows["text"].tolist()[0] == "2024-03-01x"
    (tmp_path / "rows.csv").write_text("born\n2024-02-30\n2024-03-01\n")
    assert read_data(tmp_path / "rows.csv", target=None, drop=[])[0]["born"].tolist() == ["2024-02-30", "2024-03-01"]


def test_dates_without_a_function_are_refused_by_the_step(tmp_path: Path) -> None:
    plain = make_pipeline(FunctionTransformer(lambda df: df[["born"]]), BOOSTED)
    with pytest.raises(PackError, match="'born', which holds dates") as caught:
        sealift.pack(plain.fit(X, Y), X, name="t", output=tmp_path / "t.seal")
    assert "FunctionTransformer" in caught.value.fix


def test_edges_have_the_days_where_calendars_go_wrong(sealed: Any) -> None:
    when, born, *_ = sealed[1].contract.inputs
    around = Numbers((18_000.0, 19_000.0), 0.0, (), (), 0.0, whole=True)
    nowhere = Numbers((), 0.0, (), (), 0.0, whole=True)
    days = {pd.Timestamp(value, unit="us") for value in DATE.edges(born, around, 1)["dates"]}
    assert {pd.Timestamp("2000-02-29"), pd.Timestamp("1900-02-28"), pd.Timestamp("1969-12-31")} <= days
    assert {value % DAY for value in DATE.edges(born, nowhere, 1)["dates"]} == {0.0}
    times = {pd.Timestamp(value, unit="us") for value in DATETIME.edges(when, nowhere, 2)["dates"]}
    assert pd.Timestamp("2024-02-29T23:59:59") in times
    assert DATE.fitted(born, [18_000.0, None]) == [18_000.0 * DAY, None]
