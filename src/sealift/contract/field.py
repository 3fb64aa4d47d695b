"""One input of a model: its name, type, and what may stand in it (spec/CONTRACT.md §1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from sealift import canonical
from sealift.contract.date_format import format_problem
from sealift.contract.datetimes import TIMES, micros_of, text_of
from sealift.contract.parts import (
    LONGEST_DESCRIPTION,
    LONGEST_TEXT,
    as_tuples,
    distinct_texts,
    known_keys,
    malformed,
    text_problem,
    too_long,
    without_defaults,
)
from sealift.contract.scalars import MAX_SAFE_INTEGER, Scalar, shown

DType: TypeAlias = Literal["float64", "float32", "int64", "bool", "string", "date", "datetime"]
Policy: TypeAlias = Literal["allowed", "refused"]
Task: TypeAlias = Literal["classification", "regression", "transformation", "clustering", "outliers"]
Bound: TypeAlias = float | str
"""A number; of dates and times, their text."""

# What pandas.read_csv reads as missing by default (pandas, "IO tools", na_values).
MISSING_WORDS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""The cells of numbers, booleans and dates that are missing unless a field says otherwise."""
DEFAULT_STRING_MISSING = ("",)
"""The same for strings, where NA and None can be categories."""
_MAX_WORDS, _MAX_WORD = 64, 128
_DTYPES, _POLICIES = get_args(DType), get_args(Policy)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input of a model.

    Attributes:
        name: the column's name, unique in its contract.
        dtype: float64, float32, int64, bool, string, date or datetime.
        missing: whether a row may lack the value.
        categories: the known values, or None where any value of the dtype may stand.
        category_names: their names for people, in the same order, or None.
        unknown: whether a value outside `categories` is accepted.
        range: the permitted (lowest, highest), inclusive; either may be None. Declared by a person. Texts where the
            field holds dates: ("2020-01-01", None).
        observed: where most training values lay, rounded outwards.
        typical: a rounded central value, or the commonest category.
        missing_as: the cells of a text file that are missing; None for the default of the dtype: `MISSING_WORDS`, or
            the empty cell where the field holds strings.
        true_as, false_as: the words of a boolean field in text files, beside `true` and `false`.
        date_format: the form of dates in text files beside ISO 8601, such as `%d.%m.%Y`.
        title, description, units: text for people.
        personal: whether the value is personal data.
    """

    name: str
    dtype: DType
    missing: Policy = "refused"
    categories: tuple[Scalar, ...] | None = None
    category_names: tuple[str, ...] | None = None
    unknown: Policy = "allowed"
    range: tuple[Bound | None, Bound | None] | None = None
    observed: tuple[Bound, Bound] | None = None
    typical: Scalar | None = None
    missing_as: tuple[str, ...] | None = None
    true_as: tuple[str, ...] | None = None
    false_as: tuple[str, ...] | None = None
    date_format: str = ""
    title: str = ""
    description: str = ""
    units: str = ""
    personal: bool = False

    def __post_init__(self) -> None:
        problem = _input_problem(self)
        if problem:
            raise malformed(problem, f"input {self.name!r:.80}")

    def as_json(self) -> dict[str, Any]:
        """The field without the keys that have their default value."""
        return without_defaults(self)

    @property
    def is_time(self) -> bool:
        """Whether the values are dates, or dates with a time."""
        return self.dtype in TIMES

    def limits(self, key: Literal["range", "observed"]) -> tuple[float | None, float | None] | None:
        """`range` or `observed` as the graph's numbers: of dates, in microseconds since 1970."""
        bounds = cast("tuple[Bound | None, Bound | None] | None", getattr(self, key))
        return None if bounds is None else (self._limit(bounds[0]), self._limit(bounds[1]))

    def _limit(self, bound: Bound | None) -> float | None:
        return micros_of(bound, self.dtype) if isinstance(bound, str) else bound

    @classmethod
    def from_json(cls, raw: object) -> Field:
        """Read a field. Raises ContractError E106."""
        values = known_keys(cls, raw, "input")
        where = f"input {str(values.get('name'))!r:.80}"
        for key in ("range", "observed"):
            if values.get(key) is not None:
                values[key] = _pair(values[key], key, where, str(values["dtype"]))
        keys = ("categories", "category_names", "missing_as", "true_as", "false_as")
        return cls(**as_tuples(values, keys, where))


def named_categories(field: Field, most: int | None = None) -> list[str]:
    """The first `most` categories as text for people: `0 = no`, `1 = yes`, or alone where they have no names."""
    values = [shown(value) for value in (field.categories or ())[:most]]
    if field.category_names is None:
        return values
    pairs = zip(values, field.category_names[:most], strict=True)
    return [value if value == name else f"{value} = {name}" for value, name in pairs]


def fits(value: object, dtype: DType) -> bool:
    """Whether a category or class is of `dtype` as JSON would carry it."""
    if dtype == "string":
        return isinstance(value, str)
    if dtype == "bool":
        return isinstance(value, bool)
    if dtype in TIMES:
        return isinstance(value, str) and micros_of(value, dtype) is not None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return dtype != "int64" or (value == int(value) and abs(value) <= MAX_SAFE_INTEGER)


def _input_problem(field: Field) -> str | None:
    problem = text_problem(field, "title", "units")
    if problem is not None:
        return problem
    if field.dtype not in _DTYPES:
        return f"the dtype {field.dtype!r:.40} is not one of {', '.join(_DTYPES)}"
    if field.missing not in _POLICIES or field.unknown not in _POLICIES:
        return "missing and unknown are 'allowed' or 'refused'"
    if field.is_time and field.categories is not None:
        return "dates have no categories"
    if field.typical is not None and not fits(field.typical, field.dtype):
        return f"the typical value is not of the dtype {field.dtype}"
    if field.categories is not None:
        if not field.categories or not all(fits(value, field.dtype) for value in field.categories):
            return f"categories must be values of the dtype {field.dtype}, at least one"
        if len(set(field.categories)) != len(field.categories):
            return "a category stands twice"
        if too_long(field.categories, LONGEST_DESCRIPTION):
            return f"a category has more than {LONGEST_DESCRIPTION} characters"
    if field.category_names is not None:
        if field.categories is None or len(field.category_names) != len(field.categories):
            return "there are not as many category names as categories"
        if not distinct_texts(field.category_names):
            return "category names are texts, none empty and none twice"
        if too_long(field.category_names, LONGEST_TEXT):
            return f"a category name has more than {LONGEST_TEXT} characters"
    keys: tuple[Literal["range", "observed"], ...] = ("range", "observed")
    for key in keys:
        bounds = cast("tuple[Bound | None, Bound | None] | None", getattr(field, key))
        if bounds is None:
            continue
        if field.dtype == "string":
            return f"a text has no {key}"
        if field.is_time and not all(b is None or fits(b, field.dtype) for b in bounds):
            return f"the {key} is not made of dates as 2024-03-01" + "T12:30:00" * (field.dtype == "datetime")
        low, high = field.limits(key) or (None, None)
        if any(b is not None and (isinstance(b, bool | str) or not math.isfinite(b)) for b in (low, high)):
            return f"the {key} is not made of finite numbers"
        if low is not None and high is not None and low > high:
            return f"the {key} begins above its end"
    problem = _cell_problem(field)
    if problem:
        return problem
    return None if isinstance(field.personal, bool) else "personal is true or false"


def _cell_problem(field: Field) -> str | None:
    """What is wrong with the keys on how cells of text are read."""
    if field.missing_as is None and field.true_as is None and field.false_as is None and field.date_format == "":
        return None
    lists = [words for words in (field.missing_as, field.true_as, field.false_as) if words is not None]
    if any(len(words) > _MAX_WORDS for words in lists):
        return f"missing_as, true_as and false_as have at most {_MAX_WORDS} words"
    words: list[object] = [word for part in lists for word in part]
    if any(not isinstance(word, str) or len(word) > _MAX_WORD for word in words):
        return f"missing_as, true_as and false_as hold strings of at most {_MAX_WORD} characters"
    if len(set(words)) != len(words):
        return "a word stands twice in missing_as, true_as and false_as"
    if (field.true_as is not None or field.false_as is not None) and field.dtype != "bool":
        return "only booleans have true_as and false_as"
    date_format: object = field.date_format
    if not isinstance(date_format, str):
        return "date_format is a string"
    return format_problem(date_format, field.dtype) if date_format else None


def _pair(raw: object, key: str, where: str, dtype: str) -> tuple[Bound | None, Bound | None]:
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise malformed(f"{key} is not a pair", where)
    if dtype in TIMES:
        first, last = (None if bound is None else _date(bound, key, where, dtype) for bound in raw)
        return first, last
    try:
        low, high = (None if bound is None else canonical.number(bound) for bound in raw)
    except ValueError as error:
        raise malformed(f"{key}: {error}", where) from None
    return low, high


def _date(bound: object, key: str, where: str, dtype: str) -> str:
    """One spelling for what a person may give as a text, or as a date of Python's, NumPy's or pandas'."""
    micros = micros_of(bound, dtype)
    if micros is None:
        told = "dates as 2024-03-01" + "T12:30:00" * (dtype == "datetime")
        raise malformed(f"{key} is not made of {told}", where)
    return text_of(micros, dtype)
