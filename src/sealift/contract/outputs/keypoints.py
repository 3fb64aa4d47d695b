"""`keypoints`: named points of a picture, each with a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.outputs.base import AnswerColumn, OutputKind, OutputSpec
from sealift.contract.outputs.tolerance import Tolerance
from sealift.contract.scalars import shown

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

SIZE = 4
"""Numbers of a point: x and y in pixels, the score, and the margin."""

QUANTUM = 2.0**-12
_PLACE = 0.1
_PARTS = ("x", "y", "score")


class KeypointsKind(OutputKind):
    """A tensor (N, points, 4): x and y in pixels, the score, and the margin by which the place was decided.

    In a table, it has three columns for each point: `<output>_<name>_x`, `_y` and `_score`.
    """

    name = "keypoints"
    capability = "output:keypoints/1"
    task = "detection"
    has_axes = True
    has_parts = True

    def problem(self, output: OutputSpec) -> str | None:
        """It must have a class for each point, and four numbers for each."""
        problem = super().problem(output)
        if problem is not None:
            return problem
        if not output.classes or output.shape != (len(output.classes), SIZE):
            return f"the shape of an output of the kind keypoints must be the number of its classes and {SIZE}"
        return None

    def column_names(self, output: OutputSpec, most: int | None = None) -> list[str]:
        """Three for each point."""
        return [f"{output.name}_{name}_{part}" for name in _names(output) for part in _PARTS][:most]

    def columns(self, output: OutputSpec) -> list[AnswerColumn]:
        """x, y and the score of each point."""
        return [AnswerColumn(name, "float64") for name in self.column_names(output)]

    def split(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Sequence[Any] | npt.NDArray[Any]]:
        """x, y and the score of each point."""
        return [answers[:, at, part] for at in range(len(_names(output))) for part in range(len(_PARTS))]

    def plain(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Any]:
        """For each row a list of objects with the name, x, y and the score."""
        return [
            [
                {"point": name, "x": point[0], "y": point[1], "score": point[2]}
                for name, point in zip(_names(output), row, strict=True)
            ]
            for row in answers.tolist()
        ]

    def schema(self, output: OutputSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        """A list of objects."""
        names = _names(output)
        item = {
            "type": "object",
            "properties": {"point": {"enum": names}, **dict.fromkeys(_PARTS, value)},
            "required": ["point", *_PARTS],
        }
        return {"type": "array", "items": item, "minItems": len(names), "maxItems": len(names)}

    def coco_categories(self, output: OutputSpec) -> list[dict[str, Any]]:
        """One, with the names of the points."""
        return [{"name": output.name, "keypoints": _names(output), "skeleton": []}]

    def coco_annotations(self, output: OutputSpec, row: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """One, with all points; the box is around them, and the score is their mean."""
        import numpy as np

        del output
        if not np.isfinite(row[:, :3]).all():
            return []
        (left, top), (right, bottom) = row[:, :2].min(axis=0).tolist(), row[:, :2].max(axis=0).tolist()
        return [
            {
                "category": 0,
                "keypoints": [number for x, y, *_ in row.tolist() for number in (x, y, 2)],
                "num_keypoints": len(row),
                "bbox": [left, top, right - left, bottom - top],
                "area": (right - left) * (bottom - top),
                "segmentation": [],
                "iscrowd": 0,
                "score": float(row[:, 2].mean()),
            }
        ]

    def compare_as(
        self, output: OutputSpec, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Compare points by place and score (spec/CONTRACT.md §1a)."""
        import numpy as np

        del output
        if got.shape != expected.shape:
            return np.zeros(len(expected), dtype=np.bool_), np.inf
        relative = 0.0 if tolerance is None else tolerance.relative
        margin = 0.0 if tolerance is None else relative * float(np.max(tolerance.scale))
        same = agreeing(got, expected, relative, margin)
        with np.errstate(invalid="ignore"):
            away = np.abs(got[..., 2] - expected[..., 2])
        worst = float(np.nanmax(away, initial=0.0)) if same.all() else np.inf
        return np.asarray(same.all(axis=1)), worst


def agreeing(
    got: npt.NDArray[Any], expected: npt.NDArray[Any], relative: float, margin: float
) -> npt.NDArray[np.bool_]:
    """Which points (…, points, 4) agree: at the same place, or decided by equal numbers.

    Args:
        got, expected: the points.
        relative: the relative tolerance of coordinates.
        margin: by how much a score may differ.
    """
    import numpy as np

    with np.errstate(invalid="ignore"):
        limits = _PLACE + 2 * relative * np.abs(expected[..., :2])
        close = (np.abs(got[..., :2] - expected[..., :2]) <= limits).all(axis=-1)
        tied = np.maximum(got[..., 3], expected[..., 3]) <= 2 * margin + QUANTUM
        scored = np.abs(got[..., 2] - expected[..., 2]) <= 2 * margin + 2 * relative * np.abs(expected[..., 2])
    missing = np.isnan(got).any(axis=-1) & np.isnan(expected).any(axis=-1)
    return np.asarray(missing | (scored & (close | tied)))


def _names(output: OutputSpec) -> list[str]:
    return [str(name) for name in output.class_names or map(shown, output.classes or ())]


KEYPOINTS = KeypointsKind()
