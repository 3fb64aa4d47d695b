"""The usual statistics of the caller's pictures, by which pictures of another kind are noticed (spec/IMAGE.md §9)."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Stage
from sealift.packing.inputs.base import InputRows
from sealift.stages.image.kind import KIND
from sealift.stages.image.problems import PictureError
from sealift.stages.image.stage import ImageStage
from sealift.stats import sketch_numbers
from sealift.stats.sketch import grid

LEAST = 50
"""The number of pictures below which nothing is called usual."""

_MOST = 2000
_SIGMAS = 4.0

# A difference that is permitted in any case: a factor, a number of levels, or a share of the typical contrast.
_FACTORS = {"size": 2.0, "proportions": 1.25}
_LEVELS = {"colour": 6.0}
_OF_CONTRAST = ("brightness", "contrast")
_SHARE, _RELATIVE = 0.1, 0.05
_NOT_NEGATIVE = frozenset({"colour", "contrast", "sharpness"})


def with_usual(stages: Sequence[Stage], input_rows: InputRows) -> tuple[Stage, ...]:
    """The stages, those of pictures with the usual statistics of at most 2000 of the caller's pictures."""
    return tuple(
        _with_bounds(stage, input_rows.columns[stage.field].values) if stage.kind == KIND else stage for stage in stages
    )


def _with_bounds(stage: Stage, values: Sequence[Any]) -> Stage:
    pictures = [value.value for value in values if value is not None]
    run = ImageStage({key: value for key, value in stage.spec.items() if key != "usual"})
    measured = []
    for place in np.unique(np.linspace(0, len(pictures) - 1, min(len(pictures), _MOST)).astype(int)).tolist():
        try:
            measured.append(run.statistics(pictures[place]))
        except PictureError:  # the comparison with the original shows whether this is correct
            continue
    if len(measured) < LEAST:
        return stage
    columns = {name: np.array([one[name] for one in measured]) for name in measured[0]}
    contrast = float(np.median(columns["contrast"]))
    usual = {name: list(bounds(name, column, contrast)) for name, column in columns.items()}
    return dataclasses.replace(stage, spec={**stage.spec, "usual": usual})


def bounds(name: str, column: npt.NDArray[np.float64], contrast: float) -> tuple[float, float]:
    """The lowest and the highest usual value of a statistic.

    The extreme quantiles of the sketch (`sketch_numbers`), each of which stands for at least five pictures, are moved
    away from the median to where a normal distribution with these quantiles has 4 · (1 + 50 / N) standard deviations,
    and by at least a fixed margin. Skewed statistics have different distances on both sides, and few pictures, whose
    quantiles are uncertain, wider bounds. The bounds are rounded outwards.

    Args:
        name: the statistic.
        column: its values (N,), of at least `LEAST` pictures.
        contrast: the typical contrast of the pictures.
    """
    is_factor = name in _FACTORS
    sketch = sketch_numbers(np.log(column) if is_factor else column)
    low, middle, high = (sketch.quantiles[place] for place in (0, len(sketch.quantiles) // 2, -1))
    sigmas = _SIGMAS * (1 + LEAST / len(column))
    further = sigmas / statistics.NormalDist().inv_cdf(1 - sketch.tail) if sketch.tail else 1.0
    margin = _margin(name, contrast)
    ends = np.array([middle - max((middle - low) * further, middle - low + margin), 0.0])
    ends[1] = middle + max((high - middle) * further, high - middle + margin)
    if is_factor:
        ends = np.exp(ends)
    elif name in _NOT_NEGATIVE:
        ends[0] = max(ends[0], 0.0)
    step = grid(float(ends[1] - ends[0]) or 1.0, 100)
    low, high = (_short(float(steps * step)) for steps in (np.floor(ends[0] / step), np.ceil(ends[1] / step)))
    return min(low, float(ends[0])), max(high, float(ends[1]))


def _short(number: float) -> float:
    """The number without the digits that come from its computation."""
    return float(f"{number:.12g}")


def _margin(name: str, contrast: float) -> float:
    if name in _FACTORS:
        return float(np.log(_FACTORS[name]))
    if name in _LEVELS:
        return _LEVELS[name]
    return _SHARE * contrast if name in _OF_CONTRAST else _RELATIVE
