"""Boxes: compared as sets, with the tolerance of their scores; average precision as of COCO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output
from sealift.contract.outputs.box_sets import SAME, iou
from sealift.packing.outputs.average_precision import average_precision
from sealift.packing.outputs.base import OutputPacking, SetDifferences
from sealift.packing.outputs.truth import unfit

_PIXEL = 0.01


class BoxesPacking(OutputPacking):
    """The magnitude of scores is 1."""

    def scale(self, answers: npt.NDArray[Any]) -> float:
        """1."""
        del answers
        return 1.0

    def differences(self, output: Output, got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> SetDifferences:
        """The boxes of a row without a nearly equal one of the same class in the other answer."""
        del output
        count = int((expected[:, 5] >= 0).sum())
        if (got[:, 5] == expected[:, 5]).all() and (np.abs(got[:, :4] - expected[:, :4]) <= _PIXEL).all():
            return SetDifferences("boxes", count, 0, 1.0)
        mine, theirs = ([box for box in rows.tolist() if box[5] >= 0] for rows in (got, expected))
        overlaps = [
            max((iou(box, other) for other in others if other[5] == box[5]), default=0.0)
            for boxes, others in ((theirs, mine), (mine, theirs))
            for box in boxes
        ]
        paired = [overlap for overlap in overlaps if overlap >= SAME]
        return SetDifferences("boxes", count, len(overlaps) - len(paired), min(paired, default=1.0))

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """`average_precision` over the thresholds 0.5 to 0.95, and `average_precision_50`, as of COCO."""
        del contract
        rows = answers[output.name]
        kept = [row[row[:, 5] >= 0] for row in rows]
        names = [str(name) for name in output.class_names or output.classes or ()]
        true = [_boxes(value, names, at) for at, value in enumerate(truth.tolist())]
        if not any(len(boxes) for boxes in true):
            raise unfit("y has no box.")
        measured = average_precision([row[:, [0, 1, 2, 3, 5]] for row in kept], [row[:, 4] for row in kept], true)
        return {"average_precision": measured.all, "average_precision_50": measured.at_50}


def _boxes(value: Any, names: Sequence[str], at: int) -> npt.NDArray[np.float64]:
    """The true boxes of a picture (k, 5) from objects as in answers: `{"class": "car", "box": [x0, y0, x1, y1]}`."""
    try:
        rows = [[*map(float, detection["box"]), float(names.index(str(detection["class"])))] for detection in value]
        array = np.array(rows, dtype=np.float64).reshape(len(rows), 5)
    except (TypeError, ValueError, KeyError) as error:
        raise unfit(f"y has no boxes for row {at + 1}: {type(error).__name__}: {error!s:.100}.") from error
    return array


BOXES = BoxesPacking()
