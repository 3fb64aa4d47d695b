"""`Mask`: the class of each pixel, from the output of a net for semantic segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.mask import MASK
from sealift.contract.outputs.mask_cells import HEADER, STEPS
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads import mask_arrays, mask_graph
from sealift.packing.heads.base import Geometry, OutputHead, check_names, misfit, unusable
from sealift.packing.heads.mask_options import MaskOptions
from sealift.packing.heads.mask_truth import class_maps

_MOST_CELLS = 1 << 22


class Mask(OutputHead):
    """The output has a score of each class for each pixel; the answer is a mask in the size of the original picture.

    The scores are resized to a grid, bilinearly with aligned centres of pixels, and a cell of the grid has the class of
    its largest score, of equal ones the first. A pixel of the original picture has the class of the cell in which its
    centre lies; resizing, cropping and letterboxes are undone. `sealift.masks` makes arrays of the answers.

    Args:
        names: the names of the classes, in the order of the scores. An output with one score for each pixel has two,
            the first one that of pixels below the threshold.
        activation: "softmax" (the default for several scores) or "sigmoid" (for one) for logits; None where the numbers
            are probabilities.
        threshold: for one score, the probability above which a pixel has the second class.
        size: the height and width of the grid. By default that of the net's input, or of the output if that is not
            smaller or the model has no image stage.

    The output may be (rows, classes, height, width), (rows, height, width, classes), with one score also
    (rows, height, width); or integers (rows, height, width), the indices of the classes.

    Raises:
        PackError: E352 for arguments that cannot be used.
    """

    kinds = (MASK.name,)

    def __init__(
        self,
        names: Sequence[str],
        *,
        activation: Literal["softmax", "sigmoid", "auto"] | None = "auto",
        threshold: float = 0.5,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.names = check_names("Mask", names, least=2)
        if len(self.names) > STEPS:
            raise unusable("Mask", f"there are {len(self.names)} names", f"Give at most {STEPS}.")
        if activation not in ("softmax", "sigmoid", "auto", None):
            raise unusable("Mask", f"activation {activation!r:.40} is not known", 'Use "softmax" or "sigmoid".')
        number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
        if not number or not 0 < threshold < 1:
            what = f"threshold must be a number between 0 and 1, got {threshold!r:.40}"
            raise unusable("Mask", what, "Use 0.5.")
        if size is not None and not (len(size) == 2 and all(type(side) is int and side > 0 for side in size)):
            what = f"size must be a height and a width, got {size!r:.40}"
            raise unusable("Mask", what, "Use size=(512, 512).")
        if size is not None and size[0] * size[1] > _MOST_CELLS:
            raise unusable("Mask", f"size has more than {_MOST_CELLS} cells", "Use a smaller one.")
        self.activation = activation
        self.threshold = float(threshold)
        self.size = size

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The masks, float64 (N, 12 + h · w)."""
        is_index = not raw[0].dtype.startswith("float")
        options = self._options(raw[0].shape[1:], is_index, None if geometry is None else geometry.size)
        cells = mask_graph.cells(raw[0], options)
        head = mask_graph.header(None if geometry is None else geometry.rows, cells, options.size)
        count = HEADER + options.size[0] * options.size[1]
        whole = cells.graph.add("Concat", [head, cells], "float64", (None, count), axis=1)
        about = {"classes": tuple(range(len(self.names))), "class_names": self.names}
        return [NamedOutput(names[0], whole, MASK.name, about, sizes=(count,))]

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        scores = np.asarray(raw[0])
        is_index = scores.dtype.kind in "biu"
        options = self._options(scores.shape[1:], is_index, None if geometry is None else geometry.size)
        rows = [
            np.concatenate(
                [
                    mask_arrays.header(None if geometry is None else geometry.rows[at], options.size),
                    mask_arrays.cells(row, options),
                ]
            )
            for at, row in enumerate(scores)
        ]
        return [np.stack(rows)]

    def truth(self, y: Any) -> Any:
        """Class maps: arrays, pictures or paths of pictures with the indices of classes."""
        return class_maps(y, self.names)

    def _options(self, shape: Sequence[int | None], is_index: bool, picture: tuple[int, int] | None) -> MaskOptions:
        """The options for an output (rows, *shape). Raises PackError E351."""
        count = len(self.names)
        single, last = False, False
        height: int | None
        width: int | None
        if len(shape) == 3 and shape[0] == 1 and is_index:
            _, height, width = shape
        elif len(shape) == 2:
            height, width = shape
            single = not is_index
        elif len(shape) == 3 and not is_index and shape[0] in (1, count):
            first, height, width = shape
            single = first == 1
        elif len(shape) == 3 and not is_index and shape[2] in (1, count):
            height, width, final = shape
            single, last = final == 1, True
        else:
            height = width = -1
        if height == -1 or (single and count != 2):
            wanted = f"(rows, {count}, height, width), (rows, height, width, {count})"
            more = ", or one score for each pixel" if count == 2 else ""
            raise misfit("Mask", shape, f"{wanted}{more} or integers (rows, height, width)")
        own = None if height is None or width is None else (height, width)
        size = own if is_index else self.size or _larger(own, picture)
        if size is None or size[0] * size[1] > _MOST_CELLS or (is_index and self.size not in (None, own)):
            raise misfit("Mask", shape, "a fixed height and width of moderate size, or size=(height, width),")
        activation = ("sigmoid" if single else "softmax") if self.activation == "auto" else self.activation
        if single and activation == "softmax":
            raise misfit("Mask with softmax", shape, "several scores for each pixel")
        return MaskOptions(
            classes=count,
            activation=activation,
            threshold=self.threshold,
            indices=is_index,
            single=single,
            last=last,
            size=size,
            resized=size != own,
        )


def _larger(own: tuple[int, int] | None, picture: tuple[int, int] | None) -> tuple[int, int] | None:
    if own is None or picture is None:
        return own or picture
    return picture if picture[0] >= own[0] and picture[1] >= own[1] else own
