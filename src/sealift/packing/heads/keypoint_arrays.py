"""The arithmetic of `Keypoints` with NumPy, for the original's output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sealift.packing.heads.classes import activate

Array = npt.NDArray[np.float64]


def of_heat_maps(maps: Array, *, refined: bool, is_logit: bool) -> Array:
    """Points (N, K, 4) in cells of the maps (N, K, h, w): x, y, score, margin."""
    rows, count, _, width = maps.shape
    points = np.empty((rows, count, 4))
    for at in np.ndindex(rows, count):
        heat = maps[at]
        y, x = divmod(int(heat.argmax()), width)
        shift_x = _vertex(heat[y], x) if refined else 0.0
        shift_y = _vertex(heat[:, x], y) if refined else 0.0
        far = heat.copy()
        far[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = -np.inf
        best, other = _activated(np.array([heat[y, x], far.max()]), is_logit=is_logit)
        points[at] = [x + 0.5 + shift_x, y + 0.5 + shift_y, best, min(best - other, 1.0)]
        if np.isnan(heat.sum()):
            points[at] = np.nan
    return points


def in_the_input(points: Array, size: Sequence[int], geometry: Array) -> Array:
    """Points of cells in pixels of the net's input."""
    factors = geometry[:, [7, 6]] / [size[1], size[0]]
    return np.concatenate([points[..., :2] * factors[:, None], points[..., 2:]], axis=-1)


def of_coordinates(raw: Array, normalized: tuple[int, int] | None, *, is_logit: bool) -> Array:
    """Points (N, K, 4) from x, y and perhaps a score; their margin is 1."""
    places = raw[..., :2] if normalized is None else raw[..., :2] * [normalized[1], normalized[0]]
    one = np.ones((*raw.shape[:2], 1))
    scores = _activated(raw[..., 2:], is_logit=is_logit) if raw.shape[2] == 3 else one
    return np.concatenate([places, scores, one], axis=-1)


def in_the_original(points: Array, geometry: Array) -> Array:
    """Points of the net's input in pixels of the original picture."""
    places = (points[..., :2] - geometry[:, None, [5, 4]]) / geometry[:, None, [3, 2]]
    return np.concatenate([places, points[..., 2:]], axis=-1)


def _vertex(line: Array, at: int) -> float:
    """Where the parabola through three neighbouring numbers has its vertex, from −0.5 to 0.5 around the middle one."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, middle, after = line[at - 1 : at + 2]
    bend = 2 * middle - before - after
    return float(np.clip((after - before) / (2 * bend), -0.5, 0.5)) if bend > 0 else 0.0


def _activated(scores: Array, *, is_logit: bool) -> Array:
    return activate(scores, "sigmoid" if is_logit else None, 1.0)
