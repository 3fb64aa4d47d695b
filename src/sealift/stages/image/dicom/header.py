"""What a DICOM file says about its pixels, and which of these files are read (spec/IMAGE.md §5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from sealift.stages.image.grid import check_size
from sealift.stages.image.problems import PictureError

RAW, RLE, JPEG, JPEG_EXTENDED, JPEG_LOSSLESS, JPEG_LS, JPEG_2000 = (
    "raw", "RLE", "JPEG", "JPEG extended", "JPEG lossless", "JPEG-LS", "JPEG 2000",
)  # fmt: skip
_CODINGS = {
    "1.2.840.10008.1.2": RAW,
    "1.2.840.10008.1.2.1": RAW,
    "1.2.840.10008.1.2.2": RAW,
    "1.2.840.10008.1.2.5": RLE,
    "1.2.840.10008.1.2.4.50": JPEG,
    "1.2.840.10008.1.2.4.51": JPEG_EXTENDED,
    "1.2.840.10008.1.2.4.57": JPEG_LOSSLESS,
    "1.2.840.10008.1.2.4.70": JPEG_LOSSLESS,
    "1.2.840.10008.1.2.4.80": JPEG_LS,
    "1.2.840.10008.1.2.4.81": JPEG_LS,
    "1.2.840.10008.1.2.4.90": JPEG_2000,
    "1.2.840.10008.1.2.4.91": JPEG_2000,
}
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_GREY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")


@dataclass(frozen=True)
class DicomHeader:
    """The description of the pixels.

    Attributes:
        coding: one of the constants of this module.
        rows, columns: the size of a frame.
        samples: 1 or 3.
        photometric: the photometric interpretation.
        frames: the number of frames.
        allocated, stored: the bits of a sample.
        is_signed: whether the highest stored bit is a sign.
        is_planar: whether the colours of a frame follow each other.
        is_little: whether numbers of several bytes begin with the lowest.
        notes: what the file has that the answer ignores, or that may identify the patient.
    """

    coding: str
    rows: int
    columns: int
    samples: int
    photometric: str
    frames: int
    allocated: int
    stored: int
    is_signed: bool
    is_planar: bool
    is_little: bool
    notes: tuple[str, ...]

    @classmethod
    def of(cls, file: Any, *, has_pixels: bool) -> Self:
        """Read it from a data set of pydicom. Raises PictureError R111 to R113."""
        syntax = str(file.file_meta.get("TransferSyntaxUID", ""))
        coding = _CODINGS.get(syntax)
        if coding is None:
            raise PictureError("R113", f"is a DICOM file with the transfer syntax {syntax or 'that is missing'}")
        if not has_pixels:
            raise PictureError("R113", "is a DICOM file without pixels")
        if any(name not in file for name in ("Rows", "Columns", "BitsAllocated")):
            raise PictureError("R111", "is damaged: its header lacks what describes the pixels")
        check_size(file.Rows, file.Columns)
        header = cls(
            coding=coding,
            rows=int(file.Rows),
            columns=int(file.Columns),
            samples=int(file.get("SamplesPerPixel", 1)),
            photometric=str(file.get("PhotometricInterpretation", "")),
            frames=max(1, int(file.get("NumberOfFrames", 1) or 1)),
            allocated=int(file.BitsAllocated),
            stored=int(file.get("BitsStored", file.BitsAllocated)),
            is_signed=int(file.get("PixelRepresentation", 0) or 0) == 1,
            is_planar=int(file.get("PlanarConfiguration", 0) or 0) == 1,
            is_little=syntax != _BIG_ENDIAN,
            notes=_notes(file),
        )
        header._check()
        return header

    def _check(self) -> None:
        is_grey = self.samples == 1 and self.photometric in _GREY
        is_colour = self.samples == 3 and self.allocated == 8 and self.photometric in _COLOUR
        if not (is_grey or is_colour) or self.allocated not in (8, 16) or not 1 <= self.stored <= self.allocated:
            called = self.photometric or "that is missing"
            raise PictureError(
                "R113", f"is a DICOM file of {self.allocated} bits with the photometric interpretation {called}"
            )
        is_part = self.photometric in ("YBR_RCT", "YBR_ICT")  # of JPEG 2000, which undoes it
        is_half = self.photometric == "YBR_FULL_422"
        if (is_part and self.coding != JPEG_2000) or (is_half and self.coding not in (RAW, JPEG, JPEG_EXTENDED)):
            raise PictureError(
                "R113", f"is a DICOM file in {self.coding} with the photometric interpretation {self.photometric}"
            )


def _notes(file: Any) -> tuple[str, ...]:
    notes = []
    if str(file.get("BurnedInAnnotation", "")).strip().upper() == "YES":
        notes.append(
            "burnt-in annotations, says its header (0028,0301): the model sees them, and they may name the patient"
        )
    if any((group, 0x0010) in file for group in range(0x6000, 0x6020, 2)):
        notes.append("overlays, which are ignored")
    return tuple(notes)
