"""`sealift.Image`: how a picture on disk becomes the array that a net takes, with the arithmetic of a named library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract import Stage
from sealift.errors import PackError
from sealift.packing.preprocess.base import Preprocessing
from sealift.stages.image.grid import Shape
from sealift.stages.image.kind import image_stage
from sealift.stages.image.resize import interpolation
from sealift.stages.image.resize.rule import FILTERS
from sealift.stages.image.stage import ImageStage
from sealift.stages.image.steps import step_of

Size: TypeAlias = "int | tuple[int, int]"
Numbers: TypeAlias = "float | Sequence[float]"
_FILTERS = {**FILTERS, "torch": interpolation.FILTERS["torch"]}
_MODES = {"RGB": "RGB", "BGR": "RGB", "L": "L", "I;16": "I;16", "RGBA": "RGBA"}


@dataclass(frozen=True, kw_only=True)
class Image:
    """Preprocessing of pictures for `sealift.pack(net, X, preprocess=…)`.

    The steps in their order: decode, resize or letterbox, pad, crop, scale, subtract `mean`, divide by `std`. The
    original that the sealed file is compared with is the library named here, run on each picture.

    Attributes:
        resize: (height, width), or the length of the shorter side.
        longest: the length of the longer side, instead of `resize`.
        letterbox: (height, width) in which the picture fits with its proportions, the rest filled with `fill`; an int
            for a square.
        filter: a filter of the library: `nearest`, `bilinear`, `bicubic`, `lanczos`, `box`, `hamming` of Pillow;
            `nearest`, `linear`, `area` of OpenCV; `nearest`, `nearest-exact`, `bilinear`, `bicubic` of PyTorch.
        library: `pillow` or `opencv`, which also decodes the pictures; or `torch`, which resizes levels that Pillow
            decodes, as floats and to 1e-6.
        antialias: whether PyTorch filters smaller pictures with a wider filter, as torchvision does by default. The
            other libraries have no such option.
        pad: (height, width) up to which smaller pictures are padded, `"square"`, or a number of which both sides become
            a multiple; the picture is in the middle.
        fill: the levels of added pixels, one or one for each channel.
        crop: (height, width) of the middle part that is kept; an int for a square.
        channels: the order of channels in the tensor: `RGB`, `BGR`, `L` (grey), `RGBA`, or `I;16` (grey of 16 bits).
        scale: `"unit"` divides by the largest level, 255 or 65535, so that levels are from 0 to 1; a number is
            multiplied; None keeps the levels.
        mean, std: subtracted from each channel, and divided by; in float32.
        layout: the order of the dimensions of the net's input after the rows: `CHW` or `HWC`.
        orientation: whether the EXIF orientation is applied.
        alpha: `dropped` or `refused`: pictures with transparency.
        cmyk: `converted` or `refused`: pictures in CMYK. OpenCV converts them in another way, so they are refused for
            it.
        sixteen: `clipped`, `high-byte` or `refused`: grey pictures of 16 bits.
        frames: `first` or `refused`: files of several frames.
        dicom: how DICOM files are read, of which each is one frame (spec/IMAGE.md §5.3): `{}` for the window of the
            file, `{"window": [40, 400]}` for a centre and a width, `{"window": "full"}` for all values of the frame;
            `"frame"` is an index or `"middle"`. None refuses DICOM files.
        name: the name of the field in the contract.

    Raises:
        PackError: E324 for a value that cannot be used.
    """

    resize: Size | None = None
    longest: int | None = None
    letterbox: Size | None = None
    filter: str = "bilinear"
    library: Literal["pillow", "opencv", "torch"] = "pillow"
    antialias: bool = True
    pad: tuple[int, int] | int | Literal["square"] | None = None
    fill: Numbers = 0
    crop: Size | None = None
    channels: str = "RGB"
    scale: float | Literal["unit"] | None = "unit"
    mean: Numbers | None = None
    std: Numbers | None = None
    layout: Literal["CHW", "HWC"] = "CHW"
    orientation: bool = True
    alpha: str = "dropped"
    cmyk: str = ""
    sixteen: str = ""
    frames: str = "first"
    dicom: Mapping[str, Any] | None = None
    name: str = "image"

    def __post_init__(self) -> None:
        if self.library not in _FILTERS:
            raise _wrong(f"library must be one of {', '.join(_FILTERS)}, not {self.library!r:.40}")
        if self.channels not in _MODES:
            raise _wrong(f"channels must be one of {', '.join(_MODES)}, not {self.channels!r:.40}")
        if sum(value is not None for value in (self.resize, self.longest, self.letterbox)) > 1:
            raise _wrong("only one of resize, longest and letterbox can be given")
        if self.filter_name not in _FILTERS[self.library]:
            known = ", ".join(_FILTERS[self.library])
            raise _wrong(f"filter of {self.library} must be one of {known}, not {self.filter!r:.40}")
        try:
            ImageStage(self.spec())
        except (ValueError, TypeError) as error:
            raise _wrong(str(error)) from None

    @property
    def filter_name(self) -> str:
        """The name of the filter in the library."""
        return "linear" if (self.library, self.filter) == ("opencv", "bilinear") else self.filter

    @property
    def mode(self) -> str:
        """The mode of Pillow in which pictures are decoded."""
        return "RGB" if (self.library, self.channels) == ("opencv", "L") else _MODES[self.channels]

    def decode(self) -> dict[str, Any]:
        """The key `decode` of the stage."""
        cmyk = self.cmyk or ("refused" if self.library == "opencv" else "converted")
        sixteen = self.sixteen or ("high-byte" if self.library == "opencv" else "refused")
        given = {
            "orientation": "applied" if self.orientation else "ignored",
            "alpha": self.alpha,
            "cmyk": cmyk,
            "sixteen": sixteen,
            "frames": self.frames,
        }
        dicom = {} if self.dicom is None else {"dicom": dict(self.dicom)}
        return {"mode": self.mode, **given, **dicom}

    def spec(self) -> dict[str, Any]:
        """The values of the stage."""
        steps: list[dict[str, Any]] = []
        if self.mode != _MODES[self.channels]:
            steps.append({"step": "gray", "library": "opencv"})
        size: tuple[int, int] | None = None
        if self.to is not None:
            rule = {"step": "resize", "library": self.library, "filter": self.filter_name, "to": self.to}
            smooth = self.library == "torch" and self.antialias and self.filter in interpolation.SMOOTH
            steps.append(
                rule | ({"passes": passes()} if self.library == "pillow" else {"antialias": True} if smooth else {})
            )
        fill = _listed(self.fill)
        if self.letterbox is not None:
            size = _pair(self.letterbox)
            steps.append({"step": "pad", "to": {"least": list(size)}, "at": "floor", "value": fill})
        if self.pad is not None:
            to: dict[str, Any] = (
                {"square": True} if self.pad == "square"
                else {"multiple": self.pad} if isinstance(self.pad, int)
                else {"least": list(self.pad)}
            )  # fmt: skip
            steps.append({"step": "pad", "to": to, "at": "floor", "value": fill})
        if self.crop is not None:
            at = "floor" if self.library == "opencv" else "half-even"
            steps.append({"step": "crop", "size": list(_pair(self.crop)), "at": at})
        if self.channels == "BGR":
            steps.append({"step": "channels", "order": [2, 1, 0]})
        if self.scale == "unit":
            steps.append({"step": "divide", "by": [65535 if self.mode == "I;16" else 255]})
        elif self.scale is not None:
            steps.append({"step": "multiply", "by": [float(self.scale)]})
        for step, by in (("subtract", self.mean), ("divide", self.std)):
            if by is not None:
                steps.append({"step": step, "by": _listed(by)})
        return spec_of(self.decode(), steps, self.layout, size if self.pad is None else None)

    @property
    def to(self) -> dict[str, Any] | None:
        """The key `to` of the resize."""
        if self.resize is not None:
            if isinstance(self.resize, int):
                return {"shortest": self.resize, "rounding": self.rounding}
            return {"size": list(self.resize)}
        if self.longest is not None:
            return {"longest": self.longest, "rounding": self.rounding}
        return None if self.letterbox is None else {"inside": list(_pair(self.letterbox)), "rounding": "rint-product"}

    @property
    def rounding(self) -> str:
        """The rounding of the other side, as torchvision does it, and albumentations with OpenCV."""
        return "rint-product" if self.library == "opencv" else "trunc-quotient"


@dataclass(frozen=True)
class ImagePreprocessing(Preprocessing):
    """A stage for pictures, and the function of the user's library that it must equal.

    Attributes:
        spec: the values of the stage.
        run: the array, in the layout of `spec`, that the library computes from one picture.
        field: the name of the field.
    """

    spec: Mapping[str, Any]
    run: Callable[[Any], npt.NDArray[Any]]
    field: str = "image"
    rows: Literal["pictures", "texts"] = "pictures"

    def stage(self, field: int) -> Stage:
        """An image stage."""
        return image_stage(field, self.spec)

    def original(self, values: Sequence[Any]) -> Mapping[str, Sequence[npt.NDArray[Any]]]:
        """The library's arrays, in float32."""
        return {"pixels": [np.asarray(self.run(value)) for value in values]}

    @property
    def shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """The shape of the stage."""
        return {"pixels": tuple(self.spec["shape"])}


def spec_of(
    decode: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], layout: str, size: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The values of a stage, with the shape that follows from its steps; keys with default values are left out.

    Args:
        decode: the key `decode`.
        steps: the steps.
        layout: the layout.
        size: the height and width where they are known, but do not follow from the steps.

    Raises:
        ValueError: where a step is malformed, or not permitted after the others.
    """
    defaults = {
        "orientation": "applied", "alpha": "dropped", "cmyk": "converted", "sixteen": "refused", "frames": "first",
    }  # fmt: skip
    kept = {key: value for key, value in decode.items() if defaults.get(key) != value}
    channels = {"L": 1, "RGB": 3, "RGBA": 4, "I;16": 1}[decode["mode"]]
    shape = Shape(None, None, channels, "16" if decode["mode"] == "I;16" else "8")
    for step in steps:
        shape = step_of(dict(step)).shape(shape)
    height, width = shape[:2] if shape.height is not None or size is None else size
    sizes = [shape.channels, height, width] if layout == "CHW" else [height, width, shape.channels]
    return {"decode": kept, "steps": [dict(step) for step in steps], "layout": layout, "shape": sizes}


def passes() -> str:
    """The order of passes of the installed Pillow (spec/IMAGE.md §2.3)."""
    import PIL

    return "by-size" if int(PIL.__version__.partition(".")[0]) >= 13 else "horizontal-first"


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _listed(numbers: Any) -> list[float]:
    values = [numbers] if isinstance(numbers, int | float) else list(numbers)
    return [int(value) if float(value).is_integer() else float(value) for value in values]


def _wrong(what: str) -> PackError:
    return PackError(
        "E324", f"The preprocessing cannot be used: {what}.", where="sealift.Image", fix="See help(sealift.Image)."
    )
