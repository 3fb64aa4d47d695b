"""The base class of kinds of outputs: the columns of their answers, and when two answers are the same.

To add a kind, write a subclass of `OutputKind` and declare an instance as an entry point of the group
`sealift.output_kinds`. The kinds of Sealift itself are declared in the same way. The part that only `pack` needs is in
`sealift.packing.outputs`.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sealift import canonical
from sealift.contract.outputs.tolerance import Tolerance, matches
from sealift.contract.scalars import Scalar, shown
from sealift.plugins import Plugins

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

    from sealift.contract.field import Task


class OutputSpec(Protocol):
    """The attributes of one output that a kind may use; they are described in `Output`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def dtype(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int | None: ...  # noqa: D102
    @property
    def shape(self) -> tuple[int | str, ...] | None: ...  # noqa: D102
    @property
    def classes(self) -> tuple[Scalar, ...] | None: ...  # noqa: D102
    @property
    def class_names(self) -> tuple[str, ...] | None: ...  # noqa: D102
    @property
    def columns(self) -> tuple[str, ...] | None: ...  # noqa: D102
    @property
    def settings(self) -> Mapping[str, Any] | None: ...  # noqa: D102


class AnswerColumn(NamedTuple):
    """A column in a table of answers: its name and the dtype of its values."""

    name: str
    dtype: str


class OutputKind(ABC):
    """One kind of output. The defaults describe columns of numbers.

    Attributes:
        name: the entry point's name, and the value of `kind` in contract.json.
        capability: the capability that a reader of such a contract must have, such as `output:boxes/1`; empty for the
            kinds that every reader of format 1 has.
        dtypes: the dtypes that its outputs may have.
        by_class: whether a wide output has one column for each class, so that a headline can name one of them.
        has_axes: whether its answers have several axes (`Output.shape`). Such an output has one column in a table,
            whose cells are the JSON of `plain`.
        has_own_json: whether an answer in JSON is the value of `plain`; so it is for every kind with axes.
        has_settings: whether its outputs have `settings`.
        has_pixels: whether an answer has a class for each pixel of a picture (`pixels`).
        has_parts: whether an answer consists of parts, such as boxes, which `compare_as` compares and not each number.
        task: the task of a model whose first output of this kind is its main output; None if that is not defined.
    """

    name: str
    capability: str = ""
    dtypes: tuple[str, ...] = ("float64",)
    by_class: bool = False
    has_axes: bool = False
    has_own_json: bool = False
    has_settings: bool = False
    has_pixels: bool = False
    has_parts: bool = False
    task: Task | None = None

    def problem(self, output: OutputSpec) -> str | None:
        """What is wrong with an output, in addition to the rules for all outputs; None if nothing is."""
        if output.dtype not in self.dtypes:
            return f"the dtype of an output of the kind {self.name} must be {' or '.join(self.dtypes)}"
        bare = output.settings is None or self.has_settings
        return None if bare else f"an output of the kind {self.name} has no settings"

    def column_names(self, output: OutputSpec, most: int | None = None) -> list[str]:
        """The names of the first `most` columns (all by default) that hold the answers.

        A wide output has a column `<output>_<part>`; the parts are its `columns`, else its class names, else its
        classes, else numbers from 0 (spec/CONTRACT.md §1).
        """
        if output.width is None:
            return [output.name]
        parts: Sequence[object] = output.columns or range(output.width)
        if output.columns is None and output.classes is not None and len(output.classes) == output.width:
            parts = output.class_names or output.classes
        return [f"{output.name}_{shown(part)}" for part in parts[:most]]

    def columns(self, output: OutputSpec) -> list[AnswerColumn]:
        """All columns of an output in a table of answers."""
        if self.has_axes:
            return [AnswerColumn(output.name, "string")]
        return [AnswerColumn(name, output.dtype) for name in self.column_names(output)]

    def split(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Sequence[Any] | npt.NDArray[Any]]:
        """The values of `columns`.

        Args:
            output: the output.
            answers: its answers, (N,), (N, width) for a wide output, or (N, ...) for one with several axes.
        """
        if self.has_axes:
            return [[cell_text(value) for value in self.plain(output, answers)]]
        return [answers] if output.width is None else [answers[:, i] for i in range(output.width)]

    def plain(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Any]:
        """The answers (N, ...) of an output with several axes as values of JSON, one for each row.

        Numbers may be infinite or NaN.
        """
        del output
        values: list[Any] = answers.tolist()
        return values

    def schema(self, output: OutputSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON Schema of `plain` for one row of an output with several axes.

        Args:
            output: the output.
            value: the schema of a value of its dtype.
        """
        schema = dict(value)
        for size in reversed(output.shape or ()):
            bounds = {"minItems": size, "maxItems": size} if isinstance(size, int) else {}
            schema = {"type": "array", "items": schema, **bounds}
        return schema

    def pixels(self, output: OutputSpec, row: npt.NDArray[Any]) -> npt.NDArray[np.int16] | None:
        """The class of each pixel (height, width), −1 for none, of the answer to one row; None without an answer."""
        del output, row
        return None

    def coco_categories(self, output: OutputSpec) -> list[dict[str, Any]] | None:
        """The categories of COCO, without ids; None for a kind whose answers are no places in a picture."""
        del output
        return None

    def coco_annotations(self, output: OutputSpec, row: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """The annotations of COCO of the answer to one row, without ids.

        `category` is the index of the category.
        """
        del output, row
        return []

    def has_tolerance(self, output: OutputSpec) -> bool:
        """Whether answers may differ from the expected ones by a tolerance; otherwise they must be equal."""
        return output.dtype == "float64"

    def compare(
        self, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Compare answers with the expected ones.

        Returns:
            Which rows agree, (N,), and the worst difference: in units of the tolerance's magnitude, or 0 or infinite.
        """
        return matches(got, expected, tolerance)

    def compare_as(
        self, output: OutputSpec, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """`compare` for a kind whose comparison depends on the output."""
        del output
        return self.compare(got, expected, tolerance)


def cell_text(value: Any) -> str | None:
    """A value of JSON as the cell of a table; NaN and infinite numbers are written as strings; None where missing."""
    return None if value is None else canonical.dumps(value).decode()


def spelled(value: Any) -> Any:
    """A value of JSON with NaN and infinite numbers as the strings NaN, Infinity and -Infinity."""
    if isinstance(value, list):
        return [spelled(each) for each in value]
    if isinstance(value, dict):
        return {key: spelled(each) for key, each in value.items()}
    return canonical.number_text(value) if isinstance(value, float) and not isfinite(value) else value


_kinds: Plugins[OutputKind] = Plugins("sealift.output_kinds", "kind of output")


def output_kinds() -> Mapping[str, OutputKind]:
    """The installed kinds by name."""
    return _kinds.all()


def output_kind(output: OutputSpec) -> OutputKind:
    """The kind of an output. Raises KeyError where it is not installed; `Output` refuses such kinds."""
    return output_kinds()[output.kind]
