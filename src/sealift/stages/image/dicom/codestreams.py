"""Decodes a compressed frame: JPEG lossless and of 12 bits, JPEG-LS, JPEG 2000.

What the frame says about itself is compared with the header before it is decoded, so that a damaged frame cannot need
more memory than the header permits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sealift.optional import need
from sealift.stages.image.dicom import header as codings
from sealift.stages.image.problems import PictureError

if TYPE_CHECKING:
    from sealift.stages.image.dicom.header import DicomHeader

_FRAMES = {
    codings.JPEG: (0xC0, 0xC1, 0xC2),
    codings.JPEG_EXTENDED: (0xC0, 0xC1),
    codings.JPEG_LOSSLESS: (0xC3,),
    codings.JPEG_LS: (0xF7,),
}
_ALONE = (0x01, *range(0xD0, 0xDA))
_END = b"\xff\xd9"


@dataclass(frozen=True)
class Codestream:
    """What a compressed frame says about itself.

    Attributes:
        rows, columns: its size.
        components: the number of its components.
        bits: the bits of a sample.
        is_signed: whether samples have a sign; only those of JPEG 2000 can.
        is_transformed: whether the colours of JPEG 2000 are transformed, which its decoder undoes.
        is_planar: whether each component of JPEG-LS has a scan of its own.
        is_uniform: whether all components have the same size and bits.
    """

    rows: int
    columns: int
    components: int
    bits: int
    is_signed: bool = False
    is_transformed: bool = False
    is_planar: bool = False
    is_uniform: bool = True


def decoded(data: bytes, header: DicomHeader) -> npt.NDArray[Any]:
    """The samples of a frame: integers, (rows, columns) or (rows, columns, components).

    Raises:
        PictureError: R111 or R113.
        MissingExtraError: E405 without imagecodecs.
    """
    is_2000 = header.coding == codings.JPEG_2000
    stream = _jpeg_2000(data) if is_2000 else _jpeg(data, _FRAMES[header.coding])
    if (stream.rows, stream.columns, stream.components) != (header.rows, header.columns, header.samples):
        raise PictureError("R111", "is damaged: its picture differs from its header")
    if not stream.is_uniform:
        raise PictureError("R113", f"is a DICOM file whose {header.coding} has components of different sizes")
    if stream.bits > header.allocated or (header.samples == 3 and stream.bits != 8):
        raise PictureError("R113", f"is a DICOM file of {header.allocated} bits, whose picture has {stream.bits}")
    if header.is_signed and not stream.is_signed and stream.bits < header.stored:
        raise PictureError("R113", f"is a DICOM file whose picture has {stream.bits} bits, too few for its sign")
    if is_2000 and header.samples == 3 and stream.is_transformed != (header.photometric in ("YBR_RCT", "YBR_ICT")):
        raise PictureError("R113", "is a DICOM file whose header and JPEG 2000 have different colours")
    codecs = need("imagecodecs", "dicom", f"Reading {header.coding} in DICOM files")
    try:
        if is_2000:
            values = codecs.jpeg2k_decode(data)
        elif header.coding == codings.JPEG_LS:
            values = codecs.jpegls_decode(data)
        else:
            space = "RGB" if header.samples == 3 else "GRAYSCALE"  # as stored: no colour is converted
            values = codecs.jpeg8_decode(data, colorspace=space, outcolorspace=space)
    except Exception:  # each codec raises its own class
        raise PictureError("R111", "is damaged: its compressed data are not valid") from None
    array: npt.NDArray[Any] = np.asarray(values)
    if stream.is_planar and array.ndim == 3:
        array = np.moveaxis(array, 0, 2)
    if array.shape != (stream.rows, stream.columns, stream.components)[: 3 if stream.components > 1 else 2]:
        raise PictureError("R111", "is damaged: its picture differs from its header")
    return array


def precision_of(data: bytes) -> int:
    """The bits of a sample of a JPEG that is not lossless. Raises PictureError R111 or R113."""
    return _jpeg(data, _FRAMES[codings.JPEG]).bits


def is_stored_as_rgb(data: bytes) -> bool:
    """Whether the three components of a JPEG are red, green and blue, by the rules of libjpeg. Raises PictureError."""
    is_jfif, adobe, names = False, None, b""
    for marker, content in _segments(data):
        if marker == 0xE0 and content[:5] == b"JFIF\0":
            is_jfif = True
        elif marker == 0xEE and content[:5] == b"Adobe" and len(content) >= 12:
            adobe = content[11]
        elif marker in (0xC0, 0xC1, 0xC2):
            names = content[6::3][:3]
    if is_jfif:
        return False
    return adobe == 0 if adobe is not None else names == b"RGB"


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The markers of a JPEG and their contents, to the first scan. Raises PictureError R111."""
    if data[:2] != b"\xff\xd8":
        raise PictureError("R111", "is damaged: its pixels do not have the form of its transfer syntax")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise PictureError("R111", "is damaged: it has no marker where one must be")
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", data, at + 2)[0]
        if length < 2 or at + 2 + length > len(data):
            break
        yield marker, data[at + 4 : at + 2 + length]
        if marker == 0xDA:
            return
        at += 2 + length
    raise PictureError("R111", "is truncated")


def _jpeg(data: bytes, frames: tuple[int, ...]) -> Codestream:
    """The frame header of a JPEG or JPEG-LS."""
    stream = None
    is_planar = False
    for marker, content in _segments(data):
        if marker == 0xDA:
            is_planar = frames == _FRAMES[codings.JPEG_LS] and content[:1] == b"\1"
        is_frame = marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC))
        if not is_frame:
            continue
        if marker not in frames or stream is not None:
            raise PictureError("R113", "is a DICOM file whose JPEG is of another kind than its transfer syntax")
        if len(content) < 6:
            raise PictureError("R111", "is truncated")
        bits, rows, columns, components = struct.unpack_from(">BHHB", content)
        if len(content) < 6 + 3 * components:
            raise PictureError("R111", "is truncated")
        is_uniform = components == 1 or len(set(content[7::3][:components])) == 1
        stream = Codestream(rows, columns, components, bits, is_uniform=is_uniform)
    if stream is None:
        raise PictureError("R111", "is damaged: it has no picture")
    if _end(data) < 0:
        raise PictureError("R111", "is truncated")
    return replace(stream, is_planar=is_planar)


def _end(data: bytes) -> int:
    """Where the marker at the end begins, after which there is only padding; -1 if there is none."""
    end = data.rfind(_END)
    return -1 if data[end + 2 :].strip(b"\0\xff") else end


def _jpeg_2000(data: bytes) -> Codestream:
    """The main header of a JPEG 2000 codestream, whose tile parts must be complete (ITU-T T.800 Annex A)."""
    if data[4:8] == b"jP  ":
        raise PictureError("R113", "is a DICOM file whose JPEG 2000 is a JP2 file, not a codestream")
    if data[:4] != b"\xff\x4f\xff\x51":
        raise PictureError("R111", "is damaged: its pixels do not have the form of its transfer syntax")
    end = _end(data) + 2
    at, stream, is_transformed = 2, None, False
    while True:
        if at + 4 > end:
            raise PictureError("R111", "is truncated")
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == 0xFF90:
            break
        content = data[at + 4 : at + 2 + length]
        if marker == 0xFF51:
            stream = _size(content)
        elif marker == 0xFF52 and len(content) >= 9:
            is_transformed = content[4] != 0
            if content[8] & 0x40:
                raise PictureError("R113", "is a DICOM file in high-throughput JPEG 2000")
        if length < 2:
            raise PictureError("R111", "is damaged: it has no marker where one must be")
        at += 2 + length
    while data[at : at + 2] != _END:
        if at + 12 > end or data[at : at + 2] != b"\xff\x90":
            raise PictureError("R111", "is truncated")
        length = struct.unpack_from(">I", data, at + 6)[0]
        at = end - 2 if length == 0 else at + max(length, 12)
    if stream is None:
        raise PictureError("R111", "is damaged: it has no picture")
    return replace(stream, is_transformed=is_transformed)


def _size(content: bytes) -> Codestream:
    """The content of a SIZ marker."""
    if len(content) < 36:
        raise PictureError("R111", "is truncated")
    right, bottom, left, top = struct.unpack_from(">4I", content, 2)
    count = struct.unpack_from(">H", content, 34)[0]
    parts = content[36 : 36 + 3 * count]
    if count < 1 or len(parts) < 3 * count:
        raise PictureError("R111", "is truncated")
    bits, is_signed = (parts[0] & 0x7F) + 1, parts[0] > 0x7F
    is_uniform = all(value == (1 if i % 3 else parts[0]) for i, value in enumerate(parts))
    return Codestream(bottom - top, right - left, count, bits, is_signed=is_signed, is_uniform=is_uniform)
