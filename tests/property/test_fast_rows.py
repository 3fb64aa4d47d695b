"""The compiled contract beside the exact path: the same tensors, or the exact path is asked."""

from __future__ import annotations

import datetime
import enum
from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealift.contract import Contract, Field, Ignored, Output, RowReader, columns_of, compiled, encode
from sealift.errors import ContractError

OUTPUT = (Output(name="value", kind="value", dtype="float64"),)


class Text(str):
    __slots__ = ()


class Renamed(enum.StrEnum):
    A = "a"


class Other(str, enum.Enum):  # noqa: UP042 -- str() of a member is not its value
    A = "a"
    B = "b"


class Number(float):
    __slots__ = ()


class Sized(float):
    __slots__ = ()

    def __len__(self) -> int:
        return 1


class Row(dict[str, Any]):
    pass


class Day(datetime.date):
    pass


def contract(*fields: Field, ignored: tuple[Ignored, ...] = ()) -> Contract:
    return Contract(inputs=fields, outputs=OUTPUT, task="regression", ignored=ignored)


NUMBERS = contract(Field(name="a", dtype="float64"), Field(name="b", dtype="float64", missing="allowed", range=(-5, 5)))
UNLIMITED = contract(Field(name="a", dtype="float64"), Field(name="b", dtype="float64", missing="allowed"))
WHOLE = contract(
    Field(name="a", dtype="int64", missing="allowed"),
    Field(name="b", dtype="bool"),
    Field(name="c", dtype="int64", categories=(0, 1, 3), unknown="refused", missing="allowed"),
)
SINGLE = contract(
    Field(name="a", dtype="float32", range=(0, 1e30)),
    Field(name="b", dtype="float32", categories=(0.1, 2.5), unknown="refused", missing="allowed"),
)
MIXED = contract(
    Field(name="a", dtype="string", categories=("x", "1.5"), unknown="refused", missing="allowed"),
    Field(name="b", dtype="date", missing="allowed", range=("1900-01-01", "2100-01-01")),
    Field(name="c", dtype="float64", missing="allowed"),
    ignored=(Ignored("d", 1),),
)
TEXTS = contract(Field(name="a", dtype="string"), Field(name="b", dtype="string", missing="allowed"))
TEXT = contract(Field(name="a", dtype="string"))
TIMES = contract(Field(name="a", dtype="datetime"), Field(name="b", dtype="datetime", missing="allowed"))
CONTRACTS = (NUMBERS, UNLIMITED, WHOLE, SINGLE, MIXED, TEXTS, TEXT, TIMES)

NAN, INF = float("nan"), float("inf")
PLAIN = [0, 1, 3, 0.0, -0.0, 1.0, 2.5, 3.0, 0.1, -4.75, True, False, None, NAN, "x", "1.5", "y", "", "2024-02-29"]
NUMPY = [
    *(np.float64(2.5), np.float64("nan"), np.float32(0.1), np.float16(0.5), np.longdouble(0.1), np.int8(3)),
    *(np.int64(2**53 + 1), np.uint64(2**64 - 1), np.bool_(True), np.str_("x"), np.bytes_(b"x"), np.complex128(1)),
    *(np.array(1.0), np.array([1.0]), np.array("x"), np.datetime64("2024-02-29"), np.datetime64("NaT", "s")),
    *(
        np.datetime64("2024-01-01T12:00:00.000000001", "ns"),
        np.timedelta64(1, "D"),
        np.timedelta64("NaT", "s"),
        np.ma.masked,
    ),
]
HOSTILE = [
    *(
        10**400,
        -(10**400),
        2**53,
        2**53 - 1,
        2**53 + 1,
        1.5e308 * 10,
        -INF,
        3.5e38,
        5e-324,
        16777217,
        "3",
        "1e5",
        "nan",
    ),
    *(
        "a\0b",
        "\ud800",
        "\udc00",
        "é",
        b"x",
        bytearray(b"x"),
        1j,
        Decimal("1.5"),
        Decimal("NaN"),
        Fraction(1, 3),
        [1.0],
    ),
    *(
        (1.0,),
        {1.0},
        {"a": 1},
        object(),
        Text("x"),
        Text("a\0b"),
        Renamed.A,
        Other.A,
        Number(2.5),
        Number("nan"),
        Sized(1),
    ),
    *(pd.NA, pd.NaT, pd.Timestamp("2024-02-29"), pd.Timestamp("2024-02-29", tz="UTC"), pd.Timestamp(1, unit="ns")),
    *(datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12), datetime.datetime(2024, 2, 29, 0, 0, 0, 1)),
    *(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), datetime.time(1), datetime.timedelta(1), Day(2024, 2, 29)),
    *("2024-02-30", "2024-W01-1", "20240101", "2024-01-01T12:30", "2024-01-01T24:00:00", "2024-01-01 12:30:00"),
    *("２０２４-01-01", "0001-01-01", "9999-12-31", "2024-01-01Z", "2024-1-1", "1850-01-01", "2024-01-01T12:30:00.5"),
]
CELLS = st.one_of(st.sampled_from(PLAIN), st.sampled_from(PLAIN), st.sampled_from(NUMPY), st.sampled_from(HOSTILE))
NAMES = st.sampled_from(["a", "b", "c", "d", "e", 1, None, Renamed.A, Other.B, Text("b"), np.str_("a")])
VALUES: dict[str, list[Any]] = {
    "float64": [0, 1.5, -0.0, 3, True, None, NAN, np.float64(2), np.int64(4)],
    "int64": [0, 1, 3, 3.0, True, None, np.int8(1), np.float32(3), pd.NA],
    "bool": [True, False, 1, 0.0, np.bool_(True)],
    "float32": [0.1, 2.5, np.float32(0.1), 1],
    "string": ["x", "1.5", None, NAN, np.str_("x"), pd.NA],
    "date": [
        "2024-02-29",
        pd.Timestamp("2024-02-29"),
        None,
        datetime.date(2000, 1, 1),
        datetime.datetime(2000, 1, 1),
        pd.NaT,
        NAN,
    ],
    "datetime": [
        "2024-02-29",
        "2024-02-29T01:02:03",
        datetime.datetime(2000, 1, 1, 2),
        pd.Timestamp("2024-01-01 12:00"),
    ],
}


@st.composite
def likely(draw: st.DrawFn) -> tuple[Contract, Any]:
    """Rows that are mostly good, of any kind, with a contract."""
    one = draw(st.sampled_from(CONTRACTS))
    names = [field.name for field in one.inputs]
    count = draw(st.integers(1, 4))
    cells = [
        [draw(CELLS if draw(st.integers(0, 19)) == 0 else st.sampled_from(VALUES[field.dtype])) for field in one.inputs]
        for _ in range(count)
    ]
    dicts: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in cells]
    kind = draw(st.integers(0, 8))
    if kind == 0:
        return one, dicts[0]
    if kind == 1:  # keys absent, more keys, another order
        for row in dicts:
            row.pop(draw(st.sampled_from(names)), None) if draw(st.booleans()) else None
            row.update({draw(st.sampled_from(["d", "e"])): 1} if draw(st.integers(0, 3)) == 0 else {})
        return one, dicts
    if kind == 2:
        return one, [tuple(row) for row in cells]
    if kind == 3:
        array = np.empty((count, len(names)), dtype=object)
        for i, values in enumerate(cells):
            for j, value in enumerate(values):
                array[i, j] = value
        return one, array
    columns: dict[str, Any] = {name: [row[i] for row in cells] for i, name in enumerate(names)}
    if kind == 4:
        return one, columns
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    if kind == 5:
        return one, frame
    if kind == 6:
        return one, frame.infer_objects()
    try:
        return one, frame.convert_dtypes().iloc[:, ::-1]
    except UnicodeEncodeError:  # pandas' strings in Arrow cannot have unpaired surrogates
        return one, frame.iloc[:, ::-1]


@st.composite
def tall(draw: st.DrawFn) -> tuple[Contract, Any]:
    """Dicts, or an array, of up to 80 rows, whose columns repeat a few values; at most one value may be anything."""
    one = draw(st.sampled_from(CONTRACTS))
    count = draw(st.integers(2, 80))
    columns = {
        field.name: (draw(st.lists(st.sampled_from(VALUES[field.dtype]), min_size=1, max_size=5)) * count)[:count]
        for field in one.inputs
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if draw(st.booleans()):
        rows[draw(st.integers(0, count - 1))][draw(st.sampled_from(list(columns)))] = draw(CELLS)
    if draw(st.booleans()):
        return one, rows
    array = np.empty((count, len(columns)), dtype=object)
    for i, row in enumerate(rows):
        for j, value in enumerate(row.values()):
            array[i, j] = value
    return one, array


ROWS = st.one_of(
    st.dictionaries(NAMES, CELLS, max_size=4),
    st.fixed_dictionaries({"a": CELLS, "b": CELLS, "c": CELLS}),
    st.fixed_dictionaries({"a": CELLS}),
    st.lists(st.dictionaries(NAMES, CELLS, max_size=4), max_size=3),
    st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=3),
    st.lists(st.tuples(CELLS, CELLS), max_size=3),
    st.fixed_dictionaries({"a": st.lists(CELLS, max_size=2), "b": st.lists(CELLS, max_size=2)}),
    CELLS,
)


def exact(one: Contract, rows: Any, ignore_extra: bool) -> Any:
    try:
        return encode(one, columns_of(one, rows, ignore_extra=ignore_extra))
    except ContractError as error:
        return str(error)


def check(one: Contract, rows: Any, ignore_extra: bool = False) -> bool:
    """Compare the two paths; whether the fast one answered."""
    expected = exact(one, rows, ignore_extra)
    single = RowReader(one).one(rows)
    if single is not None:
        assert not isinstance(expected, str)
        assert not expected.problems
        same(single, expected.tensors)
    if isinstance(expected, str):
        refused = None
        try:
            count, piece = RowReader(one).pieces(rows, ignore_extra=ignore_extra)
            assert piece(0, count) is None
        except ContractError as error:
            refused = str(error)
        assert refused in {None, expected}
        return False
    count, piece = RowReader(one).pieces(rows, ignore_extra=ignore_extra)
    tensors = piece(0, count)
    if tensors is None:
        return False
    assert not expected.problems
    same(tensors, expected.tensors)
    assert count == len(expected)
    for start in range(count):  # and in pieces
        part = piece(start, start + 1)
        assert part is not None
        same(part, {name: array[start : start + 1] for name, array in expected.tensors.items()})
    return True


def same(tensors: Any, expected: Any) -> None:
    assert list(tensors) == list(expected)
    for name, array in expected.items():
        assert tensors[name].dtype == array.dtype
        assert tensors[name].shape == array.shape
        if array.dtype == object:
            assert [type(value) for value in tensors[name].flat] == [str] * array.size
            assert tensors[name].tolist() == array.tolist()
        else:  # to the bit, but for the payload of NaN
            assert np.array_equal(np.isnan(array), np.isnan(tensors[name]))
            assert (
                np.where(np.isnan(array), 0, array).tobytes() == np.where(np.isnan(array), 0, tensors[name]).tobytes()
            )


@settings(max_examples=1500, deadline=None)
@given(likely(), st.booleans())
@pytest.mark.filterwarnings("ignore")
def test_likely_rows(case: tuple[Contract, Any], ignore_extra: bool) -> None:
    check(*case, ignore_extra)


@settings(max_examples=500, deadline=None)
@given(tall(), st.sampled_from([1, 7, 512]))
@pytest.mark.filterwarnings("ignore")
def test_tall_rows(case: tuple[Contract, Any], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "_BLOCK", block)
        check(*case)


DAYS = contract(Field(name="a", dtype="date", missing="allowed"))
DAY_TEXTS = st.one_of(
    st.dates().map(datetime.date.isoformat),
    st.sampled_from([None, "2024-02-29", "2023-02-29", "0000-01-01", "2024-W09-4", "2024-061x ", "", "2024-02-2"]),
    st.sampled_from(["12024-02-29", "-024-02-29", "2024-02-29\0002024-02-29", "２０２４-01-01", "2024-02-29T00:00"]),
    st.text("0123456789-", min_size=10, max_size=10),
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(DAY_TEXTS, min_size=2, max_size=6))
@example(["2024-02-29\0002024-02-29", "2024-02-29"])
@example(["2024-02", "-292024-02-29"])
def test_dates_of_several_rows(texts: list[Any]) -> None:
    check(DAYS, [{"a": text} for text in texts])


STAMPS = st.one_of(
    st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)).map(pd.Timestamp),
    st.builds(lambda day, unit: pd.Timestamp(day).as_unit(unit), st.dates(), st.sampled_from(["s", "ms", "us"])),
)
ODD_STAMPS = st.sampled_from(
    [
        *(pd.NaT, None, pd.Timestamp("2024-02-29", tz="UTC"), pd.Timestamp("2024-02-29 00:00:00.000001")),
        *(pd.Timestamp(1, unit="ns"), datetime.datetime(2024, 2, 29), "2024-02-29", np.datetime64("2024-02-29")),
    ]
)


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(STAMPS, min_size=2, max_size=6), st.lists(ODD_STAMPS, max_size=1), st.sampled_from(["date", "datetime"])
)
def test_timestamps_of_several_rows(stamps: list[Any], odd: list[Any], dtype: str) -> None:
    rows = [{"a": stamp} for stamp in [*stamps, *odd]]
    fast = check(contract(Field(name="a", dtype=dtype, missing="allowed")), rows)
    assert fast or odd or any(not 1678 <= stamp.year <= 2261 for stamp in stamps)


def test_a_date_of_a_subclass_of_str_is_its_text() -> None:
    rows = [{"a": Text("2024-02-29")}, {"a": "2024-02-29"}]
    count, piece = RowReader(DAYS).pieces(rows)
    tensors = piece(0, count)
    assert tensors is not None
    same(tensors, exact(DAYS, rows, False).tensors)


@settings(max_examples=1500, deadline=None)
@given(ROWS, st.sampled_from(CONTRACTS), st.booleans())
@example({"a": 1.0, "b": Sized(1)}, NUMBERS, False)
@example({Other.A: 1.0, "b": 1.0}, NUMBERS, False)
@example([[1, 10**400]], NUMBERS, False)
@example({"a": "x", "b": [1.0]}, TEXT, True)
@example([{"a": "x"}, {"a": "x", "b": None}], TEXTS, False)
@example([{}], MIXED, False)
@pytest.mark.filterwarnings("ignore")
def test_any_rows(rows: Any, one: Contract, ignore_extra: bool) -> None:
    check(one, rows, ignore_extra)


GOOD = pd.DataFrame(
    {
        "a": pd.Series(["x", None, "1.5", "x"], dtype=object),
        "b": pd.to_datetime(pd.Series(["2024-02-29", "2000-01-01", None, "1950-06-07"])),
        "c": [1.5, np.nan, -0.0, 3.0],
    }
)
FRAMES: list[tuple[Contract, Any]] = [
    (MIXED, GOOD),
    (MIXED, GOOD.iloc[:1]),
    (MIXED, GOOD.iloc[1:2]),
    (MIXED, GOOD.iloc[2:3]),
    (MIXED, GOOD[["c", "a", "b"]].iloc[:1]),
    (MIXED, GOOD.assign(d=5).iloc[:1]),
    (MIXED, GOOD.assign(a=GOOD["a"].astype("str"))),
    (MIXED, GOOD.assign(a=GOOD["a"].astype("category")).iloc[:1]),
    (MIXED, GOOD.set_index("a", drop=False).loc[["x"]]),
    (MIXED, pa.Table.from_pandas(GOOD)),
    (MIXED, pa.Table.from_pandas(GOOD).slice(1)),
    (MIXED, pl.DataFrame({"a": ["x", None], "b": [datetime.date(2024, 2, 29), None], "c": [1.5, None]})),
    (MIXED, GOOD.to_dict("records")),
    (MIXED, GOOD.to_dict("records")[0]),
    (MIXED, GOOD.to_numpy()),
    (MIXED, GOOD.to_numpy().tolist()),
    (MIXED, [["x", None, "2024-02-29", 1.0]]),  # with the column that the model drops
    (NUMBERS, np.array([[1.5, 2.0], [-0.0, np.nan]])),
    (NUMBERS, np.asfortranarray([[1.5, 2.0], [-0.0, np.nan]])),
    (NUMBERS, np.array([[1, 2], [3, 4]], dtype=np.int8)),
    (NUMBERS, np.array([[1, 2]], dtype=">f8")),
    (NUMBERS, np.array([[True, False]])),
    (NUMBERS, pd.DataFrame({"a": [1.5], "b": [2.5]})),
    (NUMBERS, pd.DataFrame({"b": [1.5, np.nan], "a": [2.5, 1]})),
    (NUMBERS, pd.DataFrame({"a": [1], "b": [2.5]})),
    (NUMBERS, pd.DataFrame({"a": [1, 2], "b": [True, False]})),
    (NUMBERS, pd.DataFrame({"a": [1, 2], "b": [2.5, None]}, dtype="Float64")),
    (WHOLE, pd.DataFrame({"a": [1.0, np.nan], "b": [True, False], "c": [3, 0]})),
    (WHOLE, {"a": 3.0, "b": True, "c": np.int64(3)}),
    (SINGLE, np.array([[0.1, 0.1], [2.5, np.nan]], dtype=np.float32)),
    (SINGLE, np.array([[0.1, 0.1], [2.5, 2.5]])),
    (TIMES, {"a": "2024-01-01T12:30:00", "b": None}),
    (TEXTS, {"a": "x", "b": np.nan}),
    (TEXTS, [{"a": "x"}, {"a": "ü", "b": "y"}]),
    (TEXTS, np.array([["x", "y"]])),
]


@pytest.mark.parametrize("case", FRAMES, ids=range(len(FRAMES)))
def test_usual_rows_are_read_by_the_fast_path(case: tuple[Contract, Any]) -> None:
    assert check(*case)


ONE: list[tuple[Contract, Any]] = [
    (MIXED, {"a": "x", "b": "2024-02-29", "c": None}),
    (MIXED, [{"a": None, "b": datetime.date(2024, 2, 29), "c": 1}]),
    (MIXED, [["x", None, 1.0]]),
    (MIXED, [("x", None, "2024-02-29", 1.0)]),
    (MIXED, np.array([["x", pd.Timestamp("2024-02-29"), np.nan]], dtype=object)),
    (MIXED, np.array([["x", pd.Timestamp("1969-12-31"), True]], dtype=object)),
    (MIXED, np.array([["x", pd.NaT, np.float32(0.1)]], dtype=object)),
    (TIMES, {"a": pd.Timestamp("2024-02-29 01:02:03.5"), "b": datetime.datetime(2024, 2, 29, 1)}),
    (TIMES, {"a": pd.Timestamp("1500-02-28").as_unit("us"), "b": pd.NaT}),
    (WHOLE, {"a": 3.0, "b": True, "c": np.int64(3)}),
    (WHOLE, {"a": None, "b": 0, "c": float("nan")}),
    (SINGLE, {"a": 0.1, "b": 0.1}),
    (SINGLE, {"a": np.float32(0.1), "b": None}),
    (NUMBERS, {"a": 1e308, "b": -5}),
    (UNLIMITED, {"a": 1e308, "b": 1e308}),
    (UNLIMITED, {"a": 1e308, "b": None}),
    (TEXTS, {"a": "é", "b": None}),
    (TEXT, np.array([["x"]])),
]


@pytest.mark.parametrize("case", ONE, ids=range(len(ONE)))
def test_usual_single_rows_are_read_at_once(case: tuple[Contract, Any]) -> None:
    assert RowReader(case[0]).one(case[1]) is not None
    assert check(*case)


def test_a_list_of_a_matrix_is_no_row() -> None:
    assert RowReader(NUMBERS).one([np.array([[1.0, 2.0]], dtype=object)]) is None
    assert "E104" in exact(NUMBERS, [np.array([[1.0, 2.0]], dtype=object)], False)


REFUSED: list[tuple[Contract, Any]] = [
    (WHOLE, {"a": 1.5, "b": True, "c": 0}),
    (WHOLE, {"a": 2**53, "b": True, "c": 0}),
    (WHOLE, np.array([[2**53 + 1, 1, 0]])),
    (WHOLE, {"a": 1, "b": 2, "c": 0}),
    (WHOLE, {"a": 1, "b": True, "c": 2}),
    (NUMBERS, {"a": None, "b": 1.0}),
    (NUMBERS, {"a": 1.0, "b": 5.000001}),
    (NUMBERS, {"a": "1", "b": 5}),
    (NUMBERS, {"a": INF, "b": 5}),
    (NUMBERS, np.array([[np.inf, 1.0]])),
    (NUMBERS, np.array([[1.0, -6.0]])),
    (NUMBERS, pd.DataFrame({"a": ["1"], "b": [1.0]})),
    (UNLIMITED, {"a": INF, "b": None}),
    (UNLIMITED, {"a": 1.0, "b": -INF}),
    (UNLIMITED, {"a": NAN, "b": 1.0}),
    (NUMBERS, {"a": 1.0, "b": np.float32(5.0000005)}),
    (SINGLE, {"a": 3.5e38, "b": 0.1}),
    (SINGLE, {"a": 1e31, "b": 0.1}),
    (MIXED, {"a": "z", "b": None, "c": 1.0}),
    (MIXED, {"a": "x", "b": "1850-01-01", "c": 1.0}),
    (MIXED, {"a": "x", "b": "2024-02-30", "c": 1.0}),
    (TEXTS, {"a": None, "b": "x"}),
    (TEXTS, {"a": "a\0b", "b": "x"}),
    (TEXTS, {"a": "\ud800", "b": "\udc00"}),
    (TIMES, {"a": "2024-01-01T24:00:00", "b": None}),
    (TIMES, {"a": "2024-01-01 12:00:00", "b": None}),
]


@pytest.mark.parametrize("case", REFUSED, ids=range(len(REFUSED)))
def test_rows_with_a_problem_go_the_exact_way(case: tuple[Contract, Any]) -> None:
    assert not check(*case)
    assert exact(*case, False).problems


def test_subclasses_of_dict_are_rows_as_ever() -> None:
    for kind in (Row, OrderedDict):
        check(NUMBERS, kind({"a": 1.0, "b": 2.0}))
        check(NUMBERS, [kind({"a": 1.0, "b": 2.0})])


def test_a_key_that_is_a_member_of_an_enumeration_is_the_string_that_it_equals() -> None:
    assert exact(NUMBERS, {Other.A: 1.0, Other.B: 2.0}, False).tensors["number"].tolist() == [[1.0, 2.0]]
    assert check(NUMBERS, {Other.A: 1.0, Other.B: 2.0})


def test_rounding_to_single_precision_leaves_the_rows_as_they_were() -> None:
    rows = np.array([[0.1, 0.1]])
    assert check(SINGLE, rows)
    assert rows.tolist() == [[0.1, 0.1]]
