"""The base class of kinds of outputs: the columns of their answers, and when two answers are the same.

To add a kind, write a subclass of `OutputKind` and declare an instance as an entry point of the group
`sealift.output_kinds`. The kinds of Sealift itself are declared in the same way. The part that only `pack` needs is in
`sealift.packing.outputs`.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sealift.contract.outputs.tolerance import Tolerance, matches
from sealift.contract.scalars import Scalar, shown
from sealift.plugins import Plugins

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt


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
    def classes(self) -> tuple[Scalar, ...] | None: ...  # noqa: D102
    @property
    def class_names(self) -> tuple[str, ...] | None: ...  # noqa: D102
    @property
    def columns(self) -> tuple[str, ...] | None: ...  # noqa: D102


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
    """

    name: str
    capability: str = ""
    dtypes: tuple[str, ...] = ("float64",)
    by_class: bool = False

    def problem(self, output: OutputSpec) -> str | None:
        """What is wrong with an output, in addition to the rules for all outputs; None if nothing is."""
        if output.dtype in self.dtypes:
            return None
        return f"the dtype of an output of the kind {self.name} must be {' or '.join(self.dtypes)}"

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
        return [AnswerColumn(name, output.dtype) for name in self.column_names(output)]

    def split(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Sequence[Any] | npt.NDArray[Any]]:
        """The values of `columns`.

        Args:
            output: the output.
            answers: its answers, (N,), or (N, width) for a wide output.
        """
        return [answers] if output.width is None else [answers[:, i] for i in range(output.width)]

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


_kinds: Plugins[OutputKind] = Plugins("sealift.output_kinds", "kind of output")


def output_kinds() -> Mapping[str, OutputKind]:
    """The installed kinds by name."""
    return _kinds.all()


def output_kind(output: OutputSpec) -> OutputKind:
    """The kind of an output. Raises KeyError where it is not installed; `Output` refuses such kinds."""
    return output_kinds()[output.kind]
