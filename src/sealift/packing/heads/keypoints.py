"""`Keypoints`: named points of a picture, from coordinates or from heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.keypoints import KEYPOINTS, SIZE
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads import keypoint_arrays, keypoint_graph
from sealift.packing.heads.base import Geometry, OutputHead, check_names, misfit, unusable


class Keypoints(OutputHead):
    """The output has a heat map or coordinates for each point; the answers are points of the original picture.

    Of a heat map, the point is the centre of the cell with the largest number, of equal ones the first, moved by up to
    half a cell to the vertex of the parabola through it and its two neighbours in each direction. Coordinates are x and
    y in pixels of the net's input, with (0, 0) at its upper left corner. Points are in pixels of the original picture
    if the model has an image stage; resizing, cropping and letterboxes are undone.

    Args:
        names: the names of the points, in their order.
        refine: "parabola" as above, or None for the centres of cells.
        activation: "sigmoid" where heat maps or scores are logits, None otherwise.
        normalized: the height and width of the net's input, if coordinates are shares of them; None for pixels.

    The output may be (rows, points, height, width), the heat maps; (rows, points, 2), x and y; or (rows, points, 3),
    x, y and a score. Without a score it is 1.

    Raises:
        PackError: E352 for arguments that cannot be used.
    """

    kinds = (KEYPOINTS.name,)

    def __init__(
        self,
        names: Sequence[str],
        *,
        refine: Literal["parabola"] | None = "parabola",
        activation: Literal["sigmoid"] | None = None,
        normalized: tuple[int, int] | None = None,
    ) -> None:
        self.names = check_names("Keypoints", names)
        if refine not in ("parabola", None):
            raise unusable("Keypoints", f"refine {refine!r:.40} is not known", 'Use "parabola" or None.')
        if activation not in ("sigmoid", None):
            raise unusable("Keypoints", f"activation {activation!r:.40} is not known", 'Use "sigmoid" or None.')
        self.refine = refine
        self.activation = activation
        self.normalized = None if normalized is None else (int(normalized[0]), int(normalized[1]))

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The points, float64 (N, points, 4)."""
        self._check(raw[0].shape[1:])
        is_logit = self.activation is not None
        if len(raw[0].shape) == 4:
            points = keypoint_graph.of_heat_maps(raw[0], refined=self.refine is not None, is_logit=is_logit)
            if geometry is not None:
                points = keypoint_graph.in_the_input(points, raw[0].shape[2:], geometry.rows)
        else:
            points = keypoint_graph.of_coordinates(raw[0], self.normalized, is_logit=is_logit)
        if geometry is not None:
            points = keypoint_graph.in_the_original(points, geometry.rows)
        about = {"classes": tuple(range(len(self.names))), "class_names": self.names}
        return [NamedOutput(names[0], points, KEYPOINTS.name, about, sizes=(len(self.names), SIZE))]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        wide = np.asarray(raw[0], dtype=np.float64)
        is_logit = self.activation is not None
        if wide.ndim == 4:
            points = keypoint_arrays.of_heat_maps(wide, refined=self.refine is not None, is_logit=is_logit)
            if geometry is not None:
                points = keypoint_arrays.in_the_input(points, wide.shape[2:], geometry.rows)
        else:
            points = keypoint_arrays.of_coordinates(wide, self.normalized, is_logit=is_logit)
        return [points if geometry is None else keypoint_arrays.in_the_original(points, geometry.rows)]

    def truth(self, y: Any) -> Any:
        """For each picture an array (points, 2) or (points, 3): x, y, and 0 for a point without a truth."""
        if y is None:
            return None
        rows: npt.NDArray[Any] = np.empty(len(y), dtype=object)
        for at, value in enumerate(y):
            rows[at] = np.asarray(value, dtype=np.float64)
        return rows

    def _check(self, shape: Sequence[int | None]) -> None:
        """Raise PackError E351 for an output (rows, *shape) that has no points."""
        count = len(self.names)
        maps = len(shape) == 3 and None not in shape[1:]
        if not shape or shape[0] != count or not (maps or (len(shape) == 2 and shape[1] in (2, 3))):
            raise misfit(
                "Keypoints", shape, f"(rows, {count}, height, width), (rows, {count}, 2) or (rows, {count}, 3)"
            )
        if maps and min(size or 0 for size in shape[1:]) < 3:
            raise misfit("Keypoints", shape, "heat maps of at least 3 × 3 cells")
