"""`Boxes`: objects that a detector finds, from its raw output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.box_sets import QUANTUM, SIZE
from sealift.contract.outputs.boxes import BOXES
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor
from sealift.packing.heads import box_arrays, box_graph
from sealift.packing.heads.base import Geometry, OutputHead, check_names, misfit, unusable
from sealift.packing.heads.box_options import BoxOptions, Format


class Boxes(OutputHead):
    """The output has candidates, each with a box and a score for each class; the answers are the best boxes.

    A candidate has the class of its largest score. Candidates whose score is above the threshold are ordered by the
    score, rounded to multiples of 2⁻¹², and then by class and place. One that overlaps a better one of its class by
    more than `iou_threshold` is left out (non-maximum suppression), and so is one whose corners are not finite. The
    corners are pixels of the original picture if the model has an image stage, otherwise pixels of the net's input.

    Args:
        names: the names of the classes.
        format: the four numbers of a box: "xyxy" for two corners, "xywh" for a corner, width and height, "cxcywh" for
            the centre, width and height.
        boxes, scores: the names of two outputs (rows, candidates, 4) and (rows, candidates, scores), as of DETR. By
            default there is one output (rows, candidates, 4 + scores) or (rows, 4 + scores, candidates), as of YOLO.
        activation: "sigmoid" or "softmax" for logits, None where the numbers are scores between 0 and 1.
        objectness: whether the number after the box is the score of any object, by which the others are multiplied.
        background: whether the "first" or the "last" score is that of no object.
        normalized: the height and width of the net's input, if coordinates are shares of them; None for pixels.
        score_threshold: the score above which a candidate counts.
        iou_threshold: the intersection over union above which a candidate is left out; None for all candidates.
        class_agnostic: whether boxes of different classes suppress one another.
        multi_label: whether a candidate counts for each class whose score is above the threshold.
        maximum: the number of boxes of a row that are kept.

    Raises:
        PackError: E352 for arguments that cannot be used.
    """

    kinds = (BOXES.name,)

    def __init__(
        self,
        names: Sequence[str],
        *,
        format: Format = "xyxy",
        boxes: str | None = None,
        scores: str | None = None,
        activation: Literal["sigmoid", "softmax"] | None = None,
        objectness: bool = False,
        background: Literal["first", "last"] | None = None,
        normalized: tuple[int, int] | None = None,
        score_threshold: float = 0.25,
        iou_threshold: float | None = 0.45,
        class_agnostic: bool = False,
        multi_label: bool = False,
        maximum: int = 100,
    ) -> None:
        self.names = check_names("Boxes", names)
        _choice("format", format, ("xyxy", "xywh", "cxcywh"))
        _choice("activation", activation, ("sigmoid", "softmax", None))
        _choice("background", background, ("first", "last", None))
        if (boxes is None) != (scores is None):
            raise unusable("Boxes", "boxes and scores are the names of two outputs", "Give both, or neither.")
        for name, value in (("score_threshold", score_threshold), ("iou_threshold", iou_threshold)):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and 0 <= float(value or 0) <= 1) and not (name == "iou_threshold" and value is None):
                raise unusable("Boxes", f"{name} must be a number from 0 to 1, got {value!r:.40}", "Use 0.45.")
        if type(maximum) is not int or not 1 <= maximum <= 1 << 14:
            raise unusable("Boxes", f"maximum must be from 1 to {1 << 14}, got {maximum!r:.40}", "Use maximum=100.")
        if class_agnostic and multi_label:
            raise unusable("Boxes", "class_agnostic and multi_label exclude each other", "Leave one of them out.")
        if objectness and boxes is not None:
            raise unusable("Boxes", "objectness is for a single output", "Multiply the scores in the model.")
        self.reads = () if boxes is None or scores is None else (boxes, scores)
        self.options = BoxOptions(
            classes=len(self.names),
            format=format,
            activation=activation,
            objectness=objectness,
            background=background,
            normalized=None if normalized is None else (int(normalized[0]), int(normalized[1])),
            score_threshold=float(score_threshold),
            iou_threshold=None if iou_threshold is None else float(iou_threshold),
            class_agnostic=class_agnostic,
            multi_label=multi_label,
            maximum=maximum,
        )

    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """The boxes, float64 (N, maximum, 6)."""
        options = self.options
        corners, scores = self._parts(raw)
        corners = box_graph.corners(corners, options.format)
        if options.normalized is not None:
            height, width = options.normalized
            corners = corners * np.array([[[width, height, width, height]]], dtype=np.float64)
        best = box_graph.best(corners, scores, options)
        boxes = best.boxes if geometry is None else box_graph.in_the_original(best.boxes, geometry.rows)
        whole = concat_last([boxes, best.scores, best.classes])
        empty = np.array([[[0.0] * 5 + [-1.0]]])
        kept = best.valid.op("Where", whole, whole.lift(empty), dtype="float64", shape=whole.shape)
        about = {
            "classes": tuple(range(options.classes)),
            "class_names": self.names,
            "settings": {"score_threshold": options.score_threshold, "iou_threshold": options.iou_threshold or 1.0},
        }
        return [NamedOutput(names[0], kept, BOXES.name, about, sizes=(options.maximum, SIZE))]

    def truth(self, y: Any) -> Any:
        """For each picture a list of objects with `class` and `box`, as in the answers in JSON."""
        if y is None:
            return None
        rows: npt.NDArray[Any] = np.empty(len(y), dtype=object)
        rows[:] = [list(value) if isinstance(value, Sequence) else value for value in y]
        return rows

    def _parts(self, raw: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Boxes (N, K, 4) and scores (N, K, C) in float64. Raises PackError E351."""
        options = self.options
        if len(raw) == 2:
            for tensor, width in zip(raw, (4, options.numbers), strict=True):
                if len(tensor.shape) != 3 or tensor.shape[2] != width:
                    raise misfit("Boxes", tensor.shape[1:], f"(rows, candidates, {width})")
            return raw[0].cast("float64"), box_graph.activated(raw[1].cast("float64"), None, options)
        (tensor,) = raw
        shape, rows = tensor.shape[1:], options.rows
        if len(shape) != 2 or rows not in shape:
            raise misfit("Boxes", shape, f"(rows, candidates, {rows}) or (rows, {rows}, candidates)")
        wide = tensor.cast("float64")
        if shape[1] != rows:
            wide = wide.op("Transpose", shape=(None, shape[1], rows), perm=[0, 2, 1])
        rest = 5 if options.objectness else 4
        objectness = box_graph.columns(wide, 4, 5) if options.objectness else None
        return box_graph.columns(wide, 0, 4), box_graph.activated(
            box_graph.columns(wide, rest, rows), objectness, options
        )

    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """As `attach`."""
        options = self.options
        if len(raw) == 2:
            boxes, scores = (np.asarray(array, dtype=np.float64) for array in raw)
            objectness = None
        else:
            wide = np.asarray(raw[0], dtype=np.float64)
            wide = wide if wide.shape[2] == options.rows else wide.transpose(0, 2, 1)
            rest = 5 if options.objectness else 4
            boxes, scores = wide[..., :4], wide[..., rest:]
            objectness = wide[..., 4:5] if options.objectness else None
        corners = box_arrays.corners(boxes, options.format)
        if options.normalized is not None:
            height, width = options.normalized
            corners = corners * [width, height, width, height]
        scores = box_arrays.activated(scores, objectness, options)
        rows = np.zeros((len(corners), options.maximum, SIZE))
        rows[:, :, 5] = -1
        for at, (one, numbers) in enumerate(zip(corners, scores, strict=True)):
            best = box_arrays.best(one, numbers, options, QUANTUM)
            if geometry is not None:
                best[:, :4] = box_arrays.in_the_original(best[:, :4], geometry.rows[at, :6])
            rows[at, : len(best)] = best
        return [rows]


def concat_last(parts: Sequence[Tensor]) -> Tensor:
    """Tensors (N, K, …) joined along the last axis."""
    width = sum(part.shape[2] or 0 for part in parts)
    return parts[0].graph.add("Concat", list(parts), "float64", (*parts[0].shape[:2], width), axis=2)


def _choice(name: str, value: object, known: tuple[str | None, ...]) -> None:
    if value not in known:
        listed = ", ".join(repr(each) for each in known)
        raise unusable("Boxes", f"{name} {value!r:.40} is not known", f"Use one of {listed}.")
