"""One input or output of a model: its name, type, and what may stand in it (spec/CONTRACT.md §1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast, get_args

from sealift import canonical
from sealift.contract.date_format import format_problem
from sealift.contract.datetimes import TIMES, micros_of, text_of
from sealift.errors import ContractError

DType: TypeAlias = Literal["float64", "float32", "int64", "bool", "string", "date", "datetime"]
Policy: TypeAlias = Literal["allowed", "refused"]
OutputKind: TypeAlias = Literal["label", "probability", "score", "value", "features"]
Task: TypeAlias = Literal["classification", "regression", "transformation", "clustering", "outliers"]
Scalar: TypeAlias = str | int | float | bool
Bound: TypeAlias = float | str
"""A number; of dates and times, their text."""

# The largest whole number whose neighbours are doubles too: 2**53 would also be what 2**53 + 1 rounds to.
MAX_SAFE_INTEGER = 2**53 - 1

# What pandas.read_csv reads as missing by default (pandas, "IO tools", na_values).
MISSING_WORDS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""The cells of numbers, booleans and dates that are missing unless a field says otherwise."""
DEFAULT_STRING_MISSING = ("",)
"""The same for strings, where NA and None can be categories."""
_MAX_WORDS, _MAX_WORD = 64, 128
_DTYPES, _POLICIES, _OUTPUT_KINDS = get_args(DType), get_args(Policy), get_args(OutputKind)

MOST_WIDTH = 1 << 20
LONGEST_TEXT, LONGEST_DESCRIPTION = 1 << 12, 1 << 16
"""Limits of spec/CONTRACT.md §1: columns of all outputs; characters of a name, title or unit; of any other text."""


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
            raise _malformed(problem, f"input {self.name!r:.80}")

    def as_json(self) -> dict[str, Any]:
        """The field without the keys that have their default value."""
        return _without_defaults(self)

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
        values = _known_keys(cls, raw, "input")
        where = f"input {str(values.get('name'))!r:.80}"
        for key in ("range", "observed"):
            if values.get(key) is not None:
                values[key] = _pair(values[key], key, where, str(values["dtype"]))
        keys = ("categories", "category_names", "missing_as", "true_as", "false_as")
        return cls(**_as_tuples(values, keys, where))


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a model.

    Attributes:
        name: the name of the graph's output, and of its columns in tables of answers.
        kind: what it is: label, probability, score, value or features.
        dtype: float64, int64, bool or string; float64 unless it is a label.
        width: None for a tensor of shape (N,), else the number of columns of a tensor (N, width).
        classes: label values, in the order of the columns where the output is wide.
        class_names: their names for people.
        columns: the columns' names where an output is wide and has no classes.
        title, units, description: text for people.
    """

    name: str
    kind: OutputKind
    dtype: Literal["float64", "int64", "bool", "string"]
    width: int | None = None
    classes: tuple[Scalar, ...] | None = None
    class_names: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    title: str = ""
    units: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        problem = _output_problem(self)
        if problem:
            raise _malformed(problem, f"output {self.name!r:.80}")

    def as_json(self) -> dict[str, Any]:
        """The output without the keys that have their default value."""
        return _without_defaults(self)

    @classmethod
    def from_json(cls, raw: object) -> Output:
        """Read an output. Raises ContractError E106."""
        values = _known_keys(cls, raw, "output")
        width = values.get("width")
        if isinstance(width, float) and width.is_integer():  # as another reader would take 3.0
            values["width"] = int(width)
        where = f"output {str(values.get('name'))!r:.80}"
        return cls(**_as_tuples(values, ("classes", "class_names", "columns"), where))

    @property
    def column_names(self) -> list[str]:
        """The columns' names in a table of answers, each of them different: `label`, or `probability_ill`.

        A wide output has a column `<output>_<part>`; the parts are its `columns`, else its class names, else its
        classes, else numbers from 0 (spec/CONTRACT.md §1).
        """
        if self.width is None:
            return [self.name]
        return self.first_columns(self.width)

    def first_columns(self, count: int) -> list[str]:
        """The first `count` of `column_names`."""
        if self.width is None:
            return [self.name]
        parts: Sequence[object] = self.columns or range(self.width)
        if self.columns is None and self.classes is not None and len(self.classes) == self.width:
            parts = self.class_names or self.classes
        return [f"{self.name}_{shown(part)}" for part in parts[:count]]


def shown(value: object) -> str:
    """A label or category as text; the same in every implementation (`true`, `1`, `1e-7`, `a`)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and _is_double(value)):
        return canonical.number_text(float(value) or 0.0)
    return str(value)


def _is_double(value: int) -> bool:
    return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER or (value.bit_length() <= 1024 and int(float(value)) == value)


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
    problem = _text_problem(field, "title", "units")
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
        if _too_long(field.categories, LONGEST_DESCRIPTION):
            return f"a category has more than {LONGEST_DESCRIPTION} characters"
    if field.category_names is not None:
        if field.categories is None or len(field.category_names) != len(field.categories):
            return "there are not as many category names as categories"
        if not _distinct_texts(field.category_names):
            return "category names are texts, none empty and none twice"
        if _too_long(field.category_names, LONGEST_TEXT):
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


def _output_problem(output: Output) -> str | None:
    problem = _text_problem(output, "title", "units")
    if problem is not None:
        return problem
    if output.kind not in _OUTPUT_KINDS:
        return f"the kind {output.kind!r:.40} is not known"
    if output.dtype not in ("float64", "int64", "bool", "string"):
        return f"the dtype {output.dtype!r:.40} is not known"
    if output.kind != "label" and output.dtype != "float64":
        return f"an output of the kind {output.kind} is float64"
    if output.width is not None and (type(output.width) is not int or not 1 <= output.width <= MOST_WIDTH):
        return f"the width is not a count from 1 to {MOST_WIDTH}"
    for names, most in ((output.class_names, LONGEST_TEXT), (output.columns, LONGEST_TEXT)):
        if names is not None and (not all(isinstance(name, str) for name in names) or _too_long(names, most)):
            return f"class names and columns are text of at most {most} characters"
    if output.classes is not None and not all(isinstance(value, str | int | float) for value in output.classes):
        return "a class is no text, number or boolean"
    if output.classes is not None and _too_long(output.classes, LONGEST_DESCRIPTION):
        return f"a class has more than {LONGEST_DESCRIPTION} characters"
    if output.class_names is not None and (output.classes is None or len(output.class_names) != len(output.classes)):
        return "there are not as many class names as classes"
    if output.columns is not None and len(output.columns) != output.width:
        return "there are not as many column names as columns"
    if not all(_distinct_texts(names) for names in (output.class_names, output.columns) if names is not None):
        return "names of classes and of columns are texts, none empty and none twice"
    return None


def _distinct_texts(names: Sequence[object]) -> bool:
    return all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)


def _text_problem(item: Field | Output, *short: str) -> str | None:
    if not isinstance(item.name, str) or not item.name:
        return "the name is empty or no text"
    for key, most in (
        ("name", LONGEST_TEXT),
        ("description", LONGEST_DESCRIPTION),
        *((k, LONGEST_TEXT) for k in short),
    ):
        text = getattr(item, key)
        if not isinstance(text, str) or len(text) > most:
            return f"the {key} is not text of at most {most} characters"
    return None


def _too_long(values: Iterable[object], most: int) -> bool:
    return any(isinstance(value, str) and len(value) > most for value in values)


def _without_defaults(item: Field | Output) -> dict[str, Any]:
    result = {}
    for spec in fields(item):
        value = getattr(item, spec.name)
        if value != spec.default:
            result[spec.name] = list(value) if isinstance(value, tuple) else value
    return result


@lru_cache
def _keys_of(kind: Any) -> frozenset[str]:
    return frozenset(spec.name for spec in fields(kind))


@lru_cache
def _required_keys(kind: Any) -> frozenset[str]:
    return frozenset(spec.name for spec in fields(kind) if spec.default is MISSING)


def _known_keys(kind: type[Field] | type[Output], raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _malformed("it is not an object", where)
    unknown, missing = set(raw) - _keys_of(cast("Any", kind)), _required_keys(cast("Any", kind)) - set(raw)
    if unknown or missing:
        raise _malformed(f"keys are missing: {sorted(missing)}, or unknown: {sorted(unknown)!r:.120}", where)
    return dict(raw)


def _as_tuples(values: dict[str, Any], keys: Sequence[str], where: str) -> dict[str, Any]:
    for key in keys:
        if values.get(key) is not None:
            if not isinstance(values[key], list):
                raise _malformed(f"{key} is not a list", where)
            values[key] = tuple(values[key])
    return values


def _pair(raw: object, key: str, where: str, dtype: str) -> tuple[Bound | None, Bound | None]:
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise _malformed(f"{key} is not a pair", where)
    if dtype in TIMES:
        first, last = (None if bound is None else _date(bound, key, where, dtype) for bound in raw)
        return first, last
    try:
        low, high = (None if bound is None else canonical.number(bound) for bound in raw)
    except ValueError as error:
        raise _malformed(f"{key}: {error}", where) from None
    return low, high


def _date(bound: object, key: str, where: str, dtype: str) -> str:
    """One spelling for what a person may give as a text, or as a date of Python's, NumPy's or pandas'."""
    micros = micros_of(bound, dtype)
    if micros is None:
        told = "dates as 2024-03-01" + "T12:30:00" * (dtype == "datetime")
        raise _malformed(f"{key} is not made of {told}", where)
    return text_of(micros, dtype)


def _malformed(what: str, where: str) -> ContractError:
    return ContractError(
        "E106",
        f"The contract is malformed: {what}.",
        where=where,
        fix="See spec/CONTRACT.md §1 for what may stand there.",
    )
