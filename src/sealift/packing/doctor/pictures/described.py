"""The `sealift.Image` of the same steps as the object of another library, from which variants are made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sealift.errors import PackError
from sealift.packing.preprocess.base import recognised
from sealift.packing.preprocess.image import Image, ImagePreprocessing

_SIZES = {"size": "resize", "shortest": "resize", "longest": "longest"}


def described(preprocess: Any) -> Image | None:
    """The preprocessing as a `sealift.Image`; None where it has other steps.

    The rounding of sizes and the padding of pictures that are smaller than a crop may differ, so the answers with it
    must be compared with those of the object.
    """
    if isinstance(preprocess, Image):
        return preprocess
    given = recognised(preprocess)
    if not isinstance(given, ImagePreprocessing):
        return None
    arguments = _arguments(given.spec["steps"])
    if arguments is None:
        return None
    decode = {"mode": "RGB", "orientation": "applied", **given.spec["decode"]}
    try:
        return Image(
            **{"channels": decode["mode"], **arguments},
            layout=given.spec["layout"],
            orientation=decode["orientation"] == "applied",
            name=given.field,
        )
    except PackError:
        return None


def _arguments(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The arguments of resize, crop, channels, scale, mean and std; None for other steps or another order."""
    arguments: dict[str, Any] = {"scale": None}
    for i, step in enumerate(steps):
        kind = step["step"]
        following = steps[i + 1]["step"] if i + 1 < len(steps) else ""
        if kind == "resize":
            ((rule, side),) = ((k, v) for k, v in step["to"].items() if k in (*_SIZES, "inside"))
            if rule not in _SIZES or "resize" in arguments or "crop" in arguments:
                return None
            arguments |= {_SIZES[rule]: tuple(side) if rule == "size" else side}
            arguments |= {"library": step["library"], "filter": step["filter"]}
        elif kind == "pad" and following == "crop":  # only for pictures that are smaller than the crop
            continue
        elif kind == "crop" and "size" in step and "crop" not in arguments:
            arguments["crop"] = tuple(step["size"])
        elif kind == "channels" and step["order"] == [2, 1, 0] and "channels" not in arguments:
            arguments["channels"] = "BGR"
        elif kind in ("multiply", "divide", "subtract"):
            if not _arithmetic(arguments, kind, step["by"]):
                return None
        else:
            return None
    return arguments


def _arithmetic(arguments: dict[str, Any], kind: str, by: Sequence[float]) -> bool:
    """Add a step of arithmetic; False where `sealift.Image` does not have it at this place."""
    first = not {"mean", "std"} & set(arguments) and arguments["scale"] is None
    if kind == "subtract" and not {"mean", "std"} & set(arguments):
        arguments["mean"] = tuple(by)
    elif first and len(by) == 1:
        factor = by[0] if kind == "multiply" else 1 / by[0]
        arguments["scale"] = "unit" if math.isclose(factor, 1 / 255, rel_tol=1e-6) else factor
    elif kind == "divide" and "std" not in arguments:
        arguments["std"] = tuple(by)
    else:
        return False
    return True
