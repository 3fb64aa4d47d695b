"""Masks as PNG files: a palette picture for each mask, whose levels are the indices of classes."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sealift import files
from sealift.contract.outputs import output_kind

if TYPE_CHECKING:
    from sealift.contract import Contract, Output

_MOST_IN_PALETTE = 255
# Those of the page (web/app/src/ui/picture/objects.ts).
_COLOURS = ("ffb000", "5cc3ff", "5fe08a", "ff9ec4", "f4ec5a", "cbb2ff", "ff9a76", "5fe3e0", "c3e54a", "f2f2f2")


class ClassPictures:
    """Writes `<folder>/<output>/<name of the picture>.png`.

    Up to 255 classes, a level is the index of a class, and 255 where the net does not see the picture; with more
    classes the picture is grey with 16 bits, and 65535 in place of 255.
    """

    def __init__(self, folder: Path, contract: Contract) -> None:
        self._folder = folder
        self._outputs = [output for output in contract.outputs if output_kind(output).has_pixels]
        self._taken: dict[str, int] = {}
        self.written = 0

    def add(self, name: str, answers: Mapping[str, npt.NDArray[Any]], row: int) -> None:
        """Write the masks of one picture, whose name may have folders. Raises FileError E402."""
        if not self._outputs:
            return
        count = self._taken[name] = self._taken.get(name, 0) + 1
        for output in self._outputs:
            pixels = output_kind(output).pixels(output, answers[output.name][row])
            if pixels is None:
                continue
            path = self._folder / output.name / f"{name}{f'-{count}' if count > 1 else ''}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            with files.atomic(path) as stream:
                _picture(output, pixels).save(stream, "PNG")
            self.written += 1


def _picture(output: Output, pixels: npt.NDArray[np.int16]) -> Any:
    from PIL import Image

    count = len(output.classes or ())
    if count > _MOST_IN_PALETTE:
        return Image.fromarray(pixels.astype(np.uint16))
    picture = Image.fromarray(pixels.astype(np.uint8)).convert("L")
    picture.putpalette([level for index in range(256) for level in _colour(index, count)])
    return picture


def _colour(index: int, count: int) -> tuple[int, int, int]:
    """The colour of a class; black for no class."""
    if index >= count:
        return (0, 0, 0)
    if index < len(_COLOURS):
        value = int(_COLOURS[index], 16)
        return (value >> 16, value >> 8 & 255, value & 255)
    red, green, blue = colorsys.hls_to_rgb(index * 0.618 % 1, 0.45 + 0.2 * (index % 2), 0.8)
    return (round(255 * red), round(255 * green), round(255 * blue))
