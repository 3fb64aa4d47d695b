"""What the recognisers share: names of classes, sizes, filters, and the error for a step that no stage has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sealift.errors import PackError
from sealift.packing.preprocess.image import passes

Step = Mapping[str, Any]
_PILLOW = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""The filters by their number in `PIL.Image.Resampling`."""
_OPENCV = {0: "nearest", 1: "linear", 3: "area"}
"""The filters of OpenCV by the number of their flag."""


def is_of(given: Any, package: str) -> bool:
    """Whether a class of an object is defined in a package."""
    return any(kind.__module__.partition(".")[0] == package for kind in type(given).__mro__)


def pair(size: Any) -> tuple[int, int]:
    """A size as (height, width), where an int is a square."""
    if isinstance(size, int):
        return size, size
    values = [int(value) for value in size]
    return (values[0], values[0]) if len(values) == 1 else (values[0], values[1])


def pillow_filter(given: Any, step: Any) -> str:
    """A filter of Pillow: its name, its number, or an enumeration of either. Raises PackError E321."""
    value = getattr(given, "value", given)
    if isinstance(value, int) and 0 <= value < len(_PILLOW):
        return _PILLOW[value]
    name = str(value).lower()
    if name not in _PILLOW:
        raise refused(step, f"the filter {given!r:.60}")
    return name


def opencv_filter(given: Any, step: Any) -> str:
    """A filter of OpenCV by its flag. Raises PackError E321."""
    if given not in _OPENCV:
        raise refused(step, f"the interpolation {given!r:.60}, whose levels depend on how OpenCV was built")
    return _OPENCV[given]


def pillow_resize(name: str, to: Mapping[str, Any]) -> Step:
    """A resize by the installed Pillow."""
    return {"step": "resize", "library": "pillow", "filter": name, "passes": passes(), "to": dict(to)}


def numbers(values: Any) -> list[float]:
    """A number or several, as a list of Python floats."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    flat: Iterable[Any] = values if isinstance(values, Sequence) else [values]
    return [float(value) for value in flat]


def arithmetic(step: str, values: Any, **more: Any) -> Step:
    """A step of arithmetic."""
    return {"step": step, "by": numbers(values), **more}


def refused(step: Any, what: str = "", fix: str = "") -> PackError:
    """The error for a step that the image stage does not have."""
    name = step if isinstance(step, str) else type(step).__name__
    return PackError(
        "E321",
        f"The preprocessing has the step {name}{f' with {what}' if what else ''}, which an image stage does not have.",
        where="preprocess",
        fix=fix or "Describe the preprocessing with sealift.Image(…), or make this step a part of the net.",
    )
