"""Every form of X is packed and proven, or refused with one clear error; nothing is left behind after a failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest
import scipy.sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sealift
from cases import named
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract import MISSING_WORDS
from sealift.errors import SealiftError

RANDOM = np.random.default_rng(5)
N = 90
A = RANDOM.normal(size=(N, 3))
Y = (A[:, 0] + A[:, 1] > 0).astype(int)
FRAME = pd.DataFrame(A, columns=["a", "b", "c"])
WHOLE = pd.DataFrame(RANDOM.integers(0, 100, (N, 3)), columns=["a", "b", "c"])
GAPS = RANDOM.random((N, 3)) < 0.15
TEXTS = np.array(["x", "y", "é z"], dtype=object)[RANDOM.integers(0, 3, N)]
HOLES = [None if i % 7 == 0 else value for i, value in enumerate(TEXTS)]


def linear() -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())


def encoded() -> Any:
    return make_pipeline(
        make_column_transformer((SimpleImputer(), ["a", "b"]), (OneHotEncoder(handle_unknown="ignore"), ["k"])),
        LogisticRegression(),
    )


def packed(model: Any, X: Any, path: Path, **rest: Any) -> sealift.packing.Packed:
    made = sealift.pack(model, X, name="form", output=path / "form.seal", **rest)
    assert made.load().self_test().passed
    assert made.report.compared["caller"] > 0
    assert made.report.compared["plausible"] > 0
    return made


def refused(code: str, model: Any, X: Any, path: Path, **rest: Any) -> SealiftError:
    with pytest.raises(SealiftError) as caught:
        sealift.pack(model, X, **{"name": "form", "output": path / "form.seal", **rest})
    assert not list(path.iterdir())
    assert caught.value.code == code
    assert caught.value.fix
    return caught.value


NUMERIC: dict[str, Callable[[], tuple[Any, str]]] = {
    "float64": lambda: (FRAME, "float64"),
    "float32": lambda: (FRAME.astype("float32"), "float32"),
    "int64": lambda: (WHOLE, "int64"),
    "int8": lambda: (WHOLE.astype("int8"), "int64"),
    "uint8": lambda: (WHOLE.astype("uint8"), "int64"),
    "uint64": lambda: (WHOLE.astype("uint64"), "int64"),
    "bool": lambda: (WHOLE > 50, "bool"),
    "Int64 with gaps": lambda: (WHOLE.astype("Int64").mask(GAPS), "int64"),
    "Int8 with gaps": lambda: (WHOLE.astype("Int8").mask(GAPS), "int64"),
    "Float64 with gaps": lambda: (FRAME.astype("Float64").mask(GAPS), "float64"),
    "Float32": lambda: (FRAME.astype("Float32"), "float64"),
    "boolean with gaps": lambda: ((WHOLE > 50).astype("boolean").mask(GAPS), "bool"),
    "object with None": lambda: (FRAME.astype(object).mask(GAPS, None), "float64"),
    "object with NaN": lambda: (FRAME.astype(object).mask(GAPS, np.nan), "float64"),
    "arrow": lambda: (FRAME.astype("double[pyarrow]"), "float64"),
    "arrow int64 with gaps": lambda: (WHOLE.astype("int64[pyarrow]").mask(GAPS), "int64"),
    "arrow bool with gaps": lambda: ((WHOLE > 50).astype("bool[pyarrow]").mask(GAPS), "bool"),
    "polars": lambda: (pl.from_pandas(FRAME), "float64"),
    "polars Float32": lambda: (pl.from_pandas(FRAME).cast(pl.Float32), "float64"),
    "polars UInt8": lambda: (pl.from_pandas(WHOLE).cast(pl.UInt8), "int64"),
    "polars with nulls": lambda: (pl.from_pandas(WHOLE.astype("Int64").mask(GAPS)), "int64"),
    "polars Boolean": lambda: (pl.from_pandas(WHOLE > 50), "bool"),
    "numpy": lambda: (A, "float64"),
    "numpy float32": lambda: (A.astype(np.float32), "float32"),
    "numpy long double": lambda: (A.astype(np.longdouble), "float64"),
    "numpy int": lambda: (WHOLE.to_numpy(), "int64"),
    "numpy bool": lambda: (WHOLE.to_numpy() > 50, "bool"),
    "numpy object": lambda: (A.astype(object), "float64"),
    "numpy by columns": lambda: (np.asfortranarray(A), "float64"),
    "numpy in steps": lambda: (np.repeat(A, 2, axis=0)[::2], "float64"),
    "numpy big-endian": lambda: (A.astype(">f8"), "float64"),
    "numpy large": lambda: (WHOLE.to_numpy() - (2**53 - 1), "int64"),
    "columns of levels": lambda: (
        FRAME.set_axis(pd.MultiIndex.from_product([["u"], ["a", "b", "c"]]), axis=1),
        "float64",
    ),
    "rows of one name": lambda: (FRAME.set_index(pd.Index([0] * N)), "float64"),
    "lists": lambda: (A.tolist(), "float64"),
}


@pytest.mark.parametrize("kind", NUMERIC)
def test_numbers(kind: str, tmp_path: Path) -> None:
    X, dtype = NUMERIC[kind]()
    made = packed(linear().fit(X, Y), X, tmp_path)
    assert {f.dtype for f in made.contract.inputs} == {dtype}
    assert made.report.refused == 0


POLARS_NUMBERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Boolean")


@pytest.mark.parametrize("kind", POLARS_NUMBERS)
def test_polars_numbers_with_nulls(kind: str, tmp_path: Path) -> None:
    whole = pl.from_pandas(WHOLE > 50 if kind == "Boolean" else WHOLE).cast(getattr(pl, kind))
    X = whole.with_columns(pl.when(pl.Series(GAPS[:, 0])).then(None).otherwise(pl.col("a")).alias("a"))
    made = packed(HistGradientBoostingClassifier(max_iter=3).fit(X, Y), X, tmp_path)
    assert {f.missing for f in made.contract.inputs} == {"allowed"}


SPARSE: dict[str, tuple[Callable[[], Any], str]] = {
    "float64": (lambda: FRAME.mask(GAPS, 0.0).astype(pd.SparseDtype("float64", 0.0)), "float64"),
    "int64": (lambda: WHOLE.astype(pd.SparseDtype("int64", 0)), "int64"),
    "bool": (lambda: FRAME.assign(c=(FRAME["c"] > 0).astype(pd.SparseDtype(bool, False))), "bool"),
    "one column": (lambda: FRAME.assign(c=FRAME["c"].astype(pd.SparseDtype("float64", 0.0))), "float64"),
}


@pytest.mark.filterwarnings("ignore:pandas.DataFrame with sparse columns found")
@pytest.mark.parametrize("kind", SPARSE)
def test_sparse_columns_of_a_frame(kind: str, tmp_path: Path) -> None:
    make, dtype = SPARSE[kind]
    X = make()
    model = LogisticRegression().fit(X, Y)
    made = packed(model, X, tmp_path)
    assert made.contract.inputs[2].dtype == dtype
    assert made.load().predict(X)["label"].tolist() == model.predict(X).tolist()


@pytest.mark.parametrize("kind", ["string", "string[pyarrow]"])
def test_texts_with_na_behind_an_imputer(kind: Any, tmp_path: Path) -> None:
    filled = make_pipeline(SimpleImputer(missing_values=pd.NA, strategy="most_frequent"), OneHotEncoder())
    X = FRAME[["a", "b"]].assign(k=pd.Series(HOLES).astype(kind))
    model = make_pipeline(make_column_transformer((filled, ["k"]), remainder="passthrough"), LogisticRegression())
    made = packed(model.fit(X, Y), X, tmp_path)
    assert made.contract.inputs[2].missing == "allowed"
    assert made.load().predict(X)["label"].tolist() == model.predict(X).tolist()


@pytest.mark.parametrize("kind", ["int64", "uint8", "polars UInt8", "bool", "numpy float32", "object with NaN"])
def test_numbers_through_trees(kind: str, tmp_path: Path) -> None:
    X, _ = NUMERIC[kind]()
    packed(RandomForestClassifier(5, random_state=0).fit(X, Y), X, tmp_path)


ORDERED = pd.CategoricalDtype(["y", "x", "é z"], ordered=True)
ARROW_WORDS = pd.ArrowDtype(pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
COLUMNS: dict[str, tuple[Callable[[], Any], str]] = {
    "object": (lambda: pd.Series(TEXTS), "string"),
    "object with None": (lambda: pd.Series(HOLES, dtype=object), "string"),
    "object with NaN": (lambda: pd.Series(HOLES, dtype=object).fillna(np.nan), "string"),
    "str": (lambda: pd.Series(TEXTS, dtype="str"), "string"),
    "string": (lambda: pd.Series(TEXTS, dtype="string"), "string"),
    "category": (lambda: pd.Series(HOLES, dtype="category"), "string"),
    "category with unused": (lambda: pd.Series(HOLES, dtype="category").cat.add_categories(["q"]), "string"),
    "category in order": (
        lambda: pd.Series(HOLES, dtype=pd.CategoricalDtype(["y", "x", "é z"], ordered=True)),
        "string",
    ),
    "category of string": (lambda: pd.Series(TEXTS, dtype="string").astype("category"), "string"),
    "arrow string": (lambda: pd.Series(TEXTS, dtype="string[pyarrow]"), "string"),
    "arrow dictionary": (lambda: pd.Series(TEXTS).astype(ARROW_WORDS), "string"),
    "category of int": (lambda: pd.Series(RANDOM.integers(0, 3, N)).astype("category"), "int64"),
    "category of float": (lambda: pd.Series(RANDOM.integers(0, 3, N) / 2).astype("category"), "float64"),
    "category of bool": (lambda: pd.Series(RANDOM.random(N) > 0.5).astype("category"), "bool"),
    "bool": (lambda: pd.Series(RANDOM.random(N) > 0.5), "bool"),
    "object of bool": (lambda: pd.Series(RANDOM.random(N) > 0.5).astype(object), "bool"),
    "int8": (lambda: pd.Series(RANDOM.integers(0, 4, N)).astype("int8"), "int64"),
    "all None": (lambda: pd.Series([None] * N, dtype=object), "string"),
    "all NaN": (lambda: pd.Series([np.nan] * N), "float64"),
    "constant": (lambda: pd.Series(["same"] * N, dtype=object), "string"),
    "empty text": (lambda: pd.Series(["", "x"] * (N // 2), dtype=object), "string"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_categories(kind: str, tmp_path: Path) -> None:
    make, dtype = COLUMNS[kind]
    X = FRAME[["a", "b"]].assign(k=make())
    made = packed(encoded().fit(X, Y), X, tmp_path)
    assert made.contract.inputs[2].dtype == dtype


POLARS = {
    "String": lambda: pl.Series("k", HOLES),
    "Categorical": lambda: pl.Series("k", TEXTS.tolist(), dtype=pl.Categorical),
    "Enum": lambda: pl.Series("k", TEXTS.tolist(), dtype=pl.Enum(["x", "y", "é z"])),
    "Null": lambda: pl.Series("k", [None] * N),
    "Int16": lambda: pl.Series("k", RANDOM.integers(0, 4, N)).cast(pl.Int16),
}


@pytest.mark.parametrize("kind", POLARS)
def test_polars_categories(kind: str, tmp_path: Path) -> None:
    X = pl.from_pandas(FRAME[["a", "b"]]).with_columns(POLARS[kind]())
    packed(encoded().fit(X, Y), X, tmp_path)


def test_the_same_rows_in_pandas_and_polars_make_the_same_contract(tmp_path: Path) -> None:
    X = FRAME[["a", "b"]].assign(k=pd.Series(HOLES, dtype=object))
    one = packed(encoded().fit(X, Y), X, tmp_path)
    other_rows = pl.from_pandas(X)
    other = packed(encoded().fit(other_rows, Y), other_rows, tmp_path)
    # But for the words that the two libraries' readers of text files take for missing.
    assert [field.missing_as for field in one.contract.inputs] == [None, None, MISSING_WORDS]
    assert [field.missing_as for field in other.contract.inputs] == [None, None, None]
    assert one.contract.changed(k={"missing_as": None}) == other.contract


UNFIT: dict[str, Callable[[], Any]] = {
    "mixed": lambda: pd.Series([1, "a"] * (N // 2), dtype=object),
    "bool and int": lambda: pd.Series([True, 2] * (N // 2), dtype=object),
    "bytes": lambda: pd.Series([b"a"] * N, dtype=object),
    "dates of a zone": lambda: pd.Series(pd.date_range("2020", periods=N, tz="UTC")),
    "intervals": lambda: pd.cut(FRAME["a"], 3),
    "complex": lambda: pd.Series(A[:, 0] + 1j),
    "lists": lambda: pd.Series([[1]] * N),
    "decimals": lambda: pd.Series([Decimal(i) for i in range(N)], dtype=object),
    "float16": lambda: pd.Series(A[:, 0].astype(np.float16)),
    "large whole numbers": lambda: pd.Series([2**60 + i for i in range(N)]),
    "larger whole numbers": lambda: pd.Series([2**70 + i for i in range(N)], dtype=object),
    "half a surrogate pair": lambda: pd.Series(["\ud800", "a"] * (N // 2), dtype=object),
    "U+0000": lambda: pd.Series(["a\0b", "a"] * (N // 2), dtype=object),
}


DAYS = pd.Series(pd.date_range("2020", periods=N))
REMEDIES: dict[str, tuple[Callable[[], Any], str]] = {
    "datetime64 of a zone": (lambda: DAYS.dt.tz_localize("UTC"), 'dt.tz_convert("UTC")'),
    "datetimes of a zone": (lambda: DAYS.dt.tz_localize("UTC").astype(object), 'dt.tz_convert("UTC")'),
    "arrow timestamp of a zone": (
        lambda: DAYS.dt.tz_localize("UTC").astype(pd.ArrowDtype(pyarrow.timestamp("us", "UTC"))),
        "tz_convert",
    ),
    "nanoseconds": (lambda: DAYS.astype("datetime64[ns]") + pd.Timedelta(1, "ns"), 'dt.floor("us")'),
    "microseconds far away": (
        lambda: pd.Series(DAYS.to_numpy("datetime64[us]") + np.timedelta64(10**6 * 86_400_000_000 + 1, "us")),
        "floor",
    ),
    "timedelta64": (lambda: DAYS - DAYS[0], "X['end'] - X['start']"),
    "period": (lambda: DAYS.dt.to_period("D"), "to_timestamp"),
    "times": (lambda: pd.Series([when.time() for when in DAYS], dtype=object), "hours since midnight"),
    "two kinds of dates": (lambda: pd.Series([DAYS[0], DAYS[1].date()] * (N // 2), dtype=object), "numbers, strings"),
    "arrow decimal": (lambda: pd.Series([Decimal(1)] * N, dtype=pd.ArrowDtype(pyarrow.decimal128(5))), "astype(float)"),
    "bytes": (lambda: pd.Series([b"a"] * N, dtype=object), "str.decode"),
    "intervals": (lambda: pd.cut(FRAME["a"], 3), "numbers of the intervals"),
    "polars Datetime of a zone": (
        lambda: pl.Series("k", DAYS.tolist()).dt.replace_time_zone("UTC"),
        "dt.replace_time_zone(None)",
    ),
    "polars Duration": (lambda: pl.Series("k", [timedelta(i) for i in range(N)]), "dt.total_days()"),
    "polars Decimal": (lambda: pl.Series("k", [Decimal(i) / 4 for i in range(N)]), "astype(float)"),
}


def _with_column(column: Any) -> tuple[Any, Any]:
    """Rows with the column `k`; and with numbers in its place."""
    if isinstance(column, pl.Series):
        whole = pl.from_pandas(FRAME[["a", "b"]])
        return whole.with_columns(column.alias("k")), whole.with_columns(k=pl.lit(1.0))
    return FRAME[["a", "b"]].assign(k=column), FRAME[["a", "b"]].assign(k=1.0)


def _refused_where_used_and_dropped_else(column: Any, path: Path) -> SealiftError:
    X, trained = _with_column(column)
    reads = make_pipeline(make_column_transformer((SimpleImputer(), ["a", "b", "k"])), LogisticRegression())
    error = refused("E304", reads.fit(trained, Y), X, path)
    assert error.where == "column 'k'"
    drops = make_pipeline(make_column_transformer((SimpleImputer(), ["a", "b"])), LogisticRegression())
    made = packed(drops.fit(X, Y), X, path)
    assert [(c.name, c.position) for c in made.contract.ignored] == [("k", 2)]
    return error


@pytest.mark.parametrize("kind", REMEDIES)
def test_columns_with_a_remedy_of_their_own(kind: str, tmp_path: Path) -> None:
    make, fix = REMEDIES[kind]
    assert fix in _refused_where_used_and_dropped_else(make(), tmp_path).fix


@pytest.mark.parametrize("kind", UNFIT)
def test_columns_that_no_contract_carries(kind: str, tmp_path: Path) -> None:
    _refused_where_used_and_dropped_else(UNFIT[kind](), tmp_path)


NAMES = [
    "probability",
    "text_missing",
    "row",
    " ",
    "e\u0301",
    "a b",
    "\"q'",
    "__a__b",
    "é日本",
    "\u200b",
    "a\nb",
    "number",
    "label",
    "text",
    "c0",
    "x" * 3000,
    "\u202e",
    "__proto__",
]


@pytest.mark.parametrize("name", NAMES)
def test_column_names(name: str, tmp_path: Path) -> None:
    X = pd.DataFrame(A, columns=[name, "b", "c"])
    made = packed(RandomForestClassifier(3, random_state=0).fit(X, Y), X, tmp_path)
    assert made.contract.inputs[0].name == name
    assert made.report.compared["thresholds"] > 0


def test_columns_named_by_integers(tmp_path: Path) -> None:
    X = pd.DataFrame(A)
    made = packed(LogisticRegression().fit(X, Y), X, tmp_path)
    assert [f.name for f in made.contract.inputs] == ["0", "1", "2"]


@pytest.mark.parametrize("rows", [1, 2, 6, 20])
def test_few_rows(rows: int, tmp_path: Path) -> None:
    made = packed(RandomForestClassifier(3, random_state=0).fit(FRAME, Y), FRAME[:rows], tmp_path)
    assert made.report.compared["caller"] == rows
    assert (made.contract.inputs[0].observed is None) == (rows < 5)


MODEL = LogisticRegression().fit(FRAME, Y)
TABLES: dict[str, tuple[str, Any]] = {
    "a number": ("E104", 5),
    "nothing": ("E104", None),
    "a text": ("E104", "rows.csv"),
    "one dimension": ("E104", A[:, 0]),
    "three dimensions": ("E104", A[None]),
    "lists of two lengths": ("E104", [[1, 2, 3], [1]]),
    "a sparse array of one axis": ("E305", scipy.sparse.coo_array(A[:, 0])),
    "an empty list": ("E104", []),
    "no rows": ("E305", FRAME[:0]),
    "no rows of an array": ("E305", A[:0]),
    "no columns": ("E305", FRAME[[]]),
    "columns of two lengths": ("E305", {"a": [1], "b": [1, 2], "c": [1]}),
    "a column too many": ("E305", np.c_[A, A]),
    "the target": ("E305", FRAME.assign(target=Y)),
    "a column too few": ("E305", FRAME[["a", "b"]]),
    "another name": ("E305", FRAME.rename(columns={"a": "z"})),
    "a name twice": ("E304", pd.concat([FRAME, FRAME[["a"]]], axis=1)),
    "an empty name": ("E304", FRAME.rename(columns={"a": ""})),
    "infinity": ("E305", FRAME.assign(a=np.inf)),
    "missing values": ("E305", FRAME.assign(a=np.nan)),
    "a lazy frame": ("E305", pl.from_pandas(FRAME).lazy()),
    "an arrow table": ("E305", pl.from_pandas(FRAME).to_arrow()),
    "a masked array": ("E305", np.ma.masked_array(A, A > 2)),
    "a structured array": ("E305", np.array([tuple(row) for row in A], dtype=[(name, "f8") for name in "abc"])),
    "half precision": ("E304", A.astype(np.float16)),
    "large whole numbers": ("E304", WHOLE.to_numpy() + 2**60),
    "2**53": ("E304", np.full((N, 3), 2**53)),
    "large whole numbers without a sign": ("E304", WHOLE.to_numpy().astype(np.uint64) + np.uint64(2**63)),
    "bytes": ("E304", np.array([[b"x", b"y", b"z"]] * N)),
    "texts of an array": ("E302", np.array([["x", "y", "z"]] * N)),
    "two names that read alike": ("E304", FRAME.set_axis(pd.Index([1, "1", "b"], dtype=object), axis=1)),
    "half a pair as name": ("E304", FRAME.set_axis(pd.Index(["\ud800", "b", "c"], dtype=object), axis=1)),
    "dates": ("E302", np.array([["2020", "2021", "2022"]] * N, dtype="datetime64[D]")),
}


@pytest.mark.parametrize("kind", TABLES)
def test_what_is_no_table_of_the_model(kind: str, tmp_path: Path) -> None:
    code, X = TABLES[kind]
    refused(code, MODEL, X, tmp_path)


def test_the_error_names_the_columns_that_differ(tmp_path: Path) -> None:
    error = refused("E305", MODEL, FRAME.assign(target=Y).drop(columns="b"), tmp_path)
    assert "'b'" in error.what
    assert "'target'" in error.what


def test_columns_in_another_order_are_taken_by_name(tmp_path: Path) -> None:
    X = FRAME[["a", "b"]].assign(k=TEXTS)
    model = encoded().fit(X, Y)
    one = packed(model, X, tmp_path).path.read_bytes()
    assert packed(model, X[["k", "b", "a"]], tmp_path).path.read_bytes() == one
    assert packed(MODEL, pl.from_pandas(FRAME[["c", "a", "b"]]), tmp_path).contract.inputs[0].name == "a"


def test_rows_as_dicts(tmp_path: Path) -> None:
    records = FRAME.assign(k=TEXTS)[["a", "b", "k"]].to_dict("records")
    del records[3]["k"]
    made = packed(encoded().fit(FRAME.assign(k=TEXTS)[["a", "b", "k"]], Y), records, tmp_path)
    assert made.contract.inputs[2].missing == "allowed"
    packed(MODEL, {"a": 1.0, "b": 2.0, "c": 3.0}, tmp_path)
    packed(MODEL, {name: FRAME[name].tolist() for name in FRAME}, tmp_path)


@pytest.mark.parametrize(
    "y", [Y[:5], 1, [], [None] * N, np.c_[Y, Y], [[1], [1, 2]] * (N // 2), (value for value in Y)], ids=named
)
def test_a_truth_that_does_not_fit(y: Any, tmp_path: Path) -> None:
    error = refused("E305", MODEL, FRAME, tmp_path, y=y)
    assert error.what.startswith("y ")


def test_a_single_class_is_answered_as_by_the_original(tmp_path: Path) -> None:
    made = packed(RandomForestClassifier(3).fit(FRAME, np.zeros(N, dtype=int)), FRAME, tmp_path, y=np.zeros(N))
    assert made.contract.output("label").classes == (0,)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.seal").mkdir()
    for output in (tmp_path / "folder.seal", tmp_path / "no" / "such.seal", tmp_path / "nul\0.seal"):
        with pytest.raises(SealiftError) as caught:
            sealift.pack(MODEL, FRAME, name="form", output=output)
        assert caught.value.code == "E402"
    assert [path.name for path in tmp_path.iterdir()] == ["folder.seal"]
    (tmp_path / "folder.seal").rmdir()

    def interrupt(stage: str) -> None:
        if stage == "Writing":
            raise KeyboardInterrupt

    def fail(stage: str) -> None:
        raise RuntimeError(stage)

    with pytest.raises(KeyboardInterrupt):
        sealift.pack(MODEL, FRAME, name="form", output=tmp_path / "form.seal", progress=interrupt)
    with pytest.raises(RuntimeError):
        sealift.pack(MODEL, FRAME, name="form", output=tmp_path / "form.seal", progress=fail)

    def full(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sealift.seal.reader.check", full)
    with pytest.raises(KeyboardInterrupt):
        sealift.pack(MODEL, FRAME, name="form", output=tmp_path / "form.seal")
    assert not list(tmp_path.iterdir())


def test_an_older_file_survives_a_failed_pack(tmp_path: Path) -> None:
    before = packed(MODEL, FRAME, tmp_path).path.read_bytes()
    with pytest.raises(SealiftError):
        sealift.pack(MODEL, FRAME.assign(a=np.nan), name="form", output=tmp_path / "form.seal")
    assert (tmp_path / "form.seal").read_bytes() == before
