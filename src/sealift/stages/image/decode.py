"""From a value of an image field to the levels with which the steps begin (spec/IMAGE.md §5)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from sealift.optional import need
from sealift.stages import read
from sealift.stages.image.dicom import Dicom, is_dicom
from sealift.stages.image.grid import check_size
from sealift.stages.image.problems import PictureError
from sealift.stages.image.steps.base import choice

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 1 << 29
CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4, "I;16": 1}
"""The channels of each mode."""

# Formats by their first bytes. The classes are used directly: `Image.open` tries many more formats, some of which start
# other programs, and its check of sizes depends on a global variable.
_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PngImagePlugin.PngImageFile"),
    (b"\xff\xd8\xff", "JpegImagePlugin.JpegImageFile"),
    (b"GIF87a", "GifImagePlugin.GifImageFile"),
    (b"GIF89a", "GifImagePlugin.GifImageFile"),
    (b"BM", "BmpImagePlugin.BmpImageFile"),
    (b"II*\0", "TiffImagePlugin.TiffImageFile"),
    (b"MM\0*", "TiffImagePlugin.TiffImageFile"),
    (b"II+\0", "TiffImagePlugin.TiffImageFile"),
    (b"MM\0+", "TiffImagePlugin.TiffImageFile"),
)
_FORMS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16", "I;16B", "I;16L"})
_TRANSPOSED = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decoded picture.

    Attributes:
        levels: (height, width, channels).
        picture: the picture of Pillow that became these levels.
        notes: what makes its answer less reliable, such as `overlays, which are ignored`.
    """

    levels: npt.NDArray[Any]
    picture: Image
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decode:
    """The key `decode` of a stage; the attributes are its keys."""

    mode: str
    orientation: str = "applied"
    alpha: str = "dropped"
    cmyk: str = "converted"
    sixteen: str = "refused"
    frames: str = "first"
    dicom: Dicom | None = None

    @classmethod
    def of(cls, raw: object) -> Self:
        """Read it from JSON. Raises ValueError."""
        keys = read.keys(raw, {"mode"}, {"orientation", "alpha", "cmyk", "sixteen", "frames", "dicom"})
        known = {
            "mode": tuple(CHANNELS),
            "orientation": ("applied", "ignored"),
            "alpha": ("dropped", "refused"),
            "cmyk": ("converted", "refused"),
            "sixteen": ("clipped", "high-byte", "refused"),
            "frames": ("first", "refused"),
        }
        chosen = {key: choice(value, key, known[key]) for key, value in keys.items() if key != "dicom"}
        return cls(**chosen, dicom=None if keys.get("dicom") is None else Dicom.of(keys["dicom"]))

    def levels(self, value: Any) -> npt.NDArray[Any]:
        """The levels of `read`."""
        return self.read(value).levels

    def read(self, value: Any) -> Decoded:
        """Decode a value: bytes, a path, a picture of Pillow, or an array.

        Raises:
            PictureError: R110 to R114.
            MissingExtraError: E405 without Pillow.
        """
        if isinstance(value, np.ndarray):
            return self._decoded(_of_array(value))
        if isinstance(value, bytes | Path):
            encoded = _read(value) if isinstance(value, Path) else value
            if is_dicom(encoded) and len(encoded) <= MOST_BYTES:
                if self.dicom is None:
                    raise PictureError("R110", "is a DICOM file, which this model does not take")
                made, notes = self.dicom.picture(encoded, opened)
                return self._decoded(made, notes)
            value = encoded
        picture = value if not isinstance(value, bytes | Path) else opened(value)
        check_size(picture.height, picture.width)
        if self.frames == "refused" and getattr(picture, "n_frames", 1) > 1:
            raise PictureError("R113", "has several frames, which the model does not take")
        if picture.mode not in _FORMS:
            raise PictureError("R113", f"has the pixel format {picture.mode}, which the model does not take")
        if isinstance(value, bytes | Path):
            try:
                picture.load()
            except Exception as error:  # the decoders raise many classes
                raise PictureError("R111", f"is damaged: {_one_line(error)}") from None
        return self._decoded(self._upright(picture))

    def _decoded(self, picture: Image, notes: tuple[str, ...] = ()) -> Decoded:
        return Decoded(self._converted(picture), picture, notes)

    def _upright(self, picture: Image) -> Image:
        if self.orientation == "ignored":
            return picture
        try:
            orientation = picture.getexif().get(0x0112)
        except Exception:  # damaged EXIF data say nothing about the levels
            return picture
        name = _TRANSPOSED.get(orientation) if isinstance(orientation, int) else None
        if name is None:
            return picture
        transpose = need("PIL.Image", "image", "Reading pictures").Transpose
        return picture.transpose(getattr(transpose, name))

    def _converted(self, picture: Image) -> npt.NDArray[Any]:
        """The levels in the mode."""
        form, mode = picture.mode, self.mode
        is_deep = form.startswith("I;16")
        if is_deep != (mode == "I;16") and (mode == "I;16" or self.sixteen == "refused"):
            bits = "8 bits, but the model takes 16" if mode == "I;16" else "16 bits, which the model does not take"
            raise PictureError("R113", f"has {bits}")
        if form == "CMYK" and self.cmyk == "refused":
            raise PictureError("R113", "is in CMYK, which the model does not take")
        has_alpha = form in ("LA", "PA", "RGBA") or "transparency" in picture.info
        if mode != "RGBA" and has_alpha and self.alpha == "refused":
            raise PictureError("R113", "has transparent pixels, which the model does not take")
        if is_deep:
            deep = np.asarray(picture).astype(np.uint16)
            if mode == "I;16":
                return deep[..., None]
            low = np.minimum(deep, 255) if self.sixteen == "clipped" else deep >> 8
            picture = need("PIL.Image", "image", "Reading pictures").fromarray(low.astype(np.uint8))
        if picture.mode != mode:
            picture = picture.convert(mode)
        return np.array(picture).reshape(picture.height, picture.width, CHANNELS[mode])


def opened(value: bytes | Path) -> Image:
    """A file as a picture of Pillow, of which only the header is read. Raises PictureError, MissingExtraError."""
    encoded = _read(value) if isinstance(value, Path) else value
    if len(encoded) > MOST_BYTES:
        raise PictureError("R112", f"has {len(encoded):,} bytes; at most {MOST_BYTES:,} are permitted")
    need("PIL.Image", "image", "Reading pictures")
    name = next((name for head, name in _FORMATS if encoded.startswith(head)), "")
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        name = "WebPImagePlugin.WebPImageFile"
    if not name:
        raise PictureError("R110", "is not a PNG, JPEG, WebP, BMP, GIF or TIFF file")
    module, _, kind = name.partition(".")
    try:
        picture: Image = getattr(import_module(f"PIL.{module}"), kind)(io.BytesIO(encoded))
    except Exception as error:
        raise PictureError("R111", f"is damaged: {_one_line(error)}") from None
    return picture


def _read(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise PictureError("R112", f"has {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} are permitted")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or _one_line(error)
        raise PictureError("R114", f"cannot be read: {reason}") from None


def _of_array(levels: npt.NDArray[Any]) -> Image:
    """An array of levels as a picture, so that its mode is converted as that of a file."""
    check_size(*levels.shape[:2])
    image = need("PIL.Image", "image", "Reading pictures")
    flat = levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels
    if flat.dtype == np.uint16 and flat.ndim == 3:
        raise PictureError("R113", "has several channels of 16 bits, which the model does not take")
    picture: Image = image.fromarray(np.ascontiguousarray(flat))
    return picture


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def decode_keys(decode: Decode) -> Mapping[str, Any]:
    """The keys that differ from their defaults, as in JSON."""
    default = Decode(decode.mode)
    return {"mode": decode.mode} | {k: v for k, v in vars(decode).items() if v != getattr(default, k)}
