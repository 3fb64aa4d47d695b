"""The cells of a mask, the class of each pixel that follows from them, and its run lengths (spec/MASK.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy as np
    import numpy.typing as npt

HEADER = 12
"""Numbers before the cells: H, W, four numbers of the geometry, h, w, and the remainders of these four numbers."""

STEPS = 1 << 12
"""A cell is STEPS · class + ⌊STEPS · margin⌋; −1 is no class."""

_MOST_SIDE = 1 << 15
_MOST_PIXELS = 1 << 27


class PlacedGrid(NamedTuple):
    """A mask as the cells of a grid, and where the grid lies in the picture.

    Attributes:
        height, width: of the picture in pixels.
        cells: float64 (h, w).
        rows, columns: for each row and each column of the picture, the row and the column of the grid, int64; −1
            outside of it.
    """

    height: int
    width: int
    cells: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]

    def classes(self, count: int) -> npt.NDArray[np.int16]:
        """The class of each cell (h, w); −1 for none."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            usable = (self.cells >= 0) & (self.cells < count * STEPS)
        return np.where(usable, np.floor_divide(np.where(usable, self.cells, 0), STEPS), -1).astype(np.int16)

    def pixels(self, count: int) -> npt.NDArray[np.int16]:
        """The class of each pixel (height, width); −1 where the picture is not covered."""
        import numpy as np

        # One more row and column of no class at the index −1.
        classes = np.pad(self.classes(count), ((0, 1), (0, 1)), constant_values=-1)
        return np.ascontiguousarray(classes[self.rows][:, self.columns])

    def totals(self, count: int) -> list[int]:
        """The number of pixels of each class."""
        import numpy as np

        down, across = (
            np.bincount(places[places >= 0], minlength=size)
            for places, size in zip((self.rows, self.columns), self.cells.shape, strict=True)
        )
        weights = np.multiply.outer(down, across).reshape(-1)
        classes = self.classes(count).reshape(-1)
        inside = classes >= 0
        sums = np.bincount(classes[inside], weights=weights[inside], minlength=count)
        return [int(total) for total in sums[:count]]


def read(numbers: npt.NDArray[Any]) -> PlacedGrid | None:
    """The mask of a row (12 + h · w,); None where there is none, or the numbers are no mask."""
    import numpy as np

    head = [float(number) for number in numbers[:HEADER]]
    sides = (head[0], head[1], head[6], head[7])
    if not all(side == side // 1 and 1 <= side <= _MOST_SIDE for side in sides) or head[0] * head[1] > _MOST_PIXELS:
        return None
    height, width, h, w = (int(side) for side in sides)
    if h * w != len(numbers) - HEADER:
        return None
    scale_y, scale_x, offset_y, offset_x = (head[2 + i] + head[8 + i] for i in range(4))
    return PlacedGrid(
        height,
        width,
        np.asarray(numbers[HEADER:], dtype=np.float64).reshape(h, w),
        _places(height, scale_y, offset_y, h),
        _places(width, scale_x, offset_x, w),
    )


def masks(answers: npt.NDArray[Any], classes: int | None = None) -> list[npt.NDArray[np.int16]]:
    """The masks of answers of the kind `mask`, in the sizes of the original pictures.

    Args:
        answers: the answers of a model, (N, 12 + h · w), such as `model.predict(pictures)["mask"]`.
        classes: the number of classes; cells of further classes count as none. By default all are counted.

    Returns:
        For each row int16 (height, width): the index of the class of each pixel, −1 where the net does not see the
        picture, as outside a crop. A row without an answer has the shape (0, 0).
    """
    import numpy as np

    grids = (read(row) for row in answers)
    return [np.full((0, 0), -1, np.int16) if one is None else one.pixels(classes or STEPS) for one in grids]


def run_lengths(pixels: npt.NDArray[np.int16]) -> Iterator[tuple[int, int, list[int]]]:
    """Each class of a mask, its number of pixels, and its run lengths as in COCO.

    The pixels are counted column by column, in turn those that have another class and those of this class; the first
    number is 0 if the first pixel has the class.
    """
    import numpy as np

    flat = pixels.T.reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    ends = np.concatenate([starts[1:], [len(flat)]])
    classes = flat[starts]
    for value in np.unique(classes[classes >= 0]).tolist():
        own = classes == value
        bounds = np.stack([starts[own], ends[own]], axis=1).reshape(-1)
        counts = np.diff(np.concatenate([[0], bounds])).tolist()
        if bounds[-1] < len(flat):
            counts.append(int(len(flat) - bounds[-1]))
        yield value, int((ends[own] - starts[own]).sum()), counts


def _places(size: int, scale: float, offset: float, cells: int) -> npt.NDArray[np.int64]:
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        at = (np.arange(size) + 0.5) * scale + offset
        inside = (at >= 0) & (at < cells)
    return np.where(inside, np.floor(np.where(inside, at, 0)), -1).astype(np.int64)
