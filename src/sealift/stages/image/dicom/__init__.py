"""DICOM files: a frame as levels of 8 bits (spec/IMAGE.md §5.3)."""

from sealift.stages.image.dicom.options import Dicom, is_dicom

__all__ = ["Dicom", "is_dicom"]
