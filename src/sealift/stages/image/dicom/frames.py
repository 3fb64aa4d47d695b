"""The stored values of a frame of a DICOM file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sealift.optional import need
from sealift.stages.image.dicom import header as codings
from sealift.stages.image.dicom.codestreams import decoded, is_stored_as_rgb, precision_of
from sealift.stages.image.problems import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

    from sealift.stages.image.dicom.header import DicomHeader
    from sealift.stages.image.dicom.pixels import DicomPixels


def decoded_picture(
    pixels: DicomPixels, header: DicomHeader, frame: int, opened: Callable[[bytes], Image]
) -> Image | None:
    """A frame in JPEG of 8 bits, which is decoded as a picture file of its own; None for another coding."""
    if header.coding not in (codings.JPEG, codings.JPEG_EXTENDED):
        return None
    data = pixels.frame(header.frames, frame)
    bits = precision_of(data)
    if bits != 8 and header.coding == codings.JPEG_EXTENDED:
        return None
    if bits != 8:
        raise PictureError("R113", f"is a DICOM file in baseline JPEG of {bits} bits")
    picture = opened(data)
    if picture.size != (header.columns, header.rows) or picture.mode != ("RGB" if header.samples == 3 else "L"):
        raise PictureError("R111", "is damaged: its picture differs from its header")
    if header.samples == 3 and is_stored_as_rgb(data) != (header.photometric == "RGB"):
        raise PictureError("R113", "is a DICOM file whose header and JPEG have different colours")
    picture.load()
    return picture


def stored_values(pixels: DicomPixels, header: DicomHeader, frame: int) -> npt.NDArray[Any]:
    """The stored values: (rows, columns), or (rows, columns, 3) of bytes.

    Raises:
        PictureError: R111 or R113.
        MissingExtraError: E405 without imagecodecs.
    """
    if header.coding == codings.RAW:
        values = _raw(pixels, header, frame)
    elif header.coding == codings.RLE:
        values = _run_lengths(pixels.frame(header.frames, frame), header)
    else:
        values = decoded(pixels.frame(header.frames, frame), header)
    if values.ndim == 3:
        return np.ascontiguousarray(values)
    # Bits above the stored ones may be those of an overlay; the sign is the highest bit that is stored.
    wide = values.astype(np.int32) & 0xFFFF
    unused = 32 - header.stored
    return wide << unused >> unused if header.is_signed else wide & ((1 << header.stored) - 1)


def _raw(pixels: DicomPixels, header: DicomHeader, frame: int) -> npt.NDArray[Any]:
    """A frame without compression."""
    rows, columns, samples = header.rows, header.columns, header.samples
    is_half = header.photometric == "YBR_FULL_422"
    if is_half and columns % 2:
        raise PictureError("R113", "is a DICOM file of YBR_FULL_422 with an odd width")
    size = rows * columns * (2 if is_half else samples * header.allocated // 8)
    if header.allocated == 16:
        order = "<u2" if header.is_little else ">u2"
        return np.frombuffer(pixels.raw(frame * size, size), order).reshape(rows, columns)
    if pixels.is_words and not header.is_little:  # bytes in words of which the higher byte is first
        start, end = frame * size, (frame + 1) * size
        words = np.frombuffer(pixels.raw(start & ~1, (end + 1 & ~1) - (start & ~1)), ">u2").astype("<u2")
        values = words.view(np.uint8)[start & 1 :][:size]
    else:
        values = np.frombuffer(pixels.raw(frame * size, size), np.uint8)
    if is_half:  # each two pixels have a common Cb and Cr, after both of their Y
        return values.reshape(-1, 4)[:, [0, 2, 3, 1, 2, 3]].reshape(rows, columns, 3)
    if samples == 1:
        return values.reshape(rows, columns)
    return np.moveaxis(values.reshape(3, rows, columns), 0, 2) if header.is_planar else values.reshape(rows, columns, 3)


def _run_lengths(data: bytes, header: DicomHeader) -> npt.NDArray[Any]:
    """A frame in RLE, which pydicom decompresses."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import RLELossless

    described = {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": header.photometric,
        "pixel_representation": 0,
        "bits_allocated": header.allocated,
        "bits_stored": header.allocated,
        "number_of_frames": 1,
        "planar_configuration": 0,
        "pixel_keyword": "PixelData",
    }
    decoder = need("pydicom.pixels", "dicom", "Reading DICOM files").get_decoder(RLELossless)
    values: npt.NDArray[Any] = decoder.as_array(encapsulate([data]), index=0, raw=True, **described)[0]
    return values
