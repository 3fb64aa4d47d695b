"""One input of a model: its name, its type and its permitted values (spec/CONTRACT.md §1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast, get_args

from sealift.contract.date_format import format_problem
from sealift.contract.parts import (
    LONGEST_DESCRIPTION,
    LONGEST_TEXT,
    as_tuples,
    distinct_strings,
    duplicate,
    json_text,
    known_keys,
    malformed,
    text_problem,
    too_long,
    without_defaults,
)
from sealift.contract.scalars import Scalar, shown
from sealift.contract.types import ValueType, value_type

DType: TypeAlias = str
"""The name of a type of values, possibly with parameters (`sealift.contract.types`)."""
Policy: TypeAlias = Literal["allowed", "refused"]
Task: TypeAlias = Literal[
    "classification", "regression", "transformation", "clustering", "outliers", "detection", "segmentation"
]
Bound: TypeAlias = float | str
"""A number; for dates and times, a string."""

_MAX_WORDS, _MAX_WORD = 64, 128
_POLICIES = get_args(Policy)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input of a model.

    Attributes:
        name: the column's name, unique in its contract.
        dtype: the name of its type: float64, float32, int64, bool, string, date, datetime, or one of another package.
        missing: whether a row may lack the value.
        categories: the known values, or None where any value of the dtype is permitted.
        category_names: their names for people, in the same order, or None.
        unknown: whether a value outside `categories` is accepted.
        range: the permitted (lowest, highest), inclusive; either may be None. Declared by a person. Strings where the
            field holds dates: ("2020-01-01", None).
        observed: the range of most training values, rounded outwards.
        typical: a rounded central value, or the most common category.
        missing_as: the cells of a text file that mean a missing value; None for the default of the dtype:
            `MISSING_WORDS`, or the empty cell where the field holds strings.
        true_as, false_as: the words of a boolean field in text files, in addition to `true` and `false`.
        date_format: the format of dates in text files in addition to ISO 8601, such as `%d.%m.%Y`.
        title, description, units: shown to users.
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
            raise malformed(problem, f"input {json_text(self.name)}")

    def as_json(self) -> dict[str, Any]:
        """The field without the keys that have their default value."""
        return without_defaults(self)

    @cached_property
    def type(self) -> ValueType:
        """The type of its values."""
        known = value_type(self.dtype)
        assert known is not None  # checked when the field is made
        return known

    @cached_property
    def usual(self) -> tuple[float, float]:
        """The range of most training values as numbers of the graph; all numbers where it is not known."""
        low, high = self.limits("observed") or (None, None)
        return (-math.inf, math.inf) if low is None or high is None else (low, high)

    def limits(self, key: Literal["range", "observed"]) -> tuple[float | None, float | None] | None:
        """`range` or `observed` as numbers of the graph; dates in microseconds since 1970."""
        bounds = cast("tuple[Bound | None, Bound | None] | None", getattr(self, key))
        return None if bounds is None else (self.type.limit(bounds[0]), self.type.limit(bounds[1]))

    @classmethod
    def from_json(cls, raw: object) -> Field:
        """Read a field. Raises ContractError E106."""
        values = known_keys(cls, raw, "input")
        where = f"input {json_text(values['name'])}"
        for key in ("range", "observed"):
            if values.get(key) is not None:
                values[key] = _pair(values[key], key, where, values["dtype"])
        keys = ("categories", "category_names", "missing_as", "true_as", "false_as")
        return cls(**as_tuples(values, keys, where))


def named_categories(field: Field, most: int | None = None) -> list[str]:
    """The first `most` categories for display: `0 = no`, `1 = yes`, or the values where they have no names."""
    values = [shown(value) for value in (field.categories or ())[:most]]
    if field.category_names is None:
        return values
    pairs = zip(values, field.category_names[:most], strict=True)
    return [value if value == name else f"{value} = {name}" for value, name in pairs]


def _input_problem(field: Field) -> str | None:
    problem = text_problem(field, "title", "units")
    if problem is not None:
        return problem
    kind = value_type(field.dtype) if isinstance(field.dtype, str) else None
    if kind is None:
        return f"the dtype {json_text(field.dtype)} is not known"
    field.__dict__["type"] = kind  # as the cached property would, without its lock
    if field.missing not in _POLICIES or field.unknown not in _POLICIES:
        return 'missing and unknown must be "allowed" or "refused"'
    if not kind.has_categories and field.categories is not None:
        return f"a field of the dtype {field.dtype} cannot have categories"
    if field.typical is not None and not kind.fits(field.typical):
        return f"the typical value is not of the dtype {field.dtype}"
    if field.categories is not None:
        if not field.categories or not all(map(kind.fits, field.categories)):
            return f"categories must be values of the dtype {field.dtype}, at least one"
        if len(set(field.categories)) != len(field.categories):
            return f"duplicate category {json_text(duplicate(field.categories))}"
        if too_long(field.categories, LONGEST_DESCRIPTION):
            return f"a category has more than {LONGEST_DESCRIPTION} characters"
    if field.category_names is not None:
        if field.categories is None or len(field.category_names) != len(field.categories):
            return "the number of category names differs from that of categories"
        if not distinct_strings(field.category_names):
            return "category names must be non-empty, unique strings"
        if too_long(field.category_names, LONGEST_TEXT):
            return f"a category name has more than {LONGEST_TEXT} characters"
    keys: tuple[Literal["range", "observed"], ...] = ("range", "observed")
    for key in keys:
        bounds = cast("tuple[Bound | None, Bound | None] | None", getattr(field, key))
        if bounds is None:
            continue
        if not kind.has_range:
            return _no_range(field.dtype, key)
        low, high = field.limits(key) or (None, None)
        if not (_is_limit(bounds[0], low) and _is_limit(bounds[1], high)):
            return _wrong_bounds(kind, key)
        if low is not None and high is not None and low > high:
            return f"the lower bound of {key} is above the upper one"
    problem = _cell_problem(field)
    if problem:
        return problem
    return None if isinstance(field.personal, bool) else "personal must be true or false"


def _is_limit(bound: Bound | None, limit: float | None) -> bool:
    """Whether a bound is absent or stands for a finite number."""
    return bound is None or (limit is not None and math.isfinite(limit))


def _cell_problem(field: Field) -> str | None:
    """What is wrong with the keys on reading cells of text files."""
    if field.missing_as is None and field.true_as is None and field.false_as is None and field.date_format == "":
        return None
    lists = [words for words in (field.missing_as, field.true_as, field.false_as) if words is not None]
    if any(len(words) > _MAX_WORDS for words in lists):
        return f"missing_as, true_as and false_as must have at most {_MAX_WORDS} words"
    words: list[object] = [word for part in lists for word in part]
    if any(not isinstance(word, str) or len(word) > _MAX_WORD for word in words):
        return f"missing_as, true_as and false_as must hold strings of at most {_MAX_WORD} characters"
    if len(set(words)) != len(words):
        return "a word occurs twice in missing_as, true_as and false_as"
    if (field.true_as is not None or field.false_as is not None) and not field.type.has_words:
        return f"a field of the dtype {field.dtype} cannot have true_as or false_as"
    date_format: object = field.date_format
    if not isinstance(date_format, str):
        return "date_format must be a string"
    if not date_format:
        return None
    if not field.type.has_date_format:
        return f"a field of the dtype {field.dtype} cannot have date_format"
    return format_problem(date_format, days=field.type.has_days)


def _pair(raw: object, key: str, where: str, dtype: object) -> tuple[Bound | None, Bound | None]:
    kind = value_type(dtype) if isinstance(dtype, str) else None
    if kind is None:
        raise malformed(f"the dtype {json_text(dtype)} is not known", where)
    if not kind.has_range:
        raise malformed(_no_range(dtype, key), where)
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise malformed(f"{key} must be a pair", where)
    try:
        low, high = (None if bound is None else kind.bound(bound) for bound in raw)
    except ValueError:
        raise malformed(_wrong_bounds(kind, key), where) from None
    return low, high


def _no_range(dtype: object, key: str) -> str:
    return f"a field of the dtype {dtype} cannot have {key}"


def _wrong_bounds(kind: ValueType, key: str) -> str:
    return f"the bounds of {key} must be {kind.bounds}"
