"""Strings for fields that are read as a number or a time: plausible ones, and edge cases."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract import Stage
from sealift.contract.datetimes import DAY
from sealift.stages.text import TextStage, is_text
from sealift.stats import draw, sketch_numbers

WIDE = str(2**64)
"""The least positive whole number beyond 64 bits."""

_GENERATED = 60
_NUMBERS = (
    *("", " ", "1", "-2.5", " 3 ", "\t4\n", "+6", "7.", ".8", "1e3", "1E-3", "00012", "-0", "1,5", "1_0", "0x1A"),
    *("\uff11", "\u00a01", "x", "1x", "1 2", "--1", "+", ".", "e5", "1e", "inf", "-Infinity", "nan", "NaN", "NA"),
    *("None", "True", "1e400", WIDE, str(2**64 - 1), str(-(2**63) - 1), "9" * 400, "0" * 4301),
)
_NO_TIMES = ("", " ", "x", "nan", "NaN", "NaT", "nat", "None", "1", "0001", "2024-02-29", "01.02.2024", "inf")
_DAYS = ((2024, 2, 29), (1999, 12, 31), (1, 1, 1), (9999, 12, 31), (2023, 2, 29), (2024, 13, 1), (2024, 4, 31))


def is_value(stage: Stage) -> bool:
    """Whether a stage reads its string as one number or one time."""
    return is_text(stage) and stage.spec["analyzer"] in ("number", "time")


def texts_like(stage: Stage, values: Sequence[Any]) -> list[str]:
    """Strings that a stage reads as values similar to `values`, drawn from a summary that reveals no record."""
    made = TextStage(stage.spec)
    counts = Counter(text for text in values if text is not None)
    read_values = [(made.count(str(text)).get(0), times) for text, times in counts.items()]
    read = [(value, times) for value, times in read_values if value is not None and np.isfinite(value)]
    numbers = np.repeat([value for value, _ in read], [times for _, times in read]).astype(np.float64)
    of_dates = stage.spec["analyzer"] == "time"
    sketch = sketch_numbers(np.floor(numbers / DAY) if of_dates else numbers)
    if sketch.bounds is None:
        return []
    (drawn,) = draw([sketch], None, _GENERATED)
    texts = [spelled(stage, float(value) * (DAY if of_dates else 1)) for value in drawn if value is not None]
    return [text for text in dict.fromkeys(texts) if text is not None and made.count(text)]


def spelled(stage: Stage, value: float) -> str | None:
    """The plain spelling of a number or time; None for a time outside the calendar."""
    if stage.spec["analyzer"] == "number":
        return str(int(value)) if abs(value) < 2**53 and value == int(value) else repr(value)
    try:
        when = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=int(value))
    except OverflowError:
        return None
    clock = (when.hour, when.minute, when.second)
    return _formatted(stage.spec["format"], (when.year, when.month, when.day), clock)


def odd_texts(stage: Stage) -> list[str]:
    """Edge cases of the strings that a stage reads."""
    if stage.spec["analyzer"] == "number":
        return list(_NUMBERS)
    given = stage.spec["format"]
    days = [_formatted(given, day, (9, 5, 7)) for day in _DAYS]
    clocks = [_formatted(given, _DAYS[0], clock) for clock in ((23, 59, 61), (24, 0, 0), (0, 60, 0), (0, 0, 62))]
    first = days[0]
    odd = [f"{first}x", f" {first}", f"{first} ", first.replace("2024", "24"), first.replace("2", "\uff12")]
    return [*_NO_TIMES, *days, *clocks, *odd]


def _formatted(given: str, day: tuple[int, int, int], clock: tuple[int, int, int]) -> str:
    """A time in a format; it need not exist in the calendar."""
    parts = {"%Y": f"{day[0]:04d}"} | {
        key: f"{value:02d}" for key, value in zip(("%m", "%d", "%H", "%M", "%S"), (*day[1:], *clock), strict=True)
    }
    for key, value in parts.items():
        given = given.replace(key, value)
    return given
