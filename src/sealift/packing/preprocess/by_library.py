"""The original of `sealift.Image`: the same steps by Pillow or OpenCV, as their users write them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.optional import need
from sealift.packing.preprocess.image import Image, ImagePreprocessing
from sealift.packing.preprocess.image_file import image_of_file
from sealift.stages.image.resize.interpolation import SMOOTH

Levels = npt.NDArray[Any]


class OfImage:
    """Recognises `sealift.Image`."""

    def recognise(self, given: Any) -> ImagePreprocessing | None:
        """The stage of a `sealift.Image` or of a file with its arguments, and the named library as the original."""
        if isinstance(given, str | os.PathLike):
            given = image_of_file(Path(given))
        if not isinstance(given, Image):
            return None
        libraries: dict[str, type[_Library]] = {"pillow": _Pillow, "opencv": _OpenCv, "torch": _Torch}
        return ImagePreprocessing(given.spec(), libraries[given.library](given).run, given.name)


RECOGNISER = OfImage()


def opened(value: Any, *, orientation: bool = True, dicom: Mapping[str, Any] | None = None) -> Any:
    """A value as a picture of Pillow, turned by its EXIF orientation."""
    pillow, operations = need("PIL.Image", "image"), need("PIL.ImageOps", "image")
    if isinstance(value, np.ndarray):
        return pillow.fromarray(value[..., 0] if value.ndim == 3 and value.shape[2] == 1 else value)
    if dicom is not None and isinstance(value, bytes | Path):
        encoded = value if isinstance(value, bytes) else value.read_bytes()
        if encoded[128:132] == b"DICM":
            return of_dicom(encoded, dicom)
    if isinstance(value, bytes | Path):
        value = pillow.open(io.BytesIO(value) if isinstance(value, bytes) else value)
    return operations.exif_transpose(value) if orientation else value


def of_dicom(encoded: bytes, dicom: Mapping[str, Any]) -> Any:
    """A frame of a DICOM file as a picture of Pillow, by the functions of pydicom."""
    pydicom, pixels = need("pydicom", "dicom"), need("pydicom.pixels", "dicom")
    file = pydicom.dcmread(io.BytesIO(encoded))
    frames = int(file.get("NumberOfFrames", 1) or 1)
    frame = dicom.get("frame", 0)
    levels = pixels.pixel_array(file, index=frames // 2 if frame == "middle" else frame)
    if levels.ndim == 2:
        values = pixels.apply_modality_lut(levels, file).astype(np.float64)
        window = dicom.get("window", "file")
        if window == "file" and "WindowCenter" in file:
            first = (np.atleast_1d(file[name].value)[0] for name in ("WindowCenter", "WindowWidth"))
            window = [float(number) for number in first]
        with np.errstate(all="ignore"):
            if isinstance(window, str):
                shares = (values - values.min()) / (values.max() - values.min())
            else:  # PS3.3 C.11.2.1.2.1
                centre, width = window
                shares = (values - (centre - 0.5)) / (width - 1) + 0.5
            levels = np.clip(np.nan_to_num(shares * 255), 0, 255)
        levels = np.floor(levels + 0.5).astype(np.uint8)
        if file.PhotometricInterpretation == "MONOCHROME1" and dicom.get("inverted", True):
            levels = 255 - levels
    return need("PIL.Image", "image").fromarray(levels)


def in_mode(picture: Any, options: Image) -> Any:
    """A picture of Pillow in the mode of the options. Raises ValueError for one that they refuse."""
    decode = options.decode()
    if picture.mode == "I;16" and options.mode != "I;16":
        if decode["sixteen"] == "refused":
            raise ValueError("the picture has 16 bits")
        if decode["sixteen"] == "high-byte":
            picture = need("PIL.Image", "image").fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode == "CMYK" and decode["cmyk"] == "refused":
        raise ValueError("the picture is in CMYK")
    has_alpha = picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info
    if has_alpha and options.mode != "RGBA" and decode["alpha"] == "refused":
        raise ValueError("the picture has transparent pixels")
    return picture if picture.mode == options.mode else picture.convert(options.mode)


class _Library:
    """The steps that both libraries share; subclasses decode and resize."""

    def __init__(self, options: Image) -> None:
        self.options = options

    def levels(self, value: Any) -> Levels:
        """The decoded levels (height, width) or (height, width, channels), resized."""
        raise NotImplementedError

    def run(self, value: Any) -> Levels:
        """The array of one picture."""
        options = self.options
        levels = self.levels(value)
        levels = levels.reshape(*levels.shape[:2], -1)
        if options.letterbox is not None:
            levels = self._padded(levels, _pair(options.letterbox))
        if options.pad is not None:
            height, width = levels.shape[:2]
            if options.pad == "square":
                wanted = (max(height, width),) * 2
            elif isinstance(options.pad, int):
                wanted = (-(-height // options.pad) * options.pad, -(-width // options.pad) * options.pad)
            else:
                wanted = (max(height, options.pad[0]), max(width, options.pad[1]))
            levels = self._padded(levels, wanted)
        if options.crop is not None:
            height, width = _pair(options.crop)
            if height > levels.shape[0] or width > levels.shape[1]:
                raise ValueError("the picture is smaller than the crop")
            spare = levels.shape[0] - height, levels.shape[1] - width
            halves = (n // 2 for n in spare) if options.library == "opencv" else (round(n / 2) for n in spare)
            top, left = halves
            levels = levels[top : top + height, left : left + width]
        if options.channels == "BGR":
            levels = levels[..., ::-1]
        numbers: Levels = levels.astype(np.float32)
        if options.scale == "unit":
            numbers = numbers / np.float32(65535 if options.mode == "I;16" else 255)
        elif options.scale is not None:
            numbers = numbers * np.float32(options.scale)
        if options.mean is not None:
            numbers = numbers - np.asarray(options.mean, np.float32)
        if options.std is not None:
            numbers = numbers / np.asarray(options.std, np.float32)
        return np.ascontiguousarray(numbers.transpose(2, 0, 1) if options.layout == "CHW" else numbers)

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The new height and width."""
        options = self.options
        if isinstance(options.resize, tuple | list):
            return options.resize[0], options.resize[1]
        if options.letterbox is not None:
            high, wide = _pair(options.letterbox)
            factor = min(high / height, wide / width)
            return max(round(height * factor), 1), max(round(width * factor), 1)
        side = options.resize if options.resize is not None else options.longest
        if side is None:
            return height, width
        base = (min if options.resize is not None else max)(height, width)
        if options.library == "opencv":
            return tuple(side if n == base else max(round(n * (side / base)), 1) for n in (height, width))  # type: ignore[return-value]
        return tuple(side if n == base else max(int(side * n / base), 1) for n in (height, width))  # type: ignore[return-value]

    def _padded(self, levels: Levels, size: tuple[int, int]) -> Levels:
        down, right = size[0] - levels.shape[0], size[1] - levels.shape[1]
        whole = np.empty((*size, levels.shape[2]), levels.dtype)
        whole[:] = self.options.fill
        top, left = down // 2, right // 2
        whole[top : top + levels.shape[0], left : left + levels.shape[1]] = levels
        return whole


class _Pillow(_Library):
    def levels(self, value: Any) -> Levels:
        picture = in_mode(opened(value, orientation=self.options.orientation, dicom=self.options.dicom), self.options)
        height, width = self.size(picture.height, picture.width)
        filters = need("PIL.Image", "image").Resampling
        if self.options.to is not None:
            picture = picture.resize((width, height), getattr(filters, self.options.filter.upper()))
        return np.asarray(picture)


class _Torch(_Library):
    def levels(self, value: Any) -> Levels:
        options = self.options
        picture = in_mode(opened(value, orientation=options.orientation, dicom=options.dicom), options)
        levels = np.asarray(picture)
        if options.to is None:
            return levels
        torch = need("torch", "torch", "The original of this preprocessing")
        channels = levels.reshape(*levels.shape[:2], -1).transpose(2, 0, 1).astype(np.float32)
        smooth = options.filter in SMOOTH
        made = torch.nn.functional.interpolate(
            torch.from_numpy(channels)[None],
            size=self.size(picture.height, picture.width),
            mode=options.filter,
            **({"align_corners": False, "antialias": options.antialias} if smooth else {}),
        )
        return np.asarray(made[0].numpy().transpose(1, 2, 0))


class _OpenCv(_Library):
    def levels(self, value: Any) -> Levels:
        cv2 = need("cv2", "opencv", "The original of this preprocessing")
        options = self.options
        encoded = value.read_bytes() if isinstance(value, Path) else value
        is_dicom = isinstance(encoded, bytes) and encoded[128:132] == b"DICM"
        if isinstance(encoded, bytes) and not is_dicom:
            flags = cv2.IMREAD_COLOR | (0 if options.orientation else cv2.IMREAD_IGNORE_ORIENTATION)
            read = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
            if read is None:
                raise ValueError("OpenCV cannot read the picture")
            levels = cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
        else:
            levels = np.asarray(in_mode(opened(value, orientation=options.orientation, dicom=options.dicom), options))
        if options.channels == "L":
            levels = cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY)
        if options.to is not None:
            height, width = self.size(*levels.shape[:2])
            levels = cv2.resize(
                levels, (width, height), interpolation=getattr(cv2, f"INTER_{options.filter_name.upper()}")
            )
        return np.asarray(levels)


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
