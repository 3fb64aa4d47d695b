"""`label`: the predicted class, the cluster, or whether a row is an outlier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.outputs.base import AnswerColumn, OutputKind, OutputSpec
from sealift.contract.scalars import shown

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy.typing as npt


class Label(OutputKind):
    """Values of `classes`, or whole numbers where there are none. Labels are compared by equality."""

    name = "label"
    task = "classification"
    dtypes = ("float64", "int64", "bool", "string")

    def columns(self, output: OutputSpec) -> list[AnswerColumn]:
        """The label, followed by the class name `<output>_name` where classes have names."""
        own = super().columns(output)
        return [*own, AnswerColumn(f"{output.name}_name", "string")] if self._is_named(output) else own

    def split(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Sequence[Any] | npt.NDArray[Any]]:
        """The labels and the names of their classes: the label as a string where it has none, None where missing."""
        own = super().split(output, answers)
        if not self._is_named(output):
            return own
        names: dict[Any, str | None] = dict(zip(output.classes or (), output.class_names or (), strict=True))
        names[None] = None
        return [*own, [names.get(value, shown(value)) for value in answers.tolist()]]

    def _is_named(self, output: OutputSpec) -> bool:
        return bool(output.class_names) and output.width is None


LABEL = Label()
