"""`image`: pictures as encoded files, which an image stage converts to a tensor (spec/IMAGE.md)."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.contract.types.base import CellRules, ValueType
from sealift.contract.values import OK, WRONG_TYPE, Encoded, Unreadable, is_missing

if TYPE_CHECKING:  # a contract is read without NumPy
    import numpy.typing as npt

    from sealift.contract.scalars import Scalar

_DATA_URI = re.compile(r"data:[\w!#$&^.+/;=-]*?;base64,", re.ASCII | re.IGNORECASE)
_CHANNELS = (1, 2, 3, 4)


class ImageType(ValueType):
    """Pictures: the bytes of a file, in text as Base64 or a `data:` URI.

    In a program a value may also be a path, a picture of Pillow, or an array of uint8 or uint16 (height × width, or
    height × width × channels). A string is never the name of a file here: `local` converts names, where the program
    that gives the rows may read files.
    """

    name = "image"
    capability = "type:image/1"
    feeds = "stage"
    has_categories = False
    has_range = False
    needed = "a picture: the bytes of its file, or Base64 of them"

    def fits(self, value: object) -> bool:
        """False: the type has no categories and no typical value."""
        del value
        return False

    def cell(self, cell: str, rules: CellRules) -> Any:
        """Base64, or a `data:` URI."""
        if cell in rules.missing:
            return None
        encoded = from_text(cell)
        return Unreadable(cell) if encoded is None else encoded

    def encode(self, column: Sequence[Any] | npt.NDArray[Any]) -> Encoded:
        """Objects (N,): bytes, paths, pictures of Pillow or arrays; None where missing."""
        import numpy as np

        codes = np.full(len(column), OK, dtype=np.uint8)
        missing = np.zeros(len(column), dtype=np.bool_)
        array: npt.NDArray[Any] = np.empty(len(column), dtype=np.object_)
        for row, value in enumerate(column):
            if not isinstance(value, np.ndarray) and is_missing(value):
                missing[row] = True
                continue
            picture = _picture(value)
            if picture is None:
                codes[row] = WRONG_TYPE
            array[row] = picture
        return Encoded(array, missing, codes)

    def hint(self, value: object) -> str:
        """How to give a file, where a string is not Base64."""
        if isinstance(value, str | Unreadable):
            return " A string must be Base64 of the file, or a data: URI."
        return ""

    def json_schema(self, low: float, high: float, categories: Sequence[Scalar] | None) -> dict[str, Any]:
        """A string of Base64."""
        del low, high, categories
        return {
            "type": "string",
            "minLength": 4,
            "contentEncoding": "base64",
            "description": "The picture's file in Base64, or a data: URI with Base64.",
        }

    def column(self, rows: Any) -> Sequence[Any] | None:
        """The pictures where rows are one picture, or a sequence or an array of pictures; None for tables."""
        import numpy as np

        if isinstance(rows, np.ndarray):
            if rows.dtype in (np.uint8, np.uint16) and rows.ndim >= 3:
                return [rows] if rows.ndim == 3 and rows.shape[2] in _CHANNELS else list(rows)
            return list(rows) if rows.dtype.kind in "OU" and rows.ndim == 1 else None
        if isinstance(rows, str | bytes | os.PathLike) or _is_pillow(rows):
            return [rows]
        if isinstance(rows, list | tuple) and rows and all(_is_value(value) for value in rows):
            return rows
        return None

    def local(self, column: Sequence[Any] | npt.NDArray[Any]) -> Sequence[Any]:
        """A column in which strings other than `data:` URIs are names of files of this computer."""
        return [Path(value) if isinstance(value, str) and not _DATA_URI.match(value) else value for value in column]


def from_text(text: str) -> bytes | None:
    """The bytes of Base64 or of a `data:` URI; None where it is neither, or empty."""
    prefix = _DATA_URI.match(text)
    try:
        return base64.b64decode(text[prefix.end() :] if prefix else text, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _is_pillow(value: object) -> bool:
    """Whether a value is a picture of Pillow, which is not imported here."""
    return any(f"{kind.__module__}.{kind.__name__}" == "PIL.Image.Image" for kind in type(value).__mro__)


def _is_array(value: Any) -> bool:
    import numpy as np

    if not isinstance(value, np.ndarray) or value.dtype not in (np.uint8, np.uint16) or not value.size:
        return False
    return value.ndim == 2 or (value.ndim == 3 and value.shape[2] in _CHANNELS)


def _is_value(value: object) -> bool:
    known = isinstance(value, str | bytes | bytearray | memoryview | os.PathLike)
    return value is None or known or _is_pillow(value) or _is_array(value)


def _picture(value: Any) -> Any:
    """A value as the stage reads it; None where it is not a picture."""
    if isinstance(value, str):
        return from_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value) or None
    if isinstance(value, os.PathLike):
        return Path(value)
    return value if _is_pillow(value) or _is_array(value) else None


IMAGE = ImageType()
