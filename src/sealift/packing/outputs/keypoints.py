"""Keypoints: compared by place and score; distances from true points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, Output
from sealift.contract.outputs.keypoints import agreeing
from sealift.packing.outputs.base import OutputPacking, SetDifferences
from sealift.packing.outputs.magnitude import magnitude
from sealift.packing.outputs.truth import unfit

_SHARE = 0.1


class KeypointsPacking(OutputPacking):
    """The magnitude is that of the scores, at least 1."""

    def scale(self, answers: npt.NDArray[Any]) -> float:
        """That of the scores."""
        return max(1.0, magnitude(answers[..., 2]))

    def differences(self, output: Output, got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> SetDifferences:
        """The points of a row at another place."""
        del output
        # With equal scores and large margins, only the places are compared.
        mine, theirs = (np.hstack([array[:, :2], np.ones((len(array), 2))]) for array in (got, expected))
        same = agreeing(mine, theirs, 1e-5, 0.0)
        return SetDifferences("points", len(expected), int((~same).sum()), 1.0)

    def metrics(
        self, output: Output, contract: Contract, answers: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[Any]
    ) -> Mapping[str, float] | None:
        """`mean_distance` in pixels, and `pck_10`.

        The latter is the share of points whose distance is at most a tenth of the longer side of the box around the
        true points (percentage of correct keypoints; Yang & Ramanan, 2013, Articulated Human Detection).
        """
        del contract
        distances: list[float] = []
        limits: list[float] = []
        for at, (row, true) in enumerate(zip(answers[output.name], truth, strict=True)):
            if not isinstance(true, np.ndarray) or true.shape not in ((len(row), 2), (len(row), 3)):
                raise unfit(f"y has no points for row {at + 1}: an array ({len(row)}, 2) or ({len(row)}, 3) is needed.")
            known = true[:, 2] > 0 if true.shape[1] == 3 else np.isfinite(true).all(axis=1)
            if known.any():
                box = true[known, :2].max(axis=0) - true[known, :2].min(axis=0)
                distances += np.hypot(*(row[known, :2] - true[known, :2]).T).tolist()
                limits += [_SHARE * float(box.max())] * int(known.sum())
        if not distances:
            raise unfit("y has no point.")
        return {
            "mean_distance": float(np.mean(distances)),
            "pck_10": float(np.mean(np.array(distances) <= np.array(limits))),
        }


KEYPOINTS = KeypointsPacking()
