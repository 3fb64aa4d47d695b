"""The steps of an image stage (spec/IMAGE.md §6)."""

from __future__ import annotations

from sealift.stages.image.steps.arithmetic import Arithmetic
from sealift.stages.image.steps.base import ImageStep
from sealift.stages.image.steps.channels import Channels, Gray
from sealift.stages.image.steps.crop import Crop
from sealift.stages.image.steps.pad import Pad
from sealift.stages.image.steps.resize import Resize

__all__ = ["Arithmetic", "Channels", "Crop", "Gray", "ImageStep", "Pad", "Resize", "step_of"]

_KINDS: dict[str, type[ImageStep]] = {
    "resize": Resize,
    "crop": Crop,
    "pad": Pad,
    "gray": Gray,
    "channels": Channels,
    **dict.fromkeys(("multiply", "divide", "subtract", "add"), Arithmetic),
}


def step_of(raw: object) -> ImageStep:
    """Read a step. Raises ValueError."""
    kind = raw.get("step") if isinstance(raw, dict) else None
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if not isinstance(raw, dict) or known is None:
        raise ValueError(f"a step must be one of {', '.join(_KINDS)}")
    return known.of(raw)
