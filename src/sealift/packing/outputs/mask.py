"""Masks: compared cell by cell, with the tolerance of their scores; accuracy of pixels, and intersection over union."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output
from sealift.contract.outputs import output_kind
from sealift.contract.outputs.mask_cells import HEADER
from sealift.contract.outputs.mask_sets import cells, least_iou
from sealift.packing.outputs.base import OutputPacking, SetDifferences
from sealift.packing.outputs.truth import unfit


class MaskPacking(OutputPacking):
    """The magnitude of scores is 1."""

    def scale(self, answers: npt.NDArray[Any]) -> float:
        """1."""
        del answers
        return 1.0

    def differences(self, output: Output, got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> SetDifferences:
        """The cells of a row that have another class."""
        del output
        different = int((cells(got).classes != cells(expected).classes).sum())
        return SetDifferences("cells", len(expected) - HEADER, different, least_iou(got, expected))

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """`pixel_accuracy` and `mean_iou`.

        All pixels with a true class are counted over all pictures; a pixel that the net does not see is wrong. The
        intersection over union is the mean over the classes that occur in the masks or in the truth (Everingham et
        al., 2015, The PASCAL Visual Object Classes Challenge).
        """
        del contract
        count = len(output.classes or ())
        table = np.zeros((count, count + 1), dtype=np.int64)  # true class, given class or none
        for row, true in zip(answers[output.name], truth, strict=True):
            given = output_kind(output).pixels(output, row)
            shape = None if given is None else given.shape
            if given is None or not isinstance(true, np.ndarray) or true.shape != given.shape:
                what = true.shape if isinstance(true, np.ndarray) else type(true).__name__
                raise unfit(f"y has a mask of the size {what} for a picture of the size {shape}.")
            known = true >= 0
            pairs = true[known] * (count + 1) + np.where(given[known] < 0, count, given[known])
            table += np.bincount(pairs, minlength=table.size).reshape(table.shape)
        hits = np.diag(table)
        unions = table.sum(axis=1) + table[:, :count].sum(axis=0) - hits
        occurs = unions > 0
        if not table.sum():
            raise unfit("y has no pixel with a class.")
        return {
            "pixel_accuracy": float(hits.sum() / table.sum()),
            "mean_iou": float((hits[occurs] / unions[occurs]).mean()),
        }


MASK = MaskPacking()
