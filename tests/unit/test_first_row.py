"""The first row of a data frame, read from pandas' blocks, is what pandas itself gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealift.contract.first_row import column_names, first_row

COLUMNS: dict[str, Any] = {
    "float": pd.Series([1.5, np.nan]),
    "more floats": pd.Series([np.nan, 2.5]),
    "single": pd.Series([0.1, 2], dtype="float32"),
    "int": pd.Series([2**62 + 1, 3]),
    "bool": pd.Series([True, False]),
    "object": pd.Series([None, "x"], dtype=object),
    "masked": pd.Series([None, 5], dtype="Int64"),
    "string": pd.Series(["é", None], dtype="string"),
    "category": pd.Series(["a", "b"], dtype="category"),
    "day": pd.to_datetime(pd.Series(["2024-02-29", None])),
    "nothing": pd.to_datetime(pd.Series([None, "2024-02-29"])),
    "nanosecond": pd.Series(pd.to_datetime([1, 10**9 + 1], unit="ns")),
    "coarse": pd.Series(np.array(["2024-02-29T01:02:03", "NaT"], dtype="datetime64[s]")),
    "zone": pd.to_datetime(pd.Series(["2024-02-29", "2024-03-01"])).dt.tz_localize("Europe/Berlin"),
    "duration": pd.to_timedelta(pd.Series([1, 2]), unit="s"),
    "period": pd.Series(pd.period_range("2024", periods=2, freq="M")),
}
FRAME = pd.DataFrame(COLUMNS)


def _same(read: list[Any], expected: list[Any]) -> None:
    assert len(read) == len(expected)
    for one, other in zip(read, expected, strict=True):
        assert (pd.isna(one) and pd.isna(other)) or one == other
        assert isinstance(one, bool) == isinstance(other, bool | np.bool_)


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("names", [list(COLUMNS), [*reversed(COLUMNS)], *([name] for name in COLUMNS)], ids=str)
def test_all_dtypes(names: list[str], start: int) -> None:
    frame = FRAME[names].iloc[start : start + 1]
    _same(first_row(frame), [frame[name].astype(object).iloc[0] for name in names])


def test_columns_of_one_name_keep_their_places() -> None:
    frame = pd.concat([FRAME[["int", "object"]], FRAME[["int", "single"]] * 2], axis=1).iloc[1:]
    assert first_row(frame) == [3, "x", 6, 4.0]


class _Foreign:
    """A data frame without blocks, as of another version of pandas."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.shape, self.iloc = frame.shape, frame.iloc


def test_pandas_is_asked_where_it_has_no_blocks() -> None:
    frame = FRAME[["int", "object", "float"]].iloc[:1]
    assert first_row(_Foreign(frame)) == [2**62 + 1, None, 1.5]


@pytest.mark.parametrize("names", [["a", "é"], ["a", None], [1, "a"], [1.5, 2], []], ids=str)
@pytest.mark.parametrize("dtype", [None, object, "string"])
def test_the_names_are_those_of_pandas(names: list[Any], dtype: Any) -> None:
    frame = pd.DataFrame(np.zeros((1, len(names))), columns=pd.Index(names, dtype=dtype))
    expected = frame.columns.tolist()
    for one, other in zip(column_names(frame), expected, strict=True):
        assert (pd.isna(one) and pd.isna(other)) or (one == other and type(one) is type(other))
