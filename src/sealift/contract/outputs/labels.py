"""`labels`: the set of labels of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sealift.contract.outputs.base import OutputKind, OutputSpec
from sealift.contract.scalars import shown

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy.typing as npt


class Labels(OutputKind):
    """One column of booleans for each label; in JSON the list of the labels that a row has."""

    name = "labels"
    capability = "output:labels/1"
    dtypes = ("bool",)
    task = "classification"
    has_own_json = True
    has_settings = True

    def problem(self, output: OutputSpec) -> str | None:
        """It must have a class for each column, and a threshold for each class."""
        problem = super().problem(output)
        if problem is not None:
            return problem
        if output.width is None or output.classes is None or len(output.classes) != output.width:
            return "an output of the kind labels must have a class for each of its columns"
        thresholds = (output.settings or {}).get("thresholds")
        if set(output.settings or {}) != {"thresholds"} or not isinstance(thresholds, list):
            return "the settings of an output of the kind labels must be thresholds"
        if len(thresholds) != output.width or not all(_is_share(value) for value in thresholds):
            return "the thresholds must be a number from 0 to 1 for each class"
        return None

    def plain(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Any]:
        """The names of the labels of each row, in the order of the classes; None where a row has no answer."""
        names = [str(name) for name in output.class_names or map(shown, output.classes or ())]
        return [
            None if None in row else [name for name, given in zip(names, row, strict=True) if given]
            for row in answers.tolist()
        ]

    def schema(self, output: OutputSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        """A list of names."""
        del value
        names = [str(name) for name in output.class_names or map(shown, output.classes or ())]
        return {"type": "array", "items": {"enum": names}, "uniqueItems": True}


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


LABELS = Labels()
