"""The key `dicom` of `decode`: which frame of a DICOM file is taken, and how it becomes levels of 8 bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sealift.optional import need
from sealift.stages import read
from sealift.stages.image.dicom.colours import from_palette, from_ycc
from sealift.stages.image.dicom.frames import decoded_picture, stored_values
from sealift.stages.image.dicom.header import DicomHeader
from sealift.stages.image.dicom.pixels import DicomPixels
from sealift.stages.image.dicom.window import windowed
from sealift.stages.image.problems import PictureError
from sealift.warning_filters import no_warnings

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_FRAMES = 1 << 20


def is_dicom(encoded: bytes) -> bool:
    """Whether the bytes are those of a DICOM file."""
    return encoded[128:132] == b"DICM"


@dataclass(frozen=True)
class Dicom:
    """The key `dicom` of `decode`; the attributes are its keys."""

    window: str | tuple[float, float] = "file"
    frame: int | str = 0
    inverted: bool = True

    @classmethod
    def of(cls, raw: object) -> Self:
        """Read it from JSON. Raises ValueError."""
        keys = read.keys(raw, set(), {"window", "frame", "inverted"})
        window = keys.get("window", "file")
        if window not in ("file", "full"):
            window = _window(window)
        frame = keys.get("frame", 0)
        if frame != "middle":
            frame = read.integer(frame, 0, _MOST_FRAMES)
        return cls(window, frame, read.flag(keys.get("inverted", True), "inverted"))

    def picture(self, encoded: bytes, opened: Callable[[bytes], Image]) -> tuple[Image, tuple[str, ...]]:
        """The frame as a picture of Pillow, of the mode L or RGB, and what the file has that the answer ignores.

        Args:
            encoded: the file.
            opened: reads a picture file, for frames in JPEG.

        Raises:
            PictureError: R111 to R115.
            MissingExtraError: E405 without pydicom, Pillow or imagecodecs.
        """
        need("pydicom", "dicom", "Reading DICOM files")
        image = need("PIL.Image", "image", "Reading pictures")
        try:
            with no_warnings():  # what matters is checked here
                return self._read(encoded, opened, image)
        except (PictureError, ImportError):
            raise
        except Exception as error:  # pydicom raises many classes
            raise PictureError("R111", f"is damaged: {' '.join(str(error).split())[:200]}") from None

    def _read(self, encoded: bytes, opened: Callable[[bytes], Image], image: Any) -> tuple[Image, tuple[str, ...]]:
        file, pixels = DicomPixels.read(encoded)
        header = DicomHeader.of(file, has_pixels=pixels is not None)
        assert pixels is not None
        frame = header.frames >> 1 if isinstance(self.frame, str) else self.frame
        if frame >= header.frames:
            raise PictureError("R115", f"has {header.frames} frames, fewer than the model takes")
        picture: Image | None = decoded_picture(pixels, header, frame, opened)
        if picture is not None and header.samples == 3:
            return picture, header.notes
        values = stored_values(pixels, header, frame) if picture is None else np.asarray(picture)
        if header.photometric == "PALETTE COLOR":
            levels = from_palette(values, file, is_signed=header.is_signed, is_little=header.is_little)
        elif header.samples == 1:
            levels = windowed(values.astype(np.float64), file, self.window)
            levels = 255 - levels if header.photometric == "MONOCHROME1" and self.inverted else levels
        else:
            levels = from_ycc(values) if header.photometric.startswith("YBR_FULL") else values
        made: Image = image.fromarray(np.ascontiguousarray(levels))
        return made, header.notes


def _window(raw: object) -> tuple[float, float]:
    if isinstance(raw, list) and len(raw) == 2 and all(type(item) in (int, float) for item in raw):
        centre, width = map(float, raw)
        if math.isfinite(centre) and math.isfinite(width) and width >= 1:
            return centre, width
    raise ValueError('window must be "file", "full", or a centre and a width of at least 1')
