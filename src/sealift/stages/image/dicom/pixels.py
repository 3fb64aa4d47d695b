"""Where the pixels of a DICOM file are, and the compressed data of a frame (PS3.5 Annex A.4).

They are read here and not by pydicom, which looks for the delimiter after compressed data also within them, and which
drops pixels that are truncated.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any, Self

from sealift.stages.image.problems import PictureError

_PIXELS, _FLOAT_PIXELS = (0x7FE0, 0x0010), ((0x7FE0, 0x0008), (0x7FE0, 0x0009))
_ITEM, _END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
_UNDEFINED = 0xFFFFFFFF
_IMPLICIT = "1.2.840.10008.1.2"


@dataclass(frozen=True, eq=False)
class DicomPixels:
    """The element of the pixels.

    Attributes:
        encoded: the whole file.
        at: where its value begins.
        length: the bytes of the value; None where it is a sequence of items.
        is_words: whether the value consists of words of 16 bits.
    """

    encoded: bytes
    at: int
    length: int | None
    is_words: bool

    @classmethod
    def read(cls, encoded: bytes) -> tuple[Any, Self | None]:
        """The data set of pydicom before the pixels, and the pixels; None where there are none.

        Raises:
            PictureError: R113 for floating-point pixels; others of pydicom.
        """
        import pydicom

        stream = io.BytesIO(encoded)
        file = pydicom.dcmread(stream, stop_before_pixels=True)
        at = stream.tell()
        syntax = str(file.file_meta.get("TransferSyntaxUID", ""))
        order = ">" if syntax == "1.2.840.10008.1.2.2" else "<"
        if at + 8 > len(encoded):
            return file, None
        tag = struct.unpack_from(f"{order}HH", encoded, at)
        if tag in _FLOAT_PIXELS:
            raise PictureError("R113", "is a DICOM file of floating-point pixels")
        if tag != _PIXELS:
            return file, None
        kind = b"" if syntax == _IMPLICIT else encoded[at + 4 : at + 6]
        start = at + (12 if kind else 8)
        if start > len(encoded):
            raise PictureError("R111", "is truncated")
        length = struct.unpack_from(f"{order}I", encoded, start - 4)[0]
        return file, cls(encoded, start, None if length == _UNDEFINED else length, kind in (b"OW", b""))

    def raw(self, start: int, size: int) -> bytes:
        """Some bytes of uncompressed pixels. Raises PictureError R111."""
        if self.length is None:
            raise PictureError("R111", "is damaged: its pixels do not have the form of its transfer syntax")
        end = min(self.at + self.length, len(self.encoded))
        if self.at + start + size > end:
            raise PictureError("R111", "is truncated")
        return self.encoded[self.at + start : self.at + start + size]

    def frame(self, frames: int, frame: int) -> bytes:
        """The compressed data of the frame with an index.

        Args:
            frames: the number of frames.
            frame: the index of the frame.

        Raises:
            PictureError: R111 or R113.
        """
        table, parts = self._items()
        if frames == 1:
            return b"".join(parts)
        if len(parts) == frames:
            return parts[frame]
        offsets = struct.unpack(f"<{len(table) >> 2}I", table[: len(table) & ~3])
        if len(offsets) != frames:
            raise PictureError("R113", "is a DICOM file that does not say where its frames begin")
        end = offsets[frame + 1] if frame + 1 < frames else _UNDEFINED
        own, start = [], 0
        for part in parts:
            if offsets[frame] <= start < end:
                own.append(part)
            start += 8 + len(part)
        return b"".join(own)

    def _items(self) -> tuple[bytes, list[bytes]]:
        """The table of offsets, and the parts of the compressed data."""
        if self.length is not None:
            raise PictureError("R111", "is damaged: its pixels do not have the form of its transfer syntax")
        at, items = self.at, list[bytes]()
        while at + 8 <= len(self.encoded):
            group, number, length = struct.unpack_from("<HHI", self.encoded, at)
            if (group, number) == _END:
                break
            if (group, number) != _ITEM:
                raise PictureError("R111", "is damaged: its pixels have no item where one must be")
            if at + 8 + length > len(self.encoded):
                raise PictureError("R111", "is truncated")
            items.append(self.encoded[at + 8 : at + 8 + length])
            at += 8 + length
        return (items[0], items[1:]) if items else (b"", [])
