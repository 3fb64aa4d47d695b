"""`mask`: the class of each pixel of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sealift.contract.outputs.base import AnswerColumn, OutputKind, OutputSpec
from sealift.contract.outputs.mask_cells import HEADER, STEPS, read, run_lengths
from sealift.contract.outputs.mask_sets import agree
from sealift.contract.outputs.tolerance import Tolerance
from sealift.contract.scalars import shown

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt


class MaskKind(OutputKind):
    """A tensor (N, 12 + h · w): where a grid of h × w cells lies in the picture, and the class of each cell.

    In a table, it has a column for each class, with the share of the picture's pixels that have this class.
    """

    name = "mask"
    capability = "output:mask/1"
    task = "segmentation"
    has_axes = True
    has_parts = True
    has_pixels = True

    def problem(self, output: OutputSpec) -> str | None:
        """It must have classes, and the numbers of at least one cell."""
        problem = super().problem(output)
        if problem is not None:
            return problem
        shape = output.shape or ()
        if len(shape) != 1 or not isinstance(shape[0], int) or shape[0] <= HEADER:
            return f"the shape of an output of the kind mask must be one number above {HEADER}"
        if not output.classes or len(output.classes) > STEPS:
            return f"an output of the kind mask must have 1 to {STEPS} classes"
        return None

    def column_names(self, output: OutputSpec, most: int | None = None) -> list[str]:
        """One for each class."""
        return [f"{output.name}_{name}" for name in _names(output)[:most]]

    def columns(self, output: OutputSpec) -> list[AnswerColumn]:
        """The share of each class."""
        return [AnswerColumn(name, "float64") for name in self.column_names(output)]

    def split(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Sequence[Any] | npt.NDArray[Any]]:
        """For each class its share of the pixels of each picture; NaN where there is no answer."""
        import numpy as np

        count = len(_names(output))
        shares = np.full((len(answers), count), np.nan)
        for at, row in enumerate(answers):
            mask = read(row)
            if mask is not None:
                shares[at] = [total / (mask.height * mask.width) for total in mask.totals(count)]
        return list(shares.T)

    def plain(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Any]:
        """For each row a list of objects with the class name (or class), its number of pixels and its run lengths."""
        names = _names(output)
        rows = []
        for row in answers:
            mask = read(row)
            rows.append(
                []
                if mask is None
                else [
                    {
                        "class": names[index],
                        "pixels": pixels,
                        "segmentation": {"size": [mask.height, mask.width], "counts": counts},
                    }
                    for index, pixels, counts in run_lengths(mask.pixels(len(names)))
                ]
            )
        return rows

    def pixels(self, output: OutputSpec, row: npt.NDArray[Any]) -> npt.NDArray[np.int16] | None:
        """The mask of a picture."""
        mask = read(row)
        return None if mask is None else mask.pixels(len(_names(output)))

    def coco_categories(self, output: OutputSpec) -> list[dict[str, Any]]:
        """The classes."""
        return [{"name": name} for name in _names(output)]

    def coco_annotations(self, output: OutputSpec, row: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """One for each class: its pixels are no single object, so it is a crowd, with run lengths."""
        pixels = self.pixels(output, row)
        return [] if pixels is None else [_region(pixels, *run) for run in run_lengths(pixels)]

    def schema(self, output: OutputSpec, value: Mapping[str, Any]) -> dict[str, Any]:
        """A list of objects."""
        del value
        whole = {"type": "integer", "minimum": 0}
        size = {"type": "array", "items": whole, "minItems": 2, "maxItems": 2}
        segmentation = {
            "type": "object",
            "properties": {"size": size, "counts": {"type": "array", "items": whole}},
            "required": ["size", "counts"],
        }
        item = {
            "type": "object",
            "properties": {"class": {"enum": _names(output)}, "pixels": whole, "segmentation": segmentation},
            "required": ["class", "pixels", "segmentation"],
        }
        return {"type": "array", "items": item, "maxItems": len(_names(output))}

    def compare_as(
        self, output: OutputSpec, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        """Compare the cells of each row (spec/MASK.md §4)."""
        import numpy as np

        del output
        if got.shape != expected.shape:
            return np.zeros(len(expected), dtype=np.bool_), np.inf
        margin = 0.0 if tolerance is None else tolerance.relative * float(np.max(tolerance.scale))
        rows = [agree(one, two, margin) for one, two in zip(got, expected, strict=True)]
        return np.array([same for same, _ in rows], dtype=np.bool_), max((worst for _, worst in rows), default=0.0)


def _names(output: OutputSpec) -> list[str]:
    return [str(name) for name in output.class_names or map(shown, output.classes or ())]


def _region(pixels: npt.NDArray[np.int16], index: int, area: int, counts: list[int]) -> dict[str, Any]:
    import numpy as np

    own = pixels == index
    rows, columns = np.flatnonzero(own.any(axis=1)).tolist(), np.flatnonzero(own.any(axis=0)).tolist()
    left, top = columns[0], rows[0]
    return {
        "category": index,
        "bbox": [left, top, columns[-1] + 1 - left, rows[-1] + 1 - top],
        "area": area,
        "segmentation": {"size": list(pixels.shape), "counts": counts},
        "iscrowd": 1,
    }


MASK = MaskKind()
