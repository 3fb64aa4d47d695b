"""Colours of DICOM files as red, green and blue: from YCbCr, and from a palette (PS3.3 C.7.6.3.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.stages.image.problems import PictureError

_CHANNELS = ("Red", "Green", "Blue")


def from_ycc(levels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The colours of YCbCr (…, 3) of 8 bits, in the integers of libjpeg."""
    wide = levels.astype(np.int32)
    y, cb, cr = wide[..., 0], wide[..., 1] - 128, wide[..., 2] - 128
    red = y + ((91881 * cr + 32768) >> 16)
    green = y + ((-22554 * cb - 46802 * cr + 32768) >> 16)
    blue = y + ((116130 * cb + 32768) >> 16)
    made: npt.NDArray[np.uint8] = np.clip(np.stack([red, green, blue], -1), 0, 255).astype(np.uint8)
    return made


def from_palette(values: npt.NDArray[Any], file: Any, *, is_signed: bool, is_little: bool) -> npt.NDArray[np.uint8]:
    """The colours (rows, columns, 3) of stored values (rows, columns); entries of 16 bits keep their higher byte.

    Raises:
        PictureError: R113 for a segmented palette, R111 for one that is missing or too short.
    """
    if "SegmentedRedPaletteColorLookupTableData" in file and "RedPaletteColorLookupTableData" not in file:
        raise PictureError("R113", "is a DICOM file with a segmented palette")
    tables = []
    for name in _CHANNELS:
        descriptor = file.get(f"{name}PaletteColorLookupTableDescriptor")
        data = file.get(f"{name}PaletteColorLookupTableData")
        if descriptor is None or len(descriptor) != 3 or not isinstance(data, bytes):
            raise PictureError("R111", "is damaged: it has no palette")
        count, first, bits = (int(number) & 0xFFFF for number in descriptor)
        count = count or 1 << 16
        first = first - (1 << 16) if is_signed and first >= 1 << 15 else first
        if bits not in (8, 16) or len(data) < count * (bits >> 3):
            raise PictureError("R111", "is damaged: its palette does not have the described length")
        if len(data) >= 2 * count:
            wide = np.frombuffer(data[: 2 * count], "<u2" if is_little else ">u2")
            table = wide >> 8 if bits == 16 else wide & 255
        else:
            table = np.frombuffer(data[:count], np.uint8)
        tables.append(table.astype(np.uint8)[np.clip(values.astype(np.int64) - first, 0, count - 1)])
    return np.stack(tables, -1)
