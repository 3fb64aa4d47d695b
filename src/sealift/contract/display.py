"""Display of a contract: a line for `repr`, tables for notebooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from sealift import notebook
from sealift.contract.field import Field, named_categories
from sealift.contract.numbers import readable
from sealift.contract.output import Output

_LISTED = 6  # names in a line
_ROWS = 100  # of a table
_NAME = 24


class Displayable(Protocol):
    """The attributes of a contract that are displayed (`sealift.contract.contract.Contract`)."""

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The fields of a row."""

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the model answers."""

    @property
    def task(self) -> str:
        """What kind of answer it gives."""

    @property
    def description(self) -> str:
        """What the model is for."""


def summary(contract: Displayable) -> str:
    """The task, the number of inputs with the first names, and the outputs."""
    count = len(contract.inputs)
    inputs = f"{count} input{'s' * (count != 1)} ({_names(field.name for field in contract.inputs)})"
    return f"{contract.task}, {inputs} → {_names(output.name for output in contract.outputs)}"


def tables(contract: Displayable) -> str:
    """The inputs and outputs as HTML tables, the first hundred of each."""
    called = labels(contract.inputs)
    named = called == [f.name for f in contract.inputs]  # then the titles need no column
    inputs = [
        [*([] if named else [label]), f.name, f.dtype, "yes" if f.missing == "allowed" else "no", _values(f), f.units]
        for f, label in zip(contract.inputs[:_ROWS], called, strict=False)
    ]
    outputs = [[o.name, o.title, o.dtype, _columns(o), o.units] for o in contract.outputs[:_ROWS]]
    more = len(contract.inputs) - _ROWS
    header = [*([] if named else ["title"]), "column", "type", "may be missing", "values", "unit"]
    return (
        notebook.text(contract.description)
        + notebook.table(f"{len(contract.inputs):,} inputs", header, inputs)
        + notebook.text(f"… and {more:,} more inputs" if more > 0 else "")
        + notebook.table("Outputs", ["name", "title", "type", "columns", "unit"], outputs)
    )


def labels(fields: Sequence[Field]) -> list[str]:
    """The displayed names of fields: the title, or the name where another field has the same title or name."""
    count = Counter(text for field in fields for text in {field.name, field.title})
    return [field.title if field.title and count[field.title] == 1 else field.name for field in fields]


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    first = [name if len(name) <= _NAME else name[: _NAME - 1] + "…" for name in listed[:_LISTED]]
    return ", ".join(first) + (", …" if len(listed) > _LISTED else "")


def _values(field: Field) -> str:
    if field.categories is not None:
        return _names(named_categories(field)[: _LISTED + 1]) + (" or others" if field.unknown == "allowed" else "")
    if field.range is not None:
        return " to ".join("any" if bound is None else _bound(bound) for bound in field.range)
    return f"mostly {_bound(field.observed[0])} to {_bound(field.observed[1])}" if field.observed else ""


def _bound(bound: float | str) -> str:
    return bound if isinstance(bound, str) else readable(bound)


def _columns(output: Output) -> str:
    return _names(output.first_columns(_LISTED + 1))
