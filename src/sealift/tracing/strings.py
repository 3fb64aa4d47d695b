"""`column.str`: what pandas does to strings, as edits of a text stage (spec/TEXT.md §1)."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any

import numpy as np

from sealift.contract import is_missing
from sealift.contract.date_format import format_problem
from sealift.graph import unicode_tables
from sealift.graph.builder import Tensor, where
from sealift.graph.edited_strings import EditedStrings, edited
from sealift.graph.token_pattern import automaton
from sealift.stages.text.edits import edits_of
from sealift.stages.text.shared_tables import Tables
from sealift.tracing.datetimes import Datetimes
from sealift.tracing.series import SERIES_PROPERTIES, Series
from sealift.tracing.unsupported import UnsupportedOperation

# Strings that pandas reads as missing values even where it raises for others; `pack` asks the original about each.
_NOT_A_TIME = ["", "NaT", "nat", "NAT", "nan", "NaN", "NAN"]
_MISSING_STRINGS = {"number": [""], "time": _NOT_A_TIME}

_FIX = "Clean strings before the model, or give them to OneHotEncoder, CountVectorizer and their like."


def numbers_of(series: Series, errors: str) -> Series:
    """`pd.to_numeric(series, errors=…)` of a column of strings."""
    value, nothing = _read(series, errors, "pd.to_numeric", {"analyzer": "number"})
    return Series(where(nothing, np.nan, value), series.name)


def times_of(series: Series, errors: str, given: Any, kind: np.dtype[Any]) -> Datetimes:
    """`pd.to_datetime(series, format=…, errors=…)` of a column of strings."""
    problem = format_problem(given, days=False) if isinstance(given, str) else "there is none"
    if problem:
        raise UnsupportedOperation(
            f"it reads dates out of strings by a format that is not supported: {problem}",
            "Give format= of %Y %m %d %H %M %S, each once; or let the column hold dates before the model, in training "
            "too.",
        )
    value, nothing = _read(series, errors, "pd.to_datetime", {"analyzer": "time", "format": given})
    return Datetimes(where(nothing, 0.0, value).cast("int64"), nothing, kind, series.name, plain=False)


def _read(series: Series, errors: str, name: str, spec: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """What the strings are read as, and where there is nothing (N,).

    A string that cannot be read is nothing, or refuses its row where pandas raises for it.
    """
    source = None if series.missing is None else edited(series.tensor(), series.missing)
    if source is None:
        raise UnsupportedOperation(f"it uses {name} of what is no column of strings of the rows given", _FIX)
    if int(metadata.version("pandas").partition(".")[0]) < 3:
        # Its dates end in 2262, and it refuses whole numbers beyond 64 bits, which later versions read.
        raise UnsupportedOperation(
            f"it uses {name} of strings, of which pandas before 3 reads fewer",
            "Train and pack it with pandas 3 or newer, or let the column hold numbers or dates before the model.",
        )
    if errors not in ("coerce", "raise"):
        raise UnsupportedOperation(
            f"it uses {name} with errors={errors!r:.40}", 'Write errors="coerce" or errors="raise".'
        )
    policy = {"unreadable": "refused", "missing": _MISSING_STRINGS[spec["analyzer"]]} if errors == "raise" else {}
    return source.value({**spec, **policy})


class Strings:
    """`column.str` of a column that is a field, perhaps edited already."""

    def __init__(self, series: Series) -> None:
        self._series = series
        missing = series.missing
        source = None if missing is None else edited(series.tensor(), missing)
        if source is None:
            raise UnsupportedOperation("it uses .str of a column that is no column of strings of the rows given", _FIX)
        self._source = source
        self._arrow = source.field.arrow

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnsupportedOperation(
            f"it uses .str.{name}, which is not traced",
            "Use .lower, .upper, .strip, .replace (regex=False), .len, .contains, .startswith or .endswith; or clean "
            "strings before the model.",
        )

    def lower(self) -> Series:
        """`str.lower`, or Arrow's, which knows no final sigma."""
        edit = {"map": unicode_tables.arrow_case(upper=False)} if self._arrow else {"lower": unicode_tables.lower()}
        return self._after(edit)

    def upper(self) -> Series:
        """`str.upper`, or Arrow's, which keeps the number of characters."""
        return self._after({"map": unicode_tables.arrow_case(upper=True) if self._arrow else unicode_tables.upper()})

    def strip(self, to_strip: str | None = None) -> Series:
        """`str.strip`."""
        return self._stripped(to_strip, left=True, right=True)

    def lstrip(self, to_strip: str | None = None) -> Series:
        """`str.lstrip`."""
        return self._stripped(to_strip, left=True, right=False)

    def rstrip(self, to_strip: str | None = None) -> Series:
        """`str.rstrip`."""
        return self._stripped(to_strip, left=False, right=True)

    def replace(self, pat: Any, repl: Any = None, n: int = -1, *, regex: bool = False, **rest: Any) -> Series:
        """`str.replace` of a plain string."""
        plain = isinstance(pat, str) and isinstance(repl, str) and pat
        if not plain or n != -1 or any(value is not None for value in rest.values()):
            raise UnsupportedOperation("it replaces in strings by rare arguments", "Replace a string by a string.")
        if regex and re.escape(pat) != pat:
            raise UnsupportedOperation(
                "it replaces a regular expression in strings", "Give a plain string, and regex=False."
            )
        return self._after({"replace": [pat, repl]})

    def len(self) -> Series:
        """The number of characters; NaN where a string is missing."""
        instead = self._source.instead
        lengths = self._source.counted({"analyzer": "char", "space": []}, np.nan if instead is None else len(instead))
        return Series(lengths, self._series.name)

    def contains(self, pat: str, case: bool = True, flags: int = 0, na: Any = None, regex: bool = True) -> Series:
        """Whether a pattern is found; `na` where a string is missing."""
        if not isinstance(pat, str) or flags:
            raise UnsupportedOperation(
                "it searches strings by rare arguments", "Give a pattern, and case=False to ignore case."
            )
        return self._matching(pat if regex else re.escape(pat), "" if case else "(?i)", na, plain=not regex)

    def startswith(self, pat: str, na: Any = None) -> Series:
        """Whether a string begins so."""
        return self._matching(rf"\A{re.escape(self._plain(pat))}", "", na)

    def endswith(self, pat: str, na: Any = None) -> Series:
        """Whether a string ends so."""
        return self._matching(rf"{re.escape(self._plain(pat))}\Z", "", na)

    def _after(self, edit: dict[str, Any]) -> Series:
        instead = self._source.instead
        if instead is not None:
            (change,) = edits_of([edit], Tables())
            instead = change(instead)
        series = Series(self._source.edited(edit, instead), self._series.name, self._series.missing)
        series.null = getattr(self._series, "null", np.nan)
        return series

    def _stripped(self, characters: str | None, *, left: bool, right: bool) -> Series:
        if characters is None:
            space = unicode_tables.arrow_space() if self._arrow else unicode_tables.space()
        else:
            space = unicode_tables.encoded({ord(character) for character in characters})
        return self._after({"strip": {"space": space, "left": left, "right": right}})

    def _plain(self, pat: Any) -> str:
        if not isinstance(pat, str) or not pat:
            raise UnsupportedOperation(
                "it asks for several beginnings or ends at once", "Ask for one string, and join with |."
            )
        return pat

    def _matching(self, pattern: str, flags: str, na: Any, *, plain: bool = True) -> Series:
        if self._arrow and (flags or not (plain or re.escape(pattern) == pattern)):
            raise UnsupportedOperation(
                "it searches strings of Arrow for a regular expression, whose rules are not Python's",
                "Give regex=False, or let the column hold objects, in training too: X['s'] = X['s'].astype(object).",
            )
        search = re.compile(flags + pattern)
        source = self._source
        instead = float(search.search(source.instead) is not None) if source.instead is not None else np.nan
        open_gaps = source.instead is None
        if open_gaps and na is not None and not is_missing(na):
            instead, open_gaps = float(bool(na)), False
        counts = source.counted({"analyzer": "word", "pattern": automaton(flags + pattern)}, instead)
        # A column of booleans has no room for NaN; pandas holds objects then, which compute as floats.
        present = Series((counts > 0.0), self._series.name)
        if not open_gaps:
            return present
        return Series(_with_gaps(source, counts), self._series.name)


def _with_gaps(source: EditedStrings, counts: Any) -> Any:
    return where(source.missing.column(0), np.array(np.nan), (counts > 0.0).cast("float64"))


SERIES_PROPERTIES["str"] = Strings
