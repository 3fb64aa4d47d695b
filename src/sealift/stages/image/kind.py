"""The image stage as a kind of stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealift.contract import Stage
from sealift.contract.parts import malformed
from sealift.contract.stage import StageOutput
from sealift.stages.base import StageRun, StageType


class ImageStageType(StageType):
    """Decodes pictures, and computes the numbers that the graph takes (spec/IMAGE.md)."""

    name = "image"
    version = 1
    has_notes = True
    takes = "stage"
    outputs = (
        StageOutput("pixels", "float32", ("channels", "height", "width")),
        StageOutput("geometry", "float64", (6,)),
    )
    is_local = True

    def outputs_of(self, spec: Mapping[str, Any]) -> tuple[StageOutput, ...]:
        """`pixels` with the shape of the stage, and `geometry`."""
        from sealift.stages.image.stage import shape_of

        try:
            shape = shape_of(spec)
        except ValueError as error:
            raise malformed(str(error), "image stage") from None
        names = ("channels", "height", "width") if spec["layout"] == "CHW" else ("height", "width", "channels")
        sizes = tuple(name if size is None else size for size, name in zip(shape, names, strict=True))
        return (StageOutput("pixels", "float32", sizes), StageOutput("geometry", "float64", (6,)))

    def page_parts(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The decoders of compressed frames, if the stage reads DICOM."""
        decode = spec.get("decode")
        return ("codecs.js",) if isinstance(decode, Mapping) and decode.get("dicom") is not None else ()

    def open(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> StageRun:
        """Read the stages."""
        from sealift.stages.image.batch import ImageRun

        del columns
        return ImageRun(stages, names)

    def is_refusing(self, stage: Stage) -> bool:
        """True: any file may be damaged."""
        del stage
        return True


IMAGE = ImageStageType()
KIND = f"{IMAGE.name}/{IMAGE.version}"


def image_stage(field: int, spec: Mapping[str, Any]) -> Stage:
    """An image stage for an input, by the input's index."""
    return Stage(field, spec, KIND)
