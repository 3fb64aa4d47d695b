"""One output of a model: its name, its kind, and its columns (spec/CONTRACT.md §1)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sealift.contract.outputs import output_kind, output_kinds
from sealift.contract.parts import (
    LONGEST_DESCRIPTION,
    LONGEST_TEXT,
    as_tuples,
    distinct_strings,
    json_text,
    known_keys,
    malformed,
    text_problem,
    too_long,
    without_defaults,
)
from sealift.contract.scalars import Scalar

MOST_WIDTH = 1 << 20
"""The maximum number of columns of all outputs of a contract together."""

MOST_NUMBERS = 1 << 25
"""The maximum number of numbers of one answer of an output with several axes, as far as its sizes are fixed."""

MOST_AXES = 8


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a model.

    Attributes:
        name: the name of the graph's output, and of its columns in tables of answers.
        kind: the name of its kind, such as `label` (`sealift.contract.outputs`).
        dtype: float64, int64, bool or string; the kind says which are permitted.
        width: None for a tensor of shape (N,), else the number of columns of a tensor (N, width).
        shape: for a kind whose answers have several axes, the dimensions of the tensor after the rows: a number where
            the size is fixed, else a name. Such an output has no width.
        classes: label values; in the order of the columns where the output has a column for each class.
        class_names: their displayed names.
        columns: names of the columns of a wide output without classes.
        title, units, description: shown to users.
        settings: what its kind needs to compare or show answers, such as thresholds; None for most kinds.
    """

    name: str
    kind: str
    dtype: Literal["float64", "int64", "bool", "string"]
    width: int | None = None
    shape: tuple[int | str, ...] | None = None
    classes: tuple[Scalar, ...] | None = None
    class_names: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    title: str = ""
    units: str = ""
    description: str = ""
    settings: Mapping[str, Any] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise malformed(problem, f"output {json_text(self.name)}")

    def as_json(self) -> dict[str, Any]:
        """The output without the keys that have their default value."""
        return without_defaults(self)

    @classmethod
    def from_json(cls, raw: object) -> Output:
        """Read an output. Raises ContractError E106."""
        values = known_keys(cls, raw, "output")
        width = values.get("width")
        if isinstance(width, float) and width.is_integer():  # other readers cannot tell 3.0 from 3
            values["width"] = int(width)
        where = f"output {json_text(values['name'])}"
        values = as_tuples(values, ("shape", "classes", "class_names", "columns"), where)
        if not isinstance(values.get("settings") or {}, dict):
            raise malformed("settings must be an object", where)
        if values.get("shape") is not None:
            values["shape"] = tuple(int(s) if type(s) is float and s.is_integer() else s for s in values["shape"])
        return cls(**values)

    @property
    def axes(self) -> tuple[int | None, ...]:
        """The dimensions of the tensor after the rows, None where a size is not fixed."""
        if self.shape is not None:
            return tuple(size if isinstance(size, int) else None for size in self.shape)
        return () if self.width is None else (self.width,)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns in a table of answers, all different: `label`, or `probability_ill`."""
        return output_kind(self).column_names(self)

    def first_columns(self, count: int) -> list[str]:
        """The first `count` of `column_names`."""
        return output_kind(self).column_names(self, count)


def _problem(output: Output) -> str | None:
    problem = text_problem(output, "title", "units")
    if problem is not None:
        return problem
    if not isinstance(output.kind, str) or output.kind not in output_kinds():
        return f"the kind {json_text(output.kind)} is not known"
    if output.dtype not in ("float64", "int64", "bool", "string"):
        return f"the dtype {json_text(output.dtype)} is not known"
    problem = output_kind(output).problem(output)
    if problem is not None:
        return problem
    if output.width is not None and (type(output.width) is not int or not 1 <= output.width <= MOST_WIDTH):
        return f"the width must be an integer from 1 to {MOST_WIDTH}"
    problem = _shape_problem(output)
    if problem is not None:
        return problem
    for names, most in ((output.class_names, LONGEST_TEXT), (output.columns, LONGEST_TEXT)):
        if names is not None and (not all(isinstance(name, str) for name in names) or too_long(names, most)):
            return f"class names and columns must be strings of at most {most} characters"
    if output.classes is not None and not all(isinstance(value, str | int | float) for value in output.classes):
        return "classes must be strings, numbers or booleans"
    if output.classes is not None and too_long(output.classes, LONGEST_DESCRIPTION):
        return f"a class has more than {LONGEST_DESCRIPTION} characters"
    if output.class_names is not None and (output.classes is None or len(output.class_names) != len(output.classes)):
        return "the number of class names differs from that of classes"
    if output.columns is not None and len(output.columns) != output.width:
        return "the number of column names differs from the width"
    if not all(distinct_strings(names) for names in (output.class_names, output.columns) if names is not None):
        return "names of classes and of columns must be non-empty, unique strings"
    return None


def _shape_problem(output: Output) -> str | None:
    if not output_kind(output).has_axes:
        return None if output.shape is None else f"an output of the kind {output.kind} has no shape"
    if output.shape is None or output.width is not None:
        return f"an output of the kind {output.kind} must have a shape, and no width"
    if not 1 <= len(output.shape) <= MOST_AXES or not all(map(_is_size, output.shape)):
        return (
            f"the shape must have 1 to {MOST_AXES} sizes: integers from 1 to {MOST_NUMBERS}, or names of at most 24 "
            "letters and '_'"
        )
    if math.prod(size for size in output.shape if isinstance(size, int)) > MOST_NUMBERS:
        return f"an answer has more than {MOST_NUMBERS} numbers"
    return None


def _is_size(size: object) -> bool:
    if isinstance(size, str):
        return re.fullmatch("[a-z_]{1,24}", size) is not None
    return type(size) is int and 1 <= size <= MOST_NUMBERS
