"""`boxes`: found objects, each with a class, a score and the corners of a box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sealift.contract.outputs.base import OutputKind, OutputSpec
from sealift.contract.outputs.box_sets import SIZE, agree
from sealift.contract.outputs.tolerance import Tolerance
from sealift.contract.scalars import shown

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

_SETTINGS = {"score_threshold", "iou_threshold"}


class BoxesKind(OutputKind):
    """A tensor (N, maximum, 6): x0, y0, x1, y1 in pixels, the score, and the index of the class, -1 for no box.

    The boxes of a row come first, in descending order of their scores rounded to multiples of 2⁻¹².
    """

    name = "boxes"
    capability = "output:boxes/1"
    task = "detection"
    has_axes = True
    has_parts = True
    has_settings = True

    def problem(self, output: OutputSpec) -> str | None:
        """It must have classes, six numbers for each box, and its thresholds."""
        problem = super().problem(output)
        if problem is not None:
            return problem
        if (
            output.shape is None
            or len(output.shape) != 2
            or output.shape[1] != SIZE
            or isinstance(output.shape[0], str)
        ):
            return f"the shape of an output of the kind boxes must be a number and {SIZE}"
        if not output.classes:
            return "an output of the kind boxes must have classes"
        settings = output.settings or {}
        if set(settings) != _SETTINGS or not all(_is_share(value) for value in settings.values()):
            return "the settings of an output of the kind boxes must be score_threshold and iou_threshold, from 0 to 1"
        return None

    def plain(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Any]:
        """For each row a list of objects with the class name (or class), the score and the box."""
        names = list(output.class_names or map(shown, output.classes or ()))
        return [
            [
                {"class": names[int(box[5])], "score": box[4], "box": box[:4]}
                for box in row
                if box[5] is not None and box[5] >= 0
            ]
            for row in answers.tolist()
        ]

    def coco_categories(self, output: OutputSpec) -> list[dict[str, Any]]:
        """The classes."""
        return [{"name": str(name)} for name in output.class_names or map(shown, output.classes or ())]

    def coco_annotations(self, output: OutputSpec, row: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """One for each box; its segmentation is the box as a polygon."""
        del output
        annotations = []
        for x0, y0, x1, y1, score, index in row.tolist():
            if index >= 0:
                annotations.append(
                    {
                        "category": int(index),
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": (x1 - x0) * (y1 - y0),
                        "segmentation": [[x0, y0, x0, y1, x1, y1, x1, y0]],
                        "iscrowd": 0,
                        "score": score,
                    }
                )
        return annotations

    def schema(self, output: OutputSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        """A list of objects."""
        names = list(output.class_names or map(shown, output.classes or ()))
        corners = {"type": "array", "items": value, "minItems": 4, "maxItems": 4}
        item = {
            "type": "object",
            "properties": {"class": {"enum": names}, "score": value, "box": corners},
            "required": ["class", "score", "box"],
        }
        return {"type": "array", "items": item, "maxItems": (output.shape or (0,))[0]}

    def compare_as(
        self, output: OutputSpec, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Compare the boxes of each row as sets (spec/CONTRACT.md §1a)."""
        import numpy as np

        if got.shape != expected.shape:
            return np.zeros(len(expected), dtype=np.bool_), np.inf
        margin = 0.0 if tolerance is None else tolerance.relative * float(np.max(tolerance.scale))
        limit = float((output.settings or {})["score_threshold"])
        rows = [agree(one, two, margin, limit) for one, two in zip(got, expected, strict=True)]
        worst = max((difference for _, difference in rows), default=0.0)
        return np.array([same for same, _ in rows], dtype=np.bool_), worst


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


BOXES = BoxesKind()
