"""Draw rows with the correlations of the training rows, from sketches and a matrix of rank correlations.

A Gaussian copula: Nelsen, An Introduction to Copulas (2006), §2.3; the matrix is estimated from ranks
(Kruskal, 1958) and holds p(p − 1)/2 rounded numbers, whatever the number of records.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.stats.sketch import Arrays, Categories, Numbers, Pictures, Sketch

_Floats = npt.NDArray[np.float64]
_MOST = 300  # columns; beyond that the matrix would outgrow the model, and columns are drawn independently
_LEAST = 50  # rows; a correlation of fewer would reveal single rows
_ROWS = 20_000
_NORMAL = NormalDist()


def correlation(columns: Sequence[_Floats]) -> _Floats | None:
    """The matrix (p, p) of the Gaussian copula's correlations, to two decimals.

    Args:
        columns: p columns, each (N,) with NaN where missing.

    Returns:
        None if there are too many columns or too few rows; columns are then drawn independently.
    """
    count = len(columns)
    rows = len(columns[0]) if count else 0
    if not 1 < count <= _MOST or rows < _LEAST:
        return None
    step = max(1, rows // _ROWS)
    ranks = np.column_stack([_ranks(np.asarray(column)[::step]) for column in columns])
    deviation = ranks.std(axis=0)
    deviation[deviation == 0] = 1.0
    standard = (ranks - ranks.mean(axis=0)) / deviation
    spearman = standard.T @ standard / len(standard)
    pearson = np.clip(np.round(2 * np.sin(np.pi / 6 * spearman), 2), -0.99, 0.99)
    np.fill_diagonal(pearson, 1.0)
    return np.asarray(pearson)


def draw(sketches: Sequence[Sketch], matrix: _Floats | None, count: int, seed: int = 0) -> list[list[Any]]:
    """Draw rows: one list of `count` numbers, strings, arrays or properties of pictures for each sketch.

    A value is None where missing; all values of a column of free text are None.

    Args:
        sketches: one for each column.
        matrix: the result of `correlation`; None for independent columns.
        count: the number of rows.
        seed: the same seed draws the same rows.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    uniform = random.random((count, len(sketches))) if matrix is None else _correlated(random, matrix, count)
    absent = random.random((count, len(sketches)))
    return [_column(sketch, uniform[:, i], absent[:, i] < sketch.missing, random) for i, sketch in enumerate(sketches)]


def _correlated(random: np.random.Generator, matrix: _Floats, count: int) -> _Floats:
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    normal = random.standard_normal((count, len(matrix))) @ root.T
    return np.asarray(np.vectorize(_NORMAL.cdf, otypes=[np.float64])(normal))


def _column(sketch: Sketch, uniform: _Floats, absent: npt.NDArray[np.bool_], random: np.random.Generator) -> list[Any]:
    values: list[Any]
    if isinstance(sketch, Numbers):
        values = sketch.at(uniform).tolist()
    elif isinstance(sketch, Arrays):
        values = [sketch.array(sketch.elements.at(random.random(sketch.size))) for _ in uniform]
    elif isinstance(sketch, Pictures):
        parts = (sketch.height, sketch.width, sketch.brightness, sketch.contrast, sketch.colour)
        values = list(zip(*(part.at(random.random(len(uniform))).tolist() for part in parts), strict=True))
    elif isinstance(sketch, Categories) and sketch.values:
        edges = np.cumsum(sketch.shares) / sum(sketch.shares)
        places = np.minimum(np.searchsorted(edges, uniform), len(edges) - 1)
        values = [sketch.values[place] for place in places.tolist()]
    else:
        values = [None] * len(uniform)
    return [None if gone else value for value, gone in zip(values, absent.tolist(), strict=True)]


def _ranks(column: _Floats) -> _Floats:
    """Ranks, ties averaged; missing values get the mean rank, with which they do not affect the correlation."""
    present = np.isfinite(column)
    _, inverse, counts = np.unique(column[present], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    result = np.full(len(column), (present.sum() + 1) / 2)
    result[present] = ((ends - counts + 1 + ends) / 2)[inverse]
    return result
