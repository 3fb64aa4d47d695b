"""Pictures: generated ones of similar sizes and levels, and one of each format, mode and orientation."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.packing.preprocess.generated import edge_cases, plausible
from sealift.packing.types.base import TypePacking
from sealift.stages.image.decode import Decode
from sealift.stages.image.problems import PictureError
from sealift.stats import Pictures, Sketch, sketch_numbers

_SIDE = 64
_USUAL = (80.0, 96.0, 120.0, 50.0, 40.0)


class ImagePacking(TypePacking):
    """image. Sizes and levels are summarised; generated pictures resemble the caller's in these properties only."""

    def unseen(self, field: Field) -> Any:
        """None: a picture has no categories."""
        del field

    def sketch(self, values: Sequence[Any]) -> Sketch:
        """Summaries of sizes and levels."""
        rows = np.full((len(values), 5), np.nan)
        for row, value in enumerate(values):
            if value is not None:
                rows[row] = properties(value.value)
        return Pictures(*(sketch_numbers(column) for column in rows.T))

    def described(self, field: Field, sketch: Sketch, known: Sequence[Any] | None) -> Field:
        """Unchanged."""
        del sketch, known
        return field

    def categories(self, known: Sequence[Any]) -> tuple[Any, ...]:
        """None."""
        del known
        return ()

    def edges(self, field: Field, sketch: Sketch, few: int) -> Mapping[str, Sequence[Any]]:
        """Pictures of every mode, format and orientation, of odd sizes and extreme levels."""
        del field, sketch, few
        return {"pictures": list(edge_cases())}

    def fitted(self, field: Field, drawn: Sequence[Any]) -> list[Any]:
        """Generated pictures with the drawn properties."""
        absent = None if field.missing == "allowed" else _USUAL
        wanted = [absent if value is None else value for value in drawn]
        return [None if value is None else plausible(_sensible(value)) for value in wanted]

    def column(self, values: Sequence[Any]) -> Any:
        """The files."""
        return [None if value is None else value.value for value in values]

    def as_json(self, value: Any) -> Any:
        """The file in Base64; a picture of the caller's that is no file is encoded as PNG."""
        return None if value is None else base64.b64encode(_file(value.value)).decode()


def properties(value: Any) -> tuple[float, ...]:
    """Height, width, and mean, deviation and colour of the levels; NaN for a picture that cannot be decoded."""
    try:
        levels = Decode("RGB", sixteen="high-byte").levels(value)
    except PictureError:
        return (float("nan"),) * 5
    height, width = levels.shape[:2]
    few = levels[:: max(1, height // _SIDE), :: max(1, width // _SIDE)].astype(np.float64)
    grey = few.mean(axis=2)
    colour = (few.max(axis=2) - few.min(axis=2)).mean()
    return float(height), float(width), float(grey.mean()), float(grey.std()), float(colour)


def _sensible(drawn: tuple[float, ...]) -> tuple[float, ...]:
    """Drawn properties, or usual ones where the sketch reports nothing."""
    return tuple(
        u if not np.isfinite(d) or (at < 2 and d < 1) else d
        for at, (d, u) in enumerate(zip(drawn, _USUAL, strict=True))
    )


def _file(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if hasattr(value, "read_bytes"):
        return bytes(value.read_bytes())
    from PIL import Image

    stream = io.BytesIO()
    (Image.fromarray(value) if isinstance(value, np.ndarray) else value).save(stream, "PNG")
    return stream.getvalue()


IMAGE = ImagePacking()
