"""DICOM files: a frame as levels of 8 bits, by a window (spec/IMAGE.md §5.3)."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from sealift.optional import need
from sealift.stages import read
from sealift.stages.image.grid import check_size
from sealift.stages.image.problems import PictureError
from sealift.warning_filters import no_warnings

if TYPE_CHECKING:
    from PIL.Image import Image

_RAW = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
_RLE, _JPEG = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
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

    def picture(self, encoded: bytes, opened: Callable[[bytes], Image]) -> Image:
        """The frame as a picture of Pillow, of the mode L or RGB.

        Args:
            encoded: the file.
            opened: reads a picture file, for frames in JPEG.

        Raises:
            PictureError: R111 to R115.
            MissingExtraError: E405 without pydicom or Pillow.
        """
        need("pydicom", "dicom", "Reading DICOM files")
        image = need("PIL.Image", "image", "Reading pictures")
        try:
            with no_warnings():  # what matters is checked here
                return self._read(encoded, opened, image)
        except PictureError:
            raise
        except Exception as error:  # pydicom raises many classes
            raise PictureError("R111", f"is damaged: {' '.join(str(error).split())[:200]}") from None

    def _read(self, encoded: bytes, opened: Callable[[bytes], Image], image: Any) -> Image:
        import pydicom

        file = pydicom.dcmread(io.BytesIO(encoded))
        syntax = str(file.file_meta.get("TransferSyntaxUID", ""))
        if syntax not in (*_RAW, _RLE, _JPEG):
            raise PictureError("R113", f"is a DICOM file with the transfer syntax {syntax or 'that is missing'}")
        if "PixelData" not in file:
            raise PictureError("R113", "is a DICOM file without pixels")
        check_size(file.Rows, file.Columns)
        samples, photometric = int(file.get("SamplesPerPixel", 1)), str(file.get("PhotometricInterpretation", ""))
        allocated, stored = int(file.BitsAllocated), int(file.get("BitsStored", file.BitsAllocated))
        colour = samples == 3 and allocated == 8 and photometric in ("RGB", "YBR_FULL", "YBR_FULL_422")
        if not (samples == 1 and photometric in ("MONOCHROME1", "MONOCHROME2")) and not colour:
            raise PictureError("R113", f"is a DICOM file of {allocated} bits with the interpretation {photometric}")
        if allocated not in (8, 16) or not 1 <= stored <= allocated:
            raise PictureError("R113", f"is a DICOM file of {allocated} bits")
        frames = max(1, int(file.get("NumberOfFrames", 1) or 1))
        frame = frames >> 1 if isinstance(self.frame, str) else self.frame
        if frame >= frames:
            raise PictureError("R115", f"has {frames} frames, fewer than the model takes")
        values = _jpeg(file, frame, frames, samples, photometric, opened) if syntax == _JPEG else None
        if values is None:
            values = _values(file, frame, photometric, stored)
        levels = values
        if samples == 1:
            levels = self._windowed(values.astype(np.float64), file)
            levels = 255 - levels if photometric == "MONOCHROME1" and self.inverted else levels
        picture: Image = image.fromarray(levels)
        return picture

    def _windowed(self, values: npt.NDArray[np.float64], file: Any) -> npt.NDArray[np.uint8]:
        """Monochrome values as levels (PS3.3 C.11.2.1.2.1)."""
        slope, intercept = _number(file, "RescaleSlope"), _number(file, "RescaleIntercept")
        values = values * (1.0 if slope is None else slope) + (0.0 if intercept is None else intercept)
        window = None if isinstance(self.window, str) else self.window
        if self.window == "file":
            centre, width = _number(file, "WindowCenter"), _number(file, "WindowWidth")
            window = None if centre is None or width is None else (centre, width)
        if window is None:
            low, high = values.min(), values.max()
            scaled = (values - low) / (high - low) * 255 + 0.5 if high > low else np.zeros(values.shape)
            return np.trunc(scaled).astype(np.uint8)
        centre, width = window
        if not width >= 1:
            raise PictureError("R111", "is damaged: the width of its window is less than 1")
        low, high = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
        inside = (values > low) & (values <= high)
        with np.errstate(all="ignore"):
            scaled = np.where(inside, ((values - (centre - 0.5)) / (width - 1) + 0.5) * 255 + 0.5, 0)
        return np.where(values > high, 255, np.trunc(scaled)).astype(np.uint8)


def _values(file: Any, frame: int, photometric: str, stored: int) -> npt.NDArray[Any]:
    """The stored values of a frame that is not compressed, or by RLE."""
    from pydicom.pixels.utils import pixel_array

    if photometric == "YBR_FULL_422":
        raise PictureError("R113", "is a DICOM file of uncompressed YBR_FULL_422")
    values = pixel_array(file, index=frame, raw=True)
    if photometric == "YBR_FULL":
        return _from_ycc(values)
    if values.ndim == 3:
        return np.ascontiguousarray(values)
    unused = values.dtype.itemsize * 8 - stored
    return values << unused >> unused  # the highest bits may be those of an overlay


def _jpeg(
    file: Any, frame: int, frames: int, samples: int, photometric: str, opened: Callable[[bytes], Image]
) -> npt.NDArray[Any]:
    """The levels of a frame in JPEG, which is decoded as a file of its own."""
    from pydicom.encaps import get_frame

    if photometric == "RGB":
        raise PictureError("R113", "is a DICOM file in JPEG without a conversion of colours")
    picture = opened(get_frame(file.PixelData, frame, number_of_frames=frames))
    if picture.size != (file.Columns, file.Rows) or picture.mode != ("RGB" if samples == 3 else "L"):
        raise PictureError("R111", "is damaged: its picture differs from its header")
    return np.array(picture)


def _from_ycc(levels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The colours of YCbCr, in the integers of libjpeg."""
    wide = levels.astype(np.int32)
    y, cb, cr = wide[..., 0], wide[..., 1] - 128, wide[..., 2] - 128
    red = y + ((91881 * cr + 32768) >> 16)
    green = y + ((-22554 * cb - 46802 * cr + 32768) >> 16)
    blue = y + ((116130 * cb + 32768) >> 16)
    made: npt.NDArray[np.uint8] = np.clip(np.stack([red, green, blue], -1), 0, 255).astype(np.uint8)
    return made


def _number(file: Any, name: str) -> float | None:
    """The first number of an element; None where there is none."""
    value = file.get(name)
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _window(raw: object) -> tuple[float, float]:
    if isinstance(raw, list) and len(raw) == 2 and all(type(item) in (int, float) for item in raw):
        centre, width = map(float, raw)
        if math.isfinite(centre) and math.isfinite(width) and width >= 1:
            return centre, width
    raise ValueError('window must be "file", "full", or a centre and a width of at least 1')
